"""金山表单, WPS 表单: one sheet with the time of submission and who filled it in; nothing else of it is sure."""

from __future__ import annotations

from typing import Final

from evaltools.survey.readers.columns import headers_of
from evaltools.survey.readers.listed import OwnColumns, own_key, read_labels
from evaltools.survey.readers.model import Book, RawTable, Sniff

TOOL: Final = "wps_form"
_TIMES: Final = frozenset({"提交时间", "填写时间"})
_PERSONS: Final = frozenset({"填写人", "填写者", "提交人"})
_OWN: Final = OwnColumns(
    roles=dict.fromkeys(sorted(_TIMES), "submitted_at"),
    others=_PERSONS | {"序号", "填写人id", "所在部门", "填写设备"},
)


def sniff(book: Book) -> Sniff:
    """Judge by a time of submission and a person, which ledgers kept by hand may have as well."""
    headers = [header for header, _ in headers_of(book.first.row(0))]
    keys = {own_key(header) for header in headers}
    if keys & _TIMES and keys & _PERSONS:
        return Sniff(0.4, f"columns {', '.join(_OWN.found(headers))}")
    return Sniff(0.0, "columns of the tool not found")


def read(book: Book) -> list[RawTable]:
    """Read a collected form. Who filled it in is no answer and is matched by no question."""
    return read_labels(book.first, _OWN)
