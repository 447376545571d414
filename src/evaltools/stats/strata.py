"""Merging strata that hold a single PSU, in the order that the frame declares and never by what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import IntArray
from evaltools.stats.columns import Codes, keep_rows, read_codes, require_columns, require_frame
from evaltools.stats.design import Design
from evaltools.stats.sample import read_sample
from evaltools.stats.waves import PATTERNS, Pattern, choose_waves, overlap_pattern, psu_presence, wave_index


@dataclass(frozen=True, slots=True, eq=False)
class MergedStrata:
    """What merging came to.

    Attributes
    ----------
    stratum : object array, shape (N,)
        Stratum of each row of the frame after merging; a merged one is named by its parts, joined with "+".
    labels : Mapping
        Old stratum to new.
    joined_patterns : Mapping
        Overlap patterns that must count as another, for `estimate_change`; empty where none had a single PSU.
    record : frame
        What was merged, in order: `stratum` (the one with a single PSU; "" where a pattern was joined), `pattern`
        ("" with overlap="union"), `merged_with`, `result`.
    """

    stratum: np.ndarray[Any, np.dtype[np.object_]]
    labels: Mapping[str, str]
    joined_patterns: Mapping[Pattern, Pattern]
    record: pd.DataFrame


def merge_single_strata(
    frame: Any,
    design: Design,
    *,
    wave: str | None = "wave",
    waves: tuple[object, object] | None = None,
    order: Sequence[str] | None = None,
) -> MergedStrata:
    """Merge each stratum that holds a single PSU with its neighbour.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        The rows that the change is computed from.
    design
        `stratum` and `psu` are read. With overlap="pattern" every stratum x pattern that exists ends with two PSUs or
        more, with "union" every stratum.
    wave, waves
        As in `change`; wave=None: one wave.
    order
        The strata as the frame declares them: the next one is the neighbour, for the last the one before. None: sorted.

    Returns
    -------
    MergedStrata
        New strata by row, and the record. A sample with one PSU in all stays as it is.

    Raises
    ------
    UsageError
        ``strata-none`` without a stratum column, ``strata-order`` where `order` misses one.

    Notes
    -----
    A pattern with one PSU in the whole sample cannot gain another by merging strata, so it joins another pattern
    ("both", else the next). Only counts of PSUs decide, so the result does not depend on answers.
    Source: Rust and Kalton (1987), J. Off. Stat. 3, on collapsing before seeing the data.
    """
    if design.stratum is None:
        raise UsageError("strata-none")
    require_frame(frame)
    require_columns(frame, [design.stratum, *design.psu_columns[:1], *([wave] if wave else [])])
    row_stratum = read_codes(frame, design.stratum, role="stratum")
    labels = _in_order(row_stratum, order)
    counts = _count_psus(frame, design, wave, waves, labels)
    record: list[tuple[str, str, str, str]] = []
    patterns = PATTERNS if counts.shape[1] > 1 else ("",)
    joined = _join_patterns(counts, record) if counts.shape[1] > 1 else {}
    groups = _merge_groups(counts, labels, patterns, record)
    names = {labels[code]: "+".join(labels[part] for part in group) for group in groups for code in group}
    new = np.array([names[str(label)] for label in row_stratum.labels], dtype=object)
    table = pd.DataFrame(record, columns=["stratum", "pattern", "merged_with", "result"], dtype="str")
    return MergedStrata(new[row_stratum.code], names, joined, table)


def _in_order(strata: Codes, order: Sequence[str] | None) -> list[str]:
    there = sorted(str(label) for label in strata.labels)
    if order is None:
        return there
    declared = [str(label) for label in order]
    missing = [label for label in there if label not in declared]
    if missing or len(set(declared)) < len(declared):
        raise UsageError("strata-order", missing=missing, order=declared)
    return declared


def _count_psus(
    frame: Any, design: Design, wave: str | None, waves: tuple[object, object] | None, labels: Sequence[str]
) -> IntArray:
    """Count PSUs by stratum in order (H,) and pattern (3), or (1) with overlap="union"."""
    if wave is not None and waves is not None:
        codes = read_codes(frame, wave, role="wave")
        frame = keep_rows(frame, np.asarray(codes.labels.isin(list(waves)))[codes.code])
    plain = Design(stratum=design.stratum, psu=design.psu_columns[:1] or None)
    sample, _ = read_sample(frame, (), wave, plain)
    units = sample.units
    if wave is None or design.overlap == "union":
        pattern, n_patterns = np.zeros(units.n_psu, dtype=np.int64), 1
    else:
        both = [wave_index(sample.waves, value) for value in choose_waves(sample, waves, strict=False)]
        pattern = overlap_pattern(*(psu_presence(units, position, units.present) for position in both))
        n_patterns = len(PATTERNS)
    place = {label: number for number, label in enumerate(labels)}
    row = np.array([place[str(label)] for label in units.strata], dtype=np.int64)[units.stratum]
    counts = np.zeros((len(labels), n_patterns), dtype=np.int64)
    np.add.at(counts, (row, pattern), 1)
    return counts


def _join_patterns(counts: IntArray, record: list[tuple[str, str, str, str]]) -> dict[Pattern, Pattern]:
    """Join patterns with one PSU in all to another; changes `counts` in place."""
    joined: dict[Pattern, Pattern] = {}
    while True:
        total = counts.sum(axis=0)
        alone = [number for number in reversed(range(len(PATTERNS))) if total[number] == 1]
        if not alone or np.count_nonzero(total) < 2:
            return joined
        source = alone[0]
        target = next(number for number in range(len(PATTERNS)) if number != source and total[number] > 0)
        counts[:, target] += counts[:, source]
        counts[:, source] = 0
        joined = {name: PATTERNS[target] if goes == PATTERNS[source] else goes for name, goes in joined.items()}
        joined[PATTERNS[source]] = PATTERNS[target]
        record.append(("", PATTERNS[source], PATTERNS[target], PATTERNS[target]))


def _merge_groups(
    counts: IntArray, labels: Sequence[str], patterns: Sequence[str], record: list[tuple[str, str, str, str]]
) -> list[list[int]]:
    groups = [[code] for code in range(len(labels))]
    held = [counts[code].copy() for code in range(len(labels))]
    while len(groups) > 1:
        alone = [number for number, count in enumerate(held) if (count == 1).any()]
        if not alone:
            break
        at = alone[0]
        # strata that nobody is in are passed over: they cannot help
        others = [k for k in range(at + 1, len(groups)) if held[k].any()] or [
            k for k in reversed(range(at)) if held[k].any()
        ]
        if not others:
            break
        low, high = sorted((at, others[0]))
        pattern = patterns[int(np.flatnonzero(held[at] == 1)[0])]
        between = [code for group in groups[low : high + 1] for code in group]
        names = ["+".join(labels[code] for code in groups[number]) for number in (at, others[0])]
        record.append((names[0], pattern, names[1], "+".join(labels[code] for code in between)))
        held[low : high + 1] = [np.sum(held[low : high + 1], axis=0)]
        groups[low : high + 1] = [between]
    return groups
