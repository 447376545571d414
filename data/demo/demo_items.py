"""The distribution of each answer: one row an item, and the exact probabilities of its values in every cell.

A cell is a bank, a period (0 before the campaign's start, 1 after it) and a context: stratum and mode of a
questionnaire, slot of a visit. Expectations are sums over these tables, so the truth has no simulation noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import nbinom

from demo_plan import MODES, SCENARIOS, STRATA, THEMES, Variant

FloatArray = NDArray[np.float64]

FIVE = ("1", "2", "3", "4", "5")
FIVE_CUTS = (-1.90, -1.20, -0.35, 0.75)
TEN_CUTS = (-2.60, -2.30, -2.00, -1.70, -1.35, -0.95, -0.55, -0.10, 0.40, 0.95)
YES_NO = ("yes", "no")
FEE_SETS = (
    ("none",), ("valuation",), ("valuation", "insurance"), ("insurance",), ("guarantee",), ("guarantee", "notary"),
    ("other",),
)  # fmt: skip
FEE_SHARES = np.array([0.28, 0.22, 0.12, 0.18, 0.12, 0.08])
OUTCOME_SHIFT = (0.25, -0.80, -0.20)  # by `approved`: yes, no, pending


@dataclass(frozen=True, slots=True)
class Item:
    """One answer. `slope` is what one standard deviation of quality does, negative where less is better."""

    name: str
    kind: str  # five, ten, yes_no, count, grid, fee_sets, fixed
    theme: str | None = None
    offset: float = 0.0
    slope: float = 1.0
    loading: tuple[float, float] = (0.45, 0.40)  # of the firm (or branch) and of the single rating (or visit)
    asked: str = "all"  # all, applied, approved, fees; a scenario on visits
    levels: tuple[Any, ...] = ()
    shape: tuple[float, ...] = ()  # count: least value, dispersion, cap; grid: standard deviation; fixed: shares
    scenario: dict[str, float] = field(default_factory=dict)
    dont_know: float = 0.0


def _sat(name: str, theme: str | None, offset: float, asked: str = "all", dont_know: float = 0.02) -> Item:
    return Item(name, "five", theme, offset, 1.0 if theme else 0.0, asked=asked, levels=FIVE, dont_know=dont_know)


def _count(name: str, theme: str, mean: float, slope: float, least: int, cap: int, asked: str, **more: Any) -> Item:
    loading = more.pop("loading", (0.40, 0.30))
    return Item(name, "count", theme, float(np.log(mean)), slope, loading, asked, tuple(range(cap + 1)),
                (least, 3.0, cap), **more)  # fmt: skip


def _check(name: str, offset: float, slope: float = 0.8, asked: str = "all") -> Item:
    return Item(name, "yes_no", "visit", offset, slope, (0.45, 0.30), asked, YES_NO)


SURVEY_ITEMS = (
    Item("approved", "fixed", loading=(0, 0), asked="applied",
         levels=("yes", "no", "pending"), shape=(0.72, 0.16, 0.12)),
    Item("loan_type", "fixed", loading=(0, 0), asked="applied",
         levels=("mortgage", "credit", "guaranteed", "bank_tax"), shape=(0.42, 0.21, 0.24, 0.13)),
    Item("has_main_bank", "yes_no", "service", 0.20, 0.25, levels=YES_NO, dont_know=0.02),
    Item("first_loan", "yes_no", "service", -0.70, 0.20, asked="applied", levels=YES_NO, dont_know=0.02),
    _count("steps", "process", 4.2, -0.28, 1, 30, "applied"),
    _count("documents", "process", 9.0, -0.35, 1, 60, "applied"),
    _count("trips", "process", 2.2, -0.45, 0, 30, "applied"),
    _count("days_to_decision", "process", 10.0, -0.45, 1, 120, "applied"),
    _count("days_from_decision", "process", 3.0, -0.30, 1, 60, "approved", loading=(0, 0)),
    Item("rate", "grid", "cost", 5.45, -0.35, (0.35, 0.20), "applied",
         tuple(round(2 + 0.05 * k, 2) for k in range(181)), (0.55,)),
    Item("fees", "fee_sets", "cost", -0.25, 0.55, (0.30, 0.20), "applied", FEE_SETS),
    Item("fee_amount", "grid", "cost", 2600.0, -250.0, (0, 0), "fees", tuple(range(100, 8001, 100)), (1100.0,)),
    Item("bridge_loan", "yes_no", "cost", -1.00, -0.45, asked="applied", levels=YES_NO, dont_know=0.02),
    _sat("sat_access", "service", 0.05), _sat("sat_steps", "process", 0.00, "applied"),
    _sat("sat_time", "process", -0.15, "applied"), _sat("sat_documents", "process", -0.05, "applied"),
    _sat("sat_cost", "cost", -0.30, "applied"), _sat("sat_products", "service", -0.10, dont_know=0.04),
    _sat("sat_staff", "service", 0.25), _sat("sat_policy", "service", -0.15, dont_know=0.07),
    _sat("sat_officer", "service", -0.25, dont_know=0.08), _sat("sat_process", "process", 0.10, "applied"),
    _sat("sat_outcome", "process", 0.05, "applied"),
    _sat("ctl_network", None, 0.30), _sat("ctl_transport", None, -0.05),
    Item("recommend", "ten", "service", 0.00, 1.0, levels=tuple(range(11))),
)  # fmt: skip

VISIT_ITEMS = (
    _count("days", "visit", 6.5, -0.40, 0, 20, "all", scenario={"online_credit": -0.7, "bank_tax": -0.4}),
    _count("days_to_pay", "visit", 2.5, -0.30, 0, 15, "all", loading=(0, 0)),
    _count("steps", "visit", 4.0, -0.28, 1, 30, "all", scenario={"online_credit": -0.4}),
    _count("documents", "visit", 8.0, -0.40, 1, 60, "all", scenario={"online_credit": -0.9, "bank_tax": -0.3}),
    _check("promise_written", 0.10), _check("list_published", 0.35), _check("told_once", 0.30),
    _check("supplemented_once", 0.15), _check("identity_only", -0.30, asked="online_credit"),
    _check("forms_merged", -0.10), _check("fee_disclosed", 0.40), _check("tied_fee", -1.20, -0.5),
    _check("bank_tax_display", 0.20), _check("officer_posted", 0.05), _check("reception_weekly", -0.05),
    Item("quoted_rate", "grid", "visit", 5.40, -0.25, (0.40, 0.20),
         levels=tuple(round(2 + 0.05 * k, 2) for k in range(181)), shape=(0.45,)),
    Item("extra_fee", "zero_or", "visit", 0.30, 0.60, (0.30, 0.20), levels=tuple(range(0, 2001, 100))),
    Item("attitude", "five", "visit", 0.20, 1.0, levels=FIVE),
)  # fmt: skip

SIZE_SHIFT = {"micro": -0.22, "small": 0.05, "medium": 0.35}
SECTOR_SHIFT = {"agriculture": -0.12, "industry": 0.05, "services": 0.06}
MODE_SHIFT = {"self": -0.10, "interviewer": 0.15}
ANNOUNCED_SHIFT = 0.30
VISIT_LEVEL = 0.6  # how far the level in the firms' eyes is the level that a visit meets


def survey_quality(variant: Variant, item: Item) -> FloatArray:
    """Return the quality of an item by bank, period and context, shape (B, 2, 18); context = stratum * 2 + mode."""
    stratum = np.array([SIZE_SHIFT[size] + SECTOR_SHIFT[sector] for size, sector in STRATA])
    mode = np.array([MODE_SHIFT[name] for name in MODES]) * (item.kind in ("five", "ten"))
    context = (stratum[:, None] + mode[None, :]).reshape(-1)
    return _level_and_gain(variant, item, 1.0)[:, :, None] + context


def visit_slots(bank_number: int, visits: int, branches: int) -> list[tuple[int, str, bool]]:
    """Return branch, scenario and announced of each visit of a bank, the same in both waves."""
    return [
        (slot % branches, SCENARIOS[(slot + bank_number) % len(SCENARIOS)], (slot + bank_number) % 4 == 3)
        for slot in range(visits)
    ]


def visit_quality(variant: Variant, item: Item) -> FloatArray:
    """Return the quality of an item by bank, period and slot, shape (B, 2, 8); slots that a bank lacks are unused."""
    shift = np.zeros((len(variant.banks), 8))
    for number, bank in enumerate(variant.banks):
        for slot, (_, _, announced) in enumerate(visit_slots(number, bank.visits, bank.branches)):
            shift[number, slot] = ANNOUNCED_SHIFT * announced
    return _level_and_gain(variant, item, VISIT_LEVEL)[:, :, None] + shift[:, None, :]


def _level_and_gain(variant: Variant, item: Item, level_share: float) -> FloatArray:
    if item.theme is None:
        return np.zeros((len(variant.banks), 2))
    level = level_share * np.array([bank.level for bank in variant.banks])
    gain = np.array([bank.gain[THEMES.index(item.theme)] for bank in variant.banks]) + variant.county_gain
    return np.stack([level, level + gain], axis=1)


def scenario_offset(variant: Variant, item: Item) -> FloatArray:
    """Return what the scenario adds to the offset, shape (B, 1, 8)."""
    offset = np.zeros((len(variant.banks), 1, 8))
    for number, bank in enumerate(variant.banks):
        for slot, (_, scenario, _) in enumerate(visit_slots(number, bank.visits, bank.branches)):
            offset[number, 0, slot] = item.scenario.get(scenario, 0.0)
    return offset


def probabilities(item: Item, quality: FloatArray, offset: FloatArray | float = 0.0) -> FloatArray:
    """Return the probability of each value of an item, shape of `quality` + (K,); the last axis sums to 1."""
    position = item.offset + offset + item.slope * quality
    match item.kind:
        case "five":
            return _ordinal(position, FIVE_CUTS)
        case "ten":
            return _ordinal(position, TEN_CUTS)
        case "yes_no":
            yes = ndtr(position)
            return np.stack([yes, 1 - yes], axis=-1)
        case "count":
            return _count_table(np.exp(position), item)
        case "grid":
            values = np.array(item.levels, dtype=float)
            return _normalised(np.exp(-0.5 * ((values - position[..., None]) / item.shape[0]) ** 2))
        case "fee_sets":
            none = ndtr(position)[..., None]
            return np.concatenate([none, (1 - none) * FEE_SHARES], axis=-1)
        case "zero_or":
            none = ndtr(position)[..., None]
            rest = 0.85 ** np.arange(len(item.levels) - 1)
            return np.concatenate([none, (1 - none) * (rest / rest.sum())], axis=-1)
        case _:
            return np.broadcast_to(np.array(item.shape), (*quality.shape, len(item.shape))).copy()


def _ordinal(position: FloatArray, cuts: tuple[float, ...]) -> FloatArray:
    below = ndtr(np.array(cuts) - position[..., None])
    edge = np.ones((*position.shape, 1))
    return np.diff(np.concatenate([0 * edge, below, edge], axis=-1), axis=-1)


def _count_table(mean: FloatArray, item: Item) -> FloatArray:
    least, dispersion, cap = item.shape
    counts = np.arange(int(cap) + 1) - least
    centre = np.maximum(mean - least, 0.05)[..., None]
    return _normalised(nbinom.pmf(counts, dispersion, dispersion / (dispersion + centre)))


def _normalised(table: FloatArray) -> FloatArray:
    return table / table.sum(axis=-1, keepdims=True)
