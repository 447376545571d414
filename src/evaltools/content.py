"""Find what travels with the package: notebooks, instruments, frameworks, wording, the demo campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from evaltools.errors import CampaignError

Folder = Literal["notebooks", "survey", "demo"]

_PACKAGE = Path(__file__).resolve().parent
_IN_REPOSITORY = {"notebooks": "notebooks", "survey": "survey", "demo": "data/demo"}


def content_path(folder: Folder, *parts: str) -> Path:
    """Return the path of a content file: inside the wheel, or at the repository root in an editable install."""
    installed = _PACKAGE / "content" / folder
    root = installed if installed.is_dir() else _PACKAGE.parents[1] / _IN_REPOSITORY[folder]
    return root.joinpath(*parts)


def find_content(kind: str, name: str, suffix: str, *, campaign: Path | None = None) -> Path:
    """Find ``survey/<kind>/<name><suffix>``; a file of the same name in the campaign's folder goes first.

    Raises
    ------
    CampaignError
        ``content-missing``, with the names that there are.
    """
    places = [campaign / kind] if campaign is not None else []
    places.append(content_path("survey", kind))
    for place in places:
        path = place / f"{name}{suffix}"
        if path.is_file():
            return path
    known = sorted({path.name.removesuffix(suffix) for place in places for path in place.glob(f"*{suffix}")})
    raise CampaignError("content-missing", kind=kind, name=name, known=known)
