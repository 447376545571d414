"""Rows of a Stata .dta file counted from its bytes, without the library that reads them, and its languages.

The library reads as many rows as the head states, so the head alone cannot be what they are held against: from version
117 on the section of the data is measured, before that what follows the data must be labels up to the last byte.
Source: "File formats .dta" in the Stata Programming manual, for versions 113 to 119.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from evaltools.errors import FileRefusedError

FIRST: Final = 113
LAST: Final = 119
_TAG: Final = b"<stata_dta>"
_UNICODE: Final = 118
_RELEASE: Final = re.compile(rb"<stata_dta><header><release>(\d{3})</release><byteorder>(LSF|MSF)</byteorder><K>")
_SECTIONS: Final = (
    b"<stata_data>", b"<map>", b"<variable_types>", b"<varnames>", b"<sortlist>", b"<formats>", b"<value_label_names>",
    b"<variable_labels>", b"<characteristics>", b"<data>", b"<strls>", b"<value_labels>", b"</stata_dta>",
)  # fmt: skip
_TYPES, _CHARACTERISTICS, _DATA, _STRLS, _END = 2, 8, 9, 10, 12
_LONGEST_TEXT: Final = 2045
_WIDTHS: Final = {32768: 8, 65526: 8, 65527: 4, 65528: 4, 65529: 2, 65530: 1}
_OLD_WIDTHS: Final = {251: 1, 252: 2, 253: 4, 254: 4, 255: 8}
_OLD_HEAD: Final = 109
_LANGUAGE: Final = "_lang_c"
_LANGUAGES: Final = "_lang_list"


@dataclass(frozen=True, slots=True)
class DtaScan:
    """What the bytes say.

    Attributes
    ----------
    version
        Of the format; from 118 on text is UTF-8, before that its encoding is not stated.
    stated, counted
        Rows by the head, and in the data.
    variables
        Variables.
    language, languages
        The language whose labels are in use, and all that the file has labels in; "" and () where it has one alone.
    """

    version: int
    stated: int
    counted: int
    variables: int
    language: str = ""
    languages: tuple[str, ...] = ()

    @property
    def is_unicode(self) -> bool:
        """Whether the format states that text is UTF-8."""
        return self.version >= _UNICODE


def is_dta(data: bytes) -> bool:
    """Say whether the first bytes are those of a Stata file, of a version that is read or an older one."""
    return data.startswith(_TAG) or (
        len(data) > 3 and 102 <= data[0] <= 115 and data[1] in (1, 2) and data[2:4] == b"\1\0"
    )


def scan_dta(data: bytes, *, file: str) -> DtaScan:
    """Count the rows.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.

    Raises
    ------
    FileRefusedError
        ``dta-version``: a version that is not read; ``dta-damaged``: a section is cut short, or is not where the file
        says that it is.
    """
    try:
        return _scan_new(data, file) if data.startswith(_TAG) else _scan_old(data, file)
    except (struct.error, IndexError, KeyError, ValueError) as error:
        raise FileRefusedError("dta-damaged", file=file) from error


def _refuse_version(version: int, file: str) -> None:
    if not FIRST <= version <= LAST:
        raise FileRefusedError("dta-version", file=file, version=version, first=FIRST, last=LAST)


# ---------------------------------------------------------------------------------------------------------------------
# From version 117 on: sections between tags, and a map of them


def _scan_new(data: bytes, file: str) -> DtaScan:
    found = _RELEASE.match(data)
    if found is None:
        raise ValueError("head")
    version, order = int(found[1]), "<" if found[2] == b"LSF" else ">"
    _refuse_version(version, file)
    wide = struct.Struct(f"{order}I" if version >= LAST else f"{order}H")
    variables = wide.unpack_from(data, found.end())[0]
    at = data.index(b"<N>", found.end(), found.end() + 16) + len(b"<N>")
    stated = struct.unpack_from(f"{order}Q" if version >= _UNICODE else f"{order}I", data, at)[0]
    places = _map(data, order)
    types = struct.unpack_from(f"{order}{variables}H", data, places[_TYPES] + len(_SECTIONS[_TYPES]))
    width = sum(kind if kind <= _LONGEST_TEXT else _WIDTHS[kind] for kind in types)
    size = places[_STRLS] - places[_DATA] - len(b"<data></data>")
    counted, rest = divmod(size, width) if width else (0, size)
    if rest:
        raise ValueError("data cut short")
    section = data[places[_CHARACTERISTICS] + len(_SECTIONS[_CHARACTERISTICS]) : places[_DATA]]
    names = 129 if version >= _UNICODE else 33
    language, languages = _languages_of(_new_characteristics(section, order, names))
    return DtaScan(version, stated, counted, variables, language, languages)


def _map(data: bytes, order: str) -> tuple[int, ...]:
    """Return where the sections are, each held against the tag that stands there."""
    start = data.index(b"<map>", 0, 1024) + len(b"<map>")
    places: tuple[int, ...] = struct.unpack_from(f"{order}14Q", data, start)
    if places[-1] != len(data) or places[1] != start - len(b"<map>"):
        raise ValueError("length")
    for place, tag in zip(places[2:13], _SECTIONS[2:], strict=True):
        if not data.startswith(tag, place):
            raise ValueError("section")
    return places


def _new_characteristics(section: bytes, order: str, name: int) -> list[tuple[bytes, bytes, bytes]]:
    found, at = [], 0
    while section.startswith(b"<ch>", at):
        length = struct.unpack_from(f"{order}I", section, at + 4)[0]
        at += 8
        found.append(_characteristic(section[at : at + length], name))
        at += length + len(b"</ch>")
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Before: one block after the other


def _scan_old(data: bytes, file: str) -> DtaScan:
    version, order = data[0], "<" if data[1] == 2 else ">"
    _refuse_version(version, file)
    variables, stated = struct.unpack_from(f"{order}HI", data, 4)
    types = data[_OLD_HEAD : _OLD_HEAD + variables]
    if len(types) != variables:
        raise ValueError("types")
    width = sum(kind if kind < 245 else _OLD_WIDTHS[kind] for kind in types)
    formats = 12 if version == FIRST else 49
    # types, names, sort order, formats, names of value labels, variable labels
    at = _OLD_HEAD + variables * (1 + 33 + formats + 33 + 81) + 2 * (variables + 1)
    found = []
    while True:
        kind, length = data[at], struct.unpack_from(f"{order}i", data, at + 1)[0]
        at += 5
        if kind == 0 and length == 0:
            break
        if length < 0:
            raise ValueError("characteristic")
        found.append(_characteristic(data[at : at + length], 33))
        at += length
    _walk_labels(data, at + stated * width, order)
    language, languages = _languages_of(found)
    return DtaScan(version, stated, stated, variables, language, languages)


def _walk_labels(data: bytes, at: int, order: str) -> None:
    """Go through the value labels, which must end with the file: else the data are longer or shorter than stated."""
    while at < len(data):
        length = struct.unpack_from(f"{order}i", data, at)[0]
        count, size = struct.unpack_from(f"{order}2i", data, at + 40)
        if count < 0 or size < 0 or length != 8 + 8 * count + size:
            raise ValueError("value labels")
        at += 40 + length
    if at != len(data):
        raise ValueError("cut short")


def _characteristic(content: bytes, name: int) -> tuple[bytes, bytes, bytes]:
    return content[:name].split(b"\0")[0], content[name : 2 * name].split(b"\0")[0], content[2 * name :].split(b"\0")[0]


def _languages_of(characteristics: list[tuple[bytes, bytes, bytes]]) -> tuple[str, tuple[str, ...]]:
    own = {key.decode("latin-1"): text.decode("latin-1") for of, key, text in characteristics if of == b"_dta"}
    listed = tuple(own.get(_LANGUAGES, "").split())
    return (own.get(_LANGUAGE, ""), listed) if len(listed) > 1 else ("", ())
