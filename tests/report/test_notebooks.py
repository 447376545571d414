"""The committed notebooks: thin, without outputs, each parameter with a default and a comment."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from evaltools.content import content_path
from evaltools.report.jupyter_quick import nbformat
from evaltools.report.parameters import defined_parameters
from evaltools.report.phrases import all_phrases
from evaltools.report.render import NOTEBOOKS

FOLDER = content_path("notebooks", "reports")
PARAMETERS = {
    "scoring": {"campaign", "lang"},
    "data_quality": {"campaign", "lang"},
    "county_report": {"campaign", "lang"},
    "bank_scorecard": {"campaign", "lang", "bank"},
}
CALLS = {
    "change",
    "composite",
    "verdicts",
    "dimensions",
    "contributions",
    "lost_weights",
    "mix",
    "ranks",
    "relative",
    "sensitivity",
    "shrunken",
    "targets",
    "score",
    "quality",
    "head",
    "provenance",
    "open",
    "campaign_labels",
    "title_block",
    "say",
    "provenance_table",
}


def read(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def test_the_folder_holds_these_notebooks_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NOTEBOOKS) == set(PARAMETERS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_committed_without_outputs_and_with_lasting_ids(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        assert cell.cell_type == "code"
        assert cell.outputs == []
        assert cell.execution_count is None
        assert re.fullmatch(r"[a-z][a-z-]*", cell.id)
        assert set(cell.metadata) <= {"tags"}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_is_thin(name: str) -> None:
    banned = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.For,
        ast.While,
        ast.If,
        ast.Try,
        ast.With,
        ast.Lambda,
        ast.ListComp,
        ast.DictComp,
        ast.SetComp,
        ast.GeneratorExp,
        ast.BinOp,
        ast.Subscript,
    )
    for cell in read(name).cells:
        tree = ast.parse(cell.source)
        assert not [node for node in ast.walk(tree) if isinstance(node, banned)], cell.id
        assert len(tree.body) <= 5, cell.id
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            assert isinstance(call.func, ast.Attribute)
            assert call.func.attr in CALLS or call.func.attr.endswith(("_table", "_figure", "_summary")), cell.id


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_parameter_has_a_default_and_a_comment(name: str) -> None:
    notebook = read(name)
    assert set(defined_parameters(notebook, name)) == PARAMETERS[name]
    assert all(re.search(r" {2}# \w", line) for line in notebook.cells[0].source.splitlines())


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_head_comes_first_and_nothing_is_typed(name: str) -> None:
    notebook = read(name)
    assert notebook.cells[1].source.splitlines()[-1].startswith(f'heads.title_block("{name}"')
    text = "\n".join(cell.source for cell in notebook.cells)
    assert not re.search("[\u4e00-\u9fff]", text)
    said = re.findall(r'wording\.say\("([^"]+)"', text)
    assert [key for key in said if key.startswith("heading.") and key not in all_phrases("zh")] == []
    assert len(said) > 5


def test_scoring_shows_its_steps_in_order() -> None:
    text = "\n".join(cell.source for cell in read("scoring").cells)
    steps = ["c.provenance()", "c.change()", "c.composite()", "c.verdicts()", "c.targets()", "c.score()"]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


def test_files_are_stored_with_one_layout() -> None:
    for path in FOLDER.glob("*.ipynb"):
        raw = path.read_text(encoding="utf-8")
        assert raw == json.dumps(json.loads(raw), ensure_ascii=False, indent=1) + "\n"
