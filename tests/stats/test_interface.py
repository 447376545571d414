"""The package's door: names, contract signatures, lightness, messages in both languages."""

from __future__ import annotations

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import evaltools.stats as package
from evaltools.text import placeholders

SOURCE = Path(package.__file__).parent


def test_names_exist_and_no_module_is_named_like_one():
    modules = {path.stem for path in SOURCE.rglob("*.py")}
    for name in package.__all__:
        assert callable(getattr(package, name))
        assert name not in modules
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'median'"):
        package.median  # noqa: B018


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("Design", "weight=None, stratum=None, psu=None, fpc=None, lonely_psu='fail', overlap='union', df='design', "
                   "calibration=None, replicates=None"),
        ("totals", "frame, items, by=None, wave=None, design=Design()"),
        ("estimate", "frame, items, by=None, design=Design(), *, stat='mean', level=0.95, ci='auto'"),
        ("change", "frame, items, by=None, wave='wave', design=Design(), *, waves=None, stat='mean', level=0.95, "
                   "ci='auto'"),
    ],
)  # fmt: skip
def test_signatures_are_the_contract(name, signature):
    found = []
    for parameter in inspect.signature(getattr(package, name)).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in found:
            found.append("*")
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        default = "=Design()" if default.startswith("=Design(") else default
        found.append(parameter.name + default)
    assert ", ".join(found) == signature


def test_importing_the_package_loads_no_pandas():
    code = "import sys, evaltools.stats; sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_messages_name_the_same_in_both_languages():
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    for path in (SOURCE.parent / "catalogue").glob("stats*.toml"):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            assert placeholders(entry["zh"]) == placeholders(entry["en"]), name
            assert f'"{name}"' in code, f"{name} is raised nowhere"
