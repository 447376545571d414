"""Which ratings go together with overall satisfaction, on the answers of the same firms."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd

from evaltools.scoring.explaining.selection import SMALL_CELL, hide, in_order, own_answers, ratings
from evaltools.scoring.preparation import ScoringData
from evaltools.stats import key_drivers
from evaltools.stats.drivers.importance import MOST, PER_DRIVER

DRIVER_COLUMNS = (
    "outcome", "wave", "driver", "share", "se", "ci_low", "ci_high", "contribution", "rank", "correlation", "vif", "r2",
    "r2_adjusted", "n", "n_psu", "flag",
)  # fmt: skip
BOTH = ""  # the answers of both waves together
_SHOWN = ("share", "se", "ci_low", "ci_high", "contribution", "rank", "correlation", "vif", "r2", "r2_adjusted")


def find_drivers(data: ScoringData, outcome: str | None = None, *, seed: int, replicates: int = 500) -> pd.DataFrame:
    """Share out what can be explained of an outcome among the ratings of the same answers.

    Parameters
    ----------
    data
        From `prepare_scoring`.
    outcome
        An indicator of the survey. None: the framework's ``[explain]``, without which there are no rows.
    seed, replicates
        Of the bootstrap behind the intervals.

    Returns
    -------
    DataFrame
        `DRIVER_COLUMNS`: rows by driver for both waves together (``wave`` "") and for each wave, as in
        `evaltools.stats.key_drivers`. Only answers that rate the outcome and all drivers count; fewer than ten firms a
        driver give no shares (``few_answers``).

    Raises
    ------
    KeyError
        The framework has no such indicator.

    Notes
    -----
    Drivers are those of ``[explain]``, else all other ratings in use of the same source. Shares describe what goes
    together, differences between banks and between waves included. They do not say what would come of a change.
    """
    chosen, drivers = _named(data, outcome)
    if chosen is None or len(drivers) < 2:
        return pd.DataFrame(columns=list(DRIVER_COLUMNS))
    source = data.of_source(data.framework.indicator(chosen).source)
    frame, design = own_answers(data, source), replace(source.design, overlap="union")
    if frame.empty:
        return pd.DataFrame(columns=list(DRIVER_COLUMNS))
    whole = frame[frame[[chosen, *drivers]].notna().all(axis=1)]
    if whole["psu"].nunique() < PER_DRIVER * len(drivers):  # too few in all: there may be nothing to draw from either
        return _without_shares(data, chosen, drivers, whole)
    method: Literal["shapley", "relative_weights"] = "shapley" if len(drivers) <= MOST else "relative_weights"
    both, by_wave = (
        key_drivers(
            frame, chosen, drivers, design, method=method, by=by, replicates=replicates, seed=seed,
            level=1 - data.framework.alpha,
        )
        for by in (None, "wave")
    )  # fmt: skip
    by_wave = in_order(by_wave, wave=data.waves, driver=drivers)
    table = pd.concat([both.assign(wave=BOTH), by_wave], ignore_index=True).assign(outcome=chosen)
    few = (table["n_psu"] < source.min_psus(data.framework)) & (table["n_psu"] > 0)
    return hide(table, _SHOWN, few.map({True: SMALL_CELL, False: ""}).to_numpy(dtype=object))[list(DRIVER_COLUMNS)]


def _without_shares(data: ScoringData, outcome: str, drivers: list[str], whole: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all domains with their counts and the reason why there are no shares."""
    rows = []
    for wave in (BOTH, *data.waves):
        own = whole if wave == BOTH else whole[whole["wave"] == wave]
        counts = {"n": len(own), "n_psu": own["psu"].nunique(), "flag": "few_answers" if len(own) else "no_answers"}
        rows += [{"outcome": outcome, "wave": wave, "driver": driver, **counts} for driver in drivers]
    table = pd.DataFrame(rows, columns=list(DRIVER_COLUMNS))
    return table.astype(dict.fromkeys(_SHOWN, float))


def _named(data: ScoringData, outcome: str | None) -> tuple[str | None, list[str]]:
    """Return the outcome and its drivers, as the call or the framework names them."""
    explain = data.framework.explain
    if outcome is None:
        if explain is None:
            return None, []
        outcome = explain.outcome
    if explain is not None and explain.drivers and outcome == explain.outcome:
        return outcome, list(explain.drivers)
    source = data.of_source(data.framework.indicator(outcome).source)
    return outcome, [one.id for one in ratings(data, source) if one.id != outcome]
