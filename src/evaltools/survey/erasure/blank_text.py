"""Blank records of a csv or tsv file; every other byte stays, so that no row of anybody else moves."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from typing import Final

from evaltools.survey.readers.delimited import find_records
from evaltools.survey.readers.encodings import judge_encoding

_BOMS: Final = {"UTF-8": b"", "UTF-8-SIG": b"\xef\xbb\xbf", "GB18030": b""}
_CODECS: Final = {"UTF-8": "utf-8", "UTF-8-SIG": "utf-8", "GB18030": "gb18030"}


def blank_records(data: bytes, numbers: Collection[int]) -> bytes | None:
    """Return the file with blank records, told by their numbers; None where it could not be written back as it is.

    A record keeps its delimiters and its line end.
    """
    encoding = judge_encoding(data, file="")
    if encoding == "UTF-16":
        mark, codec = data[:2], "utf-16-le" if data[:2] == b"\xff\xfe" else "utf-16-be"
    else:
        mark, codec = _BOMS[encoding], _CODECS[encoding]
    text = data[len(mark) :].decode(codec)
    if mark + text.encode(codec) != data:
        return None
    delimiter, records = find_records(text)
    parts, at = [], 0
    for start, end, number in records:
        if number in numbers:
            [fields] = csv.reader(io.StringIO(text[start:end], newline=""), delimiter=delimiter)
            parts += [text[at:start], delimiter * (len(fields) - 1)]
            at = end
    return mark + "".join((*parts, text[at:])).encode(codec)
