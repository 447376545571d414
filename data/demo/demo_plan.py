"""What the demonstration is made of: the county's banks, the waves, the strata, and the variants of the campaign.

Everything here is invented. A gain is the true change of a bank between the waves in standard deviations of the
latent answer; a positive gain is better whatever the direction of the item.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

START = date(2022, 9, 28)
WAVES = {"baseline": (date(2022, 9, 28), date(2022, 10, 21)), "endline": (date(2022, 11, 28), date(2022, 12, 16))}
WAVE_NAMES = tuple(WAVES)

SIZES = ("micro", "small", "medium")
SECTORS = ("agriculture", "industry", "services")
STRATA = tuple((size, sector) for size in SIZES for sector in SECTORS)
# shares of the strata among a bank's clients: banks of the county town, banks of the countryside
MIXES = {
    "town": (0.06, 0.17, 0.25, 0.05, 0.16, 0.15, 0.02, 0.09, 0.05),
    "country": (0.24, 0.12, 0.19, 0.14, 0.11, 0.09, 0.04, 0.04, 0.03),
}
SHIFTED_MIX = (0.02, 0.07, 0.10, 0.04, 0.20, 0.21, 0.05, 0.18, 0.13)

MODES = ("self", "interviewer")
CHANNELS = ("list", "qr", "field")
SCENARIOS = (
    "inclusive_mortgage", "online_credit", "renewal", "bank_tax",
    "online_credit", "first_loan", "inclusive_mortgage", "officer_request",
)  # fmt: skip

THEMES = ("service", "process", "cost", "visit")
Gain = tuple[float, float, float, float]
NO_GAIN: Gain = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Bank:
    """A fictional bank: ratings a wave, branches, visits a wave, level of quality and gain by theme."""

    id: str
    zh: str
    en: str
    type: str
    n: int
    branches: int
    visits: int
    mix: str
    level: float
    gain: Gain
    aliases: tuple[str, ...] = ()


BANKS = (
    Bank("chenxi", "晨曦国民银行云河支行", "Chenxi National Bank, Yunhe Branch", "state_owned",
         60, 6, 8, "town", -0.10, (0.60, 0.85, 0.60, 0.90), ("晨曦银行", "晨曦国民银行")),
    Bank("changhe", "长河国民银行云河支行", "Changhe National Bank, Yunhe Branch", "state_owned",
         54, 6, 8, "town", 0.05, (0.70, 0.90, 0.50, 0.90), ("长河国民银行", "长河银行")),
    Bank("qingqiong", "青穹股份银行云河支行", "Qingqiong Joint-Stock Bank, Yunhe Branch", "joint_stock",
         42, 4, 7, "town", 0.40, (-0.80, -0.90, -0.50, -0.90)),
    Bank("wangshu", "望舒股份银行云河支行", "Wangshu Joint-Stock Bank, Yunhe Branch", "joint_stock",
         36, 4, 6, "town", 0.10, (0.90, 1.10, 0.70, 1.10), ("望舒银行",)),
    Bank("yunhe-city", "云河城市银行", "Yunhe City Bank", "city",
         45, 5, 8, "town", 0.00, NO_GAIN),
    Bank("xingzhu", "星渚城市银行云河支行", "Xingzhu City Bank, Yunhe Branch", "city",
         24, 4, 6, "town", -0.20, NO_GAIN),
    Bank("yunhe-rural", "云河农村商业银行", "Yunhe Rural Commercial Bank", "rural",
         48, 6, 8, "country", -0.30, (0.80, 0.90, 0.60, 1.00), ("云河农商行", "云河农商银行")),
    Bank("chengbo", "澄波农村商业银行云河支行", "Chengbo Rural Commercial Bank, Yunhe Branch", "rural",
         30, 5, 7, "country", -0.15, (1.00, 1.20, 0.80, 1.20)),
    Bank("yinghuo", "云河萤火村镇银行", "Yunhe Yinghuo Village Bank", "village",
         16, 3, 5, "country", 0.10, (0.20, 0.25, 0.10, 0.30)),
    Bank("maixiang", "云河麦香村镇银行", "Yunhe Maixiang Village Bank", "village",
         12, 3, 4, "country", -0.05, NO_GAIN),
    Bank("guyu", "云河谷雨村镇银行", "Yunhe Guyu Village Bank", "village",
         9, 1, 4, "country", 0.00, (0.80, 0.90, 0.60, 1.00)),
    Bank("yuanxiu", "远岫政策银行云河支行", "Yuanxiu Policy Bank, Yunhe Branch", "policy",
         32, 3, 6, "town", 1.60, (0.10, 0.10, 0.00, 0.10)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variant:
    """What one variant of the campaign changes; the fields' defaults are the campaign `base`."""

    about: str
    banks: tuple[Bank, ...] = BANKS
    messy: bool = True
    county_gain: float = 0.0
    endline_blank: dict[str, float] = field(default_factory=dict)
    endline_mix: dict[str, tuple[float, ...]] = field(default_factory=dict)
    confounded: tuple[str, ...] = ()
    stuffed: tuple[str, ...] = ()


UNCHANGED = tuple(replace(bank, gain=NO_GAIN) for bank in BANKS)


VARIANTS = {
    "base": Variant("five banks improve, one worsens, the others stay or nearly stay"),
    "clean": Variant("as base, without missing answers, bad rows, duplicates and edited headers", messy=False),
    "null": Variant("no bank changed", banks=UNCHANGED),
    "four_changed": Variant(
        "three banks improved, one worsened, eight did not change",
        banks=tuple(
            bank if bank.id in ("chenxi", "wangshu", "yunhe-rural", "qingqiong") else replace(bank, gain=NO_GAIN)
            for bank in BANKS
        ),
    ),
    "common_shift": Variant("no bank changed by itself, all moved by the same amount", UNCHANGED, county_gain=0.5),
    "mode_confounded": Variant(
        "yunhe-city: all self-completed at the baseline, all interviewed at the endline", confounded=("yunhe-city",)
    ),
    "mix_shift": Variant(
        "yunhe-city: no change within any stratum, other clients at the endline",
        endline_mix={"yunhe-city": SHIFTED_MIX},
    ),
    "missing_moved": Variant(
        "chenxi: answers about time are missing far more often at the endline", endline_blank={"chenxi": 0.35}
    ),
    "stuffed": Variant("xingzhu: its endline answers by QR code were filled in by one hand", stuffed=("xingzhu",)),
}


def find_variant(name: str) -> Variant:
    """Return a variant by its name.

    Raises
    ------
    ValueError
        An unknown name; the message lists the known ones.
    """
    if name not in VARIANTS:
        raise ValueError(f"unknown variant '{name}'; there are: {', '.join(VARIANTS)}")
    return VARIANTS[name]
