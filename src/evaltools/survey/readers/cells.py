"""The cells of a column, each distinct one kept once: a survey's columns hold few values, many times."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import date, time

# a datetime is a date, and a bool an int
Cell = str | int | float | date | time | None


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
        return Cells(self.distinct, array("I", (self.codes[row] for row in rows)))

    def occurring(self) -> list[Cell]:
        """Return the distinct cells that some row holds, None left out, in the order of `distinct`."""
        return [self.distinct[code] for code in sorted(set(self.codes)) if code]

    def map(self, function: Callable[[Cell], Cell]) -> Cells:
        """Return the column with a function applied to each distinct cell; None stays None."""
        return Cells([None, *(function(cell) for cell in self.distinct[1:])], self.codes)

    @property
    def is_blank(self) -> bool:
        """Whether no row holds a value."""
        return not any(self.codes)


class Coder:
    """Gathers the cells of a column, one after the other."""

    __slots__ = ("_codes", "_known", "_texts", "distinct")

    def __init__(self) -> None:
        self.distinct: list[Cell] = [None]
        self._codes = array("I")
        self._texts: dict[str, int] = {}
        self._known: dict[tuple[type, Cell], int] = {}

    def add(self, cell: Cell) -> None:
        """Append a cell."""
        if cell is None:
            self._codes.append(0)
            return
        if type(cell) is str:
            code = self._texts.get(cell)
            if code is None:
                code = self._texts[cell] = len(self.distinct)
                self.distinct.append(cell)
        else:
            key = (type(cell), cell)
            code = self._known.get(key)
            if code is None:
                code = self._known[key] = len(self.distinct)
                self.distinct.append(cell)
        self._codes.append(code)

    def cells(self) -> Cells:
        """Return what was gathered."""
        return Cells(self.distinct, self._codes)


def code_cells(cells: Iterable[Cell] | Cells) -> Cells:
    """Return a column from its cells in order."""
    if isinstance(cells, Cells):
        return cells
    coder = Coder()
    for cell in cells:
        coder.add(cell)
    return coder.cells()
