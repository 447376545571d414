"""All reports of a campaign: notebooks executed side by side, pages, index and manifest; one failure stops no other.

A page is written beside and renamed, so a reader never meets half of one. Where a report fails, its place holds a page
that says in which cell it stopped, without data, and the result lists the failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaltools.config import CampaignConfig
from evaltools.content import content_path
from evaltools.errors import ReportError, UsageError
from evaltools.report.conclusions import verdict_codes
from evaltools.report.files import write_beside
from evaltools.report.fonts import page_characters, subset_woff
from evaltools.report.heads import document_title
from evaltools.report.jobs import Job, Outcome, run_jobs
from evaltools.report.labels import Labels
from evaltools.report.manifest import ReportEntry, file_sha256, kept_entries, write_manifest
from evaltools.report.pages import finish_page, plain_page
from evaltools.report.phrases import LANGS, phrase
from evaltools.report.portal import portal_page
from evaltools.text import Lang

if TYPE_CHECKING:
    from evaltools.scoring.models import Framework

FORMATS = ("html",)
FIRST = ("scoring", "data_quality")  # scoring writes what the others may read
NOTEBOOKS = (*FIRST, "county_report", "bank_scorecard")
PER_BANK = "bank_scorecard"
LIMIT_SECONDS = 300.0

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class CampaignResults:
    """What the index and the titles need of a campaign, from the campaign object's methods of the same names."""

    head: Mapping[str, Any]
    config: CampaignConfig
    framework: Framework
    verdicts: pd.DataFrame
    composites: pd.DataFrame
    relative: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What a run wrote. `failures` are errors with a text for each report that could not be made."""

    reports: tuple[ReportEntry, ...]
    written: tuple[Path, ...]
    failures: tuple[ReportError, ...]
    notices: tuple[str, ...]
    index: Path
    manifest: Path

    @property
    def exit_code(self) -> int:
        """Exit code of the command line: 6 where a report failed."""
        return ReportError.exit_code if self.failures else 0


def render_reports(
    folder: Path, results: CampaignResults, out: Path, *, langs: Sequence[Lang] = ("zh",),
    formats: Sequence[str] = FORMATS, banks: Sequence[str] | None = None, jobs: int = 2,
    seconds: float = LIMIT_SECONDS, progress: Progress | None = None,
) -> RenderResult:  # fmt: skip
    """Execute the report notebooks of a campaign and write pages, ``index.html`` and ``manifest.json``.

    Parameters
    ----------
    folder
        The campaign's folder, which the notebooks open.
    results
        Head, names, verdicts and composites, of the data version that the notebooks will find.
    out
        Where the reports go; made if it is not there.
    langs
        Languages; the first one's index is ``index.html``, another's ``index.<lang>.html``.
    formats
        Only ``html``.
    banks
        Ids whose scorecards are made; None makes all. The other reports are made in any case.
    jobs
        Notebooks at a time.
    seconds
        Wall-clock limit of one notebook, enforced from outside its kernel.
    progress
        Called with reports done, reports in all, and the name of the one just done.

    Raises
    ------
    UsageError
        ``report-format``, ``report-lang`` or ``report-bank``.
    ReportError
        ``report-parameter-*`` or ``report-notebook`` before a kernel starts; ``report-verdict`` where a verdict has no
        sentence. Failures of single reports are not raised but listed in the result.
    """
    _check_request(results, langs, formats, banks)
    verdict_codes(results.verdicts)
    folder, out = folder.resolve(), out.resolve()
    planned = _plan(folder, results, langs, banks)
    outcomes = run_jobs(planned, jobs=jobs, seconds=seconds, home=folder, progress=progress or _silent)
    _refuse_stale(outcomes, str(results.head["score_id"]))
    return _write_all(outcomes, results, out, langs)


def _check_request(
    results: CampaignResults, langs: Sequence[str], formats: Sequence[str], banks: Sequence[str] | None
) -> None:
    for one in formats:
        if one not in FORMATS:
            raise UsageError("report-format", format=one, known=FORMATS)
    for one in langs:
        if one not in LANGS:
            raise UsageError("report-lang", lang=one, known=LANGS)
    if not langs:
        raise UsageError("report-lang", lang="", known=LANGS)
    for one in banks or ():
        if one not in results.config.bank_ids:
            raise UsageError("report-bank", bank=one, known=results.config.bank_ids)


def _plan(folder: Path, results: CampaignResults, langs: Sequence[Lang], banks: Sequence[str] | None) -> list[Job]:
    """Return the jobs in the order of their start, each with checked parameters."""
    from evaltools.report.parameters import check_parameters

    wanted = [one for one in results.config.bank_ids if banks is None or one in banks]
    labels = Labels(results.config, results.framework)
    sources = {name: _read_notebook(name) for name in NOTEBOOKS}
    jobs = []
    for name in NOTEBOOKS:
        for lang in dict.fromkeys(langs):
            for bank in wanted if name == PER_BANK else [None]:
                given: dict[str, object] = {"campaign": str(folder), "lang": lang}
                if bank is not None:
                    given["bank"] = bank
                title = document_title(name, results.head, lang, bank_name=labels.bank(bank, lang) if bank else "")
                home = "../" + index_name(lang, langs)
                checked = check_parameters(sources[name], name, given)
                jobs.append(Job(name, bank, lang, title, home, sources[name], checked, first=name in FIRST,
                                shown_as=results.config.id))  # fmt: skip
    return jobs


def _read_notebook(name: str) -> Any:
    from evaltools.report.jupyter_quick import nbformat

    path = content_path("notebooks", "reports", f"{name}.ipynb")
    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError):
        raise ReportError("report-notebook", notebook=name) from None


def index_name(lang: Lang, langs: Sequence[Lang]) -> str:
    """Return the file name of a language's index."""
    return "index.html" if lang == langs[0] else f"index.{lang}.html"


def _refuse_stale(outcomes: Iterable[Outcome], score_id: str) -> None:
    """Turn reports that rest on another data version into failures: something was stored meanwhile."""
    for one in outcomes:
        if one.error is None and one.score_id not in ("", score_id):
            one.error = ReportError("report-stale", report=one.job.label, found=one.score_id, expected=score_id)


def _write_all(outcomes: Sequence[Outcome], results: CampaignResults, out: Path, langs: Sequence[Lang]) -> RenderResult:
    score_id = str(results.head["score_id"])
    replaced: set[tuple[str, str, str, str]] = {
        (one.job.name, one.job.bank or "", one.job.lang, "html") for one in outcomes
    }
    entries = kept_entries(out, score_id, replaced)
    pages = {one.job.page: one.page if one.error is None else _failure_page(one) for one in outcomes}
    paths = [(one.job, one.job.page) for one in outcomes if one.error is None]
    known = [(entry.name, entry.bank, entry.lang, entry.path) for entry in entries]
    known += [(job.name, job.bank, job.lang, path) for job, path in paths]
    failures = [one for one in outcomes if one.error is not None]
    for lang in dict.fromkeys(langs):
        pages[index_name(lang, langs)] = portal_page(
            results.head, results.verdicts, results.composites, Labels(results.config, results.framework), lang=lang,
            relative=results.relative,
            reports=[(name, bank, path) for name, bank, own, path in known if own == lang],
            failures=[(one.job.title, one.job.page) for one in failures if one.job.lang == lang],
            others=[(other, index_name(other, langs)) for other in dict.fromkeys(langs) if other != lang],
        )  # fmt: skip
    woff = subset_woff(page_characters(pages.values()))
    written = [write_beside(out / path, finish_page(page, woff)) for path, page in pages.items()]
    written += [
        write_beside(out / one.job.notebook_path, _notebook_text(one.notebook))
        for one in outcomes
        if one.notebook is not None
    ]
    entries += [
        ReportEntry(job.name, job.bank, job.lang, "html", path, file_sha256(out / path), score_id)
        for job, path in paths
    ]
    manifest = write_manifest(out, entries)
    errors = tuple(one.error for one in failures if one.error is not None)
    notices = tuple(phrase("failure.retried", one.job.lang, report=one.job.title) for one in outcomes if one.retried)
    return RenderResult(tuple(entries), (*written, manifest), errors, notices, out / "index.html", manifest)


def _notebook_text(notebook: Any) -> str:
    from evaltools.report.jupyter_quick import nbformat

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return text + "\n"


def _failure_page(outcome: Outcome) -> str:
    job, error = outcome.job, outcome.error
    reason = error.text(job.lang) if error is not None else ""
    title = phrase("failure.title", job.lang, report=job.title)
    return plain_page("failure.html.j2", lang=job.lang, title=title, reason=reason, home=job.home)


def _silent(_done: int, _total: int, _what: str) -> None:
    """Show nothing."""
