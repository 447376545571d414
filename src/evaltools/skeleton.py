"""Begin a campaign: a commented `campaign.toml`, or a copy of the demonstration."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from evaltools.content import content_path
from evaltools.errors import CampaignError


def new_campaign(folder: Path) -> Path:
    """Write a commented `campaign.toml` and an empty `raw/` into a folder; return the campaign file.

    Raises
    ------
    CampaignError
        ``campaign-exists``: the folder holds something already.
    """
    _require_empty(folder)
    template = content_path("survey", "skeleton", "campaign.toml").read_text(encoding="utf-8")
    (folder / "raw").mkdir(parents=True)
    path = folder / "campaign.toml"
    path.write_text(template.replace("{id}", _id_of(folder)), encoding="utf-8")
    (folder / ".gitignore").write_text("/store/\n/runs/\n/.key\n/.lock\n/raw/\n", encoding="utf-8")
    return path


def copy_demo(folder: Path) -> Path:
    """Copy the demonstration's campaign file and raw files into a folder; return the campaign file.

    Raises
    ------
    CampaignError
        ``campaign-exists``: the folder holds something already.
    """
    _require_empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(content_path("demo", "campaign.toml"), folder / "campaign.toml")
    shutil.copytree(content_path("demo", "raw"), folder / "raw")
    return folder / "campaign.toml"


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CampaignError("campaign-exists", path=folder.as_posix())


def _id_of(folder: Path) -> str:
    # a Chinese folder name leaves nothing that an id may hold
    return re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-")[:32] or "campaign"
