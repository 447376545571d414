"""Take out of an executed notebook what is nobody's business: paths of this machine, times, error texts with data."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_KEPT_METADATA = ("kernelspec", "language_info")


def scrub_notebook(notebook: Any, paths: Iterable[Path], shown: str) -> Any:
    """Return the notebook, changed in place: no absolute path, no clock, no error text.

    Parameters
    ----------
    notebook
        An executed notebook node.
    paths
        Folders whose absolute path must not leave the machine; each is replaced by `shown`.
    shown
        What stands instead, the campaign's id.
    """
    texts = _spellings(paths)
    notebook.metadata = {name: value for name, value in notebook.metadata.items() if name in _KEPT_METADATA}
    for cell in notebook.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        cell["source"] = _replaced(cell.source, texts, shown)
        for output in cell.get("outputs", []):
            _scrub_output(output, texts, shown)
    _name_injected_cell(notebook)
    return notebook


def _scrub_output(output: Any, texts: list[str], shown: str) -> None:
    if output.output_type == "error":
        # the kind of an error is ours, its text may quote an answer
        output["evalue"] = ""
        output["traceback"] = [str(output.ename)]
        return
    if output.output_type == "stream":
        output["text"] = _replaced(output.text, texts, shown)
        return
    for kind, value in output.get("data", {}).items():
        if isinstance(value, str) and not kind.startswith("image/"):
            output["data"][kind] = _replaced(value, texts, shown)


def _spellings(paths: Iterable[Path]) -> list[str]:
    r"""Return every way in which a path may stand in a text: as it is, resolved, with / or \, escaped in source."""
    found: set[str] = set()
    for path in paths:
        for one in {path, path.absolute(), path.resolve()}:
            if not one.is_absolute():
                continue
            plain = {str(one), one.as_posix()}
            found |= plain | {text.encode("unicode_escape").decode("ascii") for text in plain}
    return sorted((text for text in found if text not in (os.sep, "/")), key=len, reverse=True)


def _replaced(text: str, texts: list[str], shown: str) -> str:
    for one in texts:
        text = text.replace(one, shown)
    return text


def _name_injected_cell(notebook: Any) -> None:
    """Give the cell that papermill adds an id that is the same on every run."""
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
