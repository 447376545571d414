"""What was planted in the raw files, as `findings` words it: the rule, the bank, the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo_files import sheet_name
from demo_mess import RawFile, Row

RULES = {
    "wrong_check_sign": "code-check", "short_code": "code-length", "unknown_bank": "bank-unknown",
    "too_many_documents": "constraint", "not_a_number": "not-a-number", "unknown_choice": "choice-unknown",
    "no_sector": "required", "refused": "no-consent", "before_the_wave": "outside-wave",
    "after_the_wave": "outside-wave", "outside_the_wave": "outside-wave", "no_branch": "required",
    "duplicate": "duplicate", "superseded": "superseded",
    "surplus_answer": "not-relevant",
}  # fmt: skip


def findings(written: Sequence[tuple[RawFile, str]]) -> list[dict[str, Any]]:
    """Return one finding for each planted row, in the order of files and rows."""
    found = []
    for file, path in written:
        for number, row in enumerate(file.rows, start=2):  # row 1 of the sheet is the header
            if row.fault:
                found.append(_finding(row.fault, _bank(row), locator(file, path, number), "fact"))
            elif row.record.get("_stuffed"):
                found.append(_finding("stuffed", _bank(row), locator(file, path, number), "signal"))
    return found


def locator(file: RawFile, path: str, row: int) -> str:
    """Return where a row stands: `raw/…/file.xlsx#Sheet1!row 17`; a csv has no sheet."""
    sheet = sheet_name(file)
    return f"{path}#{sheet}!row {row}" if sheet else f"{path}#row {row}"


def _finding(fault: str, bank: str | None, place: str, kind: str) -> dict[str, Any]:
    return {"rule": RULES.get(fault, fault), "bank": bank, "locator": place, "kind": kind}


def _bank(row: Row) -> str | None:
    bank = row.record.get("bank")
    known = isinstance(bank, str) and row.fault != "unknown_bank"
    return bank if known else None
