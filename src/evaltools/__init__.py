"""Evaluate what changed at each provider between a baseline and an endline, with honest uncertainty."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaltools.campaign import Campaign
    from evaltools.config import read_config
    from evaltools.errors import EvaltoolsError
    from evaltools.run import run_campaign
    from evaltools.scoring.framework import read_framework
    from evaltools.stats import Design, Totals, change, estimate, totals
    from evaltools.store import Store
    from evaltools.survey.instrument import read_instrument

__version__ = "0.3.0"

__all__ = [
    "Campaign",
    "Design",
    "EvaltoolsError",
    "Store",
    "Totals",
    "change",
    "estimate",
    "read_config",
    "read_framework",
    "read_instrument",
    "run_campaign",
    "totals",
]

_HOME = {
    "Campaign": "evaltools.campaign",
    "Design": "evaltools.stats",
    "EvaltoolsError": "evaltools.errors",
    "Store": "evaltools.store",
    "Totals": "evaltools.stats",
    "change": "evaltools.stats",
    "estimate": "evaltools.stats",
    "read_config": "evaltools.config",
    "read_framework": "evaltools.scoring.framework",
    "read_instrument": "evaltools.survey.instrument",
    "run_campaign": "evaltools.run",
    "totals": "evaltools.stats",
}


def __getattr__(name: str) -> object:
    # loaded when first asked for: `evaltools --help` and the pure statistics need none of the rest
    if name not in _HOME:
        raise AttributeError(f"module 'evaltools' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
