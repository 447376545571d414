"""The demonstration campaign through the real readers: findings equal what was planted, nothing identifies."""

import json
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaltools.config import read_config
from evaltools.content import content_path
from evaltools.store import Store
from evaltools.survey.findings import list_findings
from evaltools.survey.ingest import ingest


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A copy without truth.json, ingested once."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    shutil.copytree(content_path("demo", "raw"), folder / "raw")
    shutil.copy(content_path("demo", "campaign.toml"), folder)
    return folder, ingest(folder, read_config(folder))


def test_every_row_is_accounted_and_every_file_below_the_limit(demo):
    _, result = demo
    assert len(result.files) >= 8
    assert (result.refused, result.unmatched, result.unused, result.above_limit) == ((), (), (), ())
    assert sum(one.n_accepted for one in result.files) == result.new_rows > 900
    assert {one.reader for one in result.files} == {"wjx", "kobo", "plain"}


def test_findings_are_exactly_what_was_planted(demo):
    folder, _ = demo
    found = list_findings(Store.open(folder / "store"))
    truth = json.loads(content_path("demo", "truth.json").read_text(encoding="utf-8"))["findings"]
    planted = [(one["locator"], one["rule"], one["bank"] or "") for one in truth if one["kind"] == "fact"]
    listed = list(zip(found["locator"], found["rule"], found["bank"].fillna(""), strict=True))
    assert sorted(listed) == sorted(planted)


def test_a_second_run_changes_no_table(demo):
    folder, _ = demo
    versions = Store.open(folder / "store").versions()
    assert ingest(folder, read_config(folder)).new_rows == 0
    assert Store.open(folder / "store").versions() == versions


def test_no_firm_and_no_phone_stands_in_the_store(demo):
    folder, _ = demo
    secrets = ("演示有限公司", "1990000", "91419999", "访0")
    for path in (one for one in (folder / "store").rglob("*") if one.is_file()):
        assert not any(secret.encode() in path.read_bytes() for secret in secrets), path
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for column in (one for one in table.columns if pa.types.is_string(one.type)):
                assert not any(secret in str(value) for value in column.unique().to_pylist() for secret in secrets), (
                    path
                )


def test_two_runs_at_once_add_the_rows_once(demo, tmp_path):
    folder, result = demo
    shutil.copytree(folder / "raw", tmp_path / "raw")
    shutil.copy(folder / "campaign.toml", tmp_path)
    code = (
        "import sys; from pathlib import Path; from evaltools.config import read_config;"
        "from evaltools.survey.ingest import ingest; folder = Path(sys.argv[1]);"
        "print(ingest(folder, read_config(folder), lock_timeout=60).new_rows)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert sorted(int(out) for out, _ in outputs) == [0, result.new_rows]
    assert Store.open(tmp_path / "store").row_counts()["responses"] == result.new_rows
