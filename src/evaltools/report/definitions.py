"""What each indicator measures: its definition with start and end point, its goalposts, its weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaltools.report import numbers
from evaltools.report.labels import Labels
from evaltools.report.phrases import phrase
from evaltools.report.quantities import quantity
from evaltools.report.table import Cell, Table, column
from evaltools.report.tables import unit_text
from evaltools.text import Lang

if TYPE_CHECKING:
    from evaltools.scoring.models import Indicator


def definition_table(*, labels: Labels, lang: Lang = "zh") -> Table:
    """Return one row an indicator of the framework, in the order of its dimensions.

    The scale gives the values that score 0 and 100, below it the weight in the composite, 0 % where an indicator is
    reported but not scored.
    """
    order = {dimension.id: place for place, dimension in enumerate(labels.framework.dimensions)}
    shown = sorted(labels.framework.indicators, key=lambda one: order[one.dimension])
    names = [Cell(labels.indicator(one.id, lang), unit_text(one.id, labels, lang)) for one in shown]
    return Table(phrase("caption.definitions", lang), [
        column("indicator", lang, names),
        column("definition", lang, [f"{one.clause} {one.definition.in_lang(lang)}" for one in shown]),
        column("scale", lang, [_scale(one, labels, lang) for one in shown], numeric=True),
    ], [phrase("card.definitions_note", lang)])  # fmt: skip


def _scale(indicator: Indicator, labels: Labels, lang: Lang) -> Cell:
    write = quantity(labels, indicator.id, lang)
    ends = f"{write.limit(indicator.goalposts.worst)}→{write.limit(indicator.goalposts.best)}"
    whole = {dimension.id: dimension.weight for dimension in labels.framework.dimensions}
    return Cell(ends, numbers.share(indicator.weight * whole[indicator.dimension]))
