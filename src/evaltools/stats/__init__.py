"""Survey statistics: totals by sampling unit, estimates, and change between two waves with its full covariance.

Tables in, tables out: no files, no campaign, no banks. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaltools.stats.combination import Combination, combine
    from evaltools.stats.design import Design
    from evaltools.stats.differences import ChangeEstimate, change, estimate_change
    from evaltools.stats.means import estimate
    from evaltools.stats.strata import MergedStrata, merge_single_strata
    from evaltools.stats.sums import Totals, totals

__all__ = [
    "ChangeEstimate",
    "Combination",
    "Design",
    "MergedStrata",
    "Totals",
    "change",
    "combine",
    "estimate",
    "estimate_change",
    "merge_single_strata",
    "totals",
]

_HOME = {
    "ChangeEstimate": "differences",
    "Combination": "combination",
    "Design": "design",
    "MergedStrata": "strata",
    "Totals": "sums",
    "change": "differences",
    "combine": "combination",
    "estimate": "means",
    "estimate_change": "differences",
    "merge_single_strata": "strata",
    "totals": "sums",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
