"""Several notebooks at a time: each in a thread that watches its own kernel; ending the run ends all kernels."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaltools.errors import ReportError
from evaltools.report.execution import Run, run_notebook
from evaltools.report.kernels import KernelFolder, kernel_folder
from evaltools.report.pages import notebook_page
from evaltools.report.passages import MARK
from evaltools.report.scrub import scrub_notebook
from evaltools.text import Lang

SHOWS_CODE = ("scoring",)
_PAGES = threading.Lock()  # the exporter keeps state while it works
_POLL_SECONDS = 0.2
_CLOSING_SECONDS = 3.0
_LAST_SECONDS = 10.0  # how long after its limit a thread may still hang before it is given up


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One report to make: which notebook, for whom, where its page goes."""

    name: str
    bank: str | None
    lang: Lang
    title: str
    home: str
    notebook: Any
    parameters: dict[str, object]
    first: bool
    shown_as: str

    @property
    def label(self) -> str:
        """What messages call the report."""
        return f"{self.stem} ({self.lang})"

    @property
    def stem(self) -> str:
        """File name without ending, made of our own ids only."""
        return self.name if self.bank is None else f"{self.name}-{self.bank}"

    @property
    def page(self) -> str:
        """Path of the page below the folder of the reports, with ``/``."""
        return f"{self.lang}/{self.stem}.html"

    @property
    def notebook_path(self) -> str:
        """Path of the executed notebook below the folder of the reports."""
        return f"notebooks/{self.lang}/{self.stem}.ipynb"


@dataclass(slots=True, eq=False)
class Outcome:
    """What became of a job. `page` still lacks its style; `error` is None where the report is good."""

    job: Job
    notebook: Any = None
    page: str = ""
    score_id: str = ""
    error: ReportError | None = None
    retried: bool = False


class _Crew:
    """Threads at work, each on one notebook. Only the caller's thread touches outcomes that were handed back."""

    def __init__(self, folder: KernelFolder, seconds: float, home: Path) -> None:
        self._folder, self._seconds, self._home = folder, seconds, home
        self._active: dict[threading.Thread, tuple[Job, Run, float]] = {}
        self._made: dict[threading.Thread, Outcome] = {}
        self._news = threading.Event()

    def work(self, jobs: Sequence[Job], at_a_time: int) -> Iterator[Outcome]:
        """Yield the outcome of each job as it is done."""
        waiting = deque(jobs)
        while waiting or self._active:
            while waiting and len(self._active) < at_a_time:
                self._start(waiting.popleft())
            self._news.wait(_POLL_SECONDS)
            self._news.clear()
            yield from self._finished()

    def end(self) -> None:
        """Kill all kernels and give their threads a moment to close."""
        for _, run, _ in self._active.values():
            run.end()
        for thread in self._active:
            thread.join(_CLOSING_SECONDS)

    def _start(self, job: Job) -> None:
        run = Run(job.label, self._seconds)
        thread = threading.Thread(target=self._make, args=(job, run), name=f"report {job.label}", daemon=True)
        self._active[thread] = job, run, time.monotonic()
        thread.start()

    def _make(self, job: Job, run: Run) -> None:
        self._made[threading.current_thread()] = _outcome(job, run, self._folder, self._home)
        self._news.set()

    def _finished(self) -> Iterator[Outcome]:
        for thread, (job, run, start) in list(self._active.items()):
            overdue = time.monotonic() - start > self._seconds + _LAST_SECONDS
            if thread.is_alive() and not overdue:
                continue
            del self._active[thread]
            if not thread.is_alive() and thread in self._made:
                yield self._made.pop(thread)
                continue
            run.end()
            yield Outcome(job, error=ReportError(
                "report-limit", report=job.label, seconds=f"{self._seconds:g}", number=run.number, cell=run.cell
            ))  # fmt: skip


def run_jobs(
    planned: Sequence[Job], *, jobs: int = 2, seconds: float, home: Path, progress: Callable[[int, int, str], None]
) -> list[Outcome]:
    """Run all jobs, those marked `first` before the others, and return what became of each, in the order given.

    Parameters
    ----------
    planned
        Jobs with checked parameters.
    jobs
        How many at a time.
    seconds
        Wall-clock limit of one notebook.
    home
        The campaign's folder, whose absolute path must not stay in a notebook.
    progress
        Called after each with done, total, label.
    """
    outcomes: dict[Job, Outcome] = {}
    with kernel_folder() as folder:
        crew = _Crew(folder, seconds, home)
        try:
            for first in (True, False):
                for outcome in crew.work([job for job in planned if job.first is first], max(1, jobs)):
                    outcomes[outcome.job] = outcome
                    progress(len(outcomes), len(planned), outcome.job.label)
        finally:
            crew.end()
    return [outcomes[job] for job in planned]


def _outcome(job: Job, run: Run, folder: KernelFolder, home: Path) -> Outcome:
    outcome = Outcome(job)
    paths = [home, folder.path, Path.home()]
    try:
        outcome.notebook = scrub_notebook(run_notebook(job.notebook, job.parameters, run, folder), paths, job.shown_as)
        outcome.score_id = _score_id(outcome.notebook)
        with _PAGES:
            outcome.page = notebook_page(
                outcome.notebook, title=job.title, lang=job.lang, home=job.home, show_code=job.name in SHOWS_CODE
            )  # fmt: skip
    except ReportError as error:
        outcome.error = error
        if run.notebook is not None:
            outcome.notebook = scrub_notebook(run.notebook, paths, job.shown_as)
    except Exception as problem:  # noqa: BLE001  # whatever one report meets, the others go on; its kind is reported
        outcome.error = ReportError(
            "report-failed", report=job.label, number=run.number, cell=run.cell, kind=type(problem).__name__
        )
    outcome.retried = run.retried
    return outcome


def _score_id(notebook: Any) -> str:
    """Return the data version that the report's own head names."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found = output.get("metadata", {}).get("text/html", {}).get(MARK, {}).get("score_id")
            if found:
                return str(found)
    return ""
