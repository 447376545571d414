"""Parquet: text alone, typed columns, time stamps with a zone, codings and compressions, several row groups."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from exports.truth import Dialect, Missing, Question, Row, Truth

_BEIJING = ZoneInfo("Asia/Shanghai")
_TYPES = {"integer": pa.int32(), "decimal": pa.float64(), "date": pa.date32(), "datetime": pa.timestamp("us")}


@dataclass(frozen=True)
class Style:
    """How a program writes a file; `types` by type of question, text where it names none."""

    labels: bool = False
    types: dict[str, Any] = field(default_factory=lambda: dict(_TYPES))
    dictionaries: bool = False
    options: dict[str, Any] = field(default_factory=dict)


def dialects() -> list[Dialect]:
    """Return the files."""
    base = Style()
    styles = {
        "texts": replace(base, types={}),
        "typed": base,
        "labels": replace(base, labels=True),
        "dictionaries-zstd": replace(base, dictionaries=True, options={"compression": "zstd"}),
        "groups-of-7": replace(base, options={"row_group_size": 7, "use_dictionary": False, "compression": "none"}),
        "zone-nanoseconds": replace(base, types={**_TYPES, "datetime": pa.timestamp("ns", "America/Denver")}),
        "single-and-decimal": replace(base, types={**_TYPES, "decimal": pa.float32(), "integer": pa.decimal128(9, 2)}),
        "version-1-milliseconds": replace(
            base,
            types={**_TYPES, "datetime": pa.timestamp("ms")},
            options={"version": "1.0", "data_page_version": "2.0"},
        ),
    }
    return [
        Dialect(f"parquet/{name}", "plain", "survey.parquet", partial(write, style=style))
        for name, style in styles.items()
    ]


def write(truth: Truth, style: Style) -> bytes:
    """Return a file."""
    names = [question.zh if style.labels else question.name for question in truth.questions]
    arrays = [_array(question, style, truth.rows) for question in truth.questions]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=names), out, **style.options)
    return out.getvalue()


def _array(question: Question, style: Style, rows: tuple[Row, ...]) -> Any:
    kind = style.types.get(question.type, pa.string())
    turn = _turn(question, style, kind)
    cells = [
        None if isinstance(row.answers[question.name], Missing) else turn(row.answers[question.name]) for row in rows
    ]
    array = pa.array(cells, kind)
    return array.dictionary_encode() if style.dictionaries and kind == pa.string() else array


def _turn(question: Question, style: Style, kind: Any) -> Callable[[Any], Any]:
    if question.choices:
        names = {choice.name: choice.zh if style.labels else choice.name for choice in question.choices}
        return lambda value: ";".join(names[name] for name in ((value,) if isinstance(value, str) else value))
    if kind == pa.string():
        return lambda value: f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
    if pa.types.is_timestamp(kind) and kind.tz:
        return lambda value: value.replace(tzinfo=_BEIJING)
    if pa.types.is_decimal(kind):
        return Decimal
    return lambda value: float(value) if isinstance(value, Decimal) else value
