"""The heat map of indicators by bank: where to look, not what to conclude."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from evaltools.report import house, numbers
from evaltools.report.conclusions import judged_banks
from evaltools.report.house import ReportFigure, axes_of, house_style, whole_figure
from evaltools.report.labels import Labels
from evaltools.report.phrases import phrase
from evaltools.report.rows import records
from evaltools.report.tables import enough_answers
from evaltools.text import Lang

_CELL = 0.235  # inches a row
_INK_LIGHT = 0.0605  # relative luminance of the ink, plus 0.05
_NAMES = {"zh": (8.5, 12), "en": (7.5, 32)}  # size and signs a line of the row names


def items_figure(
    changes: pd.DataFrame, verdicts: pd.DataFrame, *, labels: Labels, lang: Lang = "zh", ax: Axes | None = None
) -> ReportFigure:
    """Draw the change in score of each indicator at each bank that passed the gate.

    Rows are the indicators that count in the composite, grouped by dimension; a cell shows the change rounded to a
    point, with a frame where its own 95 % interval leaves out zero. A cell from too few answers stays empty.

    Parameters
    ----------
    changes, verdicts
        From ``Campaign.change()`` and ``Campaign.verdicts()``.
    labels
        Names, and the order of banks and indicators.
    lang, ax
        As in `change_figure`.
    """
    cells = _cells(changes, judged_banks(verdicts), labels)
    values = _wide(cells, "score_change", labels)
    clear = _wide(cells.assign(clear=cells["clear"].astype(float)), "clear", labels)
    if values.empty:
        return house.sentence_figure(phrase("county.items_empty", lang), ax)
    with house_style():
        axes = _draw(values, clear, labels, lang, ax)
    return ReportFigure(whole_figure(axes), _alt(cells, values, labels, lang))


def _cells(changes: pd.DataFrame, judged: list[str], labels: Labels) -> pd.DataFrame:
    shown = changes[changes["bank"].isin(judged) & changes["used"].astype(bool) & changes["score_change"].notna()]
    good = [enough_answers(row, labels) for row in records(shown)]
    shown = shown[np.array(good, dtype=bool)] if len(shown) else shown
    excludes_zero = (shown["ci_low"] > 0) | (shown["ci_high"] < 0)
    return shown.assign(clear=excludes_zero)


def _wide(cells: pd.DataFrame, column: str, labels: Labels) -> pd.DataFrame:
    wide = cells.pivot_table(index="indicator", columns="bank", values=column, aggfunc="first")
    rows = [one.id for one in _ordered(labels) if one.id in wide.index]
    columns = [bank for bank in labels.config.bank_ids if bank in wide.columns]
    return wide.reindex(index=rows, columns=columns)


def _ordered(labels: Labels) -> list[Any]:
    place = {dimension.id: number for number, dimension in enumerate(labels.framework.dimensions)}
    return sorted(labels.framework.indicators, key=lambda one: place[one.dimension])


def _draw(values: pd.DataFrame, clear: pd.DataFrame, labels: Labels, lang: Lang, ax: Axes | None) -> Axes:
    import seaborn as sns  # takes a second to load and only this figure needs it
    from matplotlib.colors import LinearSegmentedColormap

    names = [labels.bank(str(bank), lang) for bank in values.columns]
    size, most = _NAMES[lang]
    rows = [_two_lines(labels.indicator(str(one), lang), most) for one in values.index]
    left = 0.12 + max(house.text_width(line, size) for row in rows for line in row.split("\n"))
    top = 0.20 + (0.142 * max(map(len, names)) if lang == "zh" else max(house.text_width(name, 8.5) for name in names))
    axes = axes_of(ax, top + _CELL * len(values) + 0.15, left=left, right=0.08, top=top, bottom=0.15)
    reach = max(5.0, float(np.nanquantile(np.abs(values.to_numpy()), 0.95)))
    colours = LinearSegmentedColormap.from_list("change", [house.WORSE, "#FFFFFF", house.BETTER])
    text = values.map(lambda one: "" if numbers.is_missing(one) else numbers.signed(one, 0))
    sns.heatmap(values, ax=axes, cmap=colours, vmin=-reach, vmax=reach, cbar=False, linewidths=0.6,
                linecolor="#E6E6E6", annot=text.to_numpy(), fmt="", annot_kws={"fontsize": 7.5})  # fmt: skip
    axes.set_xlabel("")
    axes.set_ylabel("")
    axes.xaxis.tick_top()
    _name_columns(axes, names, lang)
    axes.set_yticks(np.arange(len(values)) + 0.5, rows, rotation=0, fontsize=size, linespacing=0.95)
    axes.tick_params(length=0, pad=3)
    _readable(axes)
    _frames(axes, clear)
    _rules(axes, values, labels)
    axes.set_facecolor("#F4F4F4")
    return axes


def _name_columns(axes: Axes, names: list[str], lang: Lang) -> None:
    """Write Chinese names downwards, a sign a line; other names turned."""
    upright = lang == "zh" and all(name.isalpha() and not name.isascii() for name in names)
    shown = ["\n".join(name) for name in names] if upright else names
    axes.set_xticks(np.arange(len(names)) + 0.5, shown, rotation=0 if upright else 90, fontsize=8.5, linespacing=1.05)


def _readable(axes: Axes) -> None:
    """Write each cell in black or white, whichever stands out more (WCAG contrast)."""
    from matplotlib.collections import QuadMesh

    mesh = next(one for one in axes.collections if isinstance(one, QuadMesh))
    faces = np.asarray(mesh.get_facecolor(), dtype=float)[:, :3]
    shown = faces[~np.ma.getmaskarray(np.ma.asarray(mesh.get_array())).ravel()]
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    light = linear @ np.array([0.2126, 0.7152, 0.0722]) + 0.05
    for text, own in zip(axes.texts, light, strict=True):
        text.set_color(house.INK if own / _INK_LIGHT > 1.05 / own else "white")


def _frames(axes: Axes, clear: pd.DataFrame) -> None:
    marks = clear.fillna(0.0).to_numpy(dtype=float) > 0
    for row, column in zip(*np.nonzero(marks), strict=True):
        axes.add_patch(
            Rectangle((column + 0.06, row + 0.06), 0.88, 0.88, fill=False, edgecolor=house.INK, linewidth=1.0)
        )


def _rules(axes: Axes, values: pd.DataFrame, labels: Labels) -> None:
    """Draw a line between dimensions."""
    dimension = [known.dimension if (known := labels.known_indicator(str(one))) else "" for one in values.index]
    for row in range(1, len(dimension)):
        if dimension[row] != dimension[row - 1]:
            axes.axhline(row, color=house.INK, linewidth=1.0)


def _alt(cells: pd.DataFrame, values: pd.DataFrame, labels: Labels, lang: Lang) -> str:
    def told(row: Any) -> str:
        return phrase(
            "figure.items_cell", lang, bank=labels.bank(str(row["bank"]), lang),
            indicator=labels.indicator(str(row["indicator"]), lang), change=numbers.signed(row["score_change"]),
        )  # fmt: skip

    ordered = records(cells.sort_values("score_change", kind="stable"))
    return phrase(
        "figure.items_alt", lang, n_items=numbers.count(values.shape[0]), n_banks=numbers.count(values.shape[1]),
        n_cells=numbers.count(len(cells)), n_clear=numbers.count(cells["clear"].sum()),
        best=told(ordered[-1]), worst=told(ordered[0]),
    )  # fmt: skip


def _two_lines(name: str, most: int) -> str:
    lines = textwrap.wrap(name, most, break_long_words=True, max_lines=2, placeholder="…")
    return "\n".join(lines)
