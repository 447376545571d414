"""Write an export: check, write beside, read back, compare, and only then put everything in its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from evaltools.config import CampaignConfig
from evaltools.errors import UsageError, message
from evaltools.store import Store
from evaltools.store.disk import checksum
from evaltools.store.schemas import ANSWERS_PREFIX
from evaltools.survey.export.codebook import codebook, unit_label
from evaltools.survey.export.columns import Units, build_columns
from evaltools.survey.export.csv_file import check_csv, write_csv
from evaltools.survey.export.model import FORMATS, Column, Format
from evaltools.survey.export.placing import MANIFEST, earlier_files, placing, remove_earlier
from evaltools.survey.export.protection import Check, protect
from evaltools.survey.export.short_names import short_names
from evaltools.survey.export.stat_file import Program, check_stat, write_stat
from evaltools.survey.export.stored import read_stored
from evaltools.survey.export.xlsx_file import check_xlsx, write_xlsx
from evaltools.survey.instrument import read_instrument
from evaltools.survey.roles import resolve_roles
from evaltools.text import Lang

_READ: Final = ("files", "items", "missing", "ratings", "responses", "weights")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export; `rows` and `columns` are those of its data, or of the codebook."""

    path: str
    instrument: str
    format: str
    content: str
    sha256: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export wrote, what the disclosure check did, and the versions of the tables behind it."""

    folder: Path
    campaign: str
    lang: Lang
    files: tuple[ExportedFile, ...]
    checks: tuple[Check, ...]
    tables: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the content of `export.json`; nothing in it depends on when it was written."""
        return {
            "schema": 1,
            "campaign": self.campaign,
            "lang": self.lang,
            "inputs": {"tables": dict(self.tables)},
            "files": [asdict(one) for one in self.files],
            "disclosure": [check.to_dict() for check in self.checks],
        }

    def lines(self, lang: Lang) -> list[str]:
        """Return what a person should know of the disclosure check."""
        told = []
        for check in self.checks:
            fields = {**check.to_dict(), "unit": unit_label(check), "columns": sorted(check.hidden)}
            told.append(message("export-checked", fields, lang))
        return [*told, message("export-careful", {"path": self.folder.as_posix()}, lang)]


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The data and the codebook of an instrument, ready to be written."""

    instrument: str
    title: str
    columns: list[Column]
    names: Mapping[str, str]
    codebook: list[Column]
    check: Check


def export_answers(
    folder: Path,
    config: CampaignConfig,
    store: Store,
    out: Path,
    *,
    min_cell: int,
    min_branches: int,
    instruments: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
    lang: Lang | None = None,
    texts: bool = False,
    units: Units | None = None,
    progress: Progress | None = None,
) -> ExportResult:
    """Write the accepted answers of a campaign as tidy files.

    Parameters
    ----------
    folder, config, store
        The campaign.
    out
        Folder of the export; it holds this export alone, and an earlier one in it is replaced.
    min_cell, min_branches
        From the framework's gate.
    instruments
        None: all of which something is stored.
    formats
        Some of ``csv``, ``xlsx``, ``sav``, ``dta``; None: all.
    lang
        Language of labels; None: the campaign's.
    texts
        Also free text.
    units
        Units of measure by instrument and question.
    progress
        Called with files done, files in all, and the name of the file.

    Raises
    ------
    UsageError
        ``export-format``, ``export-lang``, ``export-instrument``, ``export-empty``, ``export-folder``.
    RefusedError
        ``export-few``, ``export-nothing-left``: too few enterprises to hide among.
    DamageError
        ``export-readback``: a file does not hold what was written; no file of this export is left.
    """
    chosen = _formats(formats)
    lang = _language(lang, config)
    names = _instruments(config, store, instruments)
    earlier = earlier_files(out)
    least = (min_cell, min_branches)
    tables = [_prepare(folder, config, store, name, least, lang, texts=texts, units=units or {}) for name in names]
    with placing(out) as place:
        files = _write_tables(tables, chosen, lang, place, progress)
        checks = tuple(table.check for table in tables)
        result = ExportResult(out, config.id, lang, tuple(files), checks, _versions(store, names, texts=texts))
        text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1) + "\n"
        place(MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    remove_earlier(out, {name: sha for name, sha in earlier.items() if name not in {one.path for one in files}})
    return result


def _formats(given: Sequence[str] | None) -> tuple[Format, ...]:
    unknown = [name for name in given or () if name not in FORMATS]
    if unknown:
        raise UsageError("export-format", given=unknown, known=FORMATS)
    return tuple(name for name in FORMATS if name in (given or FORMATS))


def _language(given: str | None, config: CampaignConfig) -> Lang:
    if given is None:
        return config.language
    if given not in ("zh", "en"):
        raise UsageError("export-lang", given=given)
    return "zh" if given == "zh" else "en"


def _instruments(config: CampaignConfig, store: Store, given: Sequence[str] | None) -> list[str]:
    """Return the instruments to export, in the order of the campaign file."""
    known = list(dict.fromkeys(source.instrument for source in config.sources))
    unknown = [name for name in given or () if name not in known]
    if unknown:
        raise UsageError("export-instrument", given=unknown, known=known)
    responses = store.read("responses", ["instrument", "status"]).to_pandas()
    stored = set(responses.loc[responses["status"] == "accepted", "instrument"])
    wanted = [name for name in known if name in (given or stored)]
    empty = [name for name in wanted or known if name not in stored]
    if empty:
        raise UsageError("export-empty", instruments=empty)
    return wanted


def _versions(store: Store, names: Sequence[str], *, texts: bool) -> dict[str, int]:
    read = {*_READ, *(f"{ANSWERS_PREFIX}{name}" for name in names), *(("texts",) if texts else ())}
    return {table: version for table, version in store.versions().items() if table in read}


def _prepare(
    folder: Path, config: CampaignConfig, store: Store, name: str, least: tuple[int, int], lang: Lang, *, texts: bool,
    units: Units,
) -> _Table:  # fmt: skip
    """Read the answers to an instrument, check them for disclosure, describe them."""
    instrument = read_instrument(name, campaign=folder)
    roles = resolve_roles(instrument, config)
    stored = read_stored(store, instrument, roles, config)
    protected = protect(stored, roles, instrument=name, start=config.start, min_cell=least[0], min_branches=least[1])
    columns = build_columns(protected, instrument, roles, config, units=units, with_texts=texts)
    names = short_names(column.variable.name for column in columns)
    described = codebook(columns, names, protected.check, lang)
    return _Table(name, instrument.title.in_lang(lang), columns, names, described, protected.check)


def _write_tables(
    tables: Sequence[_Table], formats: Sequence[Format], lang: Lang, place: Callable[[str], Path],
    progress: Progress | None,
) -> list[ExportedFile]:  # fmt: skip
    jobs = [(table, one) for table in tables for one in ("codebook", *formats)]
    files = []
    for done, (table, one) in enumerate(jobs):
        name = f"{table.instrument}.codebook.csv" if one == "codebook" else f"{table.instrument}.{one}"
        if progress is not None:
            progress(done, len(jobs), name)
        files.append(_written(table, one, name, place(name), lang))
    return files


def _written(table: _Table, kind: str, name: str, path: Path, lang: Lang) -> ExportedFile:
    """Write one file and compare it with what was to be written."""
    columns = table.codebook if kind == "codebook" else table.columns
    if kind in ("codebook", "csv"):
        write_csv(columns, path)
        check_csv(columns, path, file=name)
    elif kind == "xlsx":
        sheets = {"data": table.columns, "codebook": table.codebook}
        write_xlsx(sheets, path)
        check_xlsx(sheets, path, file=name)
    else:
        program: Program = "sav" if kind == "sav" else "dta"
        write_stat(columns, table.names, path, program=program, lang=lang, title=table.title, file=name)
        check_stat(columns, table.names, path, program=program, lang=lang, file=name)
    return ExportedFile(
        path=name,
        instrument=table.instrument,
        format="csv" if kind == "codebook" else kind,
        content="codebook" if kind == "codebook" else "data",
        sha256=checksum(path.read_bytes()),
        rows=len(columns[0].cells),
        columns=len(columns),
    )
