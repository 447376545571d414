"""The font inside the pages: exactly their characters, our name, nothing from the style sheet."""

from __future__ import annotations

import io
import sys

import pytest
from fontTools.ttLib import TTFont

from evaltools.errors import ReportError
from evaltools.report import fonts

TEXT = "云河县得信贷：82.5→60.1（−3.2至+1.0）√×○▲▼《》①㎡"


@pytest.fixture(scope="module")
def woff() -> bytes:
    return fonts.subset_woff(fonts.page_characters([f"<p>{TEXT}</p>"]))


def test_subset_draws_every_character_and_little_else(woff: bytes) -> None:
    font = TTFont(io.BytesIO(woff))
    cmap = font.getBestCmap()
    assert {ord(one) for one in TEXT} <= set(cmap)
    assert len(font.getGlyphOrder()) < len(set(TEXT)) + 110
    assert "犇" not in {chr(one) for one in cmap}


def test_subset_has_our_family_name_and_is_small(woff: bytes) -> None:
    font = TTFont(io.BytesIO(woff))
    assert font.flavor == "woff"
    assert font["name"].getDebugName(1) == fonts.PAGE_FAMILY
    assert "Noto" not in {str(record) for record in font["name"].names}
    assert len(woff) < 60_000


def test_subset_is_the_same_on_every_run(woff: bytes) -> None:
    assert fonts.subset_woff(fonts.page_characters([f"<p>{TEXT}</p>"])) == woff


def test_characters_come_from_text_and_from_what_is_read_aloud() -> None:
    found = fonts.page_characters(
        ['<style>甲{}</style><p title="乙">&#19993;</p><img alt="丁" src="戊"><b aria-label="己">']
    )
    assert {"乙", "丙", "丁", "己"} <= found
    assert not found & {"甲", "戊"}


def test_a_missing_font_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "noto_cjk_sans_otc", None)
    fonts.font_path.cache_clear()
    with pytest.raises(ReportError, match="noto-cjk-sans-otc"):
        fonts.font_path()
    fonts.font_path.cache_clear()
