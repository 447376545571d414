"""Take one file all the way, and say how it ended: through the readers, or through the command line into a store."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seeds import Seed

from evaltools.errors import FileRefusedError, catalogue


@dataclass(frozen=True)
class Outcome:
    """The exit code that a user would see, the codes of what was wrong, and a fault of the product, "" for none."""

    exit_code: int
    codes: tuple[str, ...] = ()
    fault: str = ""


def read_batch(folder: Path, files: Sequence[tuple[str, bytes]]) -> list[Outcome]:
    """Read files as a campaign would, all in one reading process."""
    from evaltools.survey.readers import read_files

    paths = []
    for name, content in files:
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    results = read_files(paths)
    for path in paths:
        path.unlink()
    return [_read_outcome(result) for result in results]


def _read_outcome(result: object) -> Outcome:
    if isinstance(result, FileRefusedError):
        fault = "" if result.code in catalogue() and str(result) and result.text("zh") else "no message"
        return Outcome(4, (result.code,), fault)
    tables = result.tables  # type: ignore[attr-defined]
    for table in tables:
        numbers = table.rows.index
        if len(numbers) != table.n_counted:
            return Outcome(0, fault=f"{len(numbers)} rows read, {table.n_counted} counted")
        if not numbers.is_unique or set(numbers) & set(table.left_out):
            return Outcome(0, fault="a row is there twice")
    return Outcome(0)


def ingest_file(folder: Path, origin: Seed, content: bytes) -> Outcome:
    """Ingest a file into a fresh campaign by the command line, in this process."""
    campaign = folder / "campaign"
    shutil.rmtree(campaign, ignore_errors=True)
    (campaign / "raw").mkdir(parents=True)
    (campaign / "campaign.toml").write_text(origin.campaign, encoding="utf-8")
    (campaign / "raw" / origin.file).write_bytes(content)
    with _captured() as (out, err):
        code = _run_main(["ingest", str(campaign), "--json"])
    return _ingest_outcome(code, out.getvalue().decode("utf-8"), err.getvalue().decode("utf-8"))


def _ingest_outcome(code: int, out: str, err: str) -> Outcome:
    if "Traceback" in err + out:
        return Outcome(code, fault="a traceback")
    if code == 3:
        return Outcome(code, fault=err.strip()[:200])
    try:
        document = json.loads(out)
    except ValueError:
        return Outcome(code, fault=f"no JSON: {err.strip()[:200]}")
    for one in document["files"]:
        if one["n_read"] != one["n_accepted"] + one["n_quarantined"] + one["n_duplicate"]:
            return Outcome(code, fault="rows are not accounted for")
    if code == 0 and not document["files"]:
        return Outcome(code, fault="nothing was read and nothing was said")
    codes = tuple(line.split(":", 1)[0] for line in err.splitlines() if code == 4)
    return Outcome(code, tuple(one for one in codes if one in catalogue()))


@contextmanager
def _captured() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    out, err = io.BytesIO(), io.BytesIO()
    kept = sys.stdout, sys.stderr
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", write_through=True)
    try:
        yield out, err
    finally:
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = kept
        for stream in streams:
            stream.detach()


def _run_main(arguments: list[str]) -> int:
    from evaltools.cli import main

    kept, sys.argv = sys.argv, ["evaltools", *arguments]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = kept
    return 0
