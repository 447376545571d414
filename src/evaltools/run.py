"""One unattended turn: ingest, score, report, and a record of what happened."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaltools.campaign import Campaign, Progress
from evaltools.errors import message

if TYPE_CHECKING:
    from evaltools.report.render import RenderResult
    from evaltools.survey.accounting import IngestResult
    from evaltools.text import Lang


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What one turn did; kept as JSON in the campaign's `runs/`."""

    started: str
    seconds: float
    ingest: IngestResult
    score_id: str
    report: RenderResult

    @property
    def exit_code(self) -> int:
        """4 a file was refused, 6 a report failed, 5 quarantine above the threshold, 0 all well; the gravest first."""
        codes = {self.ingest.exit_code, self.report.exit_code}
        return next((code for code in (4, 6, 5) if code in codes), 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values; every file that was written is named with its whole path."""
        return {
            "started": self.started,
            "seconds": round(self.seconds, 1),
            "exit_code": self.exit_code,
            "ingest": self.ingest.to_dict(),
            "score_id": self.score_id,
            "written": [path.resolve().as_posix() for path in self.report.written],
            "failed": [failure.fields for failure in self.report.failures],
        }

    def lines(self, lang: Lang) -> list[str]:
        """Return the summary for a terminal."""
        files = self.ingest.files
        total = {name: sum(getattr(one, name) for one in files) for name in _COUNTS}
        return [
            message("run-ingest", {"files": len(files), "new_rows": self.ingest.new_rows, **total}, lang),
            *self.ingest.notices(lang),
            *(failure.text(lang) for failure in self.report.failures),
            message("report-written", {"count": len(self.report.reports), "path": self.report.index.as_posix()}, lang),
            message("run-done", {"seconds": f"{self.seconds:.0f}", "exit_code": self.exit_code}, lang),
        ]


_COUNTS = ("n_read", "n_accepted", "n_quarantined", "n_duplicate")


def run_campaign(
    campaign: Campaign,
    *,
    out: Path | None = None,
    langs: Sequence[Lang] | None = None,
    unlock: str | None = None,
    progress: Progress | None = None,
) -> RunRecord:
    """Ingest what is new, score, render all reports, and write a run record.

    Parameters
    ----------
    out, langs, progress
        As in `Campaign.report`.
    unlock
        As in `Campaign.score`.

    Raises
    ------
    EvaltoolsError
        The store is locked or damaged, the framework was changed after the freeze, the settings are not valid.
        A refused file or a failed report is no exception: the rest is done, and the record says so.
    """
    begun, started = time.monotonic(), datetime.now(UTC)
    ingested = campaign.ingest(progress=progress)
    score = campaign.score(unlock=unlock)
    rendered = campaign.report(langs, out=out, progress=progress)
    record = RunRecord(
        started.isoformat(timespec="seconds"), time.monotonic() - begun, ingested, score.score_id, rendered
    )
    _write(campaign.folder / "runs", started, record)
    return record


def _write(folder: Path, started: datetime, record: RunRecord) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / f"{started:%Y%m%dT%H%M%S%f}.json"
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(record.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
