"""Beginning a campaign."""

import pytest

from evaltools.config import read_config
from evaltools.errors import CampaignError
from evaltools.skeleton import copy_demo, new_campaign


@pytest.mark.parametrize(
    ("name", "expected"), [("yunhe-2022", "yunhe-2022"), ("云河县", "campaign"), ("A b.c", "a-b-c")]
)
def test_the_skeleton_is_a_valid_campaign_named_after_its_folder(tmp_path, name, expected):
    new_campaign(tmp_path / name)
    config = read_config(tmp_path / name)
    assert config.id == expected
    assert set(config.waves) == {"baseline", "endline"}


def test_the_demo_is_copied_without_what_a_run_leaves_behind(tmp_path):
    copy_demo(tmp_path / "d")
    assert read_config(tmp_path / "d").demo
    assert {path.name for path in (tmp_path / "d").iterdir()} == {"campaign.toml", "raw"}


@pytest.mark.parametrize("begin", [new_campaign, copy_demo])
def test_a_folder_in_use_is_left_alone(tmp_path, begin):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(CampaignError, match="exists and is not empty"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
