"""The notebooks for JupyterLab: thin, without outputs, and they run on the demonstration."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from evaltools.content import content_path
from evaltools.lab import NOTEBOOKS
from evaltools.report.jupyter_quick import nbformat

FOLDER = content_path("notebooks", "explore")


def read(name: str) -> Any:
    return nbformat.read(FOLDER / name, as_version=4)


def test_the_folder_holds_what_is_put_into_a_campaign_and_no_other() -> None:
    assert {path.name for path in FOLDER.glob("*.ipynb")} == set(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_committed_without_outputs_and_in_one_layout(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    raw = (FOLDER / name).read_text(encoding="utf-8")
    assert raw == json.dumps(json.loads(raw), ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_call_and_compute_nothing(name: str) -> None:
    banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.Lambda, ast.ListComp, ast.BinOp)
    for cell in read(name).cells:
        if cell.cell_type == "code":
            assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, banned)], cell.id


def test_the_notebook_behind_the_verdicts_runs(demo_copy: Path) -> None:
    from nbclient import NotebookClient

    notebook = read("explain.ipynb")
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(demo_copy)}}).execute()
    shown = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    silent = {name for name, outputs in shown.items() if not outputs}
    assert silent == {"parameters", "explain"}
    said = {name: outputs[0]["data"]["text/plain"] for name, outputs in shown.items() if name.endswith("-said")}
    assert len(said) == 5
    assert all(text.endswith("。") for text in said.values())
