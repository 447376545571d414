"""Chinese everywhere without system fonts: one free face for figures, a subset of it inside every page.

The face is Noto Sans CJK SC (SIL Open Font License), which comes by pip. Pages carry a subset under a family name of
our own, so that an installed Noto of another version cannot take its place and the reserved names stay clear.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaltools.errors import ReportError

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FIGURE_FAMILY = "Noto Sans CJK SC"
PAGE_FAMILY = "Eval Sans SC"
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "\u00a0"
_DROPPED_TABLES = ["BASE", "GPOS", "GSUB", "GDEF", "VORG", "vhea", "vmtx", "DSIG"]


@cache
def font_path() -> Path:
    """Return the font collection that comes with the environment.

    Raises
    ------
    ReportError
        ``report-font``: it is not there.
    """
    try:
        from noto_cjk_sans_otc import FONT_PATH
    except ImportError:
        raise ReportError("report-font", package="noto-cjk-sans-otc") from None
    return Path(str(FONT_PATH))


@cache
def register_figure_font() -> str:
    """Make the face known to matplotlib, once a process; return its family."""
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(font_path()))
    return FIGURE_FAMILY


class _Text(HTMLParser):
    """Collects what a reader sees: text and the attributes that are read aloud; not the style sheet."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag == "style"
        for name, value in attrs:
            if name in ("alt", "aria-label", "title") and value:
                self.found.update(value)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.update(data)


def page_characters(pages: Iterable[str]) -> set[str]:
    """Return every character that stands in the text of HTML pages, and all printable ASCII."""
    reader = _Text()
    for page in pages:
        reader.feed(page)
    reader.close()
    return {one for one in reader.found | set(_ALWAYS) if one.isprintable() or one == "\u00a0"}


def subset_woff(characters: Iterable[str]) -> bytes:
    """Return a WOFF font with exactly these characters, as far as the face has them, under our family name."""
    from fontTools import subset

    options = subset.Options()
    options.flavor = "woff"
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    options.drop_tables += _DROPPED_TABLES
    options.name_IDs = []
    with _face(FIGURE_FAMILY) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=sorted(ord(one) for one in characters))
        cutter.subset(font)
        _rename(font)
        stream = io.BytesIO()
        subset.save_font(font, stream, options)
    return stream.getvalue()


def font_face(woff: bytes) -> str:
    """Return the style rule that carries a font inside the page."""
    data = base64.b64encode(woff).decode("ascii")
    return (
        f'@font-face{{font-family:"{PAGE_FAMILY}";font-style:normal;font-weight:400;'
        f'src:url("data:font/woff;base64,{data}") format("woff")}}'
    )


def _face(family: str) -> Any:
    from fontTools.ttLib import TTCollection, TTFont

    path = str(font_path())
    with TTCollection(path, lazy=True) as collection:
        number = next((n for n, one in enumerate(collection.fonts) if one["name"].getDebugName(1) == family), None)
    if number is None:
        raise ReportError("report-font", package="noto-cjk-sans-otc")
    return TTFont(path, fontNumber=number, lazy=True, recalcTimestamp=False)


def _rename(font: TTFont) -> None:
    names = font["name"]
    names.names = []
    for name_id, text in (
        (1, PAGE_FAMILY),
        (2, "Regular"),
        (4, PAGE_FAMILY),
        (6, PAGE_FAMILY.replace(" ", "") + "-Regular"),
    ):
        names.setName(text, name_id, 3, 1, 0x409)
    if "CFF " in font:
        cff = font["CFF "].cff
        cff.fontNames = [PAGE_FAMILY.replace(" ", "") + "-Regular"]
