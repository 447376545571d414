"""Terms of a regression as columns of numbers: numbers stay, text and categories become one column a category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray
from evaltools.stats.columns import Codes, is_arrow, keep_rows, read_answers, read_codes, sort_labels

Term = str | tuple[str, str]

INTERCEPT = "(Intercept)"
MOST_CATEGORIES = 100  # more are names of units, not kinds of them


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One column of the frame as regressors.

    Attributes
    ----------
    name : str
        The column.
    labels : tuple, or None
        Its categories, the first of which is the base; None for numbers.
    names : tuple of str, length k
        How the regressors are named: the column, or column and category as in R ("stypeH").
    columns : float array, shape (N, k)
        Numbers, or 1 in the row's category and 0 elsewhere; 0 where the value is absent.
    absent : bool array, shape (N,)
        Rows without a value.
    """

    name: str
    labels: tuple[object, ...] | None
    names: tuple[str, ...]
    columns: FloatArray
    absent: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Regressors:
    """All K regressors of N rows, the constant first.

    Attributes
    ----------
    names : tuple of str, length K
        Their names.
    columns : float array, shape (N, K)
        0 where a row has no value.
    absent : bool array, shape (N,)
        Rows in which some term has no value.
    of_category : bool array, shape (K,)
        The regressor says whether a row is of some category: where it is 0 throughout, the category has no row.
    """

    names: tuple[str, ...]
    columns: FloatArray
    absent: BoolArray
    of_category: BoolArray


def as_terms(terms: str | Sequence[Term]) -> tuple[Term, ...]:
    """Return terms as a tuple, interactions last as in R.

    Raises
    ------
    UsageError
        ``regression-terms`` where something is neither a column nor a pair, or stands twice;
        ``regression-interaction`` where a part of an interaction is not a term itself.
    """
    given: list[Any] = [terms] if isinstance(terms, str) else list(terms)
    single: list[Term] = []
    pairs: list[Term] = []
    for term in given:
        pair = isinstance(term, (tuple, list)) and len(term) == 2 and all(isinstance(part, str) for part in term)
        found: Term = (term[0], term[1]) if pair else term
        if not (pair or isinstance(term, str)) or found in single or {found, found[::-1]} & set(pairs):
            raise UsageError("regression-terms", terms=repr(terms))
        (pairs if pair else single).append(found)
    for term in pairs:
        lacking = [part for part in term if part not in single]
        if lacking or term[0] == term[1]:
            raise UsageError("regression-interaction", term=":".join(term), lacking=lacking or list(term))
    return (*single, *pairs)


def read_part(frame: Any, name: str) -> Part:
    """Read a column as regressors.

    Raises
    ------
    UsageError
        ``frame-not-numeric``, ``frame-not-finite``; ``regression-categories`` where there are too many.
    """
    if not _names_categories(frame, name):
        found = read_answers(frame, name)
        numbers = np.where(found.absent, 0.0, np.asarray(found.values, dtype=np.float64))
        return Part(name, None, (name,), numbers[:, None], found.absent)
    column = frame.column(name).to_pandas() if is_arrow(frame) else frame[name]
    absent = np.asarray(column.isna(), dtype=np.bool_)
    codes = read_codes(keep_rows(frame, ~absent), name, role="term")
    codes = codes if _in_declared_order(frame, name) else sort_labels(codes)
    if codes.size > MOST_CATEGORIES:
        raise UsageError("regression-categories", column=name, count=codes.size, most=MOST_CATEGORIES)
    labels = tuple(codes.labels)
    names = tuple(f"{name}{label}" for label in labels[1:])
    return Part(name, labels, names, _one_column_a_category(codes, absent), absent)


def read_item(frame: Any, name: str) -> FloatArray:
    """Read an outcome as floats; missing values become NaN. Shape (N,).

    Raises
    ------
    UsageError
        ``frame-not-numeric``, ``frame-not-finite``.
    """
    found = read_answers(frame, name)
    return np.where(found.absent, np.nan, np.asarray(found.values, dtype=np.float64))


def read_terms(frame: Any, terms: Sequence[Term]) -> Regressors:
    """Read all terms, the constant first, interactions as products with the first part's categories varying fastest."""
    parts = {term: read_part(frame, term) for term in terms if isinstance(term, str)}
    n = len(next(iter(parts.values())).absent) if parts else 0
    names, columns, of_category = [INTERCEPT], [np.ones((n, 1))], [False]
    for term in terms:
        if isinstance(term, str):
            part = parts[term]
            names += part.names
            columns.append(part.columns)
            of_category += [part.labels is not None] * len(part.names)
            continue
        first, second = parts[term[0]], parts[term[1]]
        names += [f"{a}:{b}" for b in second.names for a in first.names]
        size = len(first.names) * len(second.names)
        columns.append((second.columns[:, :, None] * first.columns[:, None, :]).reshape(n, size))
        some = first.labels is not None or second.labels is not None
        of_category += [some] * size
    absent = np.zeros(n, dtype=np.bool_)
    for part in parts.values():
        absent |= part.absent
    return Regressors(tuple(names), np.concatenate(columns, axis=1), absent, np.asarray(of_category))


def _one_column_a_category(codes: Codes, absent: BoolArray) -> FloatArray:
    values = np.zeros((absent.size, max(codes.size - 1, 0)))
    values[~absent] = codes.code[:, None] == np.arange(1, max(codes.size, 1))
    return values


def _names_categories(frame: Any, name: str) -> bool:
    if is_arrow(frame):
        import pyarrow as pa

        kind = frame.column(name).type
        return bool(pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))
    series = frame[name]
    if isinstance(series.dtype, (pd.CategoricalDtype, pd.StringDtype)):
        return True
    return bool(series.dtype == np.dtype(object) and pandas_types.infer_dtype(series, skipna=True) == "string")


def _in_declared_order(frame: Any, name: str) -> bool:
    """Return whether the column itself says in which order its categories stand."""
    if is_arrow(frame):
        # an Arrow dictionary is in order of appearance unless it says that it is in order
        return bool(getattr(frame.column(name).type, "ordered", False))
    return isinstance(frame[name].dtype, pd.CategoricalDtype)
