"""Pages: only our marked HTML passes, everything else is text; no script, no network, a policy that says so."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest

from evaltools.report import pages
from evaltools.report.jupyter_quick import nbformat
from evaltools.report.labels import Labels
from evaltools.report.passages import Passage
from evaltools.report.portal import portal_page

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def cell(source: str, *outputs: Any, tags: tuple[str, ...] = ()) -> Any:
    made = nbformat.v4.new_code_cell(source=source, metadata={"tags": list(tags)})
    made.outputs = [nbformat.v4.new_output("display_data", data=data, metadata=metadata) for data, metadata in outputs]
    return made


def page_of(*cells: Any, show_code: bool = False, title: str = "题") -> str:
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    return pages.notebook_page(notebook, title=title, lang="zh", home="../index.html", show_code=show_code)


def test_our_marked_html_passes_and_keeps_its_tags() -> None:
    said = Passage("<h2>一、结论</h2>", "一、结论")
    assert "<h2>一、结论</h2>" in page_of(cell("x", said._repr_mimebundle_()))


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": EVIL, "text/plain": EVIL},
        {"application/javascript": "alert(1)", "text/plain": EVIL},
        {"image/svg+xml": "<svg onload=alert(1)>", "text/plain": EVIL},
        {"text/markdown": "[x](javascript:alert(1))", "text/plain": EVIL},
        {"text/latex": "$<script>$", "text/plain": EVIL},
        {"text/html": "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "text/plain": EVIL},
    ],
)
def test_outputs_without_our_mark_become_text(data: dict[str, str]) -> None:
    page = page_of(cell("x", (data, {})))
    body = page[page.index("<main>") :]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert not re.search(r"<(script|iframe|svg|img)\b", body)
    assert "javascript:" not in body


@pytest.mark.parametrize(
    "mark", [{}, {"evaltools": True}, {"evaltools": {"html": False}}, {"evaltools": {"html": "yes"}}]
)
def test_a_mark_that_is_not_ours_is_no_mark(mark: dict[str, Any]) -> None:
    page = page_of(cell("x", ({"text/html": EVIL, "text/plain": "plain"}, {"text/html": mark})))
    assert "<script>" not in page[page.index("<main>") :]


def test_streams_and_errors_are_not_printed() -> None:
    made = cell("x")
    made.outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="13800001111"),
        nbformat.v4.new_output("error", ename="ValueError", evalue="13800001111", traceback=["13800001111"]),
    ]
    assert "13800001111" not in page_of(made)


def test_figures_are_embedded_with_alt_and_size() -> None:
    shown = {"image/png": {"alt": '图"<甲>', "width": 500, "height": 300}}
    page = page_of(cell("x", ({"image/png": "iVBORw0KGgo=", "text/plain": "图"}, shown)))
    tag = re.search(r"<img[^>]*>", page)
    assert tag is not None
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in tag[0]
    assert "&lt;甲" in tag[0] or "图&quot;" in tag[0]
    assert 'width="500"' in tag[0]


def test_code_is_shown_only_where_asked_and_never_the_parameters() -> None:
    cells = [cell("campaign = '/home/x'", tags=("parameters",)), cell("changes = c.change()  # <b>")]
    assert "c.change()" not in page_of(*cells)
    shown = page_of(*cells, show_code=True)
    assert "changes = c.change()  # &lt;b&gt;" in shown
    assert "/home/x" not in shown


def test_markdown_and_raw_cells_are_not_markup() -> None:
    page = page_of(
        nbformat.v4.new_markdown_cell(EVIL), nbformat.v4.new_raw_cell(EVIL, metadata={"raw_mimetype": "text/html"})
    )
    assert "<script>" not in page
    assert "onerror" not in page


def test_title_and_language() -> None:
    page = page_of(title="</title><script>")
    assert '<html lang="zh-CN">' in page
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in page


def test_policy_lets_through_this_style_and_nothing_else() -> None:
    page = pages.finish_page(page_of(cell("x")), b"wOFF")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page
    assert "unsafe" not in page
    assert not re.search(r"https?://|//cdn|@import", page)
    assert "style=" not in page.replace("style-src", "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_index_leads_to_everything_and_escapes(hostile: Any, hostile_labels: Labels, lang: Any) -> None:
    page = portal_page(
        hostile.head(),
        hostile.verdicts(),
        hostile.composite(),
        hostile_labels,
        lang=lang,
        reports=[
            ("bank_scorecard", "icbc", f"{lang}/bank_scorecard-icbc.html"),
            ("county_report", None, f"{lang}/county_report.html"),
        ],
        failures=[("<b>abc", f"{lang}/bank_scorecard-abc.html")],
        others=[("en", "index.en.html")],
    )
    hrefs = re.findall(r'href="([^"]*)"', page)
    assert set(hrefs) == {
        f"{lang}/bank_scorecard-icbc.html",
        f"{lang}/county_report.html",
        f"{lang}/bank_scorecard-abc.html",
        "index.en.html",
    }
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "&lt;b&gt;abc" in page
    assert not re.search(r"<img|<script|\{\{49|>49<", page)
    assert "{{7*7}}" in page
