"""Set off one bomb in processes of its own: what came of it, how long it took, how much memory at most."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bombs import BOMBS

SECONDS = 1.0
MEGABYTES = 200.0


def set_off(name: str, tries: int = 3) -> dict[str, Any]:
    """Write a bomb and read it, each in a fresh process; where it took too long, again, since others use the machine.

    Returns
    -------
    dict
        `code` of the error ("read" where there is none), `seconds` of the fastest try, and `megabytes`: the most memory
        of the process that asked or of the reading process that it started.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / BOMBS[name][0]
        for job in ("write", "read"):
            done = subprocess.run(
                [sys.executable, __file__, job, name, str(path)],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            if done.returncode:
                return {"code": f"{job} ended with {done.returncode}", "seconds": 0.0, "megabytes": 0.0}
        result: dict[str, Any] = json.loads(done.stdout)
        return result


def is_refused(outcome: dict[str, Any]) -> bool:
    """Say whether a bomb was refused with a reason, in little memory."""
    return outcome["code"] in _refusals() and outcome["megabytes"] < MEGABYTES


def is_harmless(outcome: dict[str, Any]) -> bool:
    """Say whether a bomb was refused, and in time."""
    return is_refused(outcome) and outcome["seconds"] < SECONDS


def _refusals() -> frozenset[str]:
    """Return the codes that say what is wrong with a file; that the reader died or took too long says nothing."""
    from evaltools.errors import catalogue

    return frozenset(catalogue()) - {"reader-crashed", "reader-timeout", "reader-memory"}


def _read(path: Path) -> None:
    from evaltools.errors import FileRefusedError
    from evaltools.survey.readers import read_files

    began = time.perf_counter()
    (outcome,) = read_files([path])
    seconds = time.perf_counter() - began
    code = outcome.code if isinstance(outcome, FileRefusedError) else "read"
    print(json.dumps({"code": code, "seconds": round(seconds, 3), "megabytes": round(_most_memory(), 1)}))


def _most_memory() -> float:
    try:
        import resource
    except ImportError:  # Windows keeps no such record
        return 0.0
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return max(_own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / unit


def _own_peak() -> int:
    """Return the most memory of this process since it began; on Linux the usual record starts with its parent's."""
    import resource

    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.is_file() else []
    peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    if sys.argv[1] == "write":
        BOMBS[sys.argv[2]][1](Path(sys.argv[3]))
    else:
        _read(Path(sys.argv[3]))
