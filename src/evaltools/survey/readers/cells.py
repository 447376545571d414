"""The cells of a column, each distinct one kept once: a survey's columns hold few values, many times."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# a datetime is a date, and a bool an int
Cell = str | int | float | date | time | None

_NUMBERS = frozenset((bool, int, float))


class _Typed(NamedTuple):
    kind: type
    cell: Cell


_Key = Cell | _Typed


class Cells:
    """A column of cells; reads like a sequence, and equals any other of the same cells.

    Attributes
    ----------
    distinct : list of Cell
        The first is None, whether a row holds it or not; `1`, `1.0` and `True` are three.
    codes : array of unsigned int, shape (n,)
        Which of them each row holds.
    """

    __slots__ = ("codes", "distinct")

    def __init__(self, distinct: list[Cell], codes: array[int]) -> None:
        self.distinct = distinct
        self.codes = codes

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Cell]:
        return map(self.distinct.__getitem__, self.codes)

    def __getitem__(self, row: int) -> Cell:
        return self.distinct[self.codes[row]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Cells, list, tuple)) or len(self) != len(other):
            return NotImplemented if not isinstance(other, (Cells, list, tuple)) else False
        return all(type(one) is type(two) and one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Cells({len(self.distinct)} distinct, {len(self)} rows)"  # cells may identify somebody

    def rows(self, start: int, stop: int | None = None) -> Cells:
        """Return the cells of some rows; `distinct` stays as it is."""
        return Cells(self.distinct, self.codes[start:stop])

    def take(self, rows: Iterable[int]) -> Cells:
        """Return the cells of the rows that are named, in that order."""
        return Cells(self.distinct, array("I", map(self.codes.__getitem__, rows)))

    def occurring(self) -> list[Cell]:
        """Return the distinct cells that some row holds, None left out, in the order of `distinct`."""
        return [self.distinct[code] for code in sorted(set(self.codes)) if code]

    def map(self, function: Callable[[Cell], Cell]) -> Cells:
        """Return the column with a function applied to each distinct cell; None stays None."""
        return Cells([None, *(function(cell) for cell in self.distinct[1:])], self.codes)

    def held(self) -> npt.NDArray[np.bool_]:
        """Return for each distinct cell whether a row holds it."""
        import numpy as np

        held = np.zeros(len(self.distinct), dtype=np.bool_)
        held[np.frombuffer(self.codes, dtype=np.uint32) if self.codes else []] = True
        return held

    def objects(self) -> npt.NDArray[np.object_]:
        """Return the cells as an object array, shape (n,)."""
        return self.spread(self.distinct)

    def spread(self, values: Sequence[object] | npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Return for each row what is given for its distinct cell, as an object array, shape (n,)."""
        # imported here, so that the reading process starts without it
        import numpy as np

        given = np.empty(len(values), dtype=object)
        given[:] = values
        spread: npt.NDArray[np.object_] = given[np.frombuffer(self.codes, dtype=np.uint32)]
        return spread

    @property
    def is_blank(self) -> bool:
        """Whether no row holds a value."""
        return not any(self.codes)


class Coder:
    """Gathers the cells of a column, block by block.

    Parameters
    ----------
    blank
        Cells that stand for none, besides None.
    """

    __slots__ = ("_codes", "_known", "_number", "distinct")

    def __init__(self, *blank: Cell) -> None:
        self.distinct: list[Cell] = [None]
        self._codes = array("I")
        self._known = _Known(self.distinct, (None, *blank))
        self._number: type | None = None

    def extend(self, cells: Sequence[Cell]) -> None:
        """Append cells in order."""
        numbers = _NUMBERS.intersection(map(type, cells))
        if self._number is None and numbers:
            self._number = next(iter(numbers))
        if numbers <= {self._number}:
            self._codes.extend(map(self._known.__getitem__, cells))
        else:
            self._codes.extend(self._known[self._key(cell)] for cell in cells)

    def _key(self, cell: Cell) -> _Key:
        """Return what tells a cell from its equals: for a dict `1`, `1.0` and `True` are one; one type stays bare."""
        kind = type(cell)
        return cell if kind is self._number or kind not in _NUMBERS else _Typed(kind, cell)

    def cells(self) -> Cells:
        """Return what was gathered."""
        return Cells(self.distinct, self._codes)


class _Known(dict[_Key, int]):
    """The code of each cell; one that is asked for the first time gets the next code."""

    __slots__ = ("_distinct",)

    def __init__(self, distinct: list[Cell], blank: Iterable[Cell]) -> None:
        super().__init__(dict.fromkeys(blank, 0))
        self._distinct = distinct

    def __missing__(self, key: _Key) -> int:
        code = self[key] = len(self._distinct)
        self._distinct.append(key.cell if isinstance(key, _Typed) else key)
        return code


def code_cells(cells: Iterable[Cell] | Cells) -> Cells:
    """Return a column from its cells in order."""
    if isinstance(cells, Cells):
        return cells
    coder = Coder()
    coder.extend(list(cells))
    return coder.cells()
