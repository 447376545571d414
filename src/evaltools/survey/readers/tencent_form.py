"""腾讯文档 收集表: one sheet, the tool's columns marked （自动）, questions that must be answered （必填）."""

from __future__ import annotations

from typing import Final

from evaltools.survey.readers.columns import headers_of
from evaltools.survey.readers.listed import OwnColumns, own_key, read_labels
from evaltools.survey.readers.model import Book, RawTable, Sniff

TOOL: Final = "tencent_form"
_OWN: Final = OwnColumns(roles={"提交时间(自动)": "submitted_at"}, others=frozenset({"提交者(自动)", "修改时间(自动)"}))
_REQUIRED: Final = "(必填)"


def sniff(book: Book) -> Sniff:
    """Judge by the columns that the tool fills by itself."""
    headers = [header for header, _ in headers_of(book.first.row(0))]
    own = _OWN.found(headers)
    required = sum(1 for header in headers if own_key(header).endswith(_REQUIRED))
    if own:
        confidence = 0.95 if len(own) >= 2 else 0.85
        return Sniff(confidence, f"columns {', '.join(own)}; {required} headers with （必填）")
    return Sniff(0.0, "columns of the tool not found")


def read(book: Book) -> list[RawTable]:
    """Read a collected form. Who handed it in (a nickname) is no answer and is matched by no question."""
    return read_labels(book.first, _OWN)
