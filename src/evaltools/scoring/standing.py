"""How banks stand to each other: change relative to the others, and the ranks that the data allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.changes import join_flags, measure_changes
from evaltools.scoring.composite import CompositeResult, score_composites
from evaltools.scoring.families import adjust_holm
from evaltools.scoring.gate import GateResult, banks_of_one_shift
from evaltools.scoring.preparation import ScoringData

FloatArray = npt.NDArray[np.float64]

RELATIVE_COLUMNS = ("bank", "change", "se", "df", "ci_low", "ci_high", "p", "p_holm", "flag")
RANK_COLUMNS = (
    "bank", "of", "rank", "simultaneous_low", "simultaneous_high", "marginal_low", "marginal_high", "p_best_third",
    "p_worst_third", "n_better", "n_worse", "n_alike", "groups", "flag",
)  # fmt: skip
SHRUNKEN_COLUMNS = (
    "bank", "of", "estimate", "se", "reliability", "shrunken", "se_shrunken", "ci_low", "ci_high", "expected_shift",
    "flag",
)  # fmt: skip
RANKED = ("level", "change")

DEFAULT_SEED = 20220928
REPLICATES = 10_000
_LEAST_REPLICATES = 1_000
_MOST_RANKED = 400
_WORK = 100_000_000  # draws times pairs of banks, so that many banks do not take minutes


def measure_relative(data: ScoringData, gate: GateResult, composites: CompositeResult) -> pd.DataFrame:
    """Compare each bank's change with the mean change of the other banks that passed the gate.

    Parameters
    ----------
    data, gate, composites
        From the steps before.

    Returns
    -------
    DataFrame
        `RELATIVE_COLUMNS`, one row a bank: ``change`` is the bank's less the mean of the others', points; NaN where the
        gate failed or no other bank passed it. A shift that all banks share, as of a tool or a season, cannot move it;
        so banks that fail the gate only since all of them changed mode or tool in the same way are compared with each
        other (flag ``shared_shift``). p is adjusted by Holm over the banks that have one.
    """
    frame = pd.DataFrame(np.nan, index=range(len(data.banks)), columns=list(RELATIVE_COLUMNS))
    frame = frame.assign(bank=data.bank_ids, flag="gate").astype({"flag": object})
    _fill_relative(frame, data, gate.passed, composites, "")
    shifted = banks_of_one_shift(data, gate)
    if shifted:
        inside = gate.table["bank"].isin([bank for banks in shifted for bank in banks])
        lifted = replace(gate, table=gate.table.assign(gate_passed=inside))
        of_shifted = score_composites(data, lifted, measure_changes(data, lifted))
        for banks in shifted:
            _fill_relative(frame, data, banks, of_shifted, "shared_shift")
    told = frame["p"].notna().to_numpy()
    frame.loc[told, "p_holm"] = adjust_holm(frame.loc[told, "p"].to_numpy(dtype=float))
    return frame


def _fill_relative(
    frame: pd.DataFrame, data: ScoringData, banks: list[str], composites: CompositeResult, note: str
) -> None:
    """Write the relative changes of some banks among themselves into the rows of the result."""
    from evaltools.stats import relative_change

    place = _places(data, banks)
    if not len(place):
        return
    change, df = (composites.frame[name].to_numpy(dtype=float)[place] for name in ("change", "df"))
    found = relative_change(change, composites.covariance[np.ix_(place, place)], df, level=1 - data.framework.alpha)
    found = found.rename(columns={"relative": "change"})
    names = ["change", "se", "df", "ci_low", "ci_high", "p"]
    frame.loc[place, names] = found[names].to_numpy(dtype=float)
    frame.loc[place, "flag"] = [join_flags(str(flag), note) for flag in found["flag"]]


def draws_for(n_banks: int) -> int:
    """Return how many draws the confidence sets of ranks rest on: 10,000 for up to 100 banks, 1,000 at the least."""
    return int(min(REPLICATES, max(_LEAST_REPLICATES, _WORK // max(n_banks, 1) ** 2)))


def rank_banks(data: ScoringData, gate: GateResult, composites: CompositeResult, *, seed: int) -> pd.DataFrame:
    """Rank the banks that passed the gate by their endline level and by their change, the largest first.

    Parameters
    ----------
    data, gate, composites
        From the steps before.
    seed
        Of the draws behind the confidence sets.

    Returns
    -------
    DataFrame
        `RANK_COLUMNS`, two rows a bank that passed the gate, ``of`` being ``level`` or ``change``. Sets of ranks at
        the framework's confidence; ``n_better``, ``n_worse`` and ``n_alike`` count the banks that are surely better,
        surely worse and not told apart; banks that share a letter in ``groups`` are not told apart. More than 400
        banks are not ranked, nor is one alone: flags ``too_many``, ``no_others``.
    """
    place, level = _places(data, gate.passed), 1 - data.framework.alpha
    df = composites.frame["df"].to_numpy(dtype=float)[place]
    parts = [
        _ranked(values, matrix, df, level, seed).assign(bank=[data.bank_ids[number] for number in place], of=of)
        for of, values, matrix in _measured(composites, place)
    ]
    return _by_bank(data, parts, RANK_COLUMNS)


def shrink_banks(data: ScoringData, gate: GateResult, composites: CompositeResult) -> pd.DataFrame:
    """Draw each bank's endline level and change to the mean of all banks by as much as its sampling error calls for.

    Parameters
    ----------
    data, gate, composites
        From the steps before.

    Returns
    -------
    DataFrame
        `SHRUNKEN_COLUMNS`, two rows a bank that passed the gate, ``of`` being ``level`` or ``change``: the value as
        estimated and its error, the share of the differences between banks that is no noise (``reliability``), the
        empirical Bayes value for display, and how far a second sample of the same firms' population would be expected
        to move (``expected_shift``). Verdicts never rest on it. NaN with a flag for fewer than three banks.
    """
    from evaltools.stats import shrink

    place, parts = _places(data, gate.passed), []
    for of, values, matrix in _measured(composites, place):
        se = np.sqrt(np.maximum(matrix.diagonal(), 0.0))
        table = shrink(values, se, covariance=matrix, level=1 - data.framework.alpha)
        table = table.rename(columns={"se_corrected": "se_shrunken"})
        parts.append(table.assign(bank=[data.bank_ids[number] for number in place], of=of))
    return _by_bank(data, parts, SHRUNKEN_COLUMNS)


def _measured(composites: CompositeResult, place: npt.NDArray[np.int64]) -> list[tuple[str, FloatArray, FloatArray]]:
    """Return name, values and covariance of what banks are compared by, for the banks at some places."""
    of = {"level": ("endline", composites.covariance_endline), "change": ("change", composites.covariance)}
    return [
        (name, composites.frame[column].to_numpy(dtype=float)[place], matrix[np.ix_(place, place)])
        for name, (column, matrix) in of.items()
    ]


def _by_bank(data: ScoringData, parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the parts in one frame, banks in the campaign's order."""
    frame = pd.concat(parts, ignore_index=True)
    order = frame["bank"].map({bank: number for number, bank in enumerate(data.bank_ids)}).sort_values(kind="stable")
    return frame.loc[order.index, list(columns)].reset_index(drop=True)


def _ranked(values: FloatArray, covariance: FloatArray, df: FloatArray, level: float, seed: int) -> pd.DataFrame:
    from evaltools.stats import league, rank_sets, told_apart

    if not 1 < values.size <= _MOST_RANKED:
        unranked = pd.DataFrame(np.nan, index=range(values.size), columns=list(RANK_COLUMNS[2:-2]))
        return unranked.assign(groups="", flag="too_many" if values.size > 1 else "no_others")
    replicates = draws_for(values.size)
    table = rank_sets(values, covariance, df=df, level=level, replicates=replicates, seed=seed)
    apart = told_apart(values, covariance, df=df, level=level, replicates=replicates, seed=seed)
    listed = league(table, apart).set_index("position")
    for name in ("n_better", "n_worse", "n_alike", "groups"):
        table[name] = listed[name].reindex(table["position"]).to_numpy()
    numbers = list(RANK_COLUMNS[2:-2])
    return table.astype(dict.fromkeys(numbers, "Float64")).astype(dict.fromkeys(numbers, float))


def _places(data: ScoringData, banks: list[str]) -> npt.NDArray[np.int64]:
    chosen = set(banks)
    return np.array([number for number, bank in enumerate(data.bank_ids) if bank in chosen], dtype=np.int64)
