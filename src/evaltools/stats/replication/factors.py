"""Factors of the rescaled bootstrap: which sampling units are drawn in each replicate, one stream a stratum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import DesignError, UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by
from evaltools.stats.columns import read_codes, require_columns, require_frame
from evaltools.stats.contrast import require_known_patterns
from evaltools.stats.design import Design
from evaltools.stats.sample import Sample, read_sample
from evaltools.stats.streams import WORDS, open_stream, require_replicates, require_seed
from evaltools.stats.units import SHOWN, Units, psu_names
from evaltools.stats.variance import Strata
from evaltools.stats.waves import (
    Pattern,
    choose_waves,
    overlap_pattern,
    psu_presence,
    rows_of_waves,
    variance_strata,
    wave_index,
)

LARGEST = 50_000  # PSUs above which linearisation gives the same numbers for a fraction of the time
LEAST_REPLICATES = 100


@dataclass(frozen=True, slots=True, eq=False)
class BootstrapDraw:
    """What the replicates are drawn from: J sampling units in G variance strata.

    Attributes
    ----------
    labels : object array, shape (J,)
        Value of the PSU column; row numbers where every row is a unit.
    stratum : int array, shape (J,)
        Variance stratum of each PSU; -1 for one without rows in the two waves.
    place : int array, shape (J,)
        Place of each PSU within its stratum, by its first row in the frame.
    strata : tuple of str, length G
        Names of the variance strata; each names its stream.
    n_psu : int array, shape (G,)
        PSUs of each, 2 or more.
    fraction : float array, shape (G,)
        Sampling fraction, 0 without population counts.
    replicates, seed : int
        How many replicates, and from which seed.
    """

    labels: np.ndarray[Any, np.dtype[np.object_]]
    stratum: IntArray
    place: IntArray
    strata: tuple[str, ...]
    n_psu: IntArray
    fraction: FloatArray
    replicates: int
    seed: int


def draw_bootstrap(
    frame: Any,
    design: Design,
    *,
    wave: str | None = "wave",
    waves: tuple[object, object] | None = None,
    joined_patterns: Mapping[Pattern, Pattern] | None = None,
    replicates: int = 2_000,
    seed: int,
) -> BootstrapDraw:
    """Arrange the rescaled bootstrap of a sample; `bootstrap_factors` gives its factors.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        The sample, both waves stacked. The order of its rows decides the order of the PSUs, their names do not.
    design
        `weight`, `stratum`, `psu`, `fpc` and `overlap` matter: the variance strata are those of `change`.
    wave, waves
        As in `change`; wave=None: one wave.
    joined_patterns
        As in `estimate_change`.
    replicates
        100 to 1,000,000.
    seed
        0 .. 2^64 - 1.

    Returns
    -------
    BootstrapDraw
        PSUs in the order of their first rows.

    Raises
    ------
    UsageError
        ``option-range``, ``option-pair`` (replicate weights, or an option without effect), ``bootstrap-stages``, those
        of `change`.
    DesignError
        ``bootstrap-lonely``, ``bootstrap-too-many`` (more than 50,000 PSUs), those of `change`.

    Notes
    -----
    In each stratum m = n - 1 of the n PSUs are drawn with replacement; drawn r times, a PSU has the factor
    1 - s + s r n/m with s = sqrt(1 - n/N), so n r/(n - 1) without population counts. A stratum's stream depends on the
    seed and its name alone, so other strata, items or more replicates change none of its draws.
    Source: Rao and Wu (1988), J. Am. Stat. Assoc. 83; Rao, Wu, Yue (1992), Survey Methodology 18, 209-217.
    """
    joined = joined_patterns or {}
    require_bootstrap(design, replicates, seed, wave, joined)
    require_frame(frame)
    require_columns(frame, [*([wave] if wave else []), *design.columns])
    frame = rows_of_waves(frame, wave, waves)
    sample, _ = read_sample(frame, (), wave, design)
    found = plan_draw(frame, sample, waves, design, joined, int(replicates), int(seed))
    order = np.argsort(first_rows(frame, sample.units, design), kind="stable")
    return BootstrapDraw(
        found.labels[order], found.stratum[order], found.place[order], found.strata, found.n_psu, found.fraction,
        found.replicates, found.seed,
    )  # fmt: skip


def bootstrap_factors(draw: BootstrapDraw, start: int = 0, stop: int | None = None) -> FloatArray:
    """Return the factors by which each PSU's weights are multiplied in some of the replicates.

    Parameters
    ----------
    draw
        From `draw_bootstrap`.
    start, stop
        Replicates start .. stop - 1; None: to the last. Any block is the same as that part of the whole.

    Returns
    -------
    float array, shape (J, stop - start)
        0 or more; 1 for a PSU that is not in the two waves. Their mean over a stratum is 1 in every replicate.

    Raises
    ------
    UsageError
        ``option-range`` for a block outside the replicates.

    Notes
    -----
    Source: as `draw_bootstrap`.
    """
    return scale_counts(draw, draw_counts(draw, start, draw.replicates if stop is None else stop))


def scale_counts(draw: BootstrapDraw, counts: FloatArray) -> FloatArray:
    """Turn counts of draws (J, B) into factors; overwrites `counts`."""
    inside = draw.stratum >= 0
    own = np.where(inside, draw.stratum, 0)
    spread = np.where(inside, np.sqrt(1 - draw.fraction[own]), 0.0)
    counts *= (spread * draw.n_psu[own] / (draw.n_psu[own] - 1))[:, None]
    counts += (1 - spread)[:, None]
    return counts


def draw_counts(draw: BootstrapDraw, start: int, stop: int) -> FloatArray:
    """Return how often each PSU is drawn in replicates start .. stop - 1; shape (J, stop - start).

    Raises
    ------
    UsageError
        ``option-range``.
    """
    if not 0 <= start < stop <= draw.replicates:
        raise UsageError("option-range", option="start, stop", value=(start, stop), low=-1, high=draw.replicates + 1)
    size = stop - start
    found = np.zeros((draw.stratum.size, size))
    order = np.lexsort((draw.place, draw.stratum))
    ends = np.cumsum(draw.n_psu) + np.count_nonzero(draw.stratum < 0)
    for name, n, end in zip(draw.strata, draw.n_psu, ends, strict=True):
        steps = -(-(int(n) - 1) // WORDS)  # counter steps of one replicate, so that any replicate has its place
        stream = open_stream(draw.seed, f"bootstrap/{name}", start * steps)
        picked = np.floor(stream.random((size, steps * WORDS))[:, : n - 1] * n).astype(np.int64)
        picked += np.arange(size, dtype=np.int64)[:, None] * n
        found[order[end - n : end]] = count_by(picked.reshape(-1), size * int(n)).reshape(size, n).T
    return found


def require_bootstrap(
    design: Design, replicates: object, seed: object, wave: str | None, joined: Mapping[Pattern, Pattern]
) -> None:
    """Raise unless the design is one that can be drawn from, and every option has an effect."""
    require_replicates(replicates, LEAST_REPLICATES)
    require_seed(seed)
    if design.replicates is not None:
        raise UsageError(
            "option-pair", option="design.replicates", value="Replicates", other="bootstrap", other_value="Rao-Wu-Yue"
        )
    if len(design.fpc_columns) > 1:
        raise UsageError("bootstrap-stages", columns=design.fpc_columns)
    require_known_patterns(design)
    if wave is None and design.overlap == "pattern":
        raise UsageError("option-pair", option="overlap", value="pattern", other="wave", other_value=None)
    if joined and design.overlap == "union":
        raise UsageError(
            "option-pair", option="joined_patterns", value=dict(joined), other="overlap", other_value="union"
        )


def plan_draw(
    frame: Any,
    sample: Sample,
    waves: tuple[object, object] | None,
    design: Design,
    joined: Mapping[Pattern, Pattern],
    replicates: int,
    seed: int,
) -> BootstrapDraw:
    """Arrange the draw for the PSUs of a sample, in the sample's own order.

    Parameters
    ----------
    frame, sample
        Rows of the waves at hand, and the sample read from them.
    waves, design, joined, replicates, seed
        As in `draw_bootstrap`.
    """
    units = sample.units
    if units.n_psu > LARGEST:
        raise DesignError("bootstrap-too-many", psus=units.n_psu, most=LARGEST)
    strata = _strata(sample, waves, design, joined)
    n_psu = count_by(strata.of_psu[strata.of_psu >= 0], len(strata.labels))
    _require_pairs(units, strata, n_psu == 1)
    fraction = n_psu / units.population[0] if units.population else np.zeros(n_psu.size)
    if (fraction > 1).any():
        worst = int(np.argmax(fraction))
        population = float(units.population[0][worst])
        raise DesignError("fpc-too-small", stage=1, population=population, sampled=int(n_psu[worst]))
    order = np.lexsort((first_rows(frame, units, design), strata.of_psu))
    starts = np.cumsum(n_psu) - n_psu + np.count_nonzero(strata.of_psu < 0)
    place = np.full(units.n_psu, -1, dtype=np.int64)
    place[order] = np.arange(units.n_psu) - np.where(
        strata.of_psu[order] >= 0, starts[np.maximum(strata.of_psu[order], 0)], 0
    )
    names = np.array(psu_names(units, np.arange(units.n_psu)), dtype=object)
    return BootstrapDraw(names, strata.of_psu, place, _distinct(strata.labels), n_psu, fraction, replicates, seed)


def first_rows(frame: Any, units: Units, design: Design) -> IntArray:
    """Return the first row of each PSU (J,), whatever order its labels sort in."""
    if units.labels is None:
        return np.arange(units.n_psu, dtype=np.int64)
    codes = read_codes(frame, design.psu_columns[0], role="psu")
    _, first = np.unique(codes.code, return_index=True)
    return np.asarray(first[codes.labels.get_indexer(pd.Index(units.labels[0]))], dtype=np.int64)


def _strata(
    sample: Sample, waves: tuple[object, object] | None, design: Design, joined: Mapping[Pattern, Pattern]
) -> Strata:
    units = sample.units
    if sample.wave is None:
        return Strata(units.stratum, tuple(str(label) for label in units.strata))
    chosen = choose_waves(sample, waves, strict=False)
    positions = [wave_index(sample.waves, wave) for wave in chosen]
    pattern = overlap_pattern(*(psu_presence(units, position, units.present) for position in positions))
    return variance_strata(units, pattern, design, joined)


def _require_pairs(units: Units, strata: Strata, lonely: BoolArray) -> None:
    which = np.flatnonzero(lonely)
    if which.size:
        psus = np.flatnonzero((strata.of_psu >= 0) & lonely[strata.of_psu])[:SHOWN]
        names = [strata.labels[strata.of_psu[psu]] for psu in psus]
        raise DesignError("bootstrap-lonely", stratum=names, psu=psu_names(units, psus), count=int(which.size))


def _distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return labels that differ: 1 and "1" may both name a stratum, and two strata never share a stream."""
    seen: dict[str, int] = {}
    names = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        names.append(label if seen[label] == 1 else f"{label} #{seen[label]}")
    return tuple(names)
