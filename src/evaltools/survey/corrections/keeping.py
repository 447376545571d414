"""The correction log in the store, and the lines of it that could not be applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import pyarrow as pa

from evaltools.store import Transaction
from evaltools.store.schemas import SCHEMAS
from evaltools.survey.corrections.applying import applied
from evaltools.survey.corrections.log import Correction, Log
from evaltools.survey.privacy import first_key, pseudonym
from evaltools.survey.readers.model import Note
from evaltools.survey.sheet_rows import SheetRows


def store_log(transaction: Transaction, log: Log, key: bytes) -> None:
    """Put all lines of the log into the table `corrections`; who made them is a keyed hash there."""
    rows = [
        {
            "correction_id": line.correction_id,
            "locator": line.locator,
            "old_sha": line.old_sha,
            "new_value": line.new_value if line.action == "change" else f"({line.action})",
            # of the first key, as the hashes in the log itself
            "who": pseudonym([line.who], first_key(key), "corrector")[0],
            "why": line.why,
            "made_at": datetime.fromisoformat(line.made_at),
        }
        for line in log.lines
    ]
    if rows or "corrections" in transaction.tables:
        transaction.replace("corrections", pa.Table.from_pylist(rows, schema=SCHEMAS["corrections"]))


def not_applied(lines: Iterable[Correction], sheets: Collection[SheetRows]) -> tuple[Note, ...]:
    """Return why lines in force were not applied to the sheets of their files, a note each."""
    outcomes = [one for sheet in sheets for one in sheet.outcomes]
    done = {one.line.correction_id for one in applied(outcomes)}
    states = {one.line.correction_id: one.state for one in outcomes}
    return tuple(
        Note(
            f"correction-{states.get(line.correction_id, 'nowhere')}",
            {"id": line.correction_id, "locator": line.locator},
        )
        for line in lines
        if line.correction_id not in done
    )
