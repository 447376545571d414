"""Parameters of a notebook, checked before a kernel starts: papermill writes them into the notebook as code.

Names come from the notebook's own cell tagged ``parameters``; values are ids, dates, numbers, true or false, a language
or the folder of a campaign, never free text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from evaltools.errors import ReportError
from evaltools.text import clean

_ID = re.compile(r"[a-z0-9_-]{1,32}\Z")
FOLDER = "campaign"  # the one parameter that is a path


def defined_parameters(notebook: Any, name: str) -> dict[str, object]:
    """Return the parameters that a notebook defines, with their defaults.

    Parameters
    ----------
    notebook
        A notebook node.
    name
        How messages call it.

    Raises
    ------
    ReportError
        ``report-parameters-cell``: not exactly one cell carries the tag, or it holds more than plain assignments.
    """
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1 or cells[0].cell_type != "code":
        raise ReportError("report-parameters-cell", notebook=name)
    found: dict[str, object] = {}
    try:
        for statement in ast.parse(cells[0].source).body:
            if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
                raise ReportError("report-parameters-cell", notebook=name)
            target = statement.targets[0]
            if not isinstance(target, ast.Name):
                raise ReportError("report-parameters-cell", notebook=name)
            found[target.id] = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError):
        raise ReportError("report-parameters-cell", notebook=name) from None
    return found


def check_parameters(notebook: Any, name: str, given: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters to inject, once each name and each value is known to be good.

    Raises
    ------
    ReportError
        ``report-parameter-unknown``, ``report-parameter-missing``, ``report-parameter-value`` or
        ``report-parameters-cell``.
    """
    defined = defined_parameters(notebook, name)
    for one in given:
        if one not in defined:
            raise ReportError("report-parameter-unknown", notebook=name, name=one, known=sorted(defined))
    for one, default in defined.items():
        if one not in given:
            raise ReportError("report-parameter-missing", notebook=name, name=one)
        _check_value(name, one, default, given[one])
    return dict(given)


def _check_value(notebook: str, name: str, default: object, value: object) -> None:
    if name == FOLDER:
        good, allowed = _is_folder(value), "the folder of a campaign"
    elif isinstance(default, bool):
        good, allowed = isinstance(value, bool), "true or false"
    elif isinstance(default, int | float):
        good, allowed = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    else:
        good, allowed = isinstance(value, str) and _is_plain(value), "an id of a-z, 0-9, '_', '-', or a date"
    if not good:
        raise ReportError("report-parameter-value", notebook=notebook, name=name, allowed=allowed)


def _is_plain(value: str) -> bool:
    if _ID.match(value):
        return True
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_folder(value: object) -> bool:
    return (
        isinstance(value, str)
        and clean(value) == value
        and "\n" not in value
        and (Path(value) / "campaign.toml").is_file()
    )
