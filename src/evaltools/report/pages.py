"""Executed notebooks and results to self-contained pages: own template, own font, no script, nothing from a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from traitlets.config import Config

from evaltools.report.fonts import font_face
from evaltools.report.phrases import phrase
from evaltools.text import Lang, clean

_TEMPLATE = Path(str(files("evaltools.report").joinpath("template")))
_STYLE_SLOT = "/*evaltools-style*/"
_POLICY_SLOT = "evaltools-style-hash"
HTML_LANG: Mapping[Lang, str] = {"zh": "zh-CN", "en": "en"}


def notebook_page(notebook: Any, *, title: str, lang: Lang, home: str, show_code: bool) -> str:
    """Return an executed notebook as a page whose style is still to be filled in.

    Parameters
    ----------
    notebook
        Executed and scrubbed.
    title
        Title of the page, plain text.
    lang
        Its language.
    home
        Relative address of the index.
    show_code
        Whether the cells are shown above what they gave.
    """
    exporter = _exporter()
    resources = {
        "evaltools": {
            "title": clean(title), "html_lang": HTML_LANG[lang], "home": home, "show_code": show_code,
            "back": phrase("document.back", lang),
            "style": _STYLE_SLOT, "policy": _POLICY_SLOT,
        },
    }  # fmt: skip
    body, _ = exporter.from_notebook_node(notebook, resources=resources)
    return str(body)


def plain_page(template: str, *, lang: Lang, **values: object) -> str:
    """Return a page made without a notebook: ``portal.html.j2`` or ``failure.html.j2``."""
    page = _environment().get_template(template)
    return page.render(
        lang=lang, html_lang=HTML_LANG[lang], style=_STYLE_SLOT, policy=_POLICY_SLOT, phrase=phrase, **values
    )  # fmt: skip


def finish_page(page: str, woff: bytes) -> str:
    """Return a page with style, font and the policy that lets through this one style and nothing else."""
    style = font_face(woff) + _style()
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return page.replace(_POLICY_SLOT, f"sha256-{digest}", 1).replace(_STYLE_SLOT, style, 1)


@cache
def _style() -> str:
    return _TEMPLATE.joinpath("style.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_TEMPLATE), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)  # fmt: skip


@cache
def _exporter() -> Any:
    from evaltools.report import jupyter_quick

    make: Any = jupyter_quick.HTMLExporter
    shown = Config({"NbConvertBase": {"display_data_priority": ["image/png", "text/html", "text/plain"]}})
    exporter = make(config=shown, template_name=_TEMPLATE.name, extra_template_basedirs=[str(_TEMPLATE.parent)])
    exporter.environment.autoescape = True
    return exporter
