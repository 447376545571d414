"""The table `items`: what was asked in which version of an instrument."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from evaltools.store import Transaction
from evaltools.store.schemas import SCHEMAS
from evaltools.survey.instrument import Instrument, items_frame


def write_items(transaction: Transaction, instruments: Iterable[Instrument]) -> None:
    """Bring the table to the state of these instruments; rows of other versions stay."""
    items = transaction.read("items").to_pylist()
    for instrument in instruments:
        items = [row for row in items if (row["instrument"], row["version"]) != (instrument.name, instrument.version)]
        items += items_frame(instrument).to_dict("records")
    transaction.replace("items", pa.Table.from_pylist(items, schema=SCHEMAS["items"]))
