"""The sampling design as one frozen record of column names and choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

from evaltools.errors import UsageError
from evaltools.stats.estimation.replicates import Replicates

LonelyPsu = Literal["fail", "remove", "adjust", "average", "certainty"]
Overlap = Literal["union", "pattern"]
DfRule = Literal["design", "domain"]

_CHOICES = {"lonely_psu": get_args(LonelyPsu), "overlap": get_args(Overlap), "df": get_args(DfRule)}
_COLUMNS = ("weight", "stratum", "psu", "fpc", "replicates")
_WITHOUT_EFFECT = ("stratum", "psu", "fpc", "lonely_psu", "overlap")  # beside replicate weights


@dataclass(frozen=True, slots=True)
class Design:
    """How the sample was drawn, and how its variance is to be computed.

    Parameters
    ----------
    weight
        Column of design weights, 0 or more. None: every row counts 1, or, where `fpc` is given, the inverse of the
        sampling fractions.
    stratum
        Column of the first-stage strata. None: one stratum.
    psu
        Column of the primary sampling unit, or a tuple of columns, one a stage. None: every row is a unit of its own,
        so waves are taken as independent (flag ``overlap_unknown``).
    fpc
        Number of units in the population, a count: one column, or a tuple with one a stage of `psu` (first: PSUs of
        the stratum; second: units of the PSU). None: drawn with replacement, only the first stage counts.
    lonely_psu
        What a stratum with one PSU adds to the variance. "fail" raises; "remove" and "certainty" add nothing, which
        understates; "adjust" centres it at 0, the mean of all linearised values; "average" gives it the mean of the
        other strata. The same as R's `survey.lonely.psu`.
    overlap
        Variance strata of a change. "union": the strata (R on stacked waves; conservative where strata differ in
        level and the waves overlap in part). "pattern": strata x {both waves, baseline only, endline only}.
    df
        "design": PSUs minus strata of the whole design (R's `degf`). "domain": PSUs with an answer of the domain minus
        the strata that hold them; for a change those of the wave with fewer PSUs.
    calibration
        Not offered; anything but None raises.
    replicates
        Replicate weights in the data: every statistic is computed again with each, and they alone make the variance.
        Needs `weight`; stratum, psu, fpc, `lonely_psu` and `overlap` are in the weights already, so they are refused.
        df is the rank of the replicate weights minus 1; under "domain" that of the domain's rows.

    Raises
    ------
    UsageError
        ``option-not-offered``, ``option-value``, ``option-pair``, ``design-column``, ``design-stages`` or
        ``replicates-weight``, naming option and value.
    """

    weight: str | None = None
    stratum: str | None = None
    psu: str | tuple[str, ...] | None = None
    fpc: str | tuple[str, ...] | None = None
    lonely_psu: LonelyPsu = "fail"
    overlap: Overlap = "union"
    df: DfRule = "design"
    calibration: object = None
    replicates: Replicates | None = None

    def __post_init__(self) -> None:
        if self.calibration is not None:
            raise UsageError("option-not-offered", option="calibration", value=repr(self.calibration))
        for option, allowed in _CHOICES.items():
            require_choice(option, getattr(self, option), allowed)
        for option in ("psu", "fpc"):
            value = getattr(self, option)
            if isinstance(value, list):
                object.__setattr__(self, option, tuple(value))
        _require_columns(self)
        if self.replicates is not None:
            _require_alone(self, self.replicates)

    @property
    def psu_columns(self) -> tuple[str, ...]:
        """Columns of the stages; empty where every row is a unit."""
        return _as_tuple(self.psu)

    @property
    def fpc_columns(self) -> tuple[str, ...]:
        """Columns of population counts; empty where there are none."""
        return _as_tuple(self.fpc)

    @property
    def replicate_columns(self) -> tuple[str, ...]:
        """Columns of replicate weights; empty where there are none."""
        return () if self.replicates is None else self.replicates.columns

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are named, each once."""
        single = [name for name in (self.weight, self.stratum) if name is not None]
        return tuple(dict.fromkeys([*single, *self.psu_columns, *self.fpc_columns, *self.replicate_columns]))

    @property
    def plain(self) -> bool:
        """Whether nothing but the choices is given: a simple random sample of the rows."""
        return self.weight is None and self.stratum is None and self.psu is None and self.fpc is None


def require_choice(option: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ``option-value`` unless `value` is one of `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise UsageError("option-value", option=option, value=repr(value), allowed=tuple(allowed))


def require_linearised(design: Design) -> None:
    """Raise ``option-not-offered`` for replicate weights, where errors are taken from linearised values."""
    if design.replicates is not None:
        raise UsageError("option-not-offered", option="replicates", value=repr(design.replicates))


def same_columns(left: Design, right: Design) -> bool:
    """Return whether two designs read the same columns, whatever they choose for the variance."""
    return all(getattr(left, name) == getattr(right, name) for name in _COLUMNS)


def differing_options(left: Design, right: Design) -> list[str]:
    """Return the names of the options in which two designs differ."""
    return [field.name for field in fields(left) if getattr(left, field.name) != getattr(right, field.name)]


def _require_columns(design: Design) -> None:
    value: object
    for option in ("weight", "stratum"):
        value = getattr(design, option)
        if value is not None and (not isinstance(value, str) or not value):
            raise UsageError("design-column", option=option, value=repr(value))
    for option in ("psu", "fpc"):
        value = getattr(design, option)
        parts: tuple[object, ...] = value if isinstance(value, tuple) else (value,)
        if value is not None and not (parts and all(isinstance(part, str) and part for part in parts)):
            raise UsageError("design-column", option=option, value=repr(value))
    stages = max(1, len(design.psu_columns))
    if design.fpc is not None and len(design.fpc_columns) != stages:
        raise UsageError("design-stages", psu=stages, fpc=len(design.fpc_columns))


def _require_alone(design: Design, replicates: object) -> None:
    if not isinstance(replicates, Replicates):
        raise UsageError("option-value", option="replicates", value=repr(replicates), allowed=("Replicates(...)",))
    if design.weight is None:
        raise UsageError("replicates-weight", kind=replicates.kind)
    for field in fields(design):
        if field.name in _WITHOUT_EFFECT and getattr(design, field.name) != field.default:
            value = getattr(design, field.name)
            raise UsageError(
                "option-pair", option=field.name, value=repr(value), other="replicates", other_value=replicates.kind
            )
    if design.weight in replicates.columns:
        raise UsageError("replicates-columns", columns=repr(design.weight))


def _as_tuple(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


DEFAULT = Design()
