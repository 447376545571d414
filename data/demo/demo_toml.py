"""The demonstration's `campaign.toml`, with comments in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from demo_plan import SECTORS, SIZES, START, WAVES, Bank

PUBLIC_KEY = "yunhe-demonstration-key-that-everybody-knows-2022"
LABELS = {"baseline": ("基线", "Baseline"), "endline": ("终线", "Endline")}

HEAD = """\
# 演示评估：虚构的云河县、12家虚构的银行。数据由 make_demo.py 按一个固定的超总体模型生成，没有任何真实企业或银行。
# A demonstration: the fictional county of Yunhe and its 12 fictional banks. The data come from make_demo.py, which
# draws them from a known superpopulation; no firm and no bank is real.
#
#   evaltools run DIR   # 入库、评分、出报告  ingest, score, report
#   python data/demo/make_demo.py --seed @SEED@ --out DIR@VARIANT@   # 重新生成  write it anew

schema = 1
id = "demo"
title = { zh = "云河县“获得信贷”以评促改（演示）", en = "Yunhe County: getting credit (demonstration)" }
region = { zh = "云河县（虚构）", en = "Yunhe County (fictional)" }
language = "zh"
# 公开的演示密钥：只有 demo = true 时才接受；真实评估的密钥在首次入库时生成，存于 .key。
# A key that everybody knows, accepted only because demo = true; a real campaign's own is made at the first ingest.
demo = true
public_demo_key = "@KEY@"
# 行动启动日：过程类问题基线只计此前的申请，终线只计此日及以后的申请。
# First day of the campaign: questions about a loan count at the baseline for applications before it, at the endline
# for applications on it or later.
start = @START@
framework = "credit_2022"
headline = "raw"
# 样本从企业名录中随机抽取。 Firms were drawn at random from the register.
selection = "probability"
seed = @SEED@
# 单个文件的隔离比例超过此值时，命令以 5 退出。 A file with a larger share in quarantine makes the command end with 5.
quarantine_max_share = 0.10
"""


def campaign_text(banks: Sequence[Bank], sources: Sequence[Mapping[str, Any]], seed: int, variant: str) -> str:
    """Return the text of `campaign.toml`; `sources` are tables as :func:`make_demo.source` builds them."""
    head = HEAD.replace("@KEY@", PUBLIC_KEY).replace("@START@", START.isoformat()).replace("@SEED@", str(seed))
    head = head.replace("@VARIANT@", "" if variant == "base" else f" --variant {variant}")
    parts = [head, *_waves(), "# ---- 银行  Banks\n", *map(_bank, banks)]
    parts.append(
        "# ---- 来源：哪些文件是哪份问卷、哪一轮、哪种方式\n"
        "# ---- Sources: which files hold which instrument, wave and mode\n"
    )
    parts += [_source(source) for source in sources]
    strata = [f"{size}/{sector}" for size in SIZES for sector in SECTORS]
    parts.append(
        "# 分层=企业规模×行业。某层只有一家企业时，按此顺序与相邻层合并。\n"
        "# Strata are size by sector. A stratum with a single firm is merged with its neighbour in this order.\n"
        f"[design]\nstrata_order = {_list(strata)}\n"
    )
    return "\n".join(parts)


def _waves() -> list[str]:
    parts = []
    for name, (start, end) in WAVES.items():
        zh, en = LABELS[name]
        parts.append(
            f"[waves.{name}]\nstart = {start.isoformat()}\nend = {end.isoformat()}\n"
            f'label = {{ zh = "{zh}", en = "{en}" }}\n'
        )
    return parts


def _bank(bank: Bank) -> str:
    aliases = f"aliases = {_list(bank.aliases)}\n" if bank.aliases else ""
    return (
        f'[[banks]]\nid = "{bank.id}"\nname = {{ zh = "{bank.zh}", en = "{bank.en}" }}\ntype = "{bank.type}"\n{aliases}'
    )


def _source(source: Mapping[str, Any]) -> str:
    lines = [f"# {source['comment']}", "[[sources]]"]
    lines += [f"{key} = {_text(source[key])}" for key in ("pattern", "instrument", "wave", "mode", "channel", "tool")]
    if source["absent"]:
        lines += [
            "# 该版表单没有此题。 This version of the form lacks the question.",
            f"absent = {_list(source['absent'])}",
        ]
    if source["columns"]:
        lines += ["# 表头在回收期间被改过。 The header was edited while the answers came in.", "[sources.columns]"]
        lines += [f"{question} = {_text(header)}" for question, header in source["columns"].items()]
    for question, codes in source["recode"].items():
        lines += ["# 选项文字被改过。 The wording of an option was edited.", f"[sources.recode.{question}]"]
        lines += [f"{_text(label)} = {_text(code)}" for label, code in codes.items()]
    return "\n".join(lines) + "\n"


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
