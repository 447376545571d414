"""Run one notebook: papermill puts the parameters in, our engine runs the cells, a clock outside the kernel ends it."""

from __future__ import annotations

import ast
import asyncio
import copy
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from evaltools.errors import ReportError
from evaltools.report.jupyter_quick import (
    CellExecutionError,
    DeadKernelError,
    Engine,
    NotebookClient,
    PapermillExecutionError,
    papermill,
    papermill_engines,
)
from evaltools.report.kernels import KernelFolder, end_kernel

START_SECONDS = 60
ENGINE = "evaltools"


class _NotStartedError(Exception):
    """The kernel did not come up; nothing has run, so it may be tried again."""


@dataclass(slots=True)
class Run:
    """A notebook on its way: what has run so far and the kernel that runs it."""

    report: str
    seconds: float
    manager: AsyncKernelManager | None = None
    notebook: Any = None
    number: int = 0
    cell: str = "?"
    timed_out: bool = False
    stopped: bool = False
    retried: bool = False

    def reach(self, cell: Any) -> None:
        """Note which cell is about to run: its number from 1, the injected one not counted, and its id."""
        if "injected-parameters" not in cell.metadata.get("tags", []):
            self.number, self.cell = self.number + 1, str(cell.get("id", "?"))

    def end(self) -> None:
        """Kill the kernel; the run then fails by itself."""
        self.stopped = True
        if self.manager is not None:
            end_kernel(self.manager)

    def run_out(self) -> None:
        """End the run because its time is over."""
        self.timed_out = True
        self.end()


class ReportEngine(Engine):  # type: ignore[misc]
    """A papermill engine that runs cells on a kernel of :mod:`evaltools.report.kernels`."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, run: Run, folder: KernelFolder, **_: Any
    ) -> None:
        """Run the cells one after the other; stop at the first that fails."""
        run.notebook = nb_man.nb
        run.manager = folder.manager()
        run.number, run.cell = 0, "?"
        asyncio.run(_run_cells(nb_man, run, folder))


papermill_engines.register(ENGINE, ReportEngine)


async def _run_cells(nb_man: Any, run: Run, folder: KernelFolder) -> None:
    manager = run.manager
    if manager is None or run.stopped:
        raise _NotStartedError
    client = NotebookClient(nb_man.nb, km=manager, timeout=None, record_timing=False)
    try:
        client.kc = await _start(manager, folder)
        await _wait(client.kc, run)
        client.reset_execution_trackers()
        for index, cell in enumerate(nb_man.nb.cells):
            run.reach(cell)
            try:
                nb_man.cell_start(cell, index)
                await client.async_execute_cell(cell, index)
            except CellExecutionError as failure:
                nb_man.cell_exception(nb_man.nb.cells[index], cell_index=index, exception=failure)
                break
            finally:
                nb_man.cell_complete(nb_man.nb.cells[index], cell_index=index)
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        with suppress(RuntimeError):  # it has gone already
            await manager.shutdown_kernel(now=True)


async def _start(manager: AsyncKernelManager, folder: KernelFolder) -> Any:
    """Start the kernel's process and return a client whose channels are open."""
    try:
        await manager.start_kernel(
            cwd=str(folder.working_folder(manager)), env=folder.environment(), stdout=DEVNULL, stderr=DEVNULL
        )
    except RuntimeError as problem:
        raise _NotStartedError(type(problem).__name__) from problem
    client = manager.client()
    client.start_channels()
    client.allow_stdin = False
    return client


async def _wait(client: Any, run: Run) -> None:
    """Wait until the kernel answers."""
    try:
        await client.wait_for_ready(timeout=START_SECONDS)
    except RuntimeError as problem:
        raise _NotStartedError(type(problem).__name__) from problem
    if run.stopped:  # the order to stop may have come before there was a process to kill
        raise _NotStartedError


def run_notebook(notebook: Any, parameters: Mapping[str, object], run: Run, folder: KernelFolder) -> Any:
    """Execute a notebook and return it with its outputs.

    Parameters
    ----------
    notebook
        The notebook node; it is not changed.
    parameters
        From :func:`evaltools.report.parameters.check_parameters`.
    run
        Where progress is kept; `run.notebook` holds what has run, also after a failure.
    folder
        The private folder of the whole run.

    Raises
    ------
    ReportError
        ``report-failed`` with the cell, ``report-start``, ``report-limit`` or ``report-output-missing``. The message
        names the kind of the error, never its text, which may hold data.
    """
    clock = threading.Timer(run.seconds, run.run_out)
    clock.daemon = True
    clock.start()
    try:
        done = _attempt(notebook, parameters, run, folder)
    except PapermillExecutionError as failure:
        raise _failure(run, str(failure.ename)) from None
    except _NotStartedError as problem:
        if run.timed_out:
            raise _failure(run, "timeout") from None
        raise ReportError("report-start", report=run.report, kind=str(problem) or "stopped") from None
    except (DeadKernelError, RuntimeError, TimeoutError) as problem:
        raise _failure(run, type(problem).__name__) from None
    finally:
        clock.cancel()
        if run.manager is not None:
            end_kernel(run.manager)
    _require_outputs(done, run)
    return done


def _attempt(notebook: Any, parameters: Mapping[str, object], run: Run, folder: KernelFolder) -> Any:
    for last in (False, True):
        try:
            return papermill.execute_notebook(
                copy.deepcopy(notebook), None, parameters=dict(parameters), engine_name=ENGINE, kernel_name="python3",
                language="python", progress_bar=False, request_save_on_cell_execute=False, run=run, folder=folder,
            )  # fmt: skip
        except _NotStartedError:
            if last or run.stopped:
                raise
            run.retried = True
    raise AssertionError("unreachable")


def _failure(run: Run, kind: str) -> ReportError:
    place = {"report": run.report, "number": run.number, "cell": run.cell}
    if run.timed_out:
        return ReportError("report-limit", seconds=f"{run.seconds:g}", **place)
    return ReportError("report-failed", kind=kind, **place)


def _require_outputs(notebook: Any, run: Run) -> None:
    """Raise where a cell that ends in an expression shows nothing: a lost message would be a silent gap."""
    run.number = 0
    for cell in notebook.cells:
        run.reach(cell)
        if cell.cell_type != "code" or cell.outputs:
            continue
        body = ast.parse(cell.source).body
        if body and isinstance(body[-1], ast.Expr):
            raise ReportError("report-output-missing", report=run.report, number=run.number, cell=run.cell)
