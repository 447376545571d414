"""tests/README.md names files that are there."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NAMED = re.findall(r"^\| `([\w/]+\.py)`", (HERE / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("name", NAMED)
def test_a_named_proof_is_there(name):
    assert "def test_" in (HERE / name).read_text(encoding="utf-8")
