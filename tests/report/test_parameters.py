"""Parameters of notebooks: names and values are settled before a kernel starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import ReportError
from evaltools.report.jupyter_quick import nbformat
from evaltools.report.parameters import check_parameters, defined_parameters


def notebook(
    source: str = 'lang = "zh"  # language', *, tags: tuple[str, ...] = ("parameters",), copies: int = 1
) -> Any:
    cells = [nbformat.v4.new_code_cell(source=source, metadata={"tags": list(tags)}) for _ in range(copies)]
    return nbformat.v4.new_notebook(cells=cells)


def test_reads_names_and_defaults() -> None:
    made = notebook('campaign = "a=b"  # folder\nseed = 3\nflag = True\nx = -1.5')
    assert defined_parameters(made, "n") == {"campaign": "a=b", "seed": 3, "flag": True, "x": -1.5}


@pytest.mark.parametrize(
    "made",
    [
        notebook(tags=()),
        notebook(copies=2),
        notebook("import os"),
        notebook("lang = os.name"),
        notebook("a, b = 1, 2"),
        notebook("a = b = 1"),
        notebook("a.b = 1"),
        notebook("def f(): pass"),
        notebook("lang ="),
    ],
)
def test_a_cell_that_is_not_plain_assignments_is_refused(made: Any) -> None:
    with pytest.raises(ReportError, match="report-parameters-cell"):
        defined_parameters(made, "n")


def test_unknown_and_missing_names_are_errors() -> None:
    with pytest.raises(ReportError, match=r"report-parameter-unknown.*'langs'"):
        check_parameters(notebook(), "n", {"lang": "zh", "langs": "zh"})
    with pytest.raises(ReportError, match=r"report-parameter-missing.*'lang'"):
        check_parameters(notebook(), "n", {})


@pytest.mark.parametrize("value", ["zh", "bank_01-x", "2022-09-28"])
def test_ids_and_dates_pass(value: str) -> None:
    assert check_parameters(notebook(), "n", {"lang": value}) == {"lang": value}


@pytest.mark.parametrize(
    "value", ["", "a b", "x\n", 'a"; import os', "中", "../x", "A" * 33, None, 3, ["zh"], {"a": 1}]
)
def test_free_text_and_other_types_are_refused(value: object) -> None:
    with pytest.raises(ReportError, match="report-parameter-value"):
        check_parameters(notebook(), "n", {"lang": value})


@given(st.text(max_size=40))
def test_whatever_passes_is_harmless_in_source(value: str) -> None:
    try:
        check_parameters(notebook(), "n", {"lang": value})
    except ReportError:
        return
    assert set(value) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")


@pytest.mark.parametrize(("default", "good", "bad"), [("1", 2, "2"), ("1.5", 2, True), ("True", False, 0)])
def test_numbers_and_flags_keep_their_kind(default: str, good: object, bad: object) -> None:
    made = notebook(f"x = {default}")
    assert check_parameters(made, "n", {"x": good}) == {"x": good}
    with pytest.raises(ReportError, match="report-parameter-value"):
        check_parameters(made, "n", {"x": bad})


def test_the_campaign_is_a_folder_that_holds_one(tmp_path: Path) -> None:
    made = notebook('campaign = "data/demo"')
    with pytest.raises(ReportError, match="report-parameter-value"):
        check_parameters(made, "n", {"campaign": str(tmp_path)})
    (tmp_path / "campaign.toml").write_text("", encoding="utf-8")
    assert check_parameters(made, "n", {"campaign": str(tmp_path)}) == {"campaign": str(tmp_path)}
