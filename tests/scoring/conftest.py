"""Small frameworks and answers, written out so that a reader can count them."""

import itertools
from datetime import date

import pandas as pd
import pytest

from evaltools.config import Bank
from evaltools.scoring.framework import parse_framework


def _indicator(indicator_id, **changes):
    entry = {
        "id": indicator_id, "dimension": "quality", "clause": "1.1", "source": "survey", "uncertainty": "sampling",
        "instrument": "firms", "item": indicator_id, "statistic": "mean", "unit": "points", "weight": 1.0,
        "goalposts": {"worst": 1, "best": 5}, "label": "a label", "definition": "a definition",
    }  # fmt: skip
    return entry | changes


def _framework(indicators, *, dimensions=None, targets=(), gate=None, **changes):
    named = dimensions or dict.fromkeys((entry["dimension"] for entry in indicators), None)
    share = 1 / len(named)
    raw = {
        "schema": 1, "id": "tiny", "version": "1", "title": "tiny", "alpha": 0.05, "delta": 3.0,
        "gate": {"source": "survey", "answers": 4, "psus": 3, "weight_share": 0.8, "min_cell": 3} | (gate or {}),
        "units": {"points": "points", "share": "share", "days": "days"},
        "dimensions": [{"id": name, "weight": weight or share, "label": name} for name, weight in named.items()],
        "indicators": indicators, "targets": list(targets),
    }  # fmt: skip
    return parse_framework(raw | changes, "tiny.toml")


@pytest.fixture
def make_indicator():
    """One indicator as a dict: a five-point mean of the firms' survey unless told otherwise."""
    return _indicator


@pytest.fixture
def make_framework():
    """A framework from indicators; dimensions share the weight equally unless given."""
    return _framework


@pytest.fixture
def make_banks():
    """Banks of the given ids; a pair is id and type."""

    def build(*names):
        pairs = [name if isinstance(name, tuple) else (name, "rural") for name in names]
        return tuple(Bank(id=name, name=name, type=kind) for name, kind in pairs)

    return build


@pytest.fixture
def make_answers():
    """Accepted ratings from ``{(bank, wave): {item: [values]}}``; firms of the two waves differ unless `panel`."""

    def build(cells, *, panel=False, **columns):
        serial, parts = itertools.count(1), []
        for (bank, wave), items in cells.items():
            part = pd.DataFrame({item: pd.Series(values, dtype=object) for item, values in items.items()})
            part["response_id"] = [f"r{next(serial):04d}" for _ in range(len(part))]
            part["bank"], part["wave"] = bank, wave
            part["psu"] = [f"{bank}-{k}" if panel else f"{bank}-{wave}-{k}" for k in range(len(part))]
            parts.append(part)
        table = pd.concat(parts, ignore_index=True)
        for name, value in {"stratum": "all", "mode": "self", "tool": "kobo"}.items():
            table[name] = value
        for name in ("weight", "branch", "event_date"):
            table[name] = None
        for name, value in columns.items():
            table[name] = value
        return table

    return build


@pytest.fixture
def start():
    """First day of the campaign."""
    return date(2022, 9, 28)
