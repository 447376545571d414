"""The house style of figures: one tall narrow shape that a phone can show, colours that print in grey.

Colours are the first, fourth and last of seaborn's ``colorblind`` palette. Direction is never told by colour alone:
each verdict has its own marker, each heat-map cell its signed number. Figures are drawn without pyplot, so nothing
depends on a backend or on state that another cell left.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from evaltools.report.fonts import register_figure_font
from evaltools.report.passages import paragraphs

WIDTH = 4.4  # inches; on a phone of 390 pixels, 10 pt text is 11 pixels high
DPI = 144
CSS_DPI = 116  # what a figure is shown at on a desk screen
BETTER, WORSE, NEUTRAL = "#0173B2", "#D55E00", "#5F5F5F"
INK, FAINT, GRID = "#1A1A1A", "#6B6B6B", "#D9D9D9"
MARKERS = {"improved": "^", "worsened": "v", "no_detectable_change": "o"}
COLOURS = {"improved": BETTER, "worsened": WORSE, "no_detectable_change": NEUTRAL}
TEXT_COLOURS = {**COLOURS, "improved": "#01568A", "worsened": "#A84300"}  # dark enough for small type

_STYLE: Any = {
    "axes.edgecolor": GRID, "axes.labelcolor": INK, "axes.linewidth": 0.8, "axes.spines.left": False,
    "axes.spines.right": False, "axes.spines.top": False, "axes.unicode_minus": True, "figure.facecolor": "white",
    "font.size": 10.0, "savefig.facecolor": "white", "text.color": INK, "text.parse_math": False,
    "xtick.color": INK, "xtick.major.size": 3.0, "ytick.major.size": 0.0, "ytick.color": INK,
}  # fmt: skip


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with matplotlib's own defaults and the house style, whatever the user's settings are."""
    family = register_figure_font()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_STYLE, "font.family": [family]})
        yield


@dataclass(frozen=True, slots=True, eq=False)
class ReportFigure:
    """A figure with its text alternative. Shows itself as PNG; `alt` is computed from the same data.

    Where nothing is drawn, it shows itself as the sentence that says why: text, not a picture of text.
    """

    figure: Figure
    alt: str
    drawn: bool = True

    def png(self) -> bytes:
        """Return the figure as PNG, the same bytes on every run."""
        stream = io.BytesIO()
        with house_style():
            self.figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
        return stream.getvalue()

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        if not self.drawn:
            return paragraphs([self.alt])._repr_mimebundle_()
        width, height = (round(inches * CSS_DPI) for inches in self.figure.get_size_inches())
        shown = {"alt": self.alt, "width": width, "height": height}
        data = {"image/png": base64.b64encode(self.png()).decode("ascii"), "text/plain": self.alt}
        return data, {"image/png": shown}


def text_width(text: str, size: float) -> float:
    """Return how many inches a line of text takes in a figure."""
    font = FontProperties(family=register_figure_font(), size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def axes_of(ax: Axes | None, height: float, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Return the caller's axes, or new ones in a figure of house width; margins in inches."""
    if ax is not None:
        return ax
    figure = Figure(figsize=(WIDTH, height))
    box = (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (top + bottom) / height)
    return figure.add_axes(box)


def whole_figure(ax: Axes) -> Figure:
    """Return the figure that axes stand in."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise TypeError("the axes belong to no figure")
    return figure


def sentence_figure(text: str, ax: Axes | None = None) -> ReportFigure:
    """Return a figure that says why there is none."""
    with house_style():
        axes = axes_of(ax, 0.5, left=0.0, right=0.0, top=0.0, bottom=0.0)
        axes.set_axis_off()
        axes.text(0.0, 0.5, text, transform=axes.transAxes, va="center", fontsize=10)
    return ReportFigure(whole_figure(axes), text, drawn=False)
