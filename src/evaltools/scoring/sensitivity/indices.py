"""Which choice moves a bank's result: variance-based sensitivity indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.sensitivity.base import Base
from evaltools.scoring.sensitivity.choices import Choices, input_groups, variants_of, varying_groups
from evaltools.scoring.sensitivity.evaluation import rank, score

FloatArray = npt.NDArray[np.float64]

INDEX_COLUMNS = ("bank", "output", "choice", "first", "first_reach", "total", "total_reach", "flag")
POINTS = 512  # of the quasi-random sequence; times groups + 2 are evaluated
_RESAMPLES = 100


def sobol_indices(base: Base, choices: Choices, *, seed: int, level: float) -> pd.DataFrame:
    """Return first-order and total indices of each group of choices for each bank's change and rank of change.

    Parameters
    ----------
    base, choices
        What varies, and around what.
    seed
        Of the scrambled sequence and of the resampling.
    level
        Of the reaches: an index lies within plus or minus its reach.

    Returns
    -------
    DataFrame
        `INDEX_COLUMNS`. ``output`` is ``change``, in points of the framework, or ``rank``. ``first`` is the share of
        the variance that a choice brings about alone, ``total`` with all its interactions. ``flag`` is ``constant``
        where a bank's result does not move, then there are no indices.

    Notes
    -----
    Source: Saltelli, Annoni, Azzini, Campolongo, Ratto, Tarantola (2010), Comput. Phys. Commun. 181, 259-270; for
    composite indicators Saisana, Saltelli, Tarantola (2005), J. R. Stat. Soc. A 168, 307-323. Estimated by SALib.
    """
    groups = varying_groups(base, choices)
    if not base.banks or not groups:
        return no_indices()
    problem = _problem(base, groups)
    uniform = _points(base, problem, seed)
    found = score(base, variants_of(uniform, base, choices))
    everywhere = np.ones(found.change.shape, dtype=np.bool_)
    outputs = {"change": found.comparable, "rank": rank(found.change, everywhere)}
    parts = [
        _of_output(values[:, number], problem, groups, seed, level).assign(bank=bank, output=name)
        for number, bank in enumerate(base.banks)
        for name, values in outputs.items()
    ]
    return pd.concat(parts, ignore_index=True)[list(INDEX_COLUMNS)]


def no_indices() -> pd.DataFrame:
    """Return the table of indices without a row."""
    return pd.DataFrame(columns=list(INDEX_COLUMNS))


def _problem(base: Base, groups: list[str]) -> dict[str, Any]:
    names = [(f"x{number}", group) for number, group in enumerate(input_groups(base)) if group in groups]
    return {
        "num_vars": len(names),
        "names": [name for name, _ in names],
        "groups": [group for _, group in names],
        "bounds": [[0.0, 1.0]] * len(names),
    }


def _points(base: Base, problem: dict[str, Any], seed: int) -> FloatArray:
    """Return uniform numbers for all inputs; those of groups that do not vary are one half."""
    from SALib.sample import sobol

    drawn = sobol.sample(problem, POINTS, calc_second_order=False, seed=seed)
    uniform = np.full((len(drawn), len(input_groups(base))), 0.5)
    uniform[:, [int(name[1:]) for name in problem["names"]]] = drawn
    return uniform


def _of_output(values: FloatArray, problem: dict[str, Any], groups: list[str], seed: int, level: float) -> pd.DataFrame:
    from SALib.analyze import sobol

    frame = pd.DataFrame({"choice": groups, "first": np.nan, "first_reach": np.nan, "total": np.nan,
                          "total_reach": np.nan, "flag": "constant"})  # fmt: skip
    if np.isnan(values).any() or np.ptp(values) <= 1e-9 * (1 + np.abs(values).max()):
        return frame
    if len(groups) == 1:  # all movement is due to the one choice that varies
        return frame.assign(first=1.0, first_reach=0.0, total=1.0, total_reach=0.0, flag="")
    found = sobol.analyze(
        problem, values, calc_second_order=False, num_resamples=_RESAMPLES, conf_level=level, seed=seed + 1
    )
    for name, key in (("first", "S1"), ("first_reach", "S1_conf"), ("total", "ST"), ("total_reach", "ST_conf")):
        frame[name] = np.asarray(found[key], dtype=np.float64)
    return frame.assign(flag="")
