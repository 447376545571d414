"""Damaged and hostile files: a few of the many that `mutate.py` tries, and every bomb."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "benchmarks")]

from bombs import BOMBS, workbook  # noqa: E402
from light import is_refused, set_off  # noqa: E402
from mutate import mutants  # noqa: E402
from mutations import mutate  # noqa: E402


@pytest.mark.parametrize("name", BOMBS)
def test_every_bomb_is_refused_in_little_memory(name):
    outcome = set_off(name)
    assert is_refused(outcome), outcome


def test_there_are_bombs_of_twenty_kinds():
    assert len(BOMBS) >= 20


@pytest.mark.parametrize(("through", "n"), [("readers", 300), ("ingest", 12)])
def test_mutants_end_in_a_documented_code(through, n, tmp_path):
    report = tmp_path / "report.json"
    command = [sys.executable, str(HERE / "mutate.py"), "--n", str(n), "--seed", "7", "--workers", "1", "--no-bombs"]
    done = subprocess.run(
        [*command, "--through", through, "--json", str(report)], capture_output=True, encoding="utf-8", check=False
    )
    found = json.loads(report.read_text(encoding="utf-8"))
    assert (done.returncode, found["bad"]) == (0, [])
    assert sum(found["exits"].values()) == n
    assert done.stdout.strip().splitlines()[-1].startswith(f"good: {n} mutants through {through} ended: ")


def test_a_number_gives_the_same_mutant_again():
    one, again = (list(mutants(range(5, 9), 3, "ingest")) for _ in range(2))
    assert [content for _, _, content in one] == [content for _, _, content in again]


def test_mutants_differ_from_what_they_were():
    good = workbook()
    assert sum(mutate(good, Random(number)) == good for number in range(100)) < 5
