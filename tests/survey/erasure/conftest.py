"""A campaign in which one firm answered twice, was faulty once and handed in a copy; and a look at every byte of it."""

import csv
import io
import zipfile
from datetime import date

import openpyxl
import pyarrow.parquet as pq
import pytest
from stdnum.cn import uscc

from evaltools.survey.erasure.erasing import erase

TODAY = date(2022, 12, 20)
CODE = "91419999TEST77777".replace("S", "5")
CODE += uscc.calc_check_digit(CODE)
NAME = "云河县金穗粮油购销演示有限公司"
PHONE = "13877778888"
COMMENT = "窗口排队四十七分钟，太慢"
NATIVE = "uuid:0f6b1c52-7777-4c1e"
WHO = {"firm_code": CODE, "firm_name": NAME, "phone": PHONE}
TRACES = (CODE, NAME, PHONE, COMMENT, NATIVE)


@pytest.fixture
def erasable(campaign, answer):
    """Both waves, csv and xlsx, with eight rows of others; the firm's rows are 3 and 6, 4, and row 3 of the xlsx."""
    form = (campaign.folder / "instruments/firm_survey.md").read_text(encoding="utf-8")
    form = form.replace("Name of the firm | | | | direct | |", "Name of the firm | | | | direct | enterprise.name |")
    campaign.form(form.replace("Telephone | | | | direct | |", "Telephone | | | | direct | enterprise.phone |"))
    own = answer(20, **WHO, comment=COMMENT)
    campaign.raw("baseline/a.csv", [answer(1), own, answer(2), answer(3), dict(own)])
    late = {"at": "2022/12/1 9:00:00"}
    faulty = answer(21, firm_code="9141999900000001", firm_name=NAME, phone=PHONE, **late)
    campaign.raw("endline/b.csv", [answer(1, **late), answer(4, **late), faulty])
    write_xlsx(campaign, "endline/c.xlsx", [answer(5, **late), answer(22, **WHO, comment=COMMENT, no=NATIVE, **late),
                                            answer(6, **late)])  # fmt: skip
    campaign.ingest()
    return campaign


def write_xlsx(campaign, path, rows):
    """Write rows as a workbook with shared strings, as the collecting tools do."""
    text = campaign.raw("x.csv", rows).read_text(encoding="utf-8")
    (campaign.folder / "raw/x.csv").unlink()
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(text, newline="")):
        book.active.append(row)
    target = campaign.folder / "raw" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)


def no_reports(_secrets, _on):
    return []


@pytest.fixture
def forgets():
    """Erase somebody from a campaign on a fixed day."""

    def run(campaign, given, **options):
        options = {"today": TODAY, **options}
        return erase(campaign.folder, campaign.config, given, options.pop("outside", no_reports), **options)

    return run


def every_text(folder):
    """Yield every file as bytes, parts of archives and decoded columns of tables included."""
    for path in (one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        yield path, content
        if content.startswith(b"PK"):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield path, archive.read(name)
        if path.suffix == ".parquet":
            yield path, repr(pq.read_table(path).to_pylist()).encode()


@pytest.fixture
def where_named():
    """Return the files in which one of some texts still stands."""

    def look(folder, traces):
        wanted = {trace.encode(codec) for trace in traces for codec in ("utf-8", "gb18030", "utf-16-le")}
        return {
            path.relative_to(folder).as_posix()
            for path, content in every_text(folder)
            if any(one in content for one in wanted)
        }

    return look


@pytest.fixture
def files_below():
    """Take the content of every file of a folder, to show that nothing was written."""

    def take(folder):
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return take
