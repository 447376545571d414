"""Raw files as they should not be, through the command line: one clear error or quarantine, never a traceback."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def reencode(encoding: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        text = path.read_bytes().decode("gb18030")
        path.write_bytes(text.encode(encoding, errors="replace"))

    return write


def replace(old: str, new: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        text = path.read_bytes().decode("gb18030")
        assert old in text
        path.write_bytes(text.replace(old, new).encode("gb18030"))

    return write


def drop_column(path: Path) -> None:
    lines = [line.split(",") for line in path.read_bytes().decode("gb18030").splitlines()]
    path.write_bytes("\n".join(",".join(cells[:3] + cells[4:]) for cells in lines).encode("gb18030"))


def ingest(folder: Path) -> tuple[int, dict, str]:
    done = subprocess.run(
        [sys.executable, "-m", "evaltools", "ingest", str(folder), "--json"],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    ("pattern", "spoil", "expected", "says"),
    [
        ("raw/baseline/*按文本*.xlsx", cut, 4, "file-truncated"),
        ("raw/endline/*all_versions*.xlsx", cut, 4, "file-truncated"),
        ("raw/endline/*.csv", reencode("utf-16-le"), 4, "text-utf16-mark"),
        ("raw/endline/*.csv", drop_column, 4, "column-missing"),
        ("raw/endline/*.csv", replace(",是,", ",也许,"), 5, "有100.0%的行被隔离"),
    ],
)
def test_a_spoilt_file_is_refused_or_quarantined_and_the_others_are_taken(demo_raw, pattern, spoil, expected, says):
    path = next(iter(sorted(demo_raw.glob(pattern))))
    spoil(path)
    code, document, stderr = ingest(demo_raw)
    assert code == expected
    assert "Traceback" not in stderr
    assert path.name in stderr
    for one in document["files"]:
        assert one["n_read"] == one["n_accepted"] + one["n_quarantined"] + one["n_duplicate"]
    assert len(document["files"]) + len(document["refused"]) == 8
    assert says in stderr


def test_two_ingests_at_once_add_the_rows_once(demo_raw):
    command = [sys.executable, "-m", "evaltools", "ingest", str(demo_raw), "--json"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") for _ in range(2)
    ]
    results = [(process.communicate(timeout=120), process.returncode) for process in both]
    assert {code for _, code in results} <= {0, 7}
    assert sum(json.loads(out)["new_rows"] for (out, _), code in results if code == 0) > 0
    assert [json.loads(out)["new_rows"] for (out, _), code in results if code == 0].count(0) == len(
        [code for _, code in results if code == 0]
    ) - 1
    code, document, _ = ingest(demo_raw)
    assert (code, document["new_rows"]) == (0, 0)
    accepted = sum(one["n_accepted"] for one in document["files"])
    stored = subprocess.run(
        [sys.executable, "-m", "evaltools", "sql", str(demo_raw), "select count(*) n from responses", "--json"],
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert json.loads(stored.stdout) == [{"n": accepted}]
