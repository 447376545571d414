"""The parent's side of the reading process: start it, give it a file, wait no longer than allowed, start it again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import Self

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Kind, Limits

_COMMAND = ("-I", "-X", "utf8", "-m", "evaltools.survey.readers.worker")
_LONGEST_ANSWER = 1 << 31


class ReadingProcess:
    """One limited process for a batch of files, started at the first and again after a crash."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def ask(self, data: bytes, kind: Kind, *, reader: str | None, sheet: str | None, file: str) -> bytes:
        """Have a file read; return the answer as it came.

        Raises
        ------
        FileRefusedError
            ``reader-timeout``, ``reader-crashed``: the process took too long, or died over this file.
        """
        process = self._running()
        job = {
            "size": len(data), "kind": kind, "reader": reader, "sheet": sheet, "file": file,
            "limits": asdict(self._limits),
        }  # fmt: skip
        late = threading.Event()
        clock = threading.Timer(self._limits.seconds, _stop, (process, late))
        clock.daemon = True
        clock.start()
        try:
            answer = _exchange(process, json.dumps(job).encode() + b"\n", data)
        finally:
            clock.cancel()
        if answer is None:
            raise self._obituary(late.is_set(), file)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        # numeric libraries would reserve memory for every core
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, *_COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback could hold answers
            env=environment,
        )
        self.starts += 1
        return self._process

    def _obituary(self, late: bool, file: str) -> FileRefusedError:
        code = self._end()
        out_of_time = getattr(signal, "SIGXCPU", None)
        if late or (out_of_time is not None and code == -out_of_time):
            return FileRefusedError("reader-timeout", file=file, limit=f"{self._limits.seconds:g}")
        return FileRefusedError("reader-crashed", file=file)

    def _end(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                # what was still to be written to a dead process
                continue
        if process.poll() is None:
            process.kill()
        return process.wait()


def _stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _exchange(process: subprocess.Popen[bytes], *job: bytes) -> bytes | None:
    """Send a job and return its answer, None where the process died first."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("the reading process was started without pipes")
    try:
        process.stdin.writelines(job)
        process.stdin.flush()
    except OSError:
        return None
    head = process.stdout.readline(32)
    if not head.strip().isdigit() or int(head) > _LONGEST_ANSWER:
        return None
    answer = process.stdout.read(int(head))
    return answer if len(answer) == int(head) else None
