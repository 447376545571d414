"""The process that reads files: content comes in by a pipe, cells go out as JSON; it opens no file itself.

A file may be made to exhaust memory or to crash a library. Here that costs the one file: the process has limits on
memory and processor time where the operating system knows them, and the parent starts another for the next file.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import IO, Any

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.choose import read_content
from evaltools.survey.readers.model import Limits
from evaltools.survey.readers.wire import encode_reading, encode_refusal

try:
    import resource
except ImportError:  # Windows: the parent's clock is the only limit
    resource = None  # type: ignore[assignment]


def main() -> None:
    """Answer jobs until the pipe closes.

    A job is a line of JSON, then the file's content; an answer is a line with its length, then JSON.
    """
    answers = _take_standard_output()
    limits: Limits | None = None
    while line := sys.stdin.buffer.readline():
        job = json.loads(line)
        data = sys.stdin.buffer.read(job["size"])
        if limits is None:
            limits = Limits(**job["limits"])
            _limit_memory(limits.memory)
        _grant_processor_time(limits.cpu_seconds)
        answer = _answer(data, job, limits)
        answers.write(b"%d\n" % sum(map(len, answer)))
        answers.writelines(answer)
        answers.flush()
        del data, answer  # the next file would come beside them


def _take_standard_output() -> IO[bytes]:
    """Return the pipe of answers; what a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _answer(data: bytes, job: dict[str, Any], limits: Limits) -> list[bytes | memoryview]:
    try:
        reading = read_content(
            data, job["kind"], reader=job["reader"], sheet=job["sheet"], file=job["file"], limits=limits
        )
        return encode_reading(reading)
    except FileRefusedError as error:
        return encode_refusal(error)
    except (MemoryError, RecursionError):
        return encode_refusal(FileRefusedError("reader-memory", file=job["file"], limit=limits.memory))


def _limit_memory(memory: int) -> None:
    if resource is not None:
        # not every system lets these be set; a core file would hold answers
        for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, most))


def _grant_processor_time(seconds: int) -> None:
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, most))


if __name__ == "__main__":
    main()
