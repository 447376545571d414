"""Which two waves are compared, and how the units of both overlap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, IntArray, compress
from evaltools.stats.columns import declared_order, keep_rows, read_codes
from evaltools.stats.design import Design
from evaltools.stats.sample import Sample
from evaltools.stats.units import Units
from evaltools.stats.variance import Strata

Pattern = Literal["both", "baseline_only", "endline_only"]

PATTERNS: tuple[Pattern, ...] = get_args(Pattern)


def declared_waves(frame: Any, wave: str) -> tuple[object, object] | None:
    """Return the two waves of ordered categories: "pre" comes before "post" where the column says so."""
    found = declared_order(frame, wave)
    return (found[0], found[1]) if len(found) == 2 else None


def rows_of_waves(frame: Any, wave: str | None, waves: tuple[object, object] | None) -> Any:
    """Return the rows of two waves, all where none are named."""
    if wave is None or waves is None:
        return frame
    codes = read_codes(frame, wave, role="wave")
    inside = np.asarray(codes.labels.isin(list(waves)))
    return frame if inside.all() else keep_rows(frame, inside[codes.code])


def choose_waves(sample: Sample, waves: tuple[object, object] | None, *, strict: bool) -> tuple[object, object]:
    """Return (before, after).

    Parameters
    ----------
    sample
        Its `waves` are those that rows have.
    waves
        What the caller asked for; None: the two there are, sorted.
    strict
        Whether a wave without rows is an error.

    Raises
    ------
    UsageError
        ``totals-no-wave``, ``waves-two``, ``waves-pair``, ``wave-absent``.
    """
    if sample.wave is None:
        raise UsageError("totals-no-wave")
    there = [str(wave) for wave in sample.waves]
    if waves is None:
        if len(there) != 2:
            raise UsageError("waves-two", column=sample.wave, waves=there)
        return sample.waves[0], sample.waves[1]
    given: object = waves
    if not isinstance(given, (tuple, list)) or len(given) != 2 or given[0] == given[1]:
        raise UsageError("waves-pair", waves=repr(waves))
    absent = [str(wave) for wave in waves if wave_index(sample.waves, wave) < 0]
    if absent and strict:
        raise UsageError("wave-absent", column=sample.wave, waves=absent, there=there)
    return waves[0], waves[1]


def wave_index(waves: pd.Index, value: object) -> int:
    """Return the position of a wave, or -1 where no row has it."""
    found = np.flatnonzero([wave == value for wave in waves])
    return int(found[0]) if found.size else -1


def overlap_pattern(baseline: BoolArray, endline: BoolArray) -> IntArray:
    """Return each PSU's pattern as a position in PATTERNS, -1 where it is in neither wave.

    Parameters
    ----------
    baseline, endline : bool arrays, shape (J,)
        Whether the PSU has rows in the wave.
    """
    pattern = np.where(baseline & endline, 0, np.where(baseline, 1, 2))
    return np.where(baseline | endline, pattern, -1).astype(np.int64)


def psu_presence(units: Units, wave: int, flags: BoolArray) -> BoolArray:
    """Return which PSUs (J,) have a flagged unit in a wave; none where the wave is -1.

    Parameters
    ----------
    units
        All units.
    wave
        Position of the wave.
    flags : bool array, shape (U, W)
        `units.present` or `units.live`.
    """
    held = np.zeros(units.n_psu, dtype=np.bool_)
    if wave >= 0:
        held[units.stage[0][flags[:, wave]]] = True
    return held


def variance_strata(units: Units, pattern: IntArray, design: Design, joined: Mapping[Pattern, Pattern]) -> Strata:
    """Return the variance strata of a change.

    Parameters
    ----------
    units
        All units.
    pattern : int array, shape (J,)
        Overlap pattern of each PSU, -1 outside both waves.
    design
        `overlap` says whether strata are split by pattern.
    joined
        Patterns that count as another.
    """
    labels = [str(label) for label in units.strata]
    if design.overlap == "union":
        return Strata(np.where(pattern >= 0, units.stratum, -1), tuple(labels))
    place = {name: number for number, name in enumerate(PATTERNS)}
    unknown = [name for pair in joined.items() for name in pair if name not in place]
    if unknown:
        raise UsageError("option-value", option="joined_patterns", value=unknown, allowed=PATTERNS)
    becomes = np.array([place[joined.get(name, name)] for name in PATTERNS], dtype=np.int64)
    inside = pattern >= 0
    split = units.stratum * len(PATTERNS) + becomes[np.where(inside, pattern, 0)]
    code, used = compress(split[inside], len(labels) * len(PATTERNS))
    of_psu = np.full(units.n_psu, -1, dtype=np.int64)
    of_psu[inside] = code
    names = tuple(f"{labels[key // len(PATTERNS)]} ({PATTERNS[key % len(PATTERNS)]})" for key in used)
    return Strata(of_psu, names)
