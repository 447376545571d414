"""The small door: the names of the package."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import evaltools

ROOT = Path(__file__).parents[1]


def test_the_page_lists_the_names_and_no_others():
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/api.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert listed == sorted(listed, key=str) == evaltools.__all__


@pytest.mark.parametrize("name", evaltools.__all__)
def test_each_name_loads(name):
    assert getattr(evaltools, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'estmate'"):
        _ = evaltools.estmate


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, evaltools; sys.exit(bool({'pandas', 'pyarrow', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
