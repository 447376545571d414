"""The mystery visits of one campaign: which branch is visited when, in which scenario, and what is found."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from chinese_calendar import is_workday

from demo_draws import BLANK, NOT_APPLICABLE, SKIPPED, IntArray, Stream, draw_codes, tables
from demo_items import VISIT_ITEMS, visit_slots
from demo_plan import VARIANTS, WAVES, Variant

BLANK_SHARE = 0.02
NOT_APPLICABLE_SHARE = 0.04


def draw_visits(seed: int, variant: Variant, scale: int) -> pd.DataFrame:
    """Draw one row a visit: bank, wave, slot, branch, scenario, announced, day of the visit, shopper."""
    rows = pd.DataFrame(
        [
            (number, wave, slot, branch + bank.branches * copy, scenario, announced)
            for wave in (0, 1)
            for number, bank in enumerate(variant.banks)
            for copy in range(scale)
            for slot, (branch, scenario, announced) in enumerate(visit_slots(number, bank.visits, bank.branches))
        ],
        columns=["bank", "wave", "slot", "branch", "scenario", "announced"],
    )
    stream, n = Stream(seed, "visits"), len(rows)
    days = [[start + timedelta(k) for k in range((end - start).days + 1)] for start, end in WAVES.values()]
    open_days = [[day for day in wave if is_workday(day)] for wave in days]
    uniform = stream.uniform(n)
    rows["day"] = [
        open_days[wave][int(u * len(open_days[wave]))] for wave, u in zip(rows["wave"], uniform, strict=True)
    ]
    rows["shopper"] = stream.below(6, n)
    return rows


def draw_visit_codes(seed: int, variant_name: str, rows: pd.DataFrame) -> dict[str, IntArray]:
    """Draw the code of each item for each visit; negative: why it is missing."""
    table, messy, n = tables(variant_name)["visits"], VARIANTS[variant_name].messy, len(rows)
    place = np.unique(rows["bank"].to_numpy() * 1_000_000 + rows["branch"].to_numpy(), return_inverse=True)[1]
    branch_effects = Stream(seed, "branch effects").normal(int(place.max()) + 1)
    effects = (branch_effects[place], Stream(seed, "visit effects").normal(n))
    where = (rows["bank"].to_numpy(), rows["wave"].to_numpy(), rows["slot"].to_numpy())
    codes = {}
    for item in VISIT_ITEMS:
        code = draw_codes(Stream(seed, f"visit {item.name}"), table[item.name], item, where, effects)
        if messy:
            uniform = Stream(seed, f"visit {item.name} holes").uniform(n)
            not_applicable = NOT_APPLICABLE_SHARE if item.kind == "yes_no" else 0.0
            code = np.where(
                uniform < BLANK_SHARE, BLANK, np.where(uniform < BLANK_SHARE + not_applicable, NOT_APPLICABLE, code)
            )
        codes[item.name] = code if item.asked == "all" else np.where(rows["scenario"] == item.asked, code, SKIPPED)
    return codes
