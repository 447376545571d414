"""The tables `items` and `crosswalk`: what was asked in which version, and what may be compared over the waves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from evaltools.config import CampaignConfig, Source
from evaltools.store import Transaction
from evaltools.store.schemas import SCHEMAS
from evaltools.survey.instrument import Instrument, items_frame

# from the best to the worst: of several sources of a wave the worst holds
_COMPARABLE: Final = ("same", "rescaled", "reworded", "not_comparable")


def write_codebook(transaction: Transaction, instruments: Mapping[str, Instrument], config: CampaignConfig) -> None:
    """Bring `items` and `crosswalk` to the state of the instruments and of the campaign file.

    Rows of other versions of an instrument stay. `crosswalk` has a row for each question of each instrument and wave
    of which something is stored.
    """
    items = transaction.read("items").to_pylist()
    for instrument in instruments.values():
        items = [row for row in items if (row["instrument"], row["version"]) != (instrument.name, instrument.version)]
        items += items_frame(instrument).to_dict("records")
    transaction.replace("items", pa.Table.from_pylist(items, schema=SCHEMAS["items"]))
    stored = transaction.read("files", ["instrument", "wave"]).to_pylist()
    waves = {(row["instrument"], row["wave"]) for row in stored}
    rows = [row for row in transaction.read("crosswalk").to_pylist() if row["instrument"] not in instruments]
    for name, wave in sorted(waves):
        if name in instruments:
            rows += _crosswalk(instruments[name], wave, config)
    transaction.replace("crosswalk", pa.Table.from_pylist(rows, schema=SCHEMAS["crosswalk"]))


def _crosswalk(instrument: Instrument, wave: str, config: CampaignConfig) -> list[dict[str, Any]]:
    sources = [one for one in config.sources if (one.instrument, one.wave) == (instrument.name, wave)]
    return [
        {
            "concept": question.concept,
            "wave": wave,
            "instrument": instrument.name,
            "item": question.name,
            "comparability": _worst(sources, question.name),
            "recode": _recode(sources, question.name),
        }
        for question in instrument.answered
    ]


def _worst(sources: list[Source], name: str) -> str:
    marks = [str(source.comparability.get(name, "same")) for source in sources]
    return max(marks, key=_COMPARABLE.index, default="same")


def _recode(sources: list[Source], name: str) -> str | None:
    merged = {text: choice for source in sources for text, choice in source.recode.get(name, {}).items()}
    return json.dumps(merged, ensure_ascii=False, sort_keys=True) if merged else None
