"""The ratings of one campaign: which firm rates which bank when and how, and what it answers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from demo_draws import BLANK, DONT_KNOW, SKIPPED, IntArray, Stream, draw_codes, tables
from demo_items import SURVEY_ITEMS, FloatArray
from demo_plan import CHANNELS, MIXES, MODES, START, STRATA, VARIANTS, WAVE_NAMES, WAVES, Bank, Variant

MODE_SHARE = np.array([0.56, 0.44])
APPLIED = 0.78
IN_WINDOW = np.array([0.90, 0.82])  # share of applications inside the wave's recall window
NO_DATE = 0.05
BLANK_SHARE = 0.035
TWO_BANKS = 0.14

BoolArray = NDArray[np.bool_]
Slot = tuple[int, tuple[int, ...]]  # bank, waves in which one of its clients answers


def both_waves(bank: Bank) -> int:
    """Return how many firms of a bank answer in both waves: half of them."""
    return (bank.n + 1) // 2


def draw_ratings(seed: int, variant_name: str, scale: int) -> pd.DataFrame:
    """Draw who rates which bank in which wave: bank, wave, firm, stratum, mode (codes), application and submission."""
    variant = VARIANTS[variant_name]
    slots = _slots(variant, scale)
    firm = _merge_firms(Stream(seed, "firms"), slots, variant)
    n_firms = int(firm.max()) + 1
    first = np.unique(firm, return_index=True)[1]
    stratum = _strata(Stream(seed, "strata"), slots, first, variant)
    rows = pd.DataFrame(
        [(slot, bank, wave) for slot, (bank, waves) in enumerate(slots) for wave in waves],
        columns=["slot", "bank", "wave"],
    ).sort_values(["wave", "slot"], ignore_index=True)
    rows["firm"] = firm[rows.pop("slot").to_numpy()]
    rows["stratum"] = stratum[rows["firm"]]
    mode = Stream(seed, "modes").choose(MODE_SHARE, 2 * n_firms).reshape(2, n_firms)
    rows["mode"] = mode[rows["wave"], rows["firm"]]
    for number, bank in enumerate(variant.banks):
        if bank.id in variant.confounded:
            rows.loc[rows["bank"] == number, "mode"] = rows["wave"]
    rows = _with_stuffed(rows, variant)
    by_qr = (Stream(seed, "channels").uniform(len(rows)) < 0.5) | rows["stuffed"]
    rows["channel"] = np.where(
        rows["mode"] == MODES.index("interviewer"),
        CHANNELS.index("field"),
        np.where(by_qr, CHANNELS.index("qr"), CHANNELS.index("list")),
    )
    _set_dates(seed, rows)
    return rows


def _slots(variant: Variant, scale: int) -> list[Slot]:
    slots: list[Slot] = []
    for number, bank in enumerate(variant.banks):
        panel = both_waves(bank) * scale
        slots += [(number, (0, 1))] * panel
        slots += [(number, (0,))] * (bank.n * scale - panel) + [(number, (1,))] * (bank.n * scale - panel)
    return slots


def _merge_firms(stream: Stream, slots: list[Slot], variant: Variant) -> IntArray:
    """Give each slot its firm; some slots of two banks with the same mix of clients belong to one firm."""
    alone = set(variant.confounded) | set(variant.endline_mix) | set(variant.stuffed)
    firm = np.arange(len(slots))
    waiting: dict[str, list[int]] = {mix: [] for mix in MIXES}
    chosen = stream.uniform(len(slots)) < TWO_BANKS
    for slot in stream.shuffled(len(slots)):
        bank = variant.banks[slots[slot][0]]
        if not chosen[slot] or bank.id in alone:
            continue
        partner = next((other for other in waiting[bank.mix] if slots[other][0] != slots[slot][0]), None)
        if partner is None:
            waiting[bank.mix].append(int(slot))
        else:
            waiting[bank.mix].remove(partner)
            firm[max(slot, partner)] = min(slot, partner)
    return np.unique(firm, return_inverse=True)[1]


def _strata(stream: Stream, slots: list[Slot], first: IntArray, variant: Variant) -> IntArray:
    uniform = stream.uniform(len(first))
    stratum = np.empty(len(first), dtype=np.int64)
    for number, slot in enumerate(first):
        bank_number, waves = slots[slot]
        shares = _mix(variant, variant.banks[bank_number], endline_only=waves == (1,))
        stratum[number] = min(int(np.searchsorted(np.cumsum(shares), uniform[number], side="right")), len(STRATA) - 1)
    return stratum


def _mix(variant: Variant, bank: Bank, *, endline_only: bool) -> tuple[float, ...]:
    return variant.endline_mix.get(bank.id, MIXES[bank.mix]) if endline_only else MIXES[bank.mix]


def stratum_shares(variant: Variant) -> FloatArray:
    """Return the expected share of each stratum among a bank's raters, shape (B, 2, 9)."""
    shares = np.empty((len(variant.banks), 2, len(STRATA)))
    for number, bank in enumerate(variant.banks):
        panel = both_waves(bank) / bank.n
        shares[number, 0] = MIXES[bank.mix]
        left = np.array(_mix(variant, bank, endline_only=True))
        shares[number, 1] = panel * np.array(MIXES[bank.mix]) + (1 - panel) * left
    return shares


def _with_stuffed(rows: pd.DataFrame, variant: Variant) -> pd.DataFrame:
    """Add, where the variant has them, ratings that one hand filled in within an hour in the names of several firms."""
    parts = [rows.assign(stuffed=False)]
    for number, bank in enumerate(variant.banks):
        if bank.id in variant.stuffed:
            firms = int(rows["firm"].max()) + 1 + np.arange(bank.n // 2)
            same = {"bank": number, "wave": 1, "stratum": 1, "mode": MODES.index("self"), "stuffed": True}
            parts.append(pd.DataFrame({"firm": firms, **same}))
    return pd.concat(parts, ignore_index=True)


def _set_dates(seed: int, rows: pd.DataFrame) -> None:
    stream, n = Stream(seed, "dates"), len(rows)
    first = np.array([WAVES[name][0].toordinal() for name in WAVE_NAMES])[rows["wave"]]
    length = np.array([(end - start).days + 1 for start, end in WAVES.values()])[rows["wave"]]
    day = np.floor(stream.uniform(n) * length).astype(np.int64)
    second = np.floor((8.4 + 12.8 * stream.uniform(n)) * 3600).astype(np.int64)
    stuffed = rows["stuffed"].to_numpy()
    day, second = np.where(stuffed, 4, day), np.where(stuffed, 54_000 + 97 * np.arange(n) % 3600, second)
    since_1970 = first + day - date(1970, 1, 1).toordinal()
    rows["submitted"] = pd.to_datetime(86_400 * since_1970 + second, unit="s")
    rows["applied"] = (stream.uniform(n) < APPLIED) | stuffed
    inside = stream.uniform(n) < IN_WINDOW[rows["wave"]]
    rows["period"] = np.where(inside, rows["wave"], 1 - rows["wave"])
    rows["application"] = _applications(stream, rows["period"].to_numpy(), rows["submitted"])
    rows["dated"] = stream.uniform(n) >= NO_DATE


def _applications(stream: Stream, period: IntArray, submitted: pd.Series) -> list[date]:
    start = START.toordinal()
    uniform = stream.uniform(len(period))
    last = np.array([moment.toordinal() for moment in submitted])
    after = start + np.floor(uniform * (last - start + 1)).astype(np.int64)
    before = start - 1 - np.floor(uniform * 150).astype(np.int64)
    return [date.fromordinal(int(day)) for day in np.where(period == 1, after, before)]


def draw_rating_codes(seed: int, variant_name: str, rows: pd.DataFrame) -> dict[str, IntArray]:
    """Draw the code of each item for each rating; negative: why it is missing."""
    variant, table = VARIANTS[variant_name], tables(variant_name)["survey"]
    n, firm = len(rows), rows["firm"].to_numpy()
    effects = (Stream(seed, "firm effects").normal(int(firm.max()) + 1)[firm], Stream(seed, "rating effects").normal(n))
    bank, context = rows["bank"].to_numpy(), (rows["stratum"] * 2 + rows["mode"]).to_numpy()
    codes: dict[str, IntArray] = {}
    for item in SURVEY_ITEMS:
        period = rows["wave" if item.asked == "all" else "period"].to_numpy()
        at = context + 18 * codes["approved"] if item.name == "sat_outcome" else context
        codes[item.name] = draw_codes(Stream(seed, item.name), table[item.name], item, (bank, period, at), effects)
    _fill_in_stuffed(rows, codes)
    codes["days_to_money"] = codes["days_to_decision"] + codes["days_from_decision"]
    told = {name: _with_holes(seed, name, code, rows, variant) for name, code in codes.items()}
    # no decision yet, no contract: the firm leaves the question out
    told["days_to_decision"] = np.where(codes["approved"] == 2, BLANK, told["days_to_decision"])
    told["rate"] = np.where(codes["approved"] > 0, BLANK, told["rate"])
    return _routed(told, rows["applied"].to_numpy())


def _routed(told: dict[str, IntArray], applied: BoolArray) -> dict[str, IntArray]:
    """Skip what a form would not ask after the answers that were given (not: the answers that are true)."""
    asked = {
        "all": np.ones(len(applied), dtype=bool),
        "applied": applied,
        "approved": applied & (told["approved"] == 0),
        "fees": applied & (told["fees"] > 0),
    }
    route = {item.name: item.asked for item in SURVEY_ITEMS} | {"days_to_money": "approved"}
    return {name: np.where(asked[route[name]], code, SKIPPED) for name, code in told.items()}


def _with_holes(seed: int, name: str, code: IntArray, rows: pd.DataFrame, variant: Variant) -> IntArray:
    """Leave answers out completely at random, so that what is left estimates the same."""
    if not variant.messy:
        return code
    dont_know = next((item.dont_know for item in SURVEY_ITEMS if item.name == name), 0.0)
    share = np.full(len(rows), BLANK_SHARE)
    if name in ("sat_time", "days_to_decision", "days_to_money"):
        for number, bank in enumerate(variant.banks):
            share[(rows["bank"] == number) & (rows["wave"] == 1)] += variant.endline_blank.get(bank.id, 0.0)
    uniform = Stream(seed, f"{name} holes").uniform(len(rows))
    return np.where(uniform < share, BLANK, np.where(uniform < share + dont_know, DONT_KNOW, code))


def _fill_in_stuffed(rows: pd.DataFrame, codes: dict[str, IntArray]) -> None:
    stuffed = rows["stuffed"].to_numpy()
    best = {item.name: len(item.levels) - 1 for item in SURVEY_ITEMS if item.kind in ("five", "ten")}
    best |= {"approved": 0, "loan_type": 0, "steps": 2, "documents": 3, "trips": 0, "days_to_decision": 3, "fees": 0}
    for name, code in best.items():
        codes[name][stuffed] = code
