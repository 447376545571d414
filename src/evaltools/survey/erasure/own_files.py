"""Strike one respondent out of what a campaign keeps beside its data: run records, the review, the correction log."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from evaltools.store import Transaction
from evaltools.survey.corrections.cells import row_sha
from evaltools.survey.corrections.log import FOLDER, Log
from evaltools.survey.erasure.elsewhere import holds_any, needles, struck
from evaltools.survey.erasure.journal import Change
from evaltools.survey.erasure.person import Known, Person, Place
from evaltools.survey.export.codes import plain_text
from evaltools.survey.identity.linking import Firm, firm_ref
from evaltools.survey.identity.review import REVIEW, read_review, table_content
from evaltools.survey.sheet_rows import SheetRows


def run_records(folder: Path, secrets: Collection[str]) -> Iterator[Change]:
    """Yield the run records that name the respondent, with a mark in place of each name."""
    wanted = needles(secrets)
    for path in sorted((folder / "runs").glob("*.json")):
        if holds_any(path.read_bytes(), wanted):
            yield Change(path, struck(path.read_text(encoding="utf-8"), secrets).encode("utf-8"))


def review_of_firms(folder: Path, transaction: Transaction, person: Person) -> Iterator[Change]:
    """Yield the review without the pairs of the respondent's firm, where it has any."""
    review = read_review(folder)
    refs = {firm_ref(firm) for one in person.records for firm in _firms(one)}
    pairs = transaction.read("firm_pairs", ["pair", "left_id", "right_id"]).to_pylist()
    own = {one["pair"] for one in pairs if {one["left_id"], one["right_id"]} & person.responses}
    kept = [line for ref, line in review.lines.items() if ref not in own and refs.isdisjoint(ref.split("-"))]
    if len(kept) < len(review.lines):
        yield Change(folder / REVIEW, table_content(kept))


def _firms(one: Known) -> Iterator[Firm]:
    if one.code:
        yield "code", one.code
    if one.contact:
        yield "contact", *one.contact
    yield "row", one.content or one.response_id


def corrected_ids(
    log: Log, sheets: Iterable[SheetRows], places: Collection[Place], paths: dict[str, str], key: bytes
) -> frozenset[str]:
    """Return the ids of the corrections of the respondent's rows.

    Parameters
    ----------
    paths
        Path by SHA-256 of stored files; a row of one that was not read is known by its number alone.
    """
    shas, read = set(), set()
    for sheet in sheets:
        read.add(sheet.raw.sha256)
        for row, number in enumerate(sheet.row_numbers):
            if (sheet.raw.sha256, sheet.table.sheet, number) in places:
                shas.add(row_sha(sheet.uncorrected, row, key))
    rows = {(paths[sha], sheet, number) for sha, sheet, number in places if sha in paths and sha not in read}
    return frozenset(
        line.correction_id for line in log.lines if line.row_sha in shas or (line.file, line.sheet, line.row) in rows
    )


def correction_files(folder: Path, gone: Collection[str]) -> Iterator[Change]:
    """Yield the files of the correction log that hold some lines, without these."""
    for path in sorted((folder / FOLDER).glob("*.csv")) if gone else ():
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        kept = [row for row in rows if not row or plain_text(row[0]) not in gone]
        if len(kept) < len(rows):
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\r\n").writerows(kept)
            yield Change(path, text.getvalue().encode("utf-8-sig"))
