"""The command line: what it promises in its documents, and its exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
import typer

from evaltools import cli
from evaltools.cli.data import _tell_findings
from evaltools.cli.output import print_rows

ROOT = Path(__file__).parents[1]
COMMANDS = sorted(typer.main.get_command(cli.app).commands)


def run(*args: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evaltools", *args], capture_output=True, encoding="utf-8", cwd=cwd, check=False,
        env={**os.environ, **variables},
    )  # fmt: skip


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
        (["inspect", "nothing.xlsx"], 4, "cannot be read. file-missing: nothing.xlsx does not exist"),
        (["inspect", "nothing.xlsx", "--lang", "fr"], 2, "there is no language 'fr': use zh or en"),
    ],
)
def test_a_mistake_is_one_clear_message_and_a_documented_code(args, code, text, tmp_path):
    done = run(*args, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert text in re.sub(r"\s+", " ", (done.stderr + done.stdout).replace("│", " "))


def test_findings_are_told_in_words(capsys):
    found = pd.DataFrame(
        [["code-check", "rural", "raw/a.csv#row 2", "row_lost", "fact"], ["superseded", None, "raw/a.csv#row 7", "none",
                                                                         "fact"]],
        columns=["rule", "bank", "locator", "severity", "kind"],
    )  # fmt: skip
    _tell_findings(found, "zh")
    told = capsys.readouterr().out
    assert re.search(r"规则 +银行 +位置 +影响 +性质", told)
    assert re.search(r"code-check +rural +raw/a.csv#row 2 +整行不计入 +事实", told)
    assert "code-check（1处）：“…”的校验位不符" in told
    assert "superseded（1处）：同一企业后来又评价了这家银行" in told
    _tell_findings(found[:0], "en")
    assert capsys.readouterr().out == "nothing was found.\n"


def test_a_long_path_is_shown_to_its_end(capsys):
    print_rows(["file"], [["raw/" + "长" * 200 + "_final.xlsx"]])
    assert "_final.xlsx" in re.sub(r"\s", "", capsys.readouterr().out)


def test_new_writes_a_campaign_that_opens(tmp_path):
    assert run("new", "mine", cwd=tmp_path).returncode == 0
    done = run("status", "mine", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert '"waves"' in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_report_leaves_no_kernel_no_lock_and_no_temporary_file(demo_copy, tmp_path, sign, code):
    command = [sys.executable, "-m", "evaltools", "report", str(demo_copy), "--out", str(tmp_path / "out")]
    # a short path, since a kernel's socket has one
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        running = subprocess.Popen(
            command, env={**os.environ, "TMPDIR": temporary}, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        with running:
            try:
                deadline = time.monotonic() + 60
                while not list(Path(temporary).glob("ev-*/*/s-*")):
                    assert time.monotonic() < deadline
                    assert running.poll() is None
                    time.sleep(0.05)
                start = time.monotonic()
                running.send_signal(sign)
                printed, said = running.communicate(timeout=30)
            finally:
                running.kill()
        assert (running.returncode, printed) == (code, "")
        assert time.monotonic() - start < 10
        assert list(Path(temporary).iterdir()) == []
    assert "stopped. What is stored is whole" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()
    again = run("ingest", str(demo_copy), "--json")
    assert (again.returncode, json.loads(again.stdout)["new_rows"]) == (0, 0)


def test_output_that_nobody_takes_ends_in_no_traceback(tmp_path):
    run("new", "mine", cwd=tmp_path)
    code = "import sys; sys.stdout = sys.stderr = None; from evaltools.cli import main; sys.argv[1:] = {}; main()"
    for args, expected in ((["status", "mine"], 0), (["status", "nowhere"], 3)):
        closed = subprocess.run([sys.executable, "-c", code.format(args)], cwd=tmp_path, check=False)
        assert closed.returncode == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_what_the_operating_system_refuses_is_said_in_one_line(tmp_path):
    run("new", "mine", cwd=tmp_path)
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "evaltools", "status", "mine", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("the operating system says: No space left on device")
    lost = run("instrument", "mystery_visit", "--xlsx", "no/such/folder/form.xlsx", cwd=tmp_path)
    assert (lost.returncode, lost.stderr.count("\n")) == (1, 1)
    assert "No such file or directory (form.xlsx)" in lost.stderr


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}, "没有campaign.toml"),
        ({"LC_ALL": "zh_CN.GB18030", "LANG": "C.UTF-8"}, "没有campaign.toml"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "holds no campaign.toml"),
    ],
)
def test_errors_speak_the_language_of_the_machine(tmp_path, variables, word):
    assert word in run("status", "无", cwd=tmp_path, **variables).stderr


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode on Windows")
def test_an_environment_without_chinese_file_names_is_refused(tmp_path):
    done = run("status", "mine", cwd=tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    if "campaign-missing" in done.stderr:
        pytest.skip("file names are UTF-8 here whatever is set")
    assert (done.returncode, "Set the environment variable PYTHONUTF8=1" in done.stderr) == (2, True)


def test_a_table_shows_missing_values_as_blank_and_brackets_as_they_are(tmp_path):
    run("new", "mine", cwd=tmp_path)
    done = run("sql", "mine", "select null as nothing, '[bold]x' as marked, [1, 2] as several", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[bold]x" in done.stdout
    assert "nan" not in done.stdout.lower().replace("nothing", "")
