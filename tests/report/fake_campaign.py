"""A seeded stand-in for `evaltools.Campaign` with twelve banks and every kind of verdict, for tests of the reports."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from evaltools.config import CampaignConfig
from evaltools.scoring.framework import read_framework
from evaltools.scoring.sensitivity.analysis import SensitivityResult
from evaltools.scoring.sensitivity.choices import Choices

BANKS = (
    ("icbc", "云河县工商银行支行", "Yunhe Industrial and Commercial Bank Branch", "state_owned"),
    ("abc", "云河县农业银行支行", "Yunhe Agricultural Bank Branch", "state_owned"),
    ("boc", "云河中银支行", "Yunhe Central Branch", "state_owned"),
    ("ccb", "云河建设支行", "Yunhe Construction Branch", "state_owned"),
    ("psbc", "云河邮政储蓄支行", "Yunhe Postal Savings Branch", "state_owned"),
    ("rural", "云河农村商业银行", "Yunhe Rural Commercial Bank", "rural"),
    ("city", "云河城市商业银行股份有限公司", "Yunhe City Commercial Bank Company Limited", "city"),
    ("joint", "云河股份制支行", "Yunhe Joint-Stock Branch", "joint_stock"),
    ("village_a", "云河村镇银行", "Yunhe Village Bank", "village"),
    ("village_b", "云河新兴村镇银行", "Yunhe Xinxing Village Bank", "village"),
    ("policy", "云河农发支行", "Yunhe Development Branch", "policy"),
    ("coop", "云河信用合作社", "Yunhe Credit Cooperative", "rural"),
)
VERDICTS = {
    "icbc": ("improved", "materially"),
    "abc": ("improved", ""),
    "boc": ("worsened", ""),
    "ccb": ("worsened", "materially"),
    "psbc": ("no_detectable_change", "ruled_out"),
    "rural": ("no_detectable_change", "cannot_tell"),
    "city": ("improved", "materially"),
    "joint": ("no_detectable_change", "cannot_tell"),
    "village_a": ("no_variation", ""),
    "village_b": ("not_comparable", ""),
    "policy": ("too_few_data", ""),
    "coop": ("no_detectable_change", "cannot_tell"),
}
CHANGES = {
    "icbc": 8.2,
    "abc": 3.1,
    "boc": -3.4,
    "ccb": -7.9,
    "psbc": 0.4,
    "rural": 2.2,
    "city": 9.6,
    "joint": -1.5,
    "coop": 1.1,
}
ERRORS = {
    "icbc": 1.5,
    "abc": 1.2,
    "boc": 1.3,
    "ccb": 1.6,
    "psbc": 1.1,
    "rural": 2.6,
    "city": 2.0,
    "joint": 2.9,
    "coop": 3.4,
}


def make_config(names: dict[str, str] | None = None) -> CampaignConfig:
    """Return the campaign's model; `names` replaces the names of some banks."""
    banks = [
        {"id": key, "name": names[key] if names and key in names else {"zh": zh, "en": en}, "type": kind}
        for key, zh, en, kind in BANKS
    ]
    return CampaignConfig.model_validate(
        {
            "id": "demo",
            "title": {"zh": "云河县“以评促改”获得信贷评价", "en": "Yunhe County: getting credit"},
            "region": {"zh": "云河县", "en": "Yunhe County"},
            "demo": True,
            "start": "2022-09-28",
            "framework": "credit_2022",
            "selection": "convenience",
            "seed": 20221130,
            "waves": {
                "baseline": {"start": "2022-09-28", "end": "2022-10-21"},
                "endline": {"start": "2022-11-28", "end": "2022-12-16"},
            },
            "banks": banks,
            "sources": [
                {
                    "pattern": "raw/*.csv",
                    "instrument": "mystery_visit",
                    "wave": "baseline",
                    "mode": "visit",
                    "channel": "visit",
                }
            ],
        }
    )


@dataclass(frozen=True)
class FakeScore:
    score_id: str
    composites: pd.DataFrame
    verdicts: pd.DataFrame


@dataclass(frozen=True)
class FakeQuality:
    files: pd.DataFrame
    quarantine: pd.DataFrame
    missing: pd.DataFrame
    modes: pd.DataFrame
    overlap: pd.DataFrame


class FakeExplanation:
    """What stands behind the verdicts, as far as the sentences on it read it."""

    drivers = pd.DataFrame(
        {"outcome": "recommend", "wave": ["", "", "endline"], "driver": ["sat_staff", "sat_time", "sat_time"],
         "share": [0.4, 0.35, 0.9], "ci_low": [0.3, 0.2, 0.5], "ci_high": [0.5, 0.45, 0.95], "n": 233, "flag": ""}
    )  # fmt: skip
    scales = pd.DataFrame(
        {"scale": ["time", "(all)"], "wave": ["baseline", "endline"], "alpha": [0.555, 0.91], "flag": ""}
    )
    invariance = pd.DataFrame({"flag": ["shifted", "shifted;negligible", ""]})
    visits = pd.DataFrame(
        {"bank": ["icbc", "icbc", "abc"], "n_pairs": [8, 6, 0], "n_missing": [0, 2, 0], "p_bh": [0.01, 0.6, np.nan],
         "flag": ["", "too_few_pairs", "no_pairs"]}
    )  # fmt: skip
    unpaired = pd.DataFrame({"n_visits": [2, 1]})
    banks = pd.DataFrame(
        {"of": ["level", "level", "change"], "reliability": [0.9, 0.5, 0.1], "outside": ["above", "", "below"],
         "p_bh": [0.04, 0.6, 0.01]}
    )  # fmt: skip
    attrition = pd.DataFrame({"n_baseline": [60, 40], "n_left": [30, 10], "rate": [0.5, 0.25]})
    leavers = pd.DataFrame({"p_bh": [0.01, 0.9, np.nan]})


class FakeCampaign:
    """Answers every call of the report notebooks with made-up frames of the agreed columns."""

    def __init__(self, folder: Path, names: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.config = make_config(names)
        self.framework = read_framework("credit_2022")
        self._rng = np.random.default_rng(7)
        self._changes = self._make_changes()

    @classmethod
    def open(cls, folder: str | Path) -> FakeCampaign:
        path = Path(folder)
        names = path / "names.json"
        trouble = path / "trouble.json"
        campaign = cls(path, json.loads(names.read_text("utf-8")) if names.is_file() else None)
        if trouble.is_file():
            vars(campaign)["trouble"] = json.loads(trouble.read_text("utf-8"))
        return campaign

    trouble: ClassVar[dict[str, str]] = {}

    def head(self) -> dict[str, object]:
        return {
            "title": self.config.title,
            "region": self.config.region,
            "selection": self.config.selection,
            "waves": self.config.waves,
            "frozen": False,
            "freeze_flag": "not_frozen",
            "unlock_reason": None,
            "framework": self.framework.title,
            "score_id": "5c0f3e9a1b2d4c6f",
            "n_banks": len(BANKS),
            "demo": True,
        }

    def provenance(self) -> pd.DataFrame:
        rows = [
            ("campaign", "demo"),
            ("framework", "credit_2022 2022.1"),
            ("score_id", "5c0f3e9a1b2d4c6f"),
            ("table responses", "version 3"),
            ("table answers_mystery_visit", "version 3"),
            ("seed", "20221130"),
            ("evaltools", "0.1.0"),
        ]
        return pd.DataFrame(rows, columns=["name", "value"])

    def change(self) -> pd.DataFrame:
        return self._changes

    def composite(self) -> pd.DataFrame:
        rows = []
        for place, (bank, *_rest) in enumerate(BANKS):
            change, se = CHANGES.get(bank, np.nan), ERRORS.get(bank, np.nan)
            n = (9, 8) if bank == "policy" else (60 - 4 * place, 57 - 4 * place)
            base = 58.0 + 1.7 * place
            rows.append(
                {
                    "bank": bank,
                    "baseline": base if bank in CHANGES else np.nan,
                    "endline": base + change,
                    "change": change,
                    "se": se,
                    "df": 40.0,
                    "ci_low": change - 2.02 * se,
                    "ci_high": change + 2.02 * se,
                    "p": 0.004,
                    "p_holm": 0.021 if bank in CHANGES else np.nan,
                    "sim_low": change - 3.0 * se,
                    "sim_high": change + 3.0 * se,
                    "weight_share": 1.0,
                    "n_baseline": n[0],
                    "n_endline": n[1],
                    "psu_baseline": n[0] - 1,
                    "psu_endline": n[1] - 1,
                }
            )
        return pd.DataFrame(rows)

    def verdicts(self) -> pd.DataFrame:
        rules = {
            "policy": ("answers", {"wave": "baseline", "found": 9, "required": 10}),
            "village_b": ("mode_confounded", {"source": "survey", "baseline": ["self"], "endline": ["interviewer"]}),
        }
        rows = []
        for bank, (verdict, detail) in VERDICTS.items():
            rule, fields = rules.get(bank, ("", {}))
            rows.append(
                {
                    "bank": bank,
                    "verdict": verdict,
                    "detail": detail,
                    "gate_passed": not rule,
                    "gate_rule": rule,
                    "gate_fields": json.dumps(fields),
                    "flags": "missing_moved" if bank == "rural" else "",
                }
            )
        if self.trouble.get("verdicts") == "unknown":
            rows[0]["verdict"] = "splendid"
        return pd.DataFrame(rows)

    def dimensions(self) -> pd.DataFrame:
        bank = getattr(sys.modules["__main__"], "bank", None)  # the parameter of the notebook that runs here
        if bank is not None and self.trouble.get("fail") == bank:
            raise ValueError(f"answer of 13800001111 in {self.folder}")
        if bank is not None and self.trouble.get("kill") == bank:
            os.kill(os.getpid(), signal.SIGKILL)
        rng = np.random.default_rng(11)
        rows = []
        for bank, *_rest in BANKS:
            for dimension in self.framework.dimensions:
                there = bank in CHANGES
                change = CHANGES.get(bank, np.nan) + rng.normal(0, 3)
                base = rng.uniform(50, 75) if there else np.nan
                rows.append(
                    {
                        "bank": bank,
                        "dimension": dimension.id,
                        "baseline": base,
                        "endline": base + change,
                        "change": change,
                        "se": 2.5,
                        "df": 38.0,
                        "ci_low": change - 5,
                        "ci_high": change + 5,
                        "weight_share": 1.0,
                    }
                )
        return pd.DataFrame(rows)

    def estimates(self) -> pd.DataFrame:
        return pd.DataFrame(columns=["bank", "wave", "indicator", "stat", "estimate"])

    def targets(self) -> pd.DataFrame:
        rng = np.random.default_rng(13)
        types = {key: kind for key, _, _, kind in BANKS}
        rows = []
        for target in self.framework.targets:
            for bank, *_rest in BANKS:
                if target.bank_types and types[bank] not in target.bank_types:
                    continue
                shares = target.statistic in ("share", "share_within", "every", "none")
                value = rng.uniform(0.5, 1) if shares else rng.normal(6, 2)
                verdict = str(rng.choice(["met", "not_met", "cannot_tell"]))
                if target.statistic == "none":
                    verdict, value = "no_violation_found", 0.0
                if bank == "policy":
                    verdict, value = "cannot_tell", np.nan
                reach = 0.1 if shares else 1.5
                rows.append(
                    {
                        "bank": bank,
                        "clause": target.clause,
                        "indicator": target.indicator,
                        "statistic": target.statistic,
                        "value": value,
                        "ci_low": value - reach,
                        "ci_high": value + reach,
                        "n": 24,
                        "verdict": verdict,
                        "evidence": "no_answers" if bank == "policy" else "",
                    }
                )
        return pd.DataFrame(rows)

    def relative(self) -> pd.DataFrame:
        rest = {bank: (sum(CHANGES.values()) - change) / (len(CHANGES) - 1) for bank, change in CHANGES.items()}
        rows = [
            {"bank": bank, "change": CHANGES[bank] - rest[bank], "se": ERRORS[bank], "df": 40.0,
             "ci_low": CHANGES[bank] - rest[bank] - 2 * ERRORS[bank],
             "ci_high": CHANGES[bank] - rest[bank] + 2 * ERRORS[bank], "p": 0.01, "p_holm": 0.05, "flag": ""}
            if bank in CHANGES
            else {"bank": bank, "change": np.nan, "flag": "gate"}
            for bank, *_rest in BANKS
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def ranks(self) -> pd.DataFrame:
        order = sorted(CHANGES, key=lambda bank: -CHANGES[bank])
        rows = []
        for bank in CHANGES:
            place = order.index(bank) + 1
            low, high = max(1, place - 2), min(len(order), place + 3)
            row = {"bank": bank, "rank": place, "simultaneous_low": low, "simultaneous_high": high, "n_better": low - 1,
                   "n_worse": len(order) - high, "n_alike": high - low, "flag": ""}  # fmt: skip
            rows += [{**row, "of": "level"}, {**row, "of": "change"}]
        return pd.DataFrame(rows)

    def shrunken(self) -> pd.DataFrame:
        return pd.DataFrame(
            {"bank": list(CHANGES), "of": "change", "estimate": list(CHANGES.values()),
             "reliability": 0.8, "shrunken": [0.8 * one for one in CHANGES.values()],
             "expected_shift": [-0.2 * one for one in CHANGES.values()], "flag": ""}
        )  # fmt: skip

    def contributions(self) -> pd.DataFrame:
        share = {dimension.id: dimension.weight for dimension in self.framework.dimensions}
        rows = [
            {"bank": bank, "dimension": name, "indicator": "", "weight": weight, "contribution": weight * change}
            for bank, change in CHANGES.items()
            for name, weight in share.items()
        ]
        return pd.DataFrame(rows)

    def mix(self) -> pd.DataFrame:
        return pd.DataFrame(columns=["bank", "raw", "standardised", "mix_effect", "cells", "flag"])

    def lost_weights(self) -> pd.DataFrame:
        rows = [("coop", "time", "visit_steps", "few_branches", 0.01, "days_to_decision;steps")]
        return pd.DataFrame(rows, columns=["bank", "dimension", "indicator", "reason", "weight", "taken_over_by"])

    def sensitivity(self, *, indices: bool = True) -> SensitivityResult:
        verdicts = self.verdicts().set_index("bank").loc[list(CHANGES)].reset_index()[["bank", "verdict", "detail"]]
        holds = np.linspace(0.6, 1.0, len(verdicts))
        for name, verdict in (
            ("improved", "improved"),
            ("worsened", "worsened"),
            ("unchanged", "no_detectable_change"),
        ):
            verdicts[f"{name}_share"] = np.where(verdicts["verdict"] == verdict, holds, 0.0)
        change = np.array(list(CHANGES.values()))
        verdicts = verdicts.assign(
            holds_share=holds, detail_share=holds, not_judged_share=1 - holds, change=change,
            change_low=change - 1, change_high=change + 1,
        )  # fmt: skip
        ranks = self.ranks()[["bank", "of", "rank"]].assign(
            holds_share=0.5, rank_low=2.0, rank_median=3.0, rank_high=4.0
        )
        rows = [
            (bank, "rank", choice, 0.2, 0.1, total, 0.1, "")
            for bank in CHANGES
            for choice, total in (("weights", 0.7), ("left_out", 0.4))
        ]
        columns = ["bank", "output", "choice", "first", "first_reach", "total", "total_reach", "flag"]
        found = pd.DataFrame(rows if indices else [], columns=columns)
        return SensitivityResult(verdicts, ranks, found, pd.DataFrame(), Choices(), 7, 2000)

    def explain(self) -> FakeExplanation:
        return FakeExplanation()

    def score(self) -> FakeScore:
        return FakeScore("5c0f3e9a1b2d4c6f", self.composite(), self.verdicts())

    def quality(self) -> FakeQuality:
        files = pd.DataFrame(
            [
                ("raw/基线_问卷星.xlsx", "Sheet1", "baseline", "enterprise_satisfaction", 231, 218, 11, 2),
                ("raw/endline_kobo.xlsx", "enterprise", "endline", "enterprise_satisfaction", 208, 203, 5, 0),
                ("raw/visits.csv", "", "endline", "mystery_visit", 96, 96, 0, 0),
            ],
            columns=["path", "sheet", "wave", "instrument", "n_read", "n_accepted", "n_quarantined", "n_duplicate"],
        )
        quarantine = pd.DataFrame(
            [
                ("constraint", "enterprise_satisfaction", "baseline", 7, 0.03),
                ("required", "enterprise_satisfaction", "endline", 5, 0.02),
            ],
            columns=["rule", "instrument", "wave", "n", "share"],
        )
        missing = pd.DataFrame(
            [
                ("enterprise_satisfaction", "rate", "baseline", 0.31, 0.02, 0.06, 0.0, 0.04, 0.0),
                ("enterprise_satisfaction", "sat_officer", "endline", 0.0, 0.01, 0.22, 0.0, 0.02, 0.0),
            ],
            columns=[
                "instrument",
                "item",
                "wave",
                "skipped_by_logic",
                "refused",
                "dont_know",
                "not_applicable",
                "blank",
                "invalid",
            ],
        )
        modes = pd.DataFrame(
            [
                (bank, wave, mode, channel, tool, 10 + place)
                for place, (bank, *_r) in enumerate(BANKS)
                for wave in ("baseline", "endline")
                for mode, channel, tool in (("self", "qr", "wjx"), ("interviewer", "list", "kobo"))
            ],
            columns=["bank", "wave", "mode", "channel", "tool", "n"],
        )
        overlap = pd.DataFrame(
            [(bank, 10, 12, 25 - place) for place, (bank, *_r) in enumerate(BANKS)],
            columns=["bank", "baseline_only", "endline_only", "both"],
        )
        return FakeQuality(files, quarantine, missing, modes, overlap)

    def _make_changes(self) -> pd.DataFrame:
        rows = []
        for bank, *_rest in BANKS:
            for one in self.framework.indicators:
                worst, best = one.goalposts.worst, one.goalposts.best
                share = self._rng.uniform(0.4, 0.7)
                score_change = CHANGES.get(bank, 0.0) + self._rng.normal(0, 6)
                per_unit = one.goalposts.per_unit
                base, change, se = worst + share * (best - worst), score_change / per_unit, abs(5 / per_unit)
                few = bank == "policy" or (one.source == "visit" and bank in ("village_a", "coop"))
                n = (3, 4) if few else (30, 28)
                rows.append(
                    {
                        "bank": bank,
                        "indicator": one.id,
                        "dimension": one.dimension,
                        "source": one.source,
                        "stat": one.statistic,
                        "unit": one.unit,
                        "baseline": base,
                        "endline": base + change,
                        "change": change,
                        "se": se,
                        "df": 30.0,
                        "ci_low": change - 2 * se,
                        "ci_high": change + 2 * se,
                        "p": 0.05,
                        "n_baseline": n[0],
                        "n_endline": n[1],
                        "n_both": 12,
                        "score_baseline": share * 100,
                        "score_endline": share * 100 + score_change,
                        "score_change": score_change,
                        "used": bool(one.weight > 0 and not few),
                        "flag": "small_cell" if few else "",
                    }
                )
        return pd.DataFrame(rows)
