"""The campaign's store: Delta tables, committed together, checked on every read, written by one at a time."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaltools.store.store import Store
    from evaltools.store.transaction import Transaction

__all__ = ["Store", "Transaction"]

_HOMES = {"Store": "evaltools.store.store", "Transaction": "evaltools.store.transaction"}


def __getattr__(name: str) -> Any:
    """Load pyarrow and deltalake only once the store is used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
