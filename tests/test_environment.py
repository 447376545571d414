"""environment.yml, requirements.lock and pyproject.toml say the same."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"jupyter-client": "jupyter_client", "matplotlib": "matplotlib-base"}


def _dependencies() -> list[str]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]


def _conda_lines() -> list[str]:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    return re.findall(r"^ +- (?!pip:|pip$|-e )(\S+)$", text, flags=re.MULTILINE)


def test_conda_environment_holds_the_dependencies_of_pyproject_and_no_others():
    expected = set()
    for requirement in _dependencies():
        name = re.match(r"[A-Za-z0-9-]+", requirement)[0]
        expected.add(CONDA_NAMES.get(name, name) + requirement[len(name) :])
    assert set(_conda_lines()) - {"python>=3.11", "conda-forge"} == expected


@pytest.mark.parametrize("requirement", _dependencies())
def test_every_dependency_is_locked_with_a_hash(requirement):
    name = re.match(r"[A-Za-z0-9-]+", requirement)[0]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(name)}==\S+.*\\\n +--hash=sha256:[0-9a-f]{{64}}", lock, flags=re.MULTILINE)


def test_lock_names_no_host():
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")
