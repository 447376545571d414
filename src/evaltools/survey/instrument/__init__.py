"""Instruments: XLSForms, mostly written as Markdown, with what an evaluation needs to know of each question."""

from evaltools.survey.instrument.model import (
    BilingualText,
    Choice,
    Instrument,
    InstrumentError,
    Question,
    Sensitivity,
    Sheet,
)
from evaltools.survey.instrument.reading import items_frame, read_instrument, read_instrument_file
from evaltools.survey.instrument.workbook import write_xlsx

__all__ = [
    "BilingualText",
    "Choice",
    "Instrument",
    "InstrumentError",
    "Question",
    "Sensitivity",
    "Sheet",
    "items_frame",
    "read_instrument",
    "read_instrument_file",
    "write_xlsx",
]
