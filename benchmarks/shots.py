"""Look at the demo's pages as a reader would: headless Chromium at phone and desk width, Chinese and English.

Writes ``build/shots/{index,scorecard,county}-{390,1280}-{zh,en}.png`` and ``shots.json``, an array of
{file, overflow_px, tofu_glyphs, console_errors}. Exit code 1 where any of them is not 0.

overflow_px: how much wider than the window the page is. tofu_glyphs: characters that the page's own font does not
draw, counted by Chromium (glyphs from another font) and against the font's character map (boxes). console_errors:
errors on the console, page errors and requests to anything but the file itself.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

WIDTHS = (390, 1280)
LANGS = ("zh", "en")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
VISIBLE_TEXT = "document.body.innerText"


def main() -> int:
    """Make the reports where none are given, take the pictures, say what is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--campaign", type=Path, default=Path("data/demo"))
    arguments.add_argument("--reports", type=Path, help="a folder of reports in both languages; default: make them")
    arguments.add_argument("--out", type=Path, default=Path("build/shots"))
    given = arguments.parse_args()
    browser = find_chromium()
    if browser is None:
        print("shots: skipped, there is no Chromium on this machine (Debian: apt install chromium)")
        return 0
    reports = given.reports or make_reports(given.campaign, given.out / "reports")
    shots = take_shots(reports, given.out, browser)
    (given.out / "shots.json").write_text(json.dumps(shots, indent=1) + "\n", encoding="utf-8")
    bad = [shot for shot in shots if shot["overflow_px"] or shot["tofu_glyphs"] or shot["console_errors"]]
    for shot in bad:
        print(f"shots: {shot}")
    print(f"shots: {len(shots)} pictures in {given.out}, {len(bad)} with faults")
    return 1 if bad else 0


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def make_reports(campaign: Path, out: Path) -> Path:
    """Render the demo in both languages, one scorecard."""
    import evaltools as ev

    opened = ev.Campaign.open(campaign)
    opened.ingest()
    result = opened.report(LANGS, ("html",), [opened.config.bank_ids[0]], out=out)
    if result.failures:
        raise SystemExit("\n".join(failure.text("en") for failure in result.failures))
    return out


def pages_of(reports: Path, lang: str) -> dict[str, Path]:
    """Return the pages to look at: index, the first scorecard, the county report."""
    entries = json.loads((reports / "manifest.json").read_text(encoding="utf-8"))["reports"]
    own = [entry for entry in entries if entry["lang"] == lang and entry["format"] == "html"]
    first = min((entry for entry in own if entry["bank"]), key=lambda entry: entry["bank"])
    county = next(entry for entry in own if entry["name"] == "county_report")
    home = re.search(r'<nav><a href="\.\./([^"]+)"', (reports / county["path"]).read_text(encoding="utf-8"))
    index = home.group(1) if home else "index.html"
    return {"index": reports / index, "scorecard": reports / first["path"], "county": reports / county["path"]}


def take_shots(reports: Path, out: Path, chromium: str) -> list[dict[str, Any]]:
    """Photograph every page at every width and return what was measured."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    shots = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for lang in LANGS:
            for name, path in pages_of(reports, lang).items():
                shots += [take_shot(browser, path, out / f"{name}-{width}-{lang}.png", width) for width in WIDTHS]
        browser.close()
    return sorted(shots, key=lambda shot: str(shot["file"]))


def take_shot(browser: Browser, path: Path, picture: Path, width: int) -> dict[str, Any]:
    """Photograph one page at one width."""
    context = browser.new_context(viewport={"width": width, "height": 844}, device_scale_factor=2 if width < 600 else 1,
                                  offline=True)  # fmt: skip
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url[:80]) if not _own(request.url) else None)
    page.goto(path.resolve().as_uri())
    page.evaluate("document.fonts.ready.then(() => true)")
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    tofu = count_tofu(page, path)
    page.screenshot(path=str(picture), full_page=True)
    context.close()
    if faults:
        print(f"shots: {picture.name}: {faults}", file=sys.stderr)
    return {"file": picture.name, "overflow_px": max(0, overflow), "tofu_glyphs": tofu, "console_errors": len(faults)}


def _own(url: str) -> bool:
    return url.startswith(("file:", "data:"))


def count_tofu(page: Page, path: Path) -> int:
    """Return how many signs of a page are not drawn by the font that the page carries."""
    text = set(page.evaluate(VISIBLE_TEXT))
    known = embedded_characters(path.read_text(encoding="utf-8"))
    boxes = {one for one in text if one.isprintable() and not one.isspace() and ord(one) not in known}
    session = page.context.new_cdp_session(page)
    return len(boxes) + foreign_glyphs(session)


def embedded_characters(html: str) -> set[int]:
    """Return the code points of the font inside a page."""
    from fontTools.ttLib import TTFont

    data = re.search(r'url\("data:font/woff;base64,([A-Za-z0-9+/=]+)"\)', html)
    return set(TTFont(io.BytesIO(base64.b64decode(data.group(1)))).getBestCmap()) if data else set()


def foreign_glyphs(session: CDPSession) -> int:
    """Return the number of glyphs that Chromium took from a font of the system."""
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument", {"depth": -1})["root"]
    count = 0
    for node in _elements_with_text(root):
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        count += sum(int(font["glyphCount"]) for font in fonts if not font["isCustomFont"])
    return count


def _elements_with_text(node: dict[str, Any]) -> list[int]:
    own = any(child["nodeType"] == 3 and child["nodeValue"].strip() for child in node.get("children", []))
    found = [node["nodeId"]] if own and node["nodeName"] not in ("STYLE", "TITLE") else []
    for child in node.get("children", []):
        found += _elements_with_text(child)
    return found


if __name__ == "__main__":
    sys.exit(main())
