"""The loop: what is open goes out, what comes back is applied on top of the raw file, and nothing else changes."""

import re

import pytest
from stdnum.cn import uscc

from evaltools.errors import CampaignError
from evaltools.survey.findings import list_findings

from ..conftest import FORM, HEAD, LABELS, credit_code


@pytest.fixture
def started(campaign, corrector, answer):
    """Row 2 is good; row 3 has an unknown size and 400 days; row 4 typed its own fee; row 5 lacks the bank."""
    campaign.raw(
        "baseline/a.csv",
        [
            answer(1),
            answer(2, size="巨型", days="400"),
            answer(3, fees="其他〖估价费用〗"),
            answer(4, bank=""),
        ],
    )
    campaign.ingest()
    return corrector


def test_open_cells_go_out_a_line_each(started):
    told = [(one["row"], one["question"], one["old_value"]) for one in started.lines()]
    assert told == [("3", "size", "巨型"), ("3", "days", "400"), ("4", "fees", "其他〖估价费用〗"), ("5", "bank", "")]


def test_corrections_are_applied_and_the_raw_file_is_untouched(started):
    campaign = started.campaign
    before = (campaign.folder / "raw/baseline/a.csv").read_bytes()
    taken = started.correct(
        {"row": 3, "question": "size", "new_value": "小型"},
        {"row": 3, "question": "days", "new_value": "40"},
        {"row": 4, "question": "fees", "new_value": "评估费", "why": "填写内容属于已有选项"},
        {"row": 5, "question": "bank", "action": "剔除整行"},
    )
    assert taken.counts == {"taken": 4, "known": 0, "open": 0, "refused": 0}
    assert (campaign.folder / "raw/baseline/a.csv").read_bytes() == before
    rows = campaign.read("answers_firm_survey")
    assert sorted(rows["days"]) == [8, 8, 40]
    assert sorted(rows["size"]) == ["micro", "micro", "small"]
    assert ["valuation"] in [list(one) for one in rows["fees"]]
    reviewed = started.review()
    assert reviewed.differences == ()
    assert (reviewed.in_force, reviewed.applied, reviewed.corrected) == (4, 4, 3)


def test_what_was_settled_stays_in_quarantine_with_its_line(started):
    campaign = started.campaign
    taken = started.correct(
        {"row": 3, "question": "size", "new_value": "小型"}, {"row": 3, "question": "days", "action": "清空"}
    )
    held = campaign.read("quarantine").query("row == 3")
    ids = {one.correction.question: one.correction.correction_id for one in taken.verdicts if one.correction}
    assert dict(zip(held["column"], held["resolved_by"], strict=True)) == ids
    assert set(held["scope"]) == {"resolved"}
    assert 3 not in [int(one.rpartition(" ")[2]) for one in list_findings(campaign.store)["locator"]]


def test_a_row_that_is_dropped_is_in_quarantine_by_that_rule(started):
    campaign = started.campaign
    taken = started.correct({"row": 5, "question": "bank", "action": "剔除整行", "why": "测试或练习答卷"})
    [line] = [one.correction for one in taken.verdicts if one.correction]
    held = campaign.read("quarantine").query("row == 5 and scope == 'row'")
    assert (held["rule"].tolist(), held["value"].tolist()) == (["dropped"], [line.correction_id])
    assert campaign.ingest().files[0].n_quarantined == 2
    assert started.review().differences == ()


def test_the_same_workbook_adds_nothing_a_second_time(started):
    path = started.fill(
        {"row": 3, "question": "size", "new_value": "小型"}, {"row": 3, "question": "days", "new_value": "40"}
    )
    assert started.take(path).counts["taken"] == 2
    again = started.take(path)
    assert (again.counts["known"], again.counts["taken"], again.path) == (2, 0, None)
    assert len(list((started.campaign.folder / "corrections").iterdir())) == 1


def test_an_undo_gives_the_raw_value_back(started):
    campaign = started.campaign
    campaign.ingest()
    before = {
        name: campaign.read(name).drop(columns=["source_sha"], errors="ignore") for name in campaign.store.versions()
    }
    taken = started.correct({"row": 4, "question": "fees", "new_value": "评估费;保险费"})
    assert ["valuation", "insurance"] in [list(one) for one in campaign.read("answers_firm_survey")["fees"]]
    undone = started.correct({"row": 4, "question": "fees", "action": "撤销", "why": "此前的更正有误"})
    assert undone.counts["taken"] == 1
    assert [line.undoes for line in started.log.lines] == ["", taken.verdicts[2].correction.correction_id]
    for name, rows in before.items():
        if name != "corrections":
            assert campaign.read(name).drop(columns=["source_sha"], errors="ignore").to_csv() == rows.to_csv(), name
    assert started.review().differences == ()


REFUSED = [
    ({"new_value": "巨型"}, "不是题目size的选项"),
    ({"new_value": "其他〖中型〗"}, "不是题目size的选项"),
    ({"action": "确认无误"}, "不容许"),
    ({"new_value": "小型", "who": ""}, "未填更正人"),
    ({"new_value": "小型", "who": "督导 13800001111"}, "不写电话"),
    ({"new_value": "小型", "why": ""}, "未填原因"),
    ({"new_value": "小型", "why": "猜的"}, "未填原因"),
    ({"action": "改一下"}, "无法识别"),
    ({"action": "改为新值"}, "新值是空的"),
    ({"action": "撤销"}, "没有生效中的更正"),
    ({"new_value": "小型", "old_sha": "0" * 24}, "已不是更正时的内容"),
    ({"new_value": "小型", "row_sha": "0" * 24}, "已不是更正时的内容"),
    ({"new_value": "小型", "column": "9、别的"}, "没有题目size"),
    ({"new_value": "小型", "row": "99", "row_sha": "0" * 24}, "已没有这一行"),
    ({"new_value": "小型", "row": "x"}, "没有第x行"),
    ({"new_value": "小型", "file": "raw/b.csv"}, "没有第3行"),
    ({"new_value": "小型", "question": "sise"}, "没有题目sise"),
]


def test_a_line_that_cannot_be_taken_is_answered_with_the_reason(started):
    [line] = [one for one in started.lines() if one["question"] == "size"]
    path = started.write([{**line, "why": "typing", "who": "ZL", **entry} for entry, _ in REFUSED])
    taken = started.take(path)
    assert ({one.state for one in taken.verdicts}, taken.exit_code, taken.path) == ({"refused"}, 5, None)
    for verdict, (_, reason) in zip(taken.verdicts, REFUSED, strict=True):
        assert reason in verdict.answer
    assert [one["answer"] for one in started.lines(taken.answered)] == [one.answer for one in taken.verdicts]
    assert not (started.campaign.folder / "corrections").exists()


@pytest.mark.parametrize(
    ("size", "days", "reasons"),
    [
        ({"action": "清空"}, {"new_value": "四十多"}, ["为必填", "不是数字|约数"]),
        ({"new_value": "小型"}, {"new_value": "400"}, ["已收取", "不符合问卷对该题的限制"]),
    ],
)
def test_a_line_that_leaves_its_cell_with_a_fault_is_not_taken(started, size, days, reasons):
    path = started.fill({"row": 3, "question": "size", **size}, {"row": 3, "question": "days", **days})
    answers = [one.answer for one in started.take(path).verdicts if one.state != "open"]
    assert all(re.search(reason, answer) for reason, answer in zip(reasons, answers, strict=True)), answers


def test_a_line_that_helps_another_is_judged_with_it(campaign, corrector, answer):
    """Days may only be given where somebody applied; both lines together are good, one alone is not."""
    campaign.raw("baseline/a.csv", [answer(1), answer(2, applied="否", days="7", applied_on="", rate="", fees="")])
    campaign.ingest()
    path = corrector.campaign.folder.parent / "hand.csv"
    head = "文件,工作表,行,题目,原值,新值,处理,原因,更正人\n"
    applied = "raw/baseline/a.csv,,3,applied,否,是,,录入错误,ZL\n"
    days = "raw/baseline/a.csv,,3,days,7,9,,录入错误,ZL\n"
    path.write_text(head + days, encoding="utf-8")
    assert corrector.take(path).counts["refused"] == 1
    path.write_text(head + days + applied, encoding="utf-8")
    assert corrector.take(path).counts["taken"] == 2
    campaign.ingest()
    assert sorted(campaign.read("answers_firm_survey")["days"]) == [8, 9]
    reviewed = corrector.review()
    assert (reviewed.differences, reviewed.corrected) == ((), 2)


def test_a_line_by_hand_needs_the_old_value(started):
    path = started.campaign.folder.parent / "hand.csv"
    head = "file,sheet,row,question,old value,new value,action,reason,who\n"
    path.write_text(
        f"{head}raw/baseline/a.csv,,2,sat,不满意,一般,change,respondent asked again,ZL\n"
        "raw/baseline/a.csv,,2,days,8,9,change,respondent asked again,ZL\n",
        encoding="utf-8",
    )
    taken = started.take(path)
    assert [one.state for one in taken.verdicts] == ["refused", "taken"]
    assert "原始单元格与所写原值不同" in taken.verdicts[0].answer


def test_who_somebody_is_cannot_be_corrected_here(campaign, corrector, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2, firm_code="91419999TEST00002")])
    campaign.ingest()
    [line] = corrector.lines()
    assert (line["question"], line["old_value"]) == ("firm_code", "…(17)")
    taken = corrector.take(corrector.fill({"row": 3, "question": "firm_code", "new_value": credit_code(2)}))
    assert "请在来源系统中更正" in taken.verdicts[0].answer
    assert credit_code(2) not in str(taken.to_dict())


def test_nothing_is_corrected_of_who_did_not_agree(campaign, corrector, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2, consent="否", days="400")])
    campaign.ingest()
    assert corrector.lines() == []
    path = campaign.folder.parent / "hand.csv"
    path.write_text(
        "文件,工作表,行,题目,原值,新值,处理,原因,更正人\nraw/baseline/a.csv,,3,days,400,40,,录入错误,ZL\n",
        encoding="utf-8",
    )
    assert "不同意参加" in corrector.take(path).verdicts[0].answer


def test_a_text_that_names_somebody_is_not_taken_into_the_log(campaign, corrector, answer):
    campaign.raw("baseline/a.csv", [answer(1)])
    campaign.ingest()
    path = campaign.folder.parent / "hand.csv"
    path.write_text(
        "文件,工作表,行,题目,原值,新值,处理,原因,更正人\n"
        "raw/baseline/a.csv,,2,comment,办得快,请打13800001111,,录入错误,ZL\n",
        encoding="utf-8",
    )
    assert "不能写入日志" in corrector.take(path).verdicts[0].answer


def test_typed_texts_are_recoded_or_confirmed(campaign, corrector, answer):
    campaign.raw("baseline/a.csv", [answer(1, fees="其他〖估价〗"), answer(2, fees="评估费┋其他〖律师费〗")])
    campaign.ingest()
    assert [(one["row"], one["question"]) for one in corrector.lines()] == [("2", "fees"), ("3", "fees")]
    corrector.correct(
        {"row": 2, "question": "fees", "new_value": "评估费", "why": "填写内容属于已有选项"},
        {"row": 3, "question": "fees", "action": "确认无误", "why": "核实无误"},
    )
    assert sorted(map(list, campaign.read("answers_firm_survey")["fees"])) == [["valuation"], ["valuation", "other"]]
    assert campaign.read("texts").query("item == 'fees'")["text"].tolist() == ["律师费"]
    assert {one["action"] or one["correction"][:0] for one in corrector.lines()} == {""}
    assert all(one["correction"] for one in corrector.lines())
    assert corrector.review().differences == ()


def test_a_text_question_that_follows_a_choice_is_recoded_with_it(campaign, corrector, answer):
    follow = "| | text | fees_other | 其他费用 | Other fees | | selected(${fees}, 'other') | | text | | |\n"
    campaign.form(
        FORM.replace(
            "| | end_group | | | | | | | | | |\n| | select_one five",
            f"{follow}| | end_group | | | | | | | | | |\n| | select_one five",
        )
    )
    header = [*HEAD.values(), *LABELS.values(), "14、其他费用"]
    campaign.raw("baseline/a.csv", [[*answer(1, fees="评估费┋其他").values(), "保险"]], header)
    campaign.ingest()
    [line] = corrector.lines()
    assert (line["question"], line["old_value"]) == ("fees", "评估费┋其他 / 保险")
    corrector.correct({"row": 2, "question": "fees", "new_value": "评估费;保险费"})
    assert [list(one) for one in campaign.read("answers_firm_survey")["fees"]] == [["valuation", "insurance"]]
    assert [one["correction"] != "" for one in corrector.lines()] == [True]
    assert corrector.review().differences == ()


# -- raw files that change


def test_a_raw_cell_that_changed_is_never_overwritten(started, answer):
    campaign = started.campaign
    started.correct(
        {"row": 3, "question": "size", "new_value": "小型"}, {"row": 3, "question": "days", "new_value": "40"}
    )
    campaign.raw(
        "baseline/a.csv",
        [answer(1), answer(2, size="微型", days="400"), answer(3, fees="其他〖估价费用〗"), answer(4, bank="")],
    )
    result = campaign.ingest()
    assert [note.code for note in result.corrections_open] == ["correction-raw-changed"]
    assert "已不是更正时的内容" in "".join(result.notices("zh"))
    assert set(campaign.read("answers_firm_survey")["size"]) == {"micro"}
    reviewed = started.review()
    assert (reviewed.exit_code, [one.kind for one in reviewed.differences]) == (8, ["line-not-applied"])
    started.correct({"row": 3, "question": "size", "action": "撤销"})
    assert started.review().exit_code == 0


def test_a_file_that_is_sorted_anew_keeps_its_corrections(started, answer):
    campaign = started.campaign
    started.correct(
        {"row": 3, "question": "size", "new_value": "小型"}, {"row": 3, "question": "days", "new_value": "40"}
    )
    rows = [answer(1), answer(2, size="巨型", days="400"), answer(3, fees="其他〖估价费用〗"), answer(4, bank="")]
    campaign.raw("baseline/a.csv", [*reversed(rows), answer(5)])
    assert campaign.ingest().corrections_open == ()
    assert sorted(campaign.read("answers_firm_survey")["days"]) == [8, 8, 8, 40]
    assert started.review().differences == ()


def test_a_row_that_is_gone_is_told(started, answer):
    campaign = started.campaign
    started.correct(
        {"row": 3, "question": "size", "new_value": "小型"}, {"row": 3, "question": "days", "new_value": "40"}
    )
    campaign.raw("baseline/a.csv", [answer(1), answer(3, fees="其他〖估价费用〗")])
    assert {note.code for note in campaign.ingest().corrections_open} == {"correction-raw-changed"}
    (campaign.folder / "raw/baseline/a.csv").unlink()
    campaign.raw("baseline/b.csv", [answer(1)])
    assert {note.code for note in campaign.ingest().corrections_open} == {"correction-nowhere"}


def test_a_copy_of_a_corrected_file_stays_a_copy(started):
    campaign = started.campaign
    started.correct(
        {"row": 3, "question": "size", "new_value": "小型"}, {"row": 3, "question": "days", "new_value": "40"}
    )
    content = (campaign.folder / "raw/baseline/a.csv").read_bytes()
    (campaign.folder / "raw/baseline/b.csv").write_bytes(content)
    result = campaign.ingest()
    assert ([one.status for one in result.files], result.refused) == (["known", "copy"], ())
    assert started.review().differences == ()


def test_a_copy_of_a_corrected_row_in_a_later_export_stays_a_copy(started, answer):
    campaign = started.campaign
    rows = [answer(1), answer(2, size="巨型", days="400"), answer(3, fees="其他〖估价费用〗"), answer(5)]
    campaign.raw("baseline/b.csv", rows)
    campaign.ingest()
    copy = {"row": "4", "file": "raw/baseline/b.csv", "question": "fees", "old_value": "其他〖估价费用〗"}
    assert [one["file"] for one in started.lines() if one["question"] == "fees"] == ["raw/baseline/a.csv"]
    line = {**copy, "new_value": "评估费", "why": "other-fits", "who": "ZL"}
    assert "完全重复" in started.take(started.write([line])).verdicts[0].answer
    started.take(started.write([{**line, "file": "raw/baseline/a.csv"}]))
    result = campaign.ingest()
    assert [(one.n_accepted, one.n_duplicate) for one in result.files] == [(2, 0), (1, 2)]
    assert sorted(map(list, campaign.read("answers_firm_survey")["fees"])) == [
        ["valuation"], ["valuation", "insurance"], ["valuation", "insurance"],
    ]  # fmt: skip
    assert started.review().differences == ()


def test_a_doubt_that_somebody_confirmed_is_no_finding_any_more(campaign, corrector, answer):
    code = "A" + credit_code(2)[1:-1]
    campaign.raw("baseline/a.csv", [answer(1), answer(2, firm_code=code + uscc.calc_check_digit(code))])
    campaign.ingest()
    assert list_findings(campaign.store)["rule"].tolist() == ["code-letter-first"]
    corrector.correct({"row": 3, "question": "firm_code", "action": "确认无误", "why": "核实无误"})
    assert list_findings(campaign.store)["rule"].tolist() == []
    [held] = campaign.read("quarantine").to_dict("records")
    assert (held["scope"], held["resolved_by"]) == ("resolved", corrector.log.lines[0].correction_id)
    assert campaign.ingest().new_rows == 0


def test_a_log_file_that_somebody_changed_is_refused(started):
    started.correct({"row": 4, "question": "fees", "new_value": "评估费"})
    [path] = (started.campaign.folder / "corrections").iterdir()
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CampaignError, match=r"correction-file: corrections/0001-\w{8}\.csv, row 1"):
        started.campaign.ingest()
