"""All dialects that there are, from every module of this folder that writes some."""

from __future__ import annotations

import importlib
from pathlib import Path

from exports.truth import Dialect


def all_dialects() -> tuple[Dialect, ...]:
    """Return every dialect, by module and in the module's order.

    Raises
    ------
    ValueError
        Two dialects have one name.
    """
    found: list[Dialect] = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        module = importlib.import_module(f"exports.{path.stem}") if path.stem != "registry" else None
        if hasattr(module, "dialects"):
            found += module.dialects()
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two dialects of one name: {', '.join(twice)}")
    return tuple(found)
