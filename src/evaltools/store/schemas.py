"""The tables of the store: their columns, types and keys. Nothing is ever inferred from the data.

Columns of a key are never missing. Every other column may be, also in all rows. Time stamps carry no zone and mean
Beijing time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from evaltools.errors import UsageError

_TYPES: Final = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
}

RATING_KEY: Final = ("response_id", "bank_id", "repeat_no")
_RATING: Final = "response_id:str! bank_id:str! repeat_no:int!"

# name:type, with ! where a value is never missing
_COLUMNS: Final = {
    "files": "file_sha256:str! sheet:str! rel_path:str! source_no:int! source_sha:str instrument:str!"
    " instrument_version:str wave:str! reader:str column_map_sha:str n_read:int! n_accepted:int! n_quarantined:int!"
    " n_duplicate:int! holds:str",
    "responses": "response_id:str! instrument:str! wave:str! mode:str channel:str tool:str form_version:str"
    " enterprise_id:str collector_hash:str ip_hash:str started_at:time submitted_at:time duration_s:float"
    " event_date:date status:str! source_row:int file_sha256:str sheet:str content_sha:str",
    "ratings": f"{_RATING} branch_id:str shopper_hash:str scenario_id:str stratum:str psu:str status:str"
    " event_date:date",
    "missing": f"{_RATING} item:str! reason:str!",
    "texts": "response_id:str! item:str! bank_id:str repeat_no:int text:str",
    "quarantine": "file_sha256:str! sheet:str! source_sha:str instrument:str wave:str bank_id:str row:int"
    " column:str rule:str! scope:str! value:str value_sha:str reason:str mend:str resolved_by:str",
    "corrections": "correction_id:str! locator:str! old_sha:str new_value:str who:str! why:str! made_at:time!",
    "identities": "response_id:str! kind:str! hash:str! instrument:str wave:str file_sha256:str sheet:str"
    " source_row:int",
    "firm_pairs": "pair:str! left_id:str! right_id:str! reason:str similarity:float decision:str",
    "erasures": "erasure_id:str! kind:str! hash:str! level:int! made_on:date",
    "items": "instrument:str! version:str! item:str! concept:str type:str scale:str polarity:str sensitivity:str"
    " label_zh:str label_en:str wording_sha:str",
    "crosswalk": "concept:str! wave:str! instrument:str! item:str! comparability:str recode:str",
    "frame": "list_id:str! stratum:str! enterprise_id:str size:str sector:str population:int n_lists:int",
    "contacts": "enterprise_id:str! instrument:str! wave:str! attempt:int! mode:str channel:str contacted_at:time"
    " disposition:str",
    "weights": f"{_RATING} base:float nonresponse:float calibrated:float recipe:str",
    "events": "source:str! case_id:str! seq:int! bank_id:str clause:str event:str! event_at:time due_at:time"
    " evidence:str reason:str",
    "figures": "source:str! bank_id:str! month:str! indicator:str! revision:int! value:float numerator:float"
    " denominator:float unit:str returned_at:time",
    "estimates": "score_id:str! bank_id:str! wave:str! indicator:str! stat:str! estimate:float se:float df:float"
    " ci_low:float ci_high:float n:int n_psu:int missing_share:float flag:str",
    "changes": "score_id:str! bank_id:str! indicator:str! dimension:str source:str stat:str unit:str baseline:float"
    " endline:float change:float se:float df:float ci_low:float ci_high:float p:float n_baseline:int n_endline:int"
    " n_both:int score_baseline:float score_endline:float score_change:float used:bool weight:float flag:str",
    "dimensions": "score_id:str! bank_id:str! dimension:str! baseline:float endline:float change:float se:float"
    " df:float ci_low:float ci_high:float weight_share:float",
    "scores": "score_id:str! bank_id:str! baseline:float endline:float change:float se:float df:float ci_low:float"
    " ci_high:float p:float p_holm:float sim_low:float sim_high:float weight_share:float n_baseline:int n_endline:int"
    " psu_baseline:int psu_endline:int",
    "verdicts": "score_id:str! bank_id:str! verdict:str! detail:str gate_passed:bool gate_rule:str gate_fields:str"
    " flags:str",
    "targets": "score_id:str! bank_id:str! clause:str! indicator:str! statistic:str! value:float ci_low:float"
    " ci_high:float n:int verdict:str evidence:str",
}

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "files": ("file_sha256", "sheet", "source_no", "source_sha"),
    "responses": ("response_id",),
    "ratings": RATING_KEY,
    "missing": (*RATING_KEY, "item"),
    "texts": ("response_id", "item", "bank_id", "repeat_no"),
    "quarantine": ("file_sha256", "sheet", "row", "column", "rule"),
    "corrections": ("correction_id",),
    "identities": ("response_id", "kind"),
    "firm_pairs": ("pair",),
    "erasures": ("erasure_id", "kind", "hash"),
    "items": ("instrument", "version", "item"),
    "crosswalk": ("concept", "wave", "instrument", "item"),
    "frame": ("list_id", "stratum", "enterprise_id"),
    "contacts": ("enterprise_id", "instrument", "wave", "attempt"),
    "weights": RATING_KEY,
    "events": ("source", "case_id", "seq"),
    "figures": ("source", "bank_id", "month", "indicator", "revision"),
    "estimates": ("score_id", "bank_id", "wave", "indicator", "stat"),
    "changes": ("score_id", "bank_id", "indicator"),
    "dimensions": ("score_id", "bank_id", "dimension"),
    "scores": ("score_id", "bank_id"),
    "verdicts": ("score_id", "bank_id"),
    "targets": ("score_id", "bank_id", "clause", "indicator", "statistic"),
}
"""Key columns of each fixed table, in the order of its rows when it is read."""

REPEATABLE_TABLES: Final = frozenset({"quarantine"})
"""Tables in which a key may come back: one cell can break a rule twice. In all others it cannot."""

SCORE_TABLES: Final = ("estimates", "changes", "dimensions", "scores", "verdicts", "targets")
"""Tables that scoring writes; their first key column is `score_id`."""

INPUT_TABLES: Final = (
    "files",
    "responses",
    "ratings",
    "missing",
    "weights",
    "items",
    "crosswalk",
    "frame",
    "events",
    "figures",
)
"""Fixed tables that scoring reads, so that their versions enter `score_id`; every ``answers_`` table does as well."""

ANSWERS_PREFIX: Final = "answers_"
_ANSWERS_NAME: Final = re.compile(r"answers_[A-Za-z0-9_.-]{1,64}")


def _schema(columns: str) -> pa.Schema:
    fields = [column.split(":") for column in columns.split()]
    return pa.schema(
        [pa.field(name, _TYPES[kind.rstrip("!")], nullable=not kind.endswith("!")) for name, kind in fields]
    )


SCHEMAS: Final[dict[str, pa.Schema]] = {name: _schema(columns) for name, columns in _COLUMNS.items()}
"""Columns and types of each fixed table."""

ANSWERS_SCHEMA: Final = _schema(_RATING)
"""What every ``answers_`` table begins with; the rest comes from its instrument."""


def table_schema(table: str) -> pa.Schema:
    """Return the columns that a table has in any case: all of a fixed table, the key of an ``answers_`` table.

    Raises
    ------
    UsageError
        ``store-table-unknown``, with the tables that there are.
    """
    if table in SCHEMAS:
        return SCHEMAS[table]
    if _ANSWERS_NAME.fullmatch(table):
        return ANSWERS_SCHEMA
    raise UsageError("store-table-unknown", table=table, known=[*SCHEMAS, f"{ANSWERS_PREFIX}<instrument>"])


def key_columns(table: str) -> tuple[str, ...]:
    """Return the key of a table, ``answers_`` tables included."""
    return KEYS.get(table, RATING_KEY)


def is_answers(table: str) -> bool:
    """Say whether a table holds the answers of an instrument."""
    return table not in SCHEMAS and _ANSWERS_NAME.fullmatch(table) is not None


def input_tables(tables: Iterable[str]) -> tuple[str, ...]:
    """Return, in alphabetical order, those of some tables whose versions enter `score_id`."""
    return tuple(sorted(table for table in tables if table in INPUT_TABLES or is_answers(table)))
