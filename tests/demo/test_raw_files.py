import csv
import io
import ipaddress
import json
import re
from collections import Counter, defaultdict

import pytest
from python_calamine import CalamineWorkbook
from stdnum.cn import uscc

from demo_findings import RULES
from demo_records import credit_code
from evaltools.config import read_config
from evaltools.survey.instrument import read_instrument
from evaltools.text import normalise

KEPT = ("duplicate", "superseded", "not-relevant")  # rules that lose no row
DOCUMENTATION = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def _sheet(path):
    """Return the rows of a raw file as tuples of text, the header first."""
    if path.suffix == ".csv":
        return [tuple(row) for row in csv.reader(io.StringIO(path.read_bytes().decode("gb18030")))]
    book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    assert len(book.sheet_names) == 1
    return [tuple(str(cell) for cell in row) for row in book.get_sheet_by_index(0).to_python()]


@pytest.fixture(scope="module")
def sheets(written):
    return {path.relative_to(written()).as_posix(): _sheet(path) for path in (written() / "raw").rglob("*.*")}


@pytest.fixture(scope="module")
def findings(written):
    return json.loads((written() / "truth.json").read_text("utf-8"))["findings"]


def _place(locator):
    path, _, row = locator.rpartition("row ")
    return path.split("#")[0], int(row)


def _column(sheet, text):
    (position,) = [number for number, header in enumerate(sheet[0]) if text in header]
    return [row[position] for row in sheet[1:]]


def test_wjx_files_have_its_leading_columns_and_numbered_questions(sheets):
    wjx = {name: sheet for name, sheet in sheets.items() if "按文本" in name}
    assert len(wjx) == 4
    for name, (header, *rows) in wjx.items():
        assert header[:6] == ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
        numbers = [int(re.match(r"(\d+)、", text)[1]) for text in header[6:]]
        assert numbers == list(range(1, len(header) - 5))
        highest, exported = map(int, re.search(r"_(\d+)_(\d+)\.xlsx$", name).groups())
        assert exported == len(rows)
        assert highest >= exported
        assert {"(空)", "(跳过)"} <= {cell for row in rows for cell in row}
        assert all(re.fullmatch(r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d\d:\d\d", row[1]) for row in rows)
        assert all(re.fullmatch(r"\d+秒", row[2]) for row in rows)


def test_kobo_files_have_names_with_group_paths_in_another_order(sheets):
    instrument = read_instrument("enterprise_satisfaction")
    paths = [one.path for one in instrument.answered]
    kobo = {name: sheet for name, sheet in sheets.items() if "_-_all_versions" in name}
    assert len(kobo) == 2
    for header, *rows in kobo.values():
        own = [text for text in header if text in paths]
        assert set(paths) - set(own) <= {"g_end/comment"}
        assert own != [path for path in paths if path in own]
        assert {"_id", "_uuid", "_submission_time", "__version__", "g_loan/fees/notary"} <= set(header)
        assert len(rows) > 150


def test_the_baseline_form_on_the_tablets_lacks_a_question_that_the_campaign_file_names(written, sheets):
    (source,) = [one for one in read_config(written()).sources if one.absent]
    assert source.absent == ("comment",)
    assert (source.wave, source.tool) == ("baseline", "kobo")
    header = next(sheet[0] for name, sheet in sheets.items() if "基线" in name and "_-_all" in name)
    assert "g_end/comment" not in header


def test_visits_are_gb18030_and_nothing_else(written):
    for path in written().rglob("*.csv"):
        content = path.read_bytes()
        assert "走访编号" in content.decode("gb18030")
        with pytest.raises(UnicodeDecodeError, match="utf-8"):
            content.decode("utf-8")


def test_edited_headers_stand_in_the_campaign_file(written, sheets):
    edited = [(one, name, header) for one in read_config(written()).sources for name, header in one.columns.items()]
    assert [name for _, name, _ in edited] == ["sat_time", "quoted_rate"]
    for source, name, header in edited:
        label = read_instrument(source.instrument).question(name).label.zh
        holders = [sheet[0] for path, sheet in sheets.items() if header in sheet[0]]
        assert len(holders) == 1
        assert not any(label in text for text in holders[0])


def test_identities_are_invented(sheets):
    for name, sheet in sheets.items():
        if "明察暗访" in name:
            continue
        kobo = "_-_all" in name
        phones = [
            cell for cell in _column(sheet, "contact_phone" if kobo else "联系电话") if cell not in ("", "(跳过)")
        ]
        assert phones
        assert all(re.fullmatch(r"1990000[0-9]{4}", normalise(phone)) for phone in phones)
        firms = _column(sheet, "enterprise_name" if kobo else "企业名称")
        assert all("演示" in firm for firm in firms if firm not in ("", "(跳过)"))
        if not kobo:
            hosts = [ipaddress.ip_address(cell.split("(")[0]) for cell in _column(sheet, "来自IP")]
            assert all(any(host in net for net in DOCUMENTATION) for host in hosts)


def test_credit_codes_are_valid_but_for_the_planted_ones(sheets, findings):
    planted = {_place(one["locator"]) for one in findings if one["rule"].startswith("code-")}
    seen = set()
    for name, sheet in sheets.items():
        if "明察暗访" in name:
            continue
        codes = _column(sheet, "enterprise_code" if "_-_all" in name else "统一社会信用代码")
        for number, code in enumerate(codes, start=2):
            if code not in ("", "(跳过)") and not uscc.is_valid(code):
                seen.add((name, number))
    assert seen == planted
    assert len(seen) == 6


def test_credit_code_check_sign_by_hand():
    # the weighted sum of all 18 signs, the last one with weight 1, is a multiple of 31
    signs, weights = "0123456789ABCDEFGHJKLMNPQRTUWXY", (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    code = credit_code(42)
    assert code[:17] == "91419999DEMA00042"
    total = sum(weight * signs.index(sign) for weight, sign in zip(weights, code, strict=False))
    assert code[17] == signs[-total % 31]


def test_planted_bad_rows_stay_below_the_threshold_in_every_file(sheets, findings):
    bad = Counter(_place(one["locator"])[0] for one in findings if one["rule"] not in KEPT)
    assert set(bad) == set(sheets)
    for name, sheet in sheets.items():
        assert 0 < bad[name] / (len(sheet) - 1) < 0.08


def test_every_rule_is_planted_and_every_place_exists(sheets, findings):
    assert {one["rule"] for one in findings} == set(RULES.values())
    assert {one["kind"] for one in findings} == {"fact"}
    places = [_place(one["locator"]) for one in findings]
    assert len(set(places)) == len(places)
    assert all(2 <= row <= len(sheets[path]) for path, row in places)


def test_duplicates_repeat_the_line_above_and_nothing_else_does(sheets, findings):
    planted = {_place(one["locator"]) for one in findings if one["rule"] == "duplicate"}
    assert len(planted) == 12
    repeated = set()
    for name, sheet in sheets.items():
        keep = slice(None, -1) if "_-_all" in name else slice(None)  # the running number of Kobo's lines
        for number in range(2, len(sheet)):
            if sheet[number][keep] == sheet[number - 1][keep]:
                repeated.add((name, number + 1))
    assert repeated == planted


def test_superseded_answers_have_a_later_one_of_the_same_firm_to_the_same_bank(sheets, findings, written):
    banks = {one.id: {one.id, one.name.zh, *one.aliases} for one in read_config(written()).banks}
    answers = defaultdict(list)
    for name, sheet in sheets.items():
        if "明察暗访" in name:
            continue
        kobo = "_-_all" in name
        codes = _column(sheet, "enterprise_code" if kobo else "统一社会信用代码")
        rated = _column(sheet, "g_loan/bank" if kobo else "您要评价的是哪家银行")
        for number, (code, bank) in enumerate(zip(codes, rated, strict=True), start=2):
            known = next((key for key, names in banks.items() if bank in names), bank)
            answers["基线" in name, code, known].append((name, number))
    repeated = [places for key, places in answers.items() if len(places) > 1 and key[1] not in ("", "(跳过)")]
    planted = {_place(one["locator"]) for one in findings if one["rule"] in ("superseded", "duplicate")}
    assert len([one for one in findings if one["rule"] == "superseded"]) == 14
    for places in repeated:
        assert len(planted & set(places)) == len(places) - 1
    assert sum(len(places) - 1 for places in repeated) == len(planted)


def test_full_width_digits_and_aliases_occur(sheets, written):
    aliases = {alias for one in read_config(written()).banks for alias in one.aliases}
    cells = {cell for name, sheet in sheets.items() if "按文本" in name for row in sheet for cell in row}
    assert any(re.fullmatch("[０-９]+", cell) for cell in cells)
    assert len(aliases & cells) >= 4


def test_a_clean_campaign_has_no_mess(written):
    folder = written("clean")
    assert json.loads((folder / "truth.json").read_text("utf-8"))["findings"] == []
    config = read_config(folder)
    assert not any(one.columns or one.absent or one.recode for one in config.sources)
    rows = [row for path in (folder / "raw").rglob("*.xlsx") for row in _sheet(path)[1:]]
    assert len(rows) == 816
    assert not any(re.fullmatch("[０-９]+", cell) for row in rows for cell in row)
