"""Replicate weights given in the data: which columns hold them, and how far replicates count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray

ReplicateKind = Literal["jk1", "jkn", "brr", "fay", "bootstrap"]


@dataclass(frozen=True, slots=True)
class Replicates:
    """Columns of replicate weights, and the factors of their variance.

    V = scale * sum_r rscales_r (theta_r - centre)^2, with `centre` the mean of the replicates, or with `mse` the
    estimate itself.

    Parameters
    ----------
    columns
        Columns of the weights, one a replicate, at least two.
    kind
        How they were made: "jk1" (one PSU left out at a time, no strata), "jkn" (the same within strata), "brr"
        (half-samples), "fay" (half-samples with weights that are not 0), "bootstrap".
    fay
        For "fay" alone: the factor by which weights of the half left out were kept, at least 0 and below 1 (R: `rho`).
    scale
        One factor for all. None: (R - 1)/R for "jk1", 1 for "jkn", 1/(R - 1) for "bootstrap". "brr" and "fay" have
        theirs, 1/R and 1/(R (1 - fay)^2), and take none.
    rscales
        A factor for each replicate, 0 or more; "jkn" needs them: (n_h - 1)/n_h of the stratum, times 1 - f_h where the
        sample is without replacement. None: 1.
    mse
        Take deviations from the estimate, not from the mean of the replicates (over those with a factor above 0).
    combined
        The columns are whole weights. False: they are factors of the weight.

    Raises
    ------
    UsageError
        ``option-value``, ``replicates-columns``, ``replicates-factors``, ``replicates-option``.

    Notes
    -----
    Source: Wolter (2007), Introduction to Variance Estimation, ch. 3 and 4; Judkins (1990), J. Off. Stat. 6 (Fay's
    method). Equals R survey 4.1.1 `svrepdesign`, whose defaults are those above.
    """

    columns: tuple[str, ...]
    kind: ReplicateKind
    fay: float | None = None
    scale: float | None = None
    rscales: tuple[float, ...] | None = None
    mse: bool = False
    combined: bool = True

    def __post_init__(self) -> None:
        for option in ("columns", "rscales"):
            value = getattr(self, option)
            if isinstance(value, (list, np.ndarray)):
                object.__setattr__(self, option, tuple(value))
        if self.kind not in get_args(ReplicateKind):
            raise UsageError("option-value", option="kind", value=repr(self.kind), allowed=get_args(ReplicateKind))
        for option in ("mse", "combined"):
            if not isinstance(getattr(self, option), bool):
                raise UsageError(
                    "option-value", option=option, value=repr(getattr(self, option)), allowed=("True", "False")
                )
        names: object = self.columns
        if not (
            isinstance(names, tuple)
            and len(set(names)) == len(names) > 1
            and all(isinstance(name, str) and name for name in names)
        ):
            raise UsageError("replicates-columns", columns=repr(names))
        _require_factors(self)


def _require_factors(given: Replicates) -> None:
    """Raise where a factor is out of range, missing, or without effect for the kind."""
    if (given.kind == "fay") != (given.fay is not None):
        raise UsageError("replicates-option", kind=given.kind, option="fay", value=repr(given.fay))
    if given.fay is not None and not (_is_number(given.fay) and 0 <= given.fay < 1):
        raise UsageError("replicates-factors", option="fay", value=repr(given.fay))
    if given.scale is not None and given.kind in {"brr", "fay"}:
        raise UsageError("replicates-option", kind=given.kind, option="scale", value=repr(given.scale))
    if given.scale is not None and not (_is_number(given.scale) and given.scale > 0):
        raise UsageError("replicates-factors", option="scale", value=repr(given.scale))
    if given.rscales is None:
        if given.kind == "jkn":
            raise UsageError("replicates-option", kind=given.kind, option="rscales", value="None")
        return
    usable = len(given.rscales) == len(given.columns) and all(_is_number(one) and one >= 0 for one in given.rscales)
    if not usable or not any(given.rscales):
        raise UsageError("replicates-factors", option="rscales", value=f"{len(given.rscales)} values")


def _is_number(value: object) -> bool:
    real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return real and bool(np.isfinite(value))  # type: ignore[call-overload]


def replicate_factors(replicates: Replicates) -> FloatArray:
    """Return the factor of each replicate's squared deviation, scale times rscales; shape (R,)."""
    size = len(replicates.columns)
    of_kind = {
        "jk1": (size - 1) / size,
        "jkn": 1.0,
        "brr": 1 / size,
        "fay": 1 / (size * (1 - (replicates.fay or 0.0)) ** 2),
        "bootstrap": 1 / (size - 1),
    }
    scale = of_kind[replicates.kind] if replicates.scale is None else float(replicates.scale)
    return scale * np.asarray(replicates.rscales or np.ones(size), dtype=np.float64)
