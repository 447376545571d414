"""Figures of the reports: before and after with intervals, the league with its uncertainty, items by bank.

Each row has its name above its marks, so that long names and a phone's width go together. Banks that did not pass the
gate are named below, without a mark: no number of theirs is drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from evaltools.report import house, numbers
from evaltools.report.conclusions import judged_banks, verdict_codes
from evaltools.report.house import ReportFigure, axes_of, house_style, whole_figure
from evaltools.report.labels import Labels
from evaltools.report.league import rank_league
from evaltools.report.phrases import phrase
from evaltools.report.rows import records
from evaltools.report.tables import rank_text, score_rows
from evaltools.scoring.result import displayed
from evaltools.text import Lang

_ROW = 0.52  # inches a row
_LABEL = 0.36  # how far above its marks a row's name stands, in rows
_MARGINS = {"left": 0.12, "right": 0.12, "top": 0.62, "bottom": 0.52}
_LINE = 0.175  # inches a line below the axis


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    right: str
    kind: str


def change_figure(
    composites: pd.DataFrame, verdicts: pd.DataFrame, *, labels: Labels, lang: Lang = "zh", ax: Axes | None = None
) -> ReportFigure:
    """Draw each bank's score before and after, with the 95 % interval of its change, largest change first.

    Parameters
    ----------
    composites, verdicts
        From ``Campaign.composite()`` and ``Campaign.verdicts()``.
    labels
        Names of the banks.
    lang
        Language of the reader.
    ax
        Axes to draw in; None makes a figure of the house's width.
    """
    codes = verdict_codes(verdicts)
    shown = composites[composites["bank"].isin(judged_banks(verdicts))]
    shown = shown.sort_values(["change", "bank"], ascending=[False, True], ignore_index=True)
    points = [
        {**row, "name": labels.bank(str(row["bank"]), lang), "kind": _kind(codes[str(row["bank"])])}
        for row in records(shown)
    ]
    absent = _absent(verdicts, labels, lang)
    rows = phrase("figure.separator", lang).join(
        phrase("figure.levels_row", lang, **_spoken(row, lang)) for row in points
    )
    alt = phrase("figure.levels_alt", lang, rows=rows, absent=_absent_text(absent, lang))
    drawn = _dumbbells(
        points, absent, phrase("figure.levels_title", lang), phrase("figure.levels_axis", lang), lang, ax
    )
    return ReportFigure(whole_figure(drawn), alt)


def card_figure(
    dimensions: pd.DataFrame, verdicts: pd.DataFrame, composites: pd.DataFrame, *, bank: str, labels: Labels,
    lang: Lang = "zh", ax: Axes | None = None,
) -> ReportFigure:  # fmt: skip
    """Draw one bank's composite and dimension scores before and after; a bank that is not judged gets a sentence."""
    rows = score_rows(dimensions, verdicts, composites, bank=bank, labels=labels, lang=lang)
    code = verdict_codes(verdicts)[bank]
    points = [{**row, "kind": _kind(code) if place == 0 else "no_detectable_change"} for place, row in enumerate(rows)]
    name = labels.bank(bank, lang)
    if not points:
        return house.sentence_figure(phrase("card.figure_none", lang), ax)
    spoken = phrase("figure.separator", lang).join(
        phrase("figure.levels_row", lang, **_spoken(row, lang)) for row in points
    )
    alt = phrase("figure.card_alt", lang, bank=name, rows=spoken)
    title = phrase("figure.card_title", lang)
    drawn = _dumbbells(points, [], title, phrase("figure.card_axis", lang), lang, ax)
    return ReportFigure(whole_figure(drawn), alt)


def league_figure(
    composites: pd.DataFrame, verdicts: pd.DataFrame, ranks: pd.DataFrame | None = None, *, labels: Labels,
    lang: Lang = "zh", ax: Axes | None = None,
) -> ReportFigure:  # fmt: skip
    """Draw the banks by change, with 95 % and simultaneous intervals, the meaningful limits and the ranks possible.

    The range of ranks beside each name says which banks cannot be told apart; `ranks` is from ``Campaign.ranks()``.
    """
    codes = verdict_codes(verdicts)
    frame = rank_league(composites, judged_banks(verdicts), ranks).frame
    absent = _absent(verdicts, labels, lang)
    rows = [
        _Row(labels.bank(str(row["bank"]), lang),
             f"{numbers.signed(row['change'])}  {rank_text(row['rank_low'], row['rank_high'], lang)}",
             _kind(codes[str(row["bank"])]))
        for row in records(frame)
    ]  # fmt: skip
    delta = labels.framework.delta
    with house_style():
        axes = _frame(ax, rows, absent, phrase("figure.league_title", lang), phrase("figure.league_axis", lang), lang)
        for place, row in enumerate(records(frame)):
            strip = (place - 0.20, place + 0.30)  # not behind the names
            axes.fill_between([-delta, delta], *strip, color="#E9E9E9", linewidth=0, zorder=0)
            axes.plot([0, 0], strip, color=house.FAINT, linewidth=1.0, zorder=1)
            colour = house.COLOURS[rows[place].kind]
            axes.plot([row["sim_low"], row["sim_high"]], [place, place], color=colour, linewidth=1.0, zorder=2)
            axes.plot(
                [row["ci_low"], row["ci_high"]],
                [place, place],
                color=colour,
                linewidth=3.5,
                solid_capstyle="butt",
                zorder=3,
            )
            _mark(axes, row["change"], place, rows[place].kind, zorder=4)
        _limits_x(axes, frame[["sim_low", "sim_high"]].to_numpy(dtype=float), (-delta * 1.15, delta * 1.15))
        _legend(axes, _league_keys(lang, delta))
    spoken = phrase("figure.separator", lang).join(
        phrase("figure.league_row", lang, bank=row.name, change=numbers.signed(values["change"]),
               interval=numbers.short_interval(values["ci_low"], values["ci_high"], lang=lang, signs=True))
        for row, values in zip(rows, records(frame), strict=True)
    )  # fmt: skip
    alt = phrase("figure.league_alt", lang, rows=spoken, absent=_absent_text(absent, lang))
    return ReportFigure(whole_figure(axes), alt)


def _dumbbells(
    points: Sequence[Mapping[str, Any]], absent: Sequence[str], title: str, axis: str, lang: Lang, ax: Axes | None
) -> Axes:
    rows = [
        _Row(str(row["name"]),
             _with_limits(numbers.signed(row["change"]), _limits_text(row, lang), lang),
             str(row["kind"]))
        for row in points
    ]  # fmt: skip
    with house_style():
        axes = _frame(ax, rows, absent, title, axis, lang)
        ends: list[float] = []
        for place, row in enumerate(points):
            colour = house.COLOURS[rows[place].kind]
            start, end = (displayed(float(row[name])) for name in ("baseline", "endline"))
            low, high = start + float(row["ci_low"]), start + float(row["ci_high"])
            axes.plot(
                [low, high], [place, place], color=colour, linewidth=4.5, alpha=0.30, solid_capstyle="butt", zorder=1
            )
            axes.plot([start, end], [place, place], color=colour, linewidth=1.4, zorder=2)
            axes.plot([start], [place], marker="o", markersize=7, markerfacecolor="white", markeredgecolor=colour,
                      markeredgewidth=1.5, linestyle="none", zorder=3)  # fmt: skip
            axes.plot([end], [place], marker="o", markersize=7.5, color=colour, linestyle="none", zorder=4)
            ends += [start, end, low, high]
        _limits_x(axes, np.clip(np.array(ends, dtype=float), 0.0, 100.0), None)  # no score lies beyond
        _legend(axes, _dumbbell_keys(lang))
    return axes


def _frame(ax: Axes | None, rows: Sequence[_Row], absent: Sequence[str], title: str, axis: str, lang: Lang) -> Axes:
    """Return axes with a row for each name; the caller draws the marks at 0, 1, 2 ... from the top."""
    tail = _absent_lines(absent, lang)
    depth = max(len(rows), 1) + 0.25
    height = depth * _ROW + _LINE * len(tail) + _MARGINS["top"] + _MARGINS["bottom"]
    margins = {**_MARGINS, "bottom": _MARGINS["bottom"] + _LINE * len(tail)}
    axes = axes_of(ax, height, **margins)
    axes.set_ylim(len(rows) - 0.55 if rows else 0.45, -0.80)
    axes.set_yticks([])
    across = blended_transform_factory(axes.transAxes, axes.transData)
    for place, row in enumerate(rows):
        colour = house.TEXT_COLOURS[row.kind]
        axes.text(
            0.0, place - _LABEL, _fitted(row.name, row.right), transform=across, va="center", ha="left", fontsize=10
        )
        axes.text(1.0, place - _LABEL, row.right, transform=across, va="center", ha="right", fontsize=9.5, color=colour)
        axes.axhline(place - 0.62, color=house.GRID, linewidth=0.6, zorder=0)
    axes.tick_params(axis="x", labelsize=9)
    axes.set_xlabel(axis, fontsize=9.5, labelpad=3)
    axes.set_title(title, fontsize=11.5, loc="left", pad=22)
    if tail:
        text = "\n".join(tail)
        axes.annotate(text, (0, 0), xycoords="axes fraction", xytext=(0, -36), textcoords="offset points",
                      va="top", ha="left", fontsize=9, color=house.FAINT, annotation_clip=False)  # fmt: skip
    return axes


def _with_limits(text: str, limits: str, lang: Lang) -> str:
    return phrase("figure.with_interval", lang, change=text, interval=limits) if limits else text


def _fitted(name: str, right: str) -> str:
    """Shorten a name so that it does not run into the text at the right; tables have it in full."""
    room = house.WIDTH - _MARGINS["left"] - _MARGINS["right"] - house.text_width(right, 9.5) - 0.12
    if house.text_width(name, 10) <= room:
        return name
    while name and house.text_width(name + "…", 10) > room:
        name = name[:-1]
    return name + "…"


def _absent_lines(absent: Sequence[str], lang: Lang) -> list[str]:
    if not absent:
        return []
    text = phrase("figure.absent_below", lang, banks=numbers.join(list(absent), lang=lang))
    return textwrap.wrap(text, 31 if lang == "zh" else 64, break_long_words=True)


def _mark(axes: Axes, x: float, y: float, kind: str, *, zorder: float) -> None:
    hollow = kind == "no_detectable_change"
    axes.plot([x], [y], marker=house.MARKERS[kind], markersize=8.5, linestyle="none", zorder=zorder,
              markerfacecolor="white" if hollow else house.COLOURS[kind], markeredgecolor=house.COLOURS[kind],
              markeredgewidth=1.5)  # fmt: skip


def _legend(axes: Axes, keys: Sequence[Line2D]) -> None:
    axes.legend(handles=list(keys), loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(keys), frameon=False,
                fontsize=8.5, handletextpad=0.4, columnspacing=1.0, borderaxespad=0.1, borderpad=0.1)  # fmt: skip


def _dumbbell_keys(lang: Lang) -> list[Line2D]:
    before, after, band = (
        Line2D([], [], color=house.NEUTRAL, linestyle="none", marker="o", markersize=7) for _ in "123"
    )
    before.set(markerfacecolor="white", label=phrase("figure.baseline", lang))
    after.set(label=phrase("figure.endline", lang))
    band.set(marker="none", linestyle="solid", linewidth=4.5, alpha=0.30, label=phrase("figure.interval", lang))
    return [before, after, band]


def _league_keys(lang: Lang, delta: float) -> list[Line2D]:
    return [
        Line2D([], [], color=house.NEUTRAL, linewidth=3.5, label=phrase("figure.marginal", lang)),
        Line2D([], [], color=house.NEUTRAL, linewidth=1.0, label=phrase("figure.simultaneous", lang)),
        Line2D(
            [], [], color="#DDDDDD", linewidth=7, label=phrase("figure.meaningful", lang, delta=numbers.trimmed(delta))
        ),
    ]


def _limits_x(axes: Axes, ends: np.ndarray[Any, Any], least: tuple[float, float] | None) -> None:
    values = ends[np.isfinite(ends)]
    low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
    if least is not None:
        low, high = min(low, least[0]), max(high, least[1])
    pad = 0.04 * (high - low) or 1.0
    axes.set_xlim(low - pad, high + pad)


def _kind(code: str) -> str:
    return next((name for name in house.MARKERS if code.startswith(name)), "no_detectable_change")


def _limits_text(row: Mapping[str, Any], lang: Lang) -> str:
    return numbers.short_interval(row["ci_low"], row["ci_high"], lang=lang, signs=True)


def _spoken(row: Mapping[str, Any], lang: Lang) -> dict[str, str]:
    return {
        "bank": str(row["name"]), "baseline": numbers.score(row["baseline"]), "endline": numbers.score(row["endline"]),
        "change": numbers.signed(row["change"]),
        "interval": _limits_text(row, lang) or phrase("reason.no_estimate", lang),
    }  # fmt: skip


def _absent(verdicts: pd.DataFrame, labels: Labels, lang: Lang) -> list[str]:
    judged = set(judged_banks(verdicts))
    return labels.banks([str(bank) for bank in verdicts["bank"] if bank not in judged], lang)


def _absent_text(absent: list[str], lang: Lang) -> str:
    return phrase("figure.absent", lang, banks=numbers.join(absent, lang=lang)) if absent else ""
