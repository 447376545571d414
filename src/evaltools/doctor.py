"""Say whether this machine has what evaltools needs, and whether a campaign's store is whole."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import evaltools
from evaltools.campaign import Campaign

PACKAGES = ("pandas", "scipy", "statsmodels", "seaborn", "papermill", "nbconvert", "jupyterlab", "deltalake", "pyxform")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what, whether it is well, and what was seen."""

    name: str
    ok: bool
    detail: str


def examine(folder: Path | None = None) -> list[Check]:
    """Look at Python, packages, the Chinese font, a browser; with a campaign also at its store, file by file."""
    checks = [
        Check("python", sys.version_info >= (3, 11), f"{platform.python_version()} {platform.system()}"),
        Check("evaltools", True, evaltools.__version__),
        *(_package(name) for name in PACKAGES),
        _font(),
        _browser(),
    ]
    return checks if folder is None else [*checks, *_campaign(folder)]


def _package(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed")


def _font() -> Check:
    from evaltools.report.fonts import font_path

    path = font_path()
    return Check("font", path.is_file(), path.name)


def _browser() -> Check:
    # needed only to look at pages, never to make them
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Check("browser (optional)", True, Path(found).name if found else "none")


def _campaign(folder: Path) -> list[Check]:
    campaign = Campaign.open(folder)
    problems = [fault.text(campaign.config.language) for fault in campaign.store().verify()]
    return [
        Check("campaign.toml", True, campaign.config.id),
        Check("store", not problems, "; ".join(problems) or f"{len(campaign.store().versions())} tables whole"),
    ]
