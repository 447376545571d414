"""The pages in a browser: nothing wider than a phone, no box for a character, no error, nothing fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shots() -> Any:
    import importlib.util

    path = Path(__file__).parents[2] / "benchmarks" / "shots.py"
    spec = importlib.util.spec_from_file_location("shots", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.find_chromium() is None:
        pytest.skip("there is no Chromium on this machine")
    pytest.importorskip("playwright")
    return module


def test_pages_fit_a_phone_and_show_every_character(rendered: Any, shots: Any, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    result, _, _ = rendered
    folder = result.manifest.parent
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shots.find_chromium(), args=["--no-sandbox"])
        try:
            for name in ("index.html", "zh/county_report.html", "zh/bank_scorecard-icbc.html", "zh/data_quality.html"):
                picture = tmp_path / f"{Path(name).stem}.png"
                measured = shots.take_shot(browser, folder / name, picture, 390)
                assert {key: measured[key] for key in ("overflow_px", "tofu_glyphs", "console_errors")} == {
                    "overflow_px": 0, "tofu_glyphs": 0, "console_errors": 0,
                }, name  # fmt: skip
                assert picture.stat().st_size > 10_000
        finally:
            browser.close()


def test_a_character_without_a_glyph_is_counted(shots: Any, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    from evaltools.report.fonts import font_face, subset_woff

    page = tmp_path / "page.html"
    face = font_face(subset_woff("中a"))
    page.write_text(f'<style>{face}body{{font-family:"Eval Sans SC"}}</style><p>中a丧</p>', encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shots.find_chromium(), args=["--no-sandbox"])
        measured = shots.take_shot(browser, page, tmp_path / "p.png", 390)
        browser.close()
    assert measured["tofu_glyphs"] >= 1
