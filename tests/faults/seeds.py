"""Good files to damage: every dialect of the benchmark for the readers, a page of the demonstration for the ingest."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
ROWS = 12


@dataclass(frozen=True)
class Seed:
    """A good file; for the ingest also the ``campaign.toml`` that it belongs to."""

    file: str
    content: bytes
    campaign: str = ""


@cache
def for_readers() -> tuple[Seed, ...]:
    """Return one file of every dialect, of few rows."""
    from exports.registry import all_dialects
    from exports.truth import make_truth

    truth = make_truth(rows=ROWS)
    return tuple(Seed(_plain_name(one.file), one.write(truth)) for one in all_dialects())


def _plain_name(file: str) -> str:
    return "seed" + Path(file).suffix


@cache
def for_ingest() -> tuple[Seed, ...]:
    """Return the baseline's files of the demonstration, of few rows; its visits in every format that holds a table."""
    found = []
    for path in sorted((DEMO / "raw" / "baseline").glob("*.xlsx")):
        instrument = "enterprise_satisfaction"
        absent = 'absent = ["comment"]' if "all_versions" in path.name else ""
        found.append(Seed("seed.xlsx", _xlsx(_rows_of(path)), _campaign(instrument, "self", absent)))
    (visits,) = (DEMO / "raw" / "baseline").glob("*.csv")
    rows = _csv_rows(visits)
    campaign = _campaign("mystery_visit", "visit")
    text = "\r\n".join(",".join(_quoted(cell) for cell in row) for row in rows)
    contents = {
        "seed.csv": text.encode("gb18030"), "seed2.csv": text.encode("utf-8-sig"), "seed.tsv": _tsv(rows),
        "seed.xlsx": _xlsx(rows), "seed.json": _json(rows), "seed.parquet": _parquet(rows), "seed.zip": _zip(text),
    }  # fmt: skip
    return (*found, *(Seed(name, content, campaign) for name, content in contents.items()))


def _campaign(instrument: str, mode: str, more: str = "") -> str:
    """Return the demonstration's campaign file with one source, which takes everything in raw/."""
    head, _, rest = (DEMO / "campaign.toml").read_text(encoding="utf-8").partition("[[sources]]")
    design = rest[rest.index("[design]") :]
    source = f'[[sources]]\npattern = "raw/*"\ninstrument = "{instrument}"\nwave = "baseline"\nmode = "{mode}"\n'
    return f'{head}{source}channel = "list"\n{more}\n\n{design}'


def _rows_of(path: Path) -> list[list[Any]]:
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[: ROWS + 1]


def _csv_rows(path: Path) -> list[list[str]]:
    import csv

    with path.open(encoding="gb18030", newline="") as file:
        return [row for _, row in zip(range(ROWS + 1), csv.reader(file), strict=False)]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell


def _tsv(rows: Sequence[Sequence[str]]) -> bytes:
    return "\n".join("\t".join(row) for row in rows).encode()


def _xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Sheet1")
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, place, cell)
            elif cell not in (None, ""):
                sheet.write(number, place, cell)
    book.close()
    return out.getvalue()


def _json(rows: Sequence[Sequence[str]]) -> bytes:
    records = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    return json.dumps(records, ensure_ascii=False).encode()


def _parquet(rows: Sequence[Sequence[str]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    columns = zip(*rows[1:], strict=True)
    table = pa.table({name: pa.array(list(cells)) for name, cells in zip(rows[0], columns, strict=True)})
    pq.write_table(table, out)
    return out.getvalue()


def _zip(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("visits.csv", text.encode())
    return out.getvalue()
