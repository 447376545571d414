"""From drawn codes to answers: frames of typed answers, and records as they go into raw files."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from chinese_calendar import is_workday
from stdnum.cn import uscc

from demo_draws import BLANK, DONT_KNOW, NOT_APPLICABLE, SKIPPED, Stream
from demo_items import SURVEY_ITEMS, VISIT_ITEMS, Item
from demo_model import Sample
from demo_plan import CHANNELS, MODES, STRATA, WAVE_NAMES, Variant

Record = dict[str, Any]  # question name -> answer; None: left blank; SKIP: not asked

SKIP = object()
MISSING = {BLANK: None, SKIPPED: SKIP, DONT_KNOW: "dk", NOT_APPLICABLE: "na"}
BRANCHES = ("营业部", "东关支行", "西街支行", "河湾支行", "北桥支行", "开发区支行")
FIRM_HEADS = ("晨露", "青禾", "远帆", "石桥", "松涛", "竹影", "云帆", "麦浪", "南塘", "金穗", "北坡", "映山")
FIRM_TRADES = {
    "agriculture": ("种植", "养殖", "果蔬"),
    "industry": ("机械", "纺织", "食品"),
    "services": ("商贸", "物流", "餐饮"),
}
COMMENTS = (
    "材料清单能不能一次说清楚", "客户经理服务很好", "抵押登记还是要跑两趟", "希望利率再低一点，手续再少一点", "无",
    "审批时间比以前快了", "评估费、保险费收得不明白", "不知道首席金融服务官是谁", "需要联系请打 19900000000",
    "续贷要先还本，过桥成本太高",
)  # fmt: skip


def answers_frame(sample: Sample, variant: Variant) -> pd.DataFrame:
    """Return the ratings as ingest hands the accepted ones on: typed columns, missing is None, NaN or NaT."""
    rows = sample.survey
    frame = _keys(rows, variant, "firm" + rows["firm"].astype(str))
    sizes, sectors = zip(*(STRATA[code] for code in rows["stratum"]), strict=True)
    frame["firm_size"], frame["sector"] = sizes, sectors
    frame["stratum"] = frame["firm_size"] + "/" + frame["sector"]
    frame["mode"] = [MODES[code] for code in rows["mode"]]
    frame["channel"] = [CHANNELS[code] for code in rows["channel"]]
    frame["tool"] = np.where(frame["mode"] == "self", "wjx", "kobo")
    frame["submitted_at"] = rows["submitted"]
    shown = rows["applied"] & (rows["dated"] | (not variant.messy))
    frame["event_date"] = frame["application_date"] = pd.to_datetime(rows["application"].where(shown))
    frame["applied"] = np.where(rows["applied"], "yes", "no")
    for item in (*SURVEY_ITEMS, _MONEY):
        if item.name != "days_from_decision":
            frame[item.name] = typed(item, sample.survey_codes[item.name])
    return frame


def visits_frame(sample: Sample, variant: Variant) -> pd.DataFrame:
    """Return the visits as ingest hands the accepted ones on: typed columns, missing is None, NaN or NaT."""
    rows = sample.visits
    branch = pd.Series([branch_name(code) for code in rows["branch"]])
    frame = _keys(rows, variant, pd.Series([variant.banks[code].id for code in rows["bank"]]) + "/" + branch)
    frame["branch"], frame["stratum"], frame["mode"], frame["tool"] = branch, None, "visit", "spreadsheet"
    frame["scenario"] = rows["scenario"]
    frame["event_date"] = frame["visit_date"] = pd.to_datetime(rows["day"])
    frame["announced"] = np.where(rows["announced"], "yes", "no")
    stamps = [stage_stamps(day, *codes) for day, *codes in _stamp_codes(sample)]
    for position, name in enumerate(("accepted_on", "decided_on", "paid_on")):
        frame[name] = pd.to_datetime(pd.Series([stamp[position] for stamp in stamps]))
    for item in VISIT_ITEMS:
        if item.name not in ("days", "days_to_pay"):
            frame[item.name] = typed(item, sample.visit_codes[item.name])
    return frame


_MONEY = Item("days_to_money", "count", levels=tuple(range(200)))


def _keys(rows: pd.DataFrame, variant: Variant, psu: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({
        "response_id": [f"r{number:06d}" for number in range(len(rows))],
        "bank": [variant.banks[code].id for code in rows["bank"]],
        "wave": [WAVE_NAMES[code] for code in rows["wave"]],
        "psu": psu, "weight": 1.0, "overlap_known": True,
    })  # fmt: skip


def typed(item: Item, codes: np.ndarray) -> pd.Series:
    """Return the values of codes: numbers for counts and grids, else choice names; every missing reason is missing."""
    if item.kind in ("count", "grid", "zero_or", "ten"):
        values = np.array(item.levels, dtype=float)
        return pd.Series(np.where(codes >= 0, values[np.maximum(codes, 0)], np.nan))
    return pd.Series([item.levels[code] if code >= 0 else None for code in codes], dtype=object)


def survey_records(sample: Sample, variant: Variant, seed: int) -> list[Record]:
    """Return one record a rating, in the order of `sample.survey`, with identity and what is only in raw files."""
    rows, items = sample.survey, [*(item for item in SURVEY_ITEMS if item.name != "days_from_decision"), _MONEY]
    spoken = Stream(seed, "comments").below(4 * len(COMMENTS), len(rows))
    moved = Stream(seed, "size told differently").uniform(len(rows)) < 0.03
    seen = rows.groupby("firm")["wave"].transform("min").to_numpy()
    records = []
    for number, row in enumerate(rows.itertuples(index=False)):
        size, sector = STRATA[row.stratum]
        if variant.messy and moved[number] and seen[number] < row.wave:
            size = {"micro": "small", "small": "micro"}.get(size, size)
        record = identity(int(row.firm), sector) | {
            "firm_size": size, "sector": sector, "bank": variant.banks[row.bank].id,
            "applied": "yes" if row.applied else "no",
            "application_date": row.application if row.applied else SKIP,
            "comment": COMMENTS[spoken[number]] if spoken[number] < len(COMMENTS) else None,
            "_submitted": row.submitted.to_pydatetime(), "_mode": MODES[row.mode], "_channel": CHANNELS[row.channel],
            "_wave": WAVE_NAMES[row.wave], "_stuffed": bool(getattr(row, "stuffed", False)),
        }  # fmt: skip
        if variant.messy and row.applied and not row.dated:
            record["application_date"] = None
        for item in items:
            record[item.name] = _value(item, int(sample.survey_codes[item.name][number]))
        records.append(record)
    return records


def visit_records(sample: Sample, variant: Variant) -> list[Record]:
    """Return one record a visit, in the order of `sample.visits`."""
    records = []
    for number, ((day, *codes), row) in enumerate(
        zip(_stamp_codes(sample), sample.visits.itertuples(index=False), strict=True)
    ):
        accepted, decided, paid = stage_stamps(day, *codes)
        record = {
            "visit_code": f"YH{row.wave + 1}-{number:04d}", "bank": variant.banks[row.bank].id,
            "branch": branch_name(row.branch), "scenario": row.scenario, "shopper": f"访{row.shopper + 1:02d}",
            "announced": "yes" if row.announced else "no", "visit_date": day,
            "accepted_on": accepted, "decided_on": decided, "paid_on": paid, "comment": None,
            "_wave": WAVE_NAMES[row.wave],
        }  # fmt: skip
        for item in VISIT_ITEMS:
            if item.name not in ("days", "days_to_pay"):
                record[item.name] = _value(item, int(sample.visit_codes[item.name][number]))
        records.append(record)
    return records


def _stamp_codes(sample: Sample) -> list[tuple[date, int, int]]:
    codes = sample.visit_codes
    return list(zip(sample.visits["day"], codes["days"].tolist(), codes["days_to_pay"].tolist(), strict=True))


def _value(item: Item, code: int) -> Any:
    return MISSING[code] if code < 0 else item.levels[code]


def identity(firm: int, sector: str) -> Record:
    """Return name, credit code and phone of an invented firm: region 419999 does not exist, nor does 1990000…."""
    trade = FIRM_TRADES[sector][firm % 3]
    return {
        "consent": "yes", "enterprise_code": credit_code(firm), "contact_phone": f"1990000{firm % 10_000:04d}",
        "enterprise_name": f"云河县{FIRM_HEADS[firm % len(FIRM_HEADS)]}{firm:04d}号{trade}演示有限公司",
    }  # fmt: skip


def credit_code(firm: int) -> str:
    """Return a well-formed 18-sign credit code of the region 419999, which does not exist."""
    stem = f"91419999DEMA{firm:05d}"
    return stem + uscc.calc_check_digit(stem)


def branch_name(code: int) -> str:
    """Return the name of a branch by its number."""
    return BRANCHES[code] if code < len(BRANCHES) else f"第{code}支行"


def stage_stamps(day: date, days: int, days_to_pay: int) -> tuple[date | None, date | None, date | None]:
    """Return the days of acceptance, decision and payment; days < 0 are unknown, so the stamp is missing."""
    decided = workday_after(day, days) if days >= 0 else None
    paid = workday_after(decided, days_to_pay) if decided is not None and days_to_pay >= 0 else None
    return day, decided, paid


def workday_after(day: date, count: int) -> date:
    """Return the day that is `count` working days after a working day; the day itself is not counted."""
    calendar, position = _workdays()
    return calendar[position[day] + count]


@lru_cache(maxsize=1)
def _workdays() -> tuple[list[date], dict[date, int]]:
    first = date(2022, 9, 1)
    days = [day for day in (first + timedelta(k) for k in range(365)) if is_workday(day)]
    return days, {day: number for number, day in enumerate(days)}


def later(moment: datetime, minutes: int) -> datetime:
    """Return a moment some minutes later."""
    return moment + timedelta(minutes=minutes)
