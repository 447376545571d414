"""Kernels: shut off from the user, ended from outside, gone with all their files. Real kernels with tiny notebooks."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from evaltools.errors import ReportError
from evaltools.report import kernels
from evaltools.report.execution import Run, run_notebook
from evaltools.report.jupyter_quick import nbformat
from evaltools.report.kernels import KernelFolder, kernel_folder


def notebook(*sources: str) -> Any:
    cells = [nbformat.v4.new_code_cell(source='lang = "zh"', metadata={"tags": ["parameters"]}, id="parameters")]
    cells += [nbformat.v4.new_code_cell(source=source, id=f"cell-{n}") for n, source in enumerate(sources, start=1)]
    metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def run(made: Any, *, seconds: float = 60) -> Any:
    with kernel_folder() as folder:
        return run_notebook(made, {"lang": "zh"}, Run("tiny", seconds), folder)


def test_the_command_is_this_interpreter_isolated() -> None:
    command = kernels.kernel_command()
    assert command[:2] == [sys.executable, "-I"]
    assert "{connection_file}" in command
    assert "--HistoryManager.enabled=False" in command


def test_no_secret_of_the_user_goes_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "/tmp/x.py")
    environment = KernelFolder(tmp_path).environment()
    assert "GITHUB_TOKEN" not in environment
    assert "PYTHONSTARTUP" not in environment
    assert environment["IPYTHONDIR"].startswith(str(tmp_path))
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.skipif(os.name != "posix", reason="sockets in the file system")
def test_sockets_are_private_and_short_and_the_folder_goes(tmp_path: Path) -> None:
    with kernel_folder() as folder:
        manager = folder.manager()
        assert manager.transport == "ipc"
        assert Path(manager.ip).parent.parent == folder.path
        assert folder.path.stat().st_mode & 0o077 == 0
        assert manager.ip != folder.manager().ip
        (folder.working_folder(manager) / "left").write_text("x", encoding="utf-8")
    assert not folder.path.exists()
    deep = tmp_path.joinpath(*["long-name-of-a-folder"] * 5)
    assert KernelFolder(deep)._sockets_fit() is False


def test_a_notebook_runs_in_an_empty_folder_away_from_the_user() -> None:
    """One kernel, several looks: working folder, import path, parameters, errors of no cell."""
    done = run(notebook(
        "import os, sys, pathlib",
        "sorted(p.name for p in pathlib.Path().iterdir())",
        "'' in sys.path or os.getcwd() in sys.path, sys.flags.isolated, lang",
    ))  # fmt: skip
    outputs = [cell.outputs[0]["data"]["text/plain"] for cell in done.cells if cell.get("outputs")]
    assert outputs == ["[]", "(False, 1, 'zh')"]
    assert [cell.source for cell in done.cells if "injected-parameters" in cell.metadata.get("tags", [])]


def test_an_error_names_its_cell_and_kind_not_its_text() -> None:
    with pytest.raises(ReportError, match=r"cell 3 \(cell-2\), ValueError") as caught:
        run(notebook("x = 1", "raise ValueError('13800001111')", "1 / 0"))
    assert "13800001111" not in str(caught.value)


def test_a_killed_kernel_fails_its_report_within_seconds() -> None:
    start = time.monotonic()
    with pytest.raises(ReportError, match=r"report-failed.*cell 2 \(cell-1\), DeadKernelError"):
        run(notebook("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert time.monotonic() - start < 20


def test_a_notebook_that_hangs_is_ended_from_outside() -> None:
    with pytest.raises(ReportError, match=r"report-limit.*3 seconds.*cell 2 \(cell-1\)"):
        run(notebook("import time; time.sleep(600)"), seconds=3)


def test_a_cell_that_should_show_something_and_does_not_is_a_failure() -> None:
    with pytest.raises(ReportError, match=r"report-output-missing.*cell 2 \(cell-1\)"):
        run(notebook("None"))


def test_a_kernel_that_does_not_start_is_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "kernel_command", lambda: [sys.executable, "-I", "-c", "raise SystemExit(3)"])
    own = Run("tiny", 60)
    with kernel_folder() as folder, pytest.raises(ReportError, match=r"report-start.*twice"):
        run_notebook(notebook("1"), {"lang": "zh"}, own, folder)
    assert own.retried
    assert (own.number, own.cell) == (0, "?")


def test_a_run_that_was_stopped_starts_nothing(tmp_path: Path) -> None:
    own = Run("tiny", 60)
    own.end()
    with kernel_folder() as folder, pytest.raises(ReportError, match="report-start"):
        run_notebook(notebook("1"), {"lang": "zh"}, own, folder)
    assert own.number == 0


def test_ending_a_run_from_another_thread_leaves_no_kernel() -> None:
    own = Run("tiny", 60)
    with kernel_folder() as folder:
        threading.Timer(2.5, own.end).start()
        with pytest.raises(ReportError, match="tiny"):
            run_notebook(notebook("import time; time.sleep(600)"), {"lang": "zh"}, own, folder)
        assert own.manager is not None
        pid = getattr(own.manager.provisioner, "pid", None)
    assert pid is None or not Path(f"/proc/{pid}/cmdline").exists()
