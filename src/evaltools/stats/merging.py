"""Adding Totals of chunks of one sample, and pooling their waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evaltools.errors import DesignError, UsageError
from evaltools.stats.arrays import FloatArray, IntArray, float_sums, int_sums, size_of, value_of
from evaltools.stats.columns import Codes, cross_codes, sort_labels
from evaltools.stats.design import differing_options
from evaltools.stats.sample import Sample, arrange, one_wave
from evaltools.stats.sums import ItemSums, Totals
from evaltools.stats.units import Units, any_wave, parents_of, require_one_stratum


def add_totals(left: Totals, right: Totals) -> Totals:
    """Return the Totals of two chunks of one sample together.

    Units with the same identifiers are one unit; without a psu column every row stays a unit of its own.

    Raises
    ------
    UsageError
        ``totals-differ`` where items, by, wave or design differ; ``totals-fpc-weights`` where weights come from the
        fpc, which needs the whole sample.
    DesignError
        ``psu-two-strata``, ``fpc-varies`` between the chunks.
    """
    _require_alike(left, right)
    parts = (left.sample, right.sample)
    domain, domains = _merge_domains(parts)
    waves = _merge_labels([part.waves for part in parts]) if left.sample.wave else one_wave(2)
    wave_of = [waves.code[: len(parts[0].waves)], waves.code[len(parts[0].waves) :]]
    units, unit_of = _merge_units(parts, waves, wave_of)
    order, starts, cells = arrange(
        np.concatenate([unit_of[k][part.cells.unit] for k, part in enumerate(parts)]),
        np.concatenate([domain[k][part.cells.domain] for k, part in enumerate(parts)]),
        np.concatenate([wave_of[k][part.cells.wave] for k, part in enumerate(parts)]),
        np.concatenate([part.cells.rows for part in parts]),
        units,
        len(domains),
    )
    sample = Sample(left.sample.by, domains, left.sample.wave, waves.labels, units, cells)
    places = [(domain[k], wave_of[k]) for k in range(2)]
    sums = tuple(
        _add_items(a, b, order, starts, places, sample.shape) for a, b in zip(left.sums, right.sums, strict=True)
    )
    return Totals(left.items, left.design, sample, sums)


def pool_waves(sample: Sample, sums: Sequence[ItemSums]) -> tuple[Sample, tuple[ItemSums, ...]]:
    """Return a sample and its totals with all waves taken as one."""
    if sample.shape[1] == 1:
        return sample, tuple(sums)
    units = replace(
        sample.units,
        present=any_wave(sample.units.present)[:, None],
        live=any_wave(sample.units.live)[:, None],
    )
    old = sample.cells
    order, starts, cells = arrange(old.unit, old.domain, np.zeros_like(old.wave), old.rows, units, sample.shape[0])
    pooled = [
        replace(
            item,
            shifted=float_sums(item.shifted[order], starts),
            base=float_sums(item.base[order], starts),
            answers=int_sums(item.answers[order], starts),
            moments=None if item.moments is None else item.moments.sum(axis=2, keepdims=True),
        )
        for item in sums
    ]
    return replace(sample, wave=None, waves=one_wave(0).labels, units=units, cells=cells), tuple(pooled)


def shift_origin(sums: ItemSums, origin: float) -> ItemSums:
    """Return the same totals taken from another origin."""
    step = sums.origin - origin
    if step == 0:
        return sums
    moments = sums.moments
    if moments is not None:
        weight, square, cross, base = moments
        moments = np.stack([weight, square + 2 * step * cross + step * step * base, cross + step * base, base])
    return replace(
        sums, origin=origin, spread=sums.spread + abs(step), shifted=sums.shifted + step * sums.base, moments=moments
    )


def _require_alike(left: Totals, right: Totals) -> None:
    differing = differing_options(left.design, right.design)
    differing += [name for name in ("by", "wave") if getattr(left.sample, name) != getattr(right.sample, name)]
    differing += ["items"] if left.items != right.items else []
    if differing:
        raise UsageError("totals-differ", options=differing)
    if left.design.weight is None and left.design.fpc is not None:
        raise UsageError("totals-fpc-weights", column=left.design.fpc_columns)


def _merge_labels(parts: Sequence[pd.Index]) -> Codes:
    code, labels = pd.factorize(pd.Index(np.concatenate([np.asarray(part, dtype=object) for part in parts])))
    kind = parts[0].dtype
    if all(part.dtype == kind for part in parts):
        labels = labels.astype(kind)
    return sort_labels(Codes(np.asarray(code, dtype=np.int64), pd.Index(labels)))


def _merge_domains(parts: Sequence[Sample]) -> tuple[list[IntArray], pd.DataFrame]:
    by = parts[0].by
    cut = len(parts[0].domains)
    if not by:
        return [np.zeros(1, dtype=np.int64)] * 2, parts[0].domains
    merged = [_merge_labels([pd.Index(part.domains[name]) for part in parts]) for name in by]
    code, domains = cross_codes(merged, by)
    return [code[:cut], code[cut:]], domains


def _merge_units(
    parts: Sequence[Sample], waves: Codes, wave_of: Sequence[IntArray]
) -> tuple[Units, tuple[IntArray, IntArray]]:
    left, right = parts[0].units, parts[1].units
    strata = _merge_labels([left.strata, right.strata])
    stages, labels = _merge_stages(left, right)
    unit = stages[-1]
    size = size_of(unit)
    stage = tuple(value_of(unit, code, size) for code in stages)
    row_stratum = np.concatenate(
        [
            strata.code[: len(left.strata)][left.stratum[left.stage[0]]],
            strata.code[len(left.strata) :][right.stratum[right.stage[0]]],
        ]
    )
    stratum = value_of(stages[0], row_stratum, size_of(stages[0]))
    flags = np.zeros((size, waves.labels.size), dtype=np.bool_)
    units = Units(stage, labels, stratum, strata.labels, (), flags, flags.copy())
    require_one_stratum(units, stages[0], row_stratum)
    unit_of = (unit[: left.size], unit[left.size :])
    for part, where, wave in zip((left, right), unit_of, wave_of, strict=True):
        units.present[np.ix_(where, wave)] |= part.present
        units.live[np.ix_(where, wave)] |= part.live
    return replace(units, population=_merge_population((left, right), units, unit_of)), unit_of


def _merge_stages(left: Units, right: Units) -> tuple[list[IntArray], tuple[pd.Index, ...] | None]:
    if left.labels is None or right.labels is None:
        return [np.arange(left.size + right.size, dtype=np.int64)], None
    stages: list[IntArray] = []
    keys = pd.DataFrame()
    for number, (a, b) in enumerate(zip(left.labels, right.labels, strict=True)):
        keys[number] = pd.concat([pd.Series(a), pd.Series(b)], ignore_index=True)
        # first appearance numbers the units, so the order of the first chunk is kept
        stages.append(np.asarray(keys.groupby(list(keys.columns), sort=False).ngroup(), dtype=np.int64))
    first = pd.Index(stages[-1]).duplicated()
    return stages, tuple(pd.Index(keys.loc[~first, name]) for name in keys.columns)


def _merge_population(
    parts: tuple[Units, Units], merged: Units, unit_of: tuple[IntArray, IntArray]
) -> tuple[FloatArray, ...]:
    population = []
    for stage in range(len(parts[0].population)):
        group, size = parents_of(merged, stage)
        by_unit = np.concatenate(
            [part.population[stage][parents_of(part, stage)[0][part.stage[stage]]] for part in parts]
        )
        places = group[np.concatenate([merged.stage[stage][where] for where in unit_of])]
        counts = value_of(places, by_unit, size)
        varying = int(np.count_nonzero(counts[places] != by_unit))
        if varying:
            raise DesignError("fpc-varies", column=f"stage {stage + 1}", rows=varying)
        population.append(counts)
    return tuple(population)


def _add_items(
    left: ItemSums,
    right: ItemSums,
    order: IntArray,
    starts: IntArray,
    places: Sequence[tuple[IntArray, IntArray]],
    shape: tuple[int, int],
) -> ItemSums:
    empty = not left.answers.any()
    origin = right.origin if empty else left.origin
    a, b = shift_origin(left, origin), shift_origin(right, origin)
    moments = np.zeros((4, *shape))
    for part, (domain, wave) in zip((a, b), places, strict=True):
        if part.moments is not None:
            moments[:, domain[:, None], wave[None, :]] += part.moments
    return ItemSums(
        origin,
        max(a.spread, b.spread),
        left.binary and right.binary,
        float_sums(np.concatenate([a.shifted, b.shifted])[order], starts),
        float_sums(np.concatenate([a.base, b.base])[order], starts),
        int_sums(np.concatenate([a.answers, b.answers])[order], starts),
        moments,
    )
