"""Read a framework file and say, key by key, what to mend."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from evaltools.config import MAX_BYTES
from evaltools.content import find_content
from evaltools.errors import CampaignError
from evaltools.faults import read_faults
from evaltools.scoring.models import Aggregation, Dimension, Explain, Framework, Gate, Goalposts, Indicator, Target

_TABLES: Mapping[str, type[BaseModel]] = {
    "aggregation": Aggregation, "gate": Gate, "dimensions": Dimension, "indicators": Indicator, "targets": Target,
    "goalposts": Goalposts, "explain": Explain,
}  # fmt: skip


def read_framework(name: str, campaign: Path | None = None) -> Framework:
    """Read and check a framework; one in the campaign's own folder ``frameworks/`` goes before the packaged one.

    Parameters
    ----------
    name
        File name without ``.toml``.
    campaign
        Folder of the campaign.

    Raises
    ------
    CampaignError
        ``content-missing``, ``framework-toml`` or ``framework-invalid``; the last lists every fault with its key,
        the indicator's id and the mend.
    """
    path = find_content("frameworks", name, ".toml", campaign=campaign)
    if path.stat().st_size > MAX_BYTES:
        raise CampaignError("framework-toml", path=path.name, problem="over 1 MB")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad writes a mark in front
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        raise CampaignError("framework-toml", path=path.name, problem=problem) from None
    return parse_framework(raw, path.name)


def parse_framework(raw: Mapping[str, Any], path: str) -> Framework:
    """Check the tables of a framework that were already read; `path` is how messages call the file.

    Raises
    ------
    CampaignError
        ``framework-invalid``.
    """
    try:
        return Framework.model_validate(raw)
    except ValidationError as error:
        faults = read_faults(error, key_of=lambda loc: _key(loc, raw), known_keys=_known_keys)
        raise CampaignError("framework-invalid", path=path, count=len(faults), problems=faults) from None


def check_choices(framework: Framework, choices: Mapping[tuple[str, str], Collection[str]]) -> None:
    """Hold every answer that a framework names against the instrument: a misspelt one would count as 0 % for ever.

    Parameters
    ----------
    choices
        Names of the choices by instrument and item; items that are not there are not checked.

    Raises
    ------
    CampaignError
        ``framework-choice``, with the choices that the item has.
    """
    for one in framework.indicators:
        named = [(one.item, name) for name in (*one.choices, *one.base, *one.points)]
        named += [(item, name) for item, names in one.where.items() for name in names]
        for item, name in named:
            known = choices.get((one.instrument, item))
            if known is not None and name not in known:
                raise CampaignError("framework-choice", indicator=one.id, item=item, choice=name, known=sorted(known))


def _key(loc: tuple[int | str, ...], raw: Mapping[str, Any]) -> str:
    """Return ``indicators[3] (steps).goalposts.worst``: the id beside the number, for nobody counts tables."""
    text, node = "", raw
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
        node = _child(node, part)
        if isinstance(part, int) and isinstance(node, Mapping):
            named = node.get("id") or node.get("indicator")
            text += f" ({named})" if isinstance(named, str) else ""
    return text.lstrip(".") or "the file"


def _child(node: Any, part: int | str) -> Any:
    if isinstance(part, int) and isinstance(node, list) and part < len(node):
        return node[part]
    return node.get(part) if isinstance(node, Mapping) else None


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Framework
    for part in loc[:-1]:
        model = _TABLES.get(str(part), model)
    return [field.alias or name for name, field in model.model_fields.items()]
