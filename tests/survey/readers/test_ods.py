"""OpenDocument sheets: percentages, merged cells, the calendar, signs that are elements."""

from __future__ import annotations

import io
import zipfile

from evaltools.survey.readers.model import Limits
from evaltools.survey.readers.workbook import open_workbook

from .conftest import grid_rows

SPACES = "".join(
    f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
)
ODS = f"""<?xml version="1.0"?><office:document-content{SPACES}><office:body><office:spreadsheet>
<table:calculation-settings><table:null-date table:date-value="1904-01-01"/></table:calculation-settings>
<table:table table:name="S">{{rows}}</table:table></office:spreadsheet></office:body></office:document-content>"""


def grid_of(data):
    with open_workbook(data, "ods", sheet=None, file="f", limits=Limits()) as book:
        return book.first


def ods(rows):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(rows=rows))
        archive.writestr("META-INF/manifest.xml", "<m/>")
    return out.getvalue()


def test_an_open_document_has_percentages_merged_cells_and_its_own_calendar():
    def cell(value, kind="string", more=""):
        said = f'office:value="{value}"' if kind != "string" else ""
        return f'<table:table-cell office:value-type="{kind}" {said}{more}><text:p>{value}</text:p></table:table-cell>'

    covered = "<table:covered-table-cell/>"
    rows = [
        cell("银行", more=' table:number-columns-spanned="1" table:number-rows-spanned="2"')
        + cell(0.0435, "percentage"),
        covered + cell(44832, "float"),
    ]
    blank = '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
    grid = grid_of(ods(blank + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)))
    assert (grid.numbers, grid_rows(grid)) == ([3, 4], [["银行", "4.35%"], [None, 44832]])
    assert (grid.merged, grid.epoch) == (((3, 0, 4, 0),), 1904)


def test_a_tab_and_a_line_end_are_signs_of_the_text():
    text = 'a<text:tab/>b<text:s text:c="3"/>c<text:line-break/>d</text:p><text:p>e'
    rows = f'<table:table-row><table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    assert grid_rows(grid_of(ods(f"{rows}</table:table-row>"))) == [["a\tb   c\nd\ne"]]
