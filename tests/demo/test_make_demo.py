import hashlib
import subprocess
import sys
import zipfile
import zlib
from fnmatch import fnmatchcase

import pytest

from demo_plan import VARIANTS
from evaltools.config import read_config
from make_demo import main, make_demo


def _bytes(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".xlsx", ".csv", ".toml", ".json")
    }


def _members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _own(folder):
    return {name: sha for name, sha in _bytes(folder).items() if name.startswith("raw/") or "/" not in name}


def test_the_same_seed_gives_the_same_bytes(written, tmp_path):
    make_demo(tmp_path, seed=20221130, variant_name="base")
    assert _bytes(tmp_path) == _bytes(written())


def test_another_seed_gives_other_answers_under_the_same_settings(written, tmp_path):
    make_demo(tmp_path, seed=7, variant_name="base")
    one, other = written(), tmp_path
    assert not set(_bytes(one).values()) & {sha for name, sha in _bytes(other).items() if name.startswith("raw/")}
    assert (one / "campaign.toml").read_text("utf-8").replace("20221130", "7") == (other / "campaign.toml").read_text(
        "utf-8"
    )


def test_the_committed_campaign_is_what_its_seed_gives(demo_path, written):
    expected, committed = _own(written()), _own(demo_path)
    assert sorted(committed) == sorted(expected)
    for name in expected:
        if name.endswith(".xlsx") and "ng" in zlib.ZLIB_RUNTIME_VERSION:  # another zlib packs the same parts otherwise
            assert _members(demo_path / name) == _members(written() / name), name
        else:
            assert committed[name] == expected[name], name


def test_no_clock_enters_a_workbook(written):
    for path in written().rglob("*.xlsx"):
        with zipfile.ZipFile(path) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(2022, 12, 20, 9, 0, 0)}
            assert {entry.create_system for entry in archive.infolist()} == {3}
            assert b"2022-12-20T09:00:00Z" in archive.read("docProps/core.xml")


def test_the_generator_needs_no_working_directory(demo_path, written, tmp_path):
    command = [sys.executable, str(demo_path / "make_demo.py"), "--seed", "20221130", "--out", str(tmp_path / "made")]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=120)
    assert _bytes(tmp_path / "made") == _bytes(written())


def test_an_unknown_variant_is_refused_with_the_known_ones(capsys, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        main(["--seed", "1", "--out", str(tmp_path / "x"), "--variant", "bse"])
    message = capsys.readouterr().err
    assert "unknown variant 'bse'" in message
    assert all(name in message for name in VARIANTS)
    assert not (tmp_path / "x").exists()


def test_a_negative_seed_is_refused(capsys, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        main(["--seed", "-1", "--out", str(tmp_path)])
    assert "--seed must be 0 or more" in capsys.readouterr().err


@pytest.mark.parametrize("variant", VARIANTS)
def test_campaign_file_is_valid_and_names_each_raw_file_once(variant, written):
    folder = written(variant, seed=3)
    config = read_config(folder)
    assert (config.id, config.demo, config.quarantine_max_share) == ("demo", True, 0.10)
    assert {bank.type for bank in config.banks} == {"state_owned", "joint_stock", "city", "rural", "village", "policy"}
    assert len(config.banks) == 12
    files = [path.relative_to(folder).as_posix() for path in (folder / "raw").rglob("*.*")]
    matched = [
        [number for number, one in enumerate(config.sources) if fnmatchcase(file, one.pattern)] for file in files
    ]
    assert sorted(numbers[0] for numbers in matched) == list(range(8))
    assert all(len(numbers) == 1 for numbers in matched)


def test_both_modes_and_tools_occur_in_both_waves(written):
    config = read_config(written())
    of_survey = [one for one in config.sources if one.instrument == "enterprise_satisfaction"]
    for wave in ("baseline", "endline"):
        assert {(one.mode, one.tool) for one in of_survey if one.wave == wave} == {
            ("self", "wjx"),
            ("interviewer", "kobo"),
        }


def test_raw_files_are_small(written):
    assert sum(path.stat().st_size for path in (written() / "raw").rglob("*.*")) < 500_000


def test_files_of_another_seed_are_not_left_beside_the_new_ones(tmp_path):
    (tmp_path / "raw" / "baseline").mkdir(parents=True)
    (tmp_path / "raw" / "baseline" / "214365870_按文本_旧_9_9.xlsx").write_bytes(b"old")
    with pytest.raises(SystemExit, match=r"other raw files: raw/baseline/214365870_按文本_旧_9_9\.xlsx"):
        main(["--seed", "1", "--out", str(tmp_path)])
    assert not (tmp_path / "campaign.toml").exists()
