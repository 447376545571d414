"""What may be said about each bank, in the strength that the data allow: verdicts, summary, league, limits.

Each pair of verdict and detail has its own sentence (``sentence.*``) and its own short form (``label.*``); two
strengths never share a text, which a test holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from evaltools.errors import ReportError
from evaltools.report import numbers
from evaltools.report.heads import freeze_state
from evaltools.report.labels import Labels
from evaltools.report.league import rank_league
from evaltools.report.passages import Passage, bullets, paragraphs, text_node, together
from evaltools.report.phrases import all_phrases, phrase, phrase_or
from evaltools.text import Lang

# in the order in which a summary names them
CODES = (
    "improved_materially", "improved", "worsened_materially", "worsened", "no_detectable_change_ruled_out",
    "no_detectable_change_cannot_tell", "too_few_data", "not_comparable", "no_variation",
)  # fmt: skip
JUDGED = CODES[:6]


def verdict_code(verdict: str, detail: str) -> str:
    """Return the wording's name of a verdict with its detail.

    Raises
    ------
    ReportError
        ``report-verdict``: the pair is none of those that have a sentence.
    """
    known = verdict in ("improved", "worsened", "no_detectable_change") and detail
    code = f"{verdict}_{detail}" if known else verdict
    if code not in CODES:
        raise ReportError("report-verdict", verdict=verdict, detail=detail)
    return code


def verdict_codes(verdicts: pd.DataFrame) -> dict[str, str]:
    """Return the code of each bank's verdict."""
    details = ["" if pd.isna(one) else str(one) for one in verdicts["detail"]]
    pairs = zip(verdicts["bank"], verdicts["verdict"], details, strict=True)
    return {str(bank): verdict_code(str(verdict), detail) for bank, verdict, detail in pairs}


def judged_banks(verdicts: pd.DataFrame) -> list[str]:
    """Return the banks whose change may be shown: those that passed the gate and have an uncertainty."""
    return [bank for bank, code in verdict_codes(verdicts).items() if code in JUDGED]


def gate_reason(row: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """Return why a bank is not judged, from the rule of the gate that failed and what it found."""
    rule = str(row["gate_rule"] or "").replace("-", "_")
    fields = json.loads(row["gate_fields"]) if isinstance(row["gate_fields"], str) else dict(row["gate_fields"] or {})
    ways = [_ways(fields[wave], lang) for wave in labels.config.waves if isinstance(fields.get(wave), list)]
    shares = rule in ("weight_share", "items_not_comparable")
    values = {
        "wave": labels.wave(str(fields.get("wave", "")), lang),
        "found": numbers.share(fields.get("found"), 0) if shares else numbers.count(fields.get("found")),
        "required": numbers.share(fields.get("required"), 0) if shares else numbers.count(fields.get("required")),
        "before": ways[0] if ways else numbers.DASH,
        "after": ways[-1] if ways else numbers.DASH,
        "rule": rule or str(row["verdict"]),
    }
    return phrase_or(f"gate.{rule}", "gate.other", lang, **values)


def _ways(codes: list[str], lang: Lang) -> str:
    """Return modes or tools by their names."""
    known = all_phrases(lang)
    return numbers.join([known.get(f"mode.{one}", known.get(f"tool.{one}", one)) for one in codes], lang=lang)


def verdict_sentence(bank: str, verdicts: pd.DataFrame, composites: pd.DataFrame, *, labels: Labels, lang: Lang) -> str:
    """Return the sentence of a bank's verdict with its numbers, interval and sample."""
    verdict = _row(verdicts, bank)
    score = _row(composites, bank)
    code = verdict_codes(verdicts)[bank]
    counts = {
        name: numbers.count(score.get(name)) for name in ("n_baseline", "n_endline", "psu_baseline", "psu_endline")
    }
    known = not any(text == numbers.DASH for text in counts.values())
    return phrase(
        f"sentence.{code}", lang,
        bank=labels.bank(bank, lang),
        baseline=numbers.score(score.get("baseline")), endline=numbers.score(score.get("endline")),
        change=numbers.magnitude(score.get("change")), signed=numbers.signed(score.get("change")),
        interval=score_range(score.get("ci_low"), score.get("ci_high"), lang, flip=code.startswith("worsened")),
        delta=numbers.trimmed(labels.framework.delta), possible=_possible(score, labels, lang),
        sample=phrase_or(f"sample.{labels.framework.gate.source}", "sample.other", lang, **counts) if known else "",
        reason="" if code in JUDGED else gate_reason(verdict, labels, lang),
    ).strip()  # fmt: skip


def _possible(score: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """Return which meaningful changes a bank's interval leaves possible: a rise, a fall, or both."""
    delta = labels.framework.delta
    rise, fall = score.get("ci_high", delta) >= delta, score.get("ci_low", -delta) <= -delta
    return phrase(f"possible.{'both' if rise == fall else 'rise' if rise else 'fall'}", lang)


def score_range(low: object, high: object, lang: Lang, *, flip: bool = False) -> str:
    """Return an interval in points of score; `flip` turns the signs, for sentences that say 下降 with a magnitude."""
    if numbers.is_missing(low) or numbers.is_missing(high):
        return numbers.DASH
    if flip:
        low, high = -float(high), -float(low)  # type: ignore[arg-type]
    return phrase("range.score", lang, low=numbers.number(low), high=numbers.number(high))


def _card_verdict(
    verdicts: pd.DataFrame, composites: pd.DataFrame, *, lang: Lang, labels: Labels, bank: str
) -> Passage:
    code = verdict_codes(verdicts)[bank]
    lines = [verdict_sentence(bank, verdicts, composites, labels=labels, lang=lang)]
    holm = _row(composites, bank).get("p_holm")
    if code in JUDGED and not numbers.is_missing(holm):
        n_judged = numbers.count(len(judged_banks(verdicts)))
        lines.append(phrase("sample.corrected", lang, n=n_judged, p=numbers.p_value(holm)))
    if code.startswith("no_detectable_change") and _leaves_out_zero(_row(composites, bank)):
        lines.append(phrase("sample.not_after_correction", lang))
    label = phrase(f"label.{code}", lang)
    body = paragraphs(lines)
    html = f'<div class="verdict {code}"><p class="verdict-label">{text_node(label)}</p>{body.html}</div>'
    return Passage(html, f"{label}\n{body.text}")


def _leaves_out_zero(row: Mapping[str, Any]) -> bool:
    """Return whether a bank's own interval leaves out zero, as if it were judged alone."""
    limits = (row["ci_low"], row["ci_high"])
    return not any(numbers.is_missing(one) for one in limits) and (limits[0] > 0 or limits[1] < 0)


def _county_summary(verdicts: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    codes = verdict_codes(verdicts)
    n_judged = sum(code in JUDGED for code in codes.values())
    lead = phrase("county.judged", lang, n_banks=numbers.count(len(codes)), n_judged=numbers.count(n_judged))
    points = []
    for code in CODES:
        banks = [bank for bank, one in codes.items() if one == code]
        if banks:
            names = numbers.join(labels.banks(banks, lang), lang=lang)
            label = phrase(f"label.{code}", lang)
            points.append(phrase("county.group", lang, label=label, n=numbers.count(len(banks)), banks=names))
    if not any(code.startswith("improved") for code in codes.values()):
        points.append(phrase("county.none_improved", lang))
    if not any(code.startswith("worsened") for code in codes.values()):
        points.append(phrase("county.none_worsened", lang))
    return together([paragraphs([lead]), bullets(points)])


def _county_league(
    verdicts: pd.DataFrame, composites: pd.DataFrame, ranks: pd.DataFrame | None = None, *, lang: Lang, labels: Labels
) -> Passage:
    league = rank_league(composites, judged_banks(verdicts), ranks)
    n = len(league.frame)
    if n < 2:
        return paragraphs([phrase("county.league_few", lang, n=numbers.count(n))])
    key = "some" if league.pairs_apart else "none"
    key = "clear" if league.pairs_apart == league.pairs else key
    values = {
        "n": numbers.count(n),
        "pairs": numbers.count(league.pairs_apart),
        "all_pairs": numbers.count(league.pairs),
    }
    return together([paragraphs([phrase(f"county.league_{key}", lang, **values)], "finding"),
                     paragraphs([phrase("county.league_note", lang)], "note")])  # fmt: skip


def _limits(
    verdicts: pd.DataFrame, head: Mapping[str, Any], *, lang: Lang, labels: Labels, bank: str | None = None
) -> Passage:
    codes = {one: code for one, code in verdict_codes(verdicts).items() if bank in (None, one)}
    points = []
    for code, key in (
        ("too_few_data", "too_few"), ("not_comparable", "not_comparable"), ("no_variation", "no_variation"),
        ("no_detectable_change_cannot_tell", "cannot_tell"),
    ):  # fmt: skip
        banks = [one for one, own in codes.items() if own == code]
        if banks:
            points.append(phrase(f"limits.{key}", lang, banks=numbers.join(labels.banks(banks, lang), lang=lang)))
    points += _flag_points(verdicts[verdicts["bank"].isin(list(codes))], lang=lang, labels=labels)
    if head["selection"] == "convenience":
        points.append(phrase("limits.convenience", lang))
    if (state := freeze_state(head)) != "frozen":
        points.append(phrase(f"limits.{state}", lang, reason=head["unlock_reason"]))
    return bullets([*points, phrase("limits.cause", lang)])


def _flag_points(verdicts: pd.DataFrame, *, lang: Lang, labels: Labels) -> list[str]:
    holders: dict[str, list[str]] = {}
    for bank, flags in zip(verdicts["bank"], verdicts["flags"], strict=True):
        for flag in split_flags(flags):
            holders.setdefault(flag, []).append(str(bank))
    campaign_wide = {"not_frozen", "frozen_late", "unlocked"}  # the head and the points below say these once
    return [
        phrase(
            "limits.flag", lang, banks=numbers.join(labels.banks(banks, lang), lang=lang), flag=flag_text(flag, lang)
        )
        for flag, banks in holders.items()
        if flag not in campaign_wide
    ]


def split_flags(flags: object) -> list[str]:
    """Return the codes of a flags cell, which is a list or a text joined by ``;``."""
    if isinstance(flags, str):
        return [one for one in flags.split(";") if one]
    return [str(one) for one in flags] if isinstance(flags, (list, tuple)) else []


def flag_text(flag: str, lang: Lang) -> str:
    """Return what a flag means for the reader; a code without a text is shown as it is."""
    name, _, told = flag.partition(":")
    if name == "fragile":
        verdict, _, detail = told.partition("/")
        return phrase("flag.fragile", lang, without=phrase(f"label.{verdict_code(verdict, detail)}", lang))
    return phrase_or(f"flag.{name}", "flag.other", lang, code=flag)


def _row(frame: pd.DataFrame, bank: str) -> dict[str, Any]:
    found = frame[frame["bank"] == bank]
    return {str(name): value for name, value in found.iloc[0].items()} if len(found) else {}


COMPUTED: Mapping[str, Callable[..., Passage]] = {
    "card.verdict": _card_verdict,
    "county.summary": _county_summary,
    "county.league": _county_league,
    "limits": _limits,
}
