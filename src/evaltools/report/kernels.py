"""Kernels for the reports: this interpreter, shut off from user settings, on private sockets, ended from outside.

A kernel runs with ``-I`` in an empty folder of its own, so nothing that lies in a campaign's folder, the current folder
or the user's profile is ever run. On POSIX it talks over sockets in a private folder, since ports collide when several
start at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

_LONGEST_SOCKET_FOLDER = 80  # a socket's path may have 103 bytes on macOS, 107 on Linux
_PASSED = (
    "HOME", "LANG", "LC_ALL", "LC_CTYPE", "MPLCONFIGDIR", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ",
    "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "COMSPEC", "PATHEXT", "WINDIR", "SYSTEMDRIVE",
)  # fmt: skip


def kernel_command() -> list[str]:
    """Return the command that starts a kernel; jupyter_client puts the connection file in."""
    return [
        sys.executable, "-I", "-X", "utf8", "-m", "ipykernel_launcher", "-f", "{connection_file}",
        "--HistoryManager.enabled=False", "--IPKernelApp.ignore_cwd=True", "--InteractiveShell.xmode=Minimal",
    ]  # fmt: skip


class _ReportKernels(KernelSpecManager):
    """Knows one kernel, ours, whatever is installed on the machine."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(argv=kernel_command(), display_name="evaltools", language="python")


class KernelFolder:
    """Private folder of a run: sockets, connection files, empty working folders. Gone when the run ends."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def manager(self) -> AsyncKernelManager:
        """Return a manager for one kernel, not yet started."""
        own = self.path / uuid4().hex[:8]
        own.mkdir(mode=0o700)
        manager = AsyncKernelManager(
            kernel_name="python3", kernel_spec_manager=_ReportKernels(), connection_file=str(own / "c.json"),
            transport="ipc" if self._sockets_fit() else "tcp", autorestart=False,
        )  # fmt: skip
        if manager.transport == "ipc":
            manager.ip = str(own / "s")
        return manager

    def working_folder(self, manager: AsyncKernelManager) -> Path:
        """Return the empty folder that a manager's kernel runs in."""
        folder = Path(manager.connection_file).parent / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def environment(self) -> dict[str, str]:
        """Return the few variables that a kernel gets: no token or key of the user's goes along."""
        kept = {name: value for name, value in os.environ.items() if name.upper() in _PASSED}
        own = {
            "IPYTHONDIR": str(self.path / "ipython"),
            "JUPYTER_CONFIG_DIR": str(self.path / "jupyter"),
            "JUPYTER_NO_CONFIG": "1",
            "MPLBACKEND": "agg",
        }
        return {"OMP_NUM_THREADS": "1", **kept, **own}

    def _sockets_fit(self) -> bool:
        return os.name == "posix" and len(os.fsencode(self.path)) <= _LONGEST_SOCKET_FOLDER


@contextmanager
def kernel_folder() -> Iterator[KernelFolder]:
    """Make the private folder of a run and remove it with all that is in it."""
    path = Path(tempfile.mkdtemp(prefix="ev-"))
    if os.name == "posix" and len(os.fsencode(path)) > _LONGEST_SOCKET_FOLDER and Path("/tmp").is_dir():  # noqa: S108
        path.rmdir()
        path = Path(tempfile.mkdtemp(prefix="ev-", dir="/tmp"))  # mkdtemp makes it private
    try:
        yield KernelFolder(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def end_kernel(manager: AsyncKernelManager) -> None:
    """Kill a kernel and all its children at once, from any thread; one that is gone already is fine."""
    provisioner: Any = manager.provisioner
    pid = getattr(provisioner, "pid", None)
    if not pid:
        return
    with suppress(ProcessLookupError, PermissionError, OSError):
        if hasattr(os, "killpg") and getattr(provisioner, "pgid", None) not in (None, os.getpgid(0)):
            os.killpg(provisioner.pgid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
