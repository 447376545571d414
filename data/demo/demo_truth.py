"""The true values of every indicator, dimension and composite, computed from the tables of probabilities.

Written apart from the scoring code on purpose: only the framework's file is shared.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from demo_draws import tables
from demo_items import SURVEY_ITEMS, VISIT_ITEMS, FloatArray, visit_slots
from demo_plan import STRATA, VARIANTS, Variant
from demo_survey import MODE_SHARE, stratum_shares

ITEMS = {"survey": {item.name: item for item in SURVEY_ITEMS}, "visits": {item.name: item for item in VISIT_ITEMS}}
# conditions that say whether a question was asked, or that do not depend on quality, firm or bank: no effect on means
WITHOUT_EFFECT = frozenset({"applied", "approved", "loan_type"})
Changes = dict[str, Any]


def read_framework_file(text: str) -> dict[str, Any]:
    """Return the framework's tables."""
    return tomllib.loads(text)


@lru_cache(maxsize=8)
def weights(variant_name: str) -> dict[str, FloatArray]:
    """Return the expected share of each context in a bank's ratings (B, 2, 18) or visits (B, 2, 8)."""
    variant = VARIANTS[variant_name]
    strata = stratum_shares(variant)
    survey = (strata[..., None] * MODE_SHARE).reshape(*strata.shape[:2], -1)
    visits = np.zeros((len(variant.banks), 2, 8))
    for number, bank in enumerate(variant.banks):
        visits[number, :, : bank.visits] = 1 / bank.visits
    return {"survey": survey, "visits": visits}


def true_values(indicator: Mapping[str, Any], variant_name: str) -> FloatArray:
    """Return the expected value of an indicator by bank and wave, shape (B, 2); NaN where nobody is asked."""
    kind = "survey" if indicator["source"] == "survey" else "visits"
    item, table = indicator["item"], _table(kind, indicator["item"], variant_name)
    share = weights(variant_name)[kind] * _asked(indicator, kind, VARIANTS[variant_name])
    if item == "sat_outcome":
        share = np.concatenate([share * part for part in ITEMS["survey"]["approved"].shape], axis=2)
    value, counted = _scored(indicator, kind, table.shape[-1])
    over = np.einsum("btc,btck,k->bt", share, table, counted)
    with np.errstate(invalid="ignore"):
        return np.einsum("btc,btck,k->bt", share, table, value * counted) / over


def _table(kind: str, item: str, variant_name: str) -> FloatArray:
    known = tables(variant_name)[kind]
    if item != "days_to_money":
        return known[item]
    first, second = known["days_to_decision"], known["days_from_decision"]
    total = np.zeros((*first.shape[:3], first.shape[3] + second.shape[3] - 1))
    for days in range(second.shape[3]):  # the days after the decision do not depend on those before it
        total[..., days : days + first.shape[3]] += first * second[..., days : days + 1]
    return total


def _asked(indicator: Mapping[str, Any], kind: str, variant: Variant) -> FloatArray:
    where = {key: value for key, value in indicator.get("where", {}).items() if key not in WITHOUT_EFFECT}
    if kind == "visits":
        wanted = where.pop("scenario", None) or _own_scenario(indicator["item"])
        asked = np.ones((len(variant.banks), 1, 8))
        if wanted:
            for number, bank in enumerate(variant.banks):
                for slot, (_, scenario, _) in enumerate(visit_slots(number, bank.visits, bank.branches)):
                    asked[number, 0, slot] = scenario in wanted
    else:
        sizes = where.pop("firm_size", None)
        inside = [float(sizes is None or size in sizes) for size, _ in STRATA]
        asked = np.repeat(inside, len(MODE_SHARE))[None, None, :]
    if where:
        raise ValueError(f"indicator '{indicator['id']}': no truth is known under the conditions {sorted(where)}")
    return asked


def _own_scenario(item: str) -> list[str]:
    asked = ITEMS["visits"][item].asked
    return [] if asked == "all" else [asked]


def _scored(indicator: Mapping[str, Any], kind: str, size: int) -> tuple[FloatArray, FloatArray]:
    """Return what each value counts for the indicator, and whether it counts at all (its base)."""
    item = ITEMS[kind].get(indicator["item"])
    values = tuple(range(size)) if item is None else item.levels
    if indicator["statistic"] == "share":
        chosen = [any(one in indicator["choices"] for one in _as_set(value)) for value in values]
        base = indicator.get("base") or None
        counted = [base is None or value in base for value in values]
        return np.array(chosen, dtype=float), np.array(counted, dtype=float)
    points = indicator.get("points") or {}
    numbers = np.array([points.get(str(value), value) for value in values], dtype=float)
    if indicator["statistic"] == "share_within":
        numbers = (numbers <= indicator["bound"]).astype(float)
    return numbers, np.ones(size)


def _as_set(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def measured(framework: Mapping[str, Any], variant_name: str) -> dict[str, set[str]]:
    """Return, by bank, the indicators with a weight that the campaign can measure: visits need two branches."""
    scored = [indicator for indicator in framework["indicators"] if indicator["weight"] > 0]
    enough = framework["gate"].get("branches", 2)
    return {
        bank.id: {i["id"] for i in scored if i["source"] == "survey" or bank.branches >= enough}
        for bank in VARIANTS[variant_name].banks
    }


def true_changes(framework: Mapping[str, Any], variant_name: str) -> Changes:
    """Return the true change of each bank: by indicator (in its unit and in points), by dimension, and composite."""
    used = measured(framework, variant_name)
    values = {indicator["id"]: true_values(indicator, variant_name) for indicator in framework["indicators"]}
    changes: Changes = {}
    for number, bank in enumerate(VARIANTS[variant_name].banks):
        indicators = {}
        for indicator in framework["indicators"]:
            before, after = (float(value) for value in values[indicator["id"]][number])
            if np.isnan(before) or (indicator["weight"] > 0 and indicator["id"] not in used[bank.id]):
                continue
            posts = indicator["goalposts"]
            indicators[indicator["id"]] = {
                "baseline": before, "endline": after, "change": after - before,
                "score_change": 100 * (after - before) / (posts["best"] - posts["worst"]),
            }  # fmt: skip
        scores = {key: entry["score_change"] for key, entry in indicators.items()}
        dimensions, composite = combine(framework, scores, used[bank.id])
        changes[bank.id] = {"composite": composite, "dimensions": dimensions, "indicators": indicators}
    return changes


def combine(
    framework: Mapping[str, Any], scores: Mapping[str, float], used: Collection[str]
) -> tuple[dict[str, float], float]:
    """Combine changes of indicators in points to dimensions and composite, weights made whole over what is used."""
    dimensions = {}
    for dimension in framework["dimensions"]:
        inside = [i for i in framework["indicators"] if i["dimension"] == dimension["id"] and i["id"] in used]
        total = sum(i["weight"] for i in inside)
        if total > 0:
            dimensions[dimension["id"]] = sum(i["weight"] * scores[i["id"]] for i in inside) / total
    left = {d["id"]: d["weight"] for d in framework["dimensions"] if d["id"] in dimensions}
    composite = sum(left[key] * dimensions[key] for key in left) / sum(left.values())
    return dimensions, composite
