"""Totals by unit, domain and wave: all that estimates and changes are computed from, and additive over chunks.

A mean is the ratio of the totals of w*y and w, a ratio that of w*y and w*x; both are held as one pair of totals,
the numerator taken from a recorded origin so that a large mean costs no digits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.arrays import Workspace, keep_freed_memory
from evaltools.stats.columns import count_rows, keep_rows, read_codes, require_columns, require_frame
from evaltools.stats.design import DEFAULT, Design, differing_options, same_columns
from evaltools.stats.item_sums import Item, ItemSums, Recoding, sum_item
from evaltools.stats.sample import Rows, Sample, read_sample

__all__ = [
    "Item", "ItemSums", "Recoding", "Source", "Totals", "as_columns", "as_items", "each_item", "item_label",
    "open_source", "totals",
]  # fmt: skip

Result = TypeVar("Result")

PARALLEL_FROM = 2_000_000  # rows or cells x items below which a second thread is not worth its start

_RESERVED = {
    "item", "stat", "estimate", "se", "df", "ci_low", "ci_high", "n", "n_psu", "n_eff", "deff", "missing_share", "flag",
    "baseline", "endline", "change", "p", "n_baseline", "n_endline", "n_both",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Totals of some items for a sample; ``Totals + Totals`` is the Totals of both chunks together."""

    items: tuple[Item, ...]
    design: Design
    sample: Sample
    sums: tuple[ItemSums, ...]

    def __add__(self, other: Totals) -> Totals:
        if not isinstance(other, Totals):
            return NotImplemented
        from evaltools.stats.merging import add_totals

        return add_totals(self, other)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A sample and, on demand, the totals of each of its items, so that few are in memory at once.

    Attributes
    ----------
    items, design, sample
        What was asked for.
    read : callable
        Returns an item's totals, given its place in `items`.
    frame : frame, or None
        What the rows were read from, and `rows`, how they go into cells. None for Totals: they hold no rows.
    """

    items: tuple[Item, ...]
    design: Design
    sample: Sample
    read: Callable[[int], ItemSums]
    frame: Any = None
    rows: Rows | None = None


def totals(
    frame: Any,
    items: str | Sequence[Item],
    by: str | Sequence[str] | None = None,
    wave: str | None = None,
    design: Design = DEFAULT,
) -> Totals:
    """Sum the items by sampling unit, domain and wave.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        One row an answer sheet. A missing item (null, NaN) leaves the row in the design.
    items
        Names of numeric columns, or (numerator, denominator) pairs for ratios.
    by
        Columns that form the domains; None: one domain. One categorical column: each of its categories is a domain.
    wave
        Column of the wave; None: all rows are one wave.
    design
        Columns and choices of the design.

    Returns
    -------
    Totals
        Additive: chunks of one sample may share units. `estimate` and `change` take it in place of the frame.

    Raises
    ------
    UsageError
        ``frame-type``, ``frame-column-missing``, ``frame-not-numeric``, ``frame-not-finite``, ``stat-items``,
        ``replicates-totals``.
    DesignError
        ``frame-values-missing``, ``weight-invalid``, ``psu-two-strata``, ``fpc-varies``.

    Notes
    -----
    An origin, the mean of the answers, is subtracted first: sums of squares of numbers near 1e9 keep their digits.
    Source: Chan, Golub, LeVeque (1983), Am. Stat. 37.
    """
    if isinstance(frame, Totals):
        raise UsageError("frame-type", kind="Totals", allowed="pandas.DataFrame, pyarrow.Table")
    if design.replicates is not None:
        raise UsageError("replicates-totals")
    source = open_source(frame, items, by, wave, design, moments=True)
    return Totals(source.items, source.design, source.sample, tuple(each_item(source, lambda _, sums: sums)))


def open_source(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None,
    wave: str | None,
    design: Design,
    *,
    waves: tuple[object, object] | None = None,
    moments: bool = False,
    recode: Recoding | None = None,
    reuse: bool = False,
) -> Source:
    """Read a frame, or look into Totals, up to the point where items are summed one by one.

    `waves`, where given, keeps the rows of these two waves only; `recode` makes other answers of an item's.
    With `reuse` an item's arrays stand where the same thread's next item will overwrite them.
    """
    columns = as_columns(by)
    if isinstance(frame, Totals):
        return _from_totals(frame, items, columns, by is None, wave, design)
    require_frame(frame)
    chosen = as_items(items)
    needed = [*columns, *([wave] if wave else []), *design.columns]
    needed += [part for item in chosen for part in (item if isinstance(item, tuple) else (item,))]
    require_columns(frame, needed)
    if count_rows(frame) * len(chosen) >= PARALLEL_FROM:
        keep_freed_memory()
    if wave is not None and waves is not None:
        codes = read_codes(frame, wave, role="wave")
        inside = np.asarray(codes.labels.isin(list(waves)))
        if not inside.all():
            frame = keep_rows(frame, inside[codes.code])
    sample, rows = read_sample(frame, columns, wave, design)

    spaces = threading.local()

    def read(place: int) -> ItemSums:
        if reuse and not hasattr(spaces, "held"):
            spaces.held = Workspace()
        return sum_item(frame, chosen[place], sample, rows, moments, recode, spaces.held if reuse else None)

    return Source(chosen, design, sample, read, frame, rows)


def each_item(source: Source, work: Callable[[Item, ItemSums], Result]) -> list[Result]:
    """Return `work` of every item, in order.

    Two items at a time where there is much to do: each is computed by one thread from first to last, so its bits do not
    depend on how many there are.
    """

    def one(place: int) -> Result:
        return work(source.items[place], source.read(place))

    places = range(len(source.items))
    if source.sample.cells.size * len(places) < PARALLEL_FROM:
        return [one(place) for place in places]
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(one, places))


def as_columns(by: str | Sequence[str] | None, reserved: Collection[str] = ()) -> tuple[str, ...]:
    """Return the `by` columns as a tuple; raises ``by-columns`` for a name that the result uses itself.

    `reserved` are names of the result besides those that all results have.
    """
    columns = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    names: tuple[object, ...] = columns
    taken = _RESERVED.union(reserved)
    bad = [name for name in names if not isinstance(name, str) or name in taken or names.count(name) > 1]
    if bad:
        raise UsageError("by-columns", columns=[repr(name) for name in bad])
    return columns


def as_items(items: str | Sequence[Item] | None) -> tuple[Item, ...]:
    """Return items as a tuple of names and (numerator, denominator) pairs; raises ``stat-items``."""
    chosen: list[Item] = []
    given: list[Any] = [] if items is None else [items] if isinstance(items, str) else list(items)
    for item in given:
        pair = isinstance(item, (tuple, list)) and len(item) == 2 and all(isinstance(part, str) for part in item)
        if not (isinstance(item, str) or pair) or item in chosen:
            raise UsageError("stat-items", items=repr(item))
        chosen.append(item if isinstance(item, str) else (item[0], item[1]))
    if not chosen:
        raise UsageError("stat-items", items=repr(items))
    return tuple(chosen)


def item_label(item: Item) -> str:
    """Return how an item is named in results: a column, or numerator/denominator."""
    return item if isinstance(item, str) else f"{item[0]}/{item[1]}"


def _from_totals(
    held: Totals,
    items: str | Sequence[Item] | None,
    columns: tuple[str, ...],
    any_columns: bool,
    wave: str | None,
    design: Design,
) -> Source:
    sample = held.sample
    if not any_columns and columns != sample.by:
        raise UsageError("totals-option", option="by", value=columns, held=sample.by)
    if wave is not None and sample.wave is None:
        raise UsageError("totals-no-wave")
    if wave is not None and wave != sample.wave:
        raise UsageError("totals-option", option="wave", value=wave, held=sample.wave)
    chosen = held.items if items is None else as_items(items)
    missing = [item_label(item) for item in chosen if item not in held.items]
    if missing:
        raise UsageError("totals-items", items=missing, held=[item_label(item) for item in held.items])
    if design == DEFAULT:
        design = held.design
    elif not same_columns(design, held.design):
        raise UsageError("totals-option", option="design", value=differing_options(design, held.design), held="Totals")
    return Source(chosen, design, sample, lambda place: held.sums[held.items.index(chosen[place])])
