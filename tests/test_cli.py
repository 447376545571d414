"""The command line: what it promises in its documents, and its exit codes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from evaltools import cli

ROOT = Path(__file__).parents[1]
COMMANDS = sorted(typer.main.get_command(cli.app).commands)


def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evaltools", *args], capture_output=True, encoding="utf-8", cwd=cwd, check=False
    )


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_command_is_documented_and_no_other(readme):
    documented = re.findall(r"^\| `evaltools ([a-z]+)", (ROOT / readme).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(documented) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name):
    command = typer.main.get_command(cli.app).commands[name]
    assert command.help
    assert f"evaltools {name}" in command.epilog


def test_help_loads_nothing_heavy():
    heavy = ("pandas", "numpy", "pyarrow", "pydantic", "matplotlib")
    code = f"import sys; from evaltools import cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (["status", "nowhere"], 3, "campaign-missing: nowhere holds no campaign.toml"),
        (["status"], 2, "Missing argument 'CAMPAIGN'"),
        (["ingets"], 2, "No such command 'ingets'"),
        (["instrument", "nothing"], 3, "content-missing: survey/instruments holds no 'nothing'"),
        (["lab"], 2, "name the campaign's folder, or use --check"),
    ],
)
def test_a_mistake_is_one_clear_message_and_a_documented_code(args, code, text, tmp_path):
    done = run(*args, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert text in re.sub(r"\s+", " ", done.stderr.replace("│", " "))


def test_new_writes_a_campaign_that_opens(tmp_path):
    assert run("new", "mine", cwd=tmp_path).returncode == 0
    done = run("status", "mine", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert '"waves"' in done.stdout
