"""An export of a small campaign: what is in it, what never is, and that a bad file is not kept."""

import csv
import json
import shutil

import pandas as pd
import pyreadstat
import pytest

from evaltools.errors import DamageError, RefusedError, UsageError
from evaltools.survey.export.exporting import export_answers

from ..conftest import FORM, credit_code

K = 3


@pytest.fixture
def filled(campaign, answer):
    """Sixteen firms in both waves rate bank jia, eight of them micro; some answers are missing, some are hostile."""
    for wave, month in (("baseline", 10), ("endline", 12)):
        rows = []
        for number in range(1, 17):
            is_small = number > 8
            rows.append(answer(
                number, at=f"2022/{month}/{number % 9 + 1} 8:05:03", size="小型" if is_small else "微型",
                rate="4.35" if number % 2 else f"{4 + number / 10}", sat="不了解" if number == 3 else "满意",
                comment={1: "=1+1", 2: "NA", 4: "None"}.get(number, "办得快"), days="" if number == 5 else "8",
                fees="没有" if number == 6 else "评估费┋其他〖找张三〗",
            ))  # fmt: skip
        campaign.raw(f"{wave}/a.csv", rows)
    assert campaign.ingest().new_rows == 32
    return campaign


def export(campaign, out, **options):
    return export_answers(
        campaign.folder, campaign.config, campaign.store, out, **{"min_cell": K, "min_branches": 3} | options
    )


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return pd.DataFrame(list(csv.DictReader(stream)), dtype=object)


def test_one_row_a_rating_with_numbers_of_its_own(filled, tmp_path):
    result = export(filled, tmp_path / "out")
    rows = read(tmp_path / "out" / "firm_survey.csv")
    assert [one.rows for one in result.files if one.content == "data"] == [32] * 4
    assert rows["row"].tolist() == [str(number) for number in range(1, 33)]
    assert rows["enterprise"].value_counts().tolist() == [2] * 16  # the link between the waves is kept
    assert rows["wave"].value_counts().to_dict() == {"baseline": 16, "endline": 16}
    assert list(rows.columns) == [
        "row", "enterprise", "psu", "bank", "wave", "mode", "channel", "tool", "stratum", "weight", "event_date",
        "submitted_day", "consent", "size", "applied", "days", "rate", "fees/none", "fees/valuation", "fees/insurance",
        "fees/other", "sat",
    ]  # fmt: skip


def test_reasons_for_missing_answers_stay_apart(filled, tmp_path):
    export(filled, tmp_path / "out")
    rows = read(tmp_path / "out" / "firm_survey.csv")
    assert rows["sat"].value_counts().to_dict() == {"4": 30, "(dont_know)": 2}
    assert rows["days"].value_counts().to_dict() == {"8": 30, "(blank)": 2}
    frame, meta = pyreadstat.read_sav(tmp_path / "out" / "firm_survey.sav", user_missing=True)
    assert [meta.variable_value_labels["sat"][code] for code in sorted(frame["sat"].unique())] == ["不知道", "满意"]
    frame, _ = pyreadstat.read_dta(tmp_path / "out" / "firm_survey.dta", user_missing=True)
    assert sorted(map(str, frame["days"].unique())) == ["8.0", "e"]


def test_nothing_identifies_anybody(filled, tmp_path):
    export(filled, tmp_path / "out", texts=True)
    content = b"".join(path.read_bytes() for path in sorted((tmp_path / "out").iterdir()))
    responses = filled.read("responses")
    for secret in (*responses["enterprise_id"], *responses["response_id"], *responses["ip_hash"], *responses["sheet"]):
        assert not secret or secret.encode() not in content
    for secret in (credit_code(1), "1990000", "青禾", "10.20.30", "2022-10-02", "08:05"):
        assert secret.encode() not in content


def test_free_text_only_where_it_is_asked_for(filled, tmp_path):
    export(filled, tmp_path / "without", formats=["csv"])
    assert "comment" not in read(tmp_path / "without" / "firm_survey.csv")
    export(filled, tmp_path / "with", texts=True)
    rows = read(tmp_path / "with" / "firm_survey.csv")
    assert rows["comment"].value_counts().to_dict() == {"办得快": 26, "'=1+1": 2, "NA": 2, "None": 2}
    assert set(rows["fees/text"]) == {"找张三", "(blank)"}
    frame, _ = pyreadstat.read_sav(tmp_path / "with" / "firm_survey.sav")
    assert set(frame["comment"]) == {"办得快", "=1+1", "NA", "None"}


def test_neither_key_nor_order_of_the_raw_rows_changes_a_byte(filled, tmp_path):
    export(filled, tmp_path / "first")
    raw = filled.folder / "raw" / "baseline" / "a.csv"
    header, *rows = raw.read_text(encoding="utf-8").splitlines(keepends=True)
    raw.write_text("".join([header, *rows[::-1]]), encoding="utf-8")
    (filled.folder / ".key").unlink()
    shutil.rmtree(filled.folder / "store")
    assert filled.ingest().new_rows == 32
    export(filled, tmp_path / "second")
    for path in (tmp_path / "first").iterdir():
        if path.name != "export.json":
            assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    assert (tmp_path / "first" / "export.json").read_text() == (tmp_path / "second" / "export.json").read_text()


def test_days_become_months_cut_at_the_campaigns_start(filled, tmp_path):
    """All applied on 1 September, before the campaign; the month is shared by all, the day of submission by few."""
    export(filled, tmp_path / "out", formats=["csv"])
    rows = read(tmp_path / "out" / "firm_survey.csv")
    assert set(rows["event_date"]) == {"2022-09-01"}
    assert set(rows["submitted_day"]) == {"(suppressed)"}
    assert set(rows["stratum"]) == {"micro", "small"}


def test_amounts_are_means_of_at_least_k_firms(filled, tmp_path):
    export(filled, tmp_path / "out", formats=["csv"])
    rows = read(tmp_path / "out" / "firm_survey.csv")
    seen = rows[rows["rate"] != "(suppressed)"]
    assert seen.groupby(["wave", "size", "rate"])["enterprise"].nunique().min() >= K


def test_the_codebook_tells_names_codes_and_counts(filled, tmp_path):
    export(filled, tmp_path / "out", lang="en")
    book = read(tmp_path / "out" / "firm_survey.codebook.csv").set_index("name")
    assert book.loc["fees/none", "short_name"] == "fees_none"
    assert book.loc["sat", "label_zh"] == "总体满意程度"
    assert "5 [5] Very satisfied" in book.loc["sat", "choices"].splitlines()
    assert book.loc["days", "missing_sav"] == "blank = -95"
    assert book.loc["days", "missing_dta"] == "blank = .e"
    # 2 rows are blank, fewer than 3; 30 would tell it, so that is hidden as well
    assert book.loc["days", ["n", "n_blank", "n_refused"]].tolist() == ["(suppressed)", "(suppressed)", "0"]
    assert book.loc["rate", "sensitivity"] == "sensitive"
    assert "mean of at least 3" in book.loc["rate", "treatment"]


def test_the_manifest_names_every_file_and_no_time(filled, tmp_path):
    result = export(filled, tmp_path / "out", formats=["csv", "dta"])
    manifest = json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))
    assert manifest == json.loads(json.dumps(result.to_dict()))
    assert {one["path"] for one in manifest["files"]} | {"export.json"} == {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert manifest["inputs"]["tables"]["responses"] == filled.store.versions()["responses"]
    assert "2022-" not in json.dumps(manifest)


def test_a_file_that_lost_its_labels_is_not_kept(filled, tmp_path, monkeypatch):
    export(filled, tmp_path / "out", formats=["csv"])
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    original = pyreadstat.write_sav

    def careless(frame, path, **options):
        options["variable_value_labels"]["sat"].popitem()
        original(frame, path, **options)

    monkeypatch.setattr(pyreadstat, "write_sav", careless)
    with pytest.raises(DamageError, match=r"export-readback: firm_survey\.sav .*: labels, column 'sat'"):
        export(filled, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    with pytest.raises(DamageError, match="export-readback"):
        export(filled, tmp_path / "new" / "place")
    assert not (tmp_path / "new" / "place").exists()


def test_a_folder_with_something_else_is_refused_and_an_earlier_export_replaced(filled, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"export-folder: .*mine holds something that is not an earlier export"):
        export(filled, tmp_path / "mine")
    export(filled, tmp_path / "out", formats=["csv", "sav"])
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    export(filled, tmp_path / "out", formats=["csv"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "export.json", "firm_survey.codebook.csv", "firm_survey.csv", "notes.txt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"formats": ["csv", "xls"]}, "export-format: there is no format xls"),
        ({"lang": "fr"}, "export-lang: there is no language 'fr'"),
        ({"instruments": ["other"]}, "export-instrument: no source of campaign.toml uses instrument other"),
    ],
)
def test_what_does_not_exist_is_named(filled, tmp_path, options, code):
    with pytest.raises(UsageError, match=code):
        export(filled, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_nothing_stored_is_nothing_to_export(campaign, tmp_path):
    with pytest.raises(UsageError, match="export-empty: no accepted answers are stored of: firm_survey"):
        export(campaign, tmp_path / "out")


def test_too_few_firms_are_refused(campaign, answer, tmp_path):
    campaign.raw("baseline/a.csv", [answer(number) for number in (1, 2)])
    campaign.ingest()
    with pytest.raises(RefusedError, match="export-few: instrument 'firm_survey' has answers of 2 units, fewer than 3"):
        export(campaign, tmp_path / "out", min_cell=1)
    assert not (tmp_path / "out").exists()


def test_a_campaign_in_which_no_bank_has_k_firms_is_refused(campaign, answer, tmp_path):
    banks = ["云河甲银行", "云河乙银行"]
    for wave, month in (("baseline", 10), ("endline", 12)):
        campaign.raw(f"{wave}/a.csv", [
            answer(number, bank=banks[number % 2], at=f"2022/{month}/3 8:05:{number:02d}") for number in range(8)
        ])  # fmt: skip
    campaign.ingest()
    with pytest.raises(RefusedError, match=r"export-nothing-left: .* answers of 8 units, but no bank has 6 of them"):
        export(campaign, tmp_path / "out", min_cell=6)


def test_a_question_that_left_the_form_keeps_its_column_and_one_that_became_identifying_has_none(filled, tmp_path):
    line = next(line for line in FORM.splitlines() if "| sat |" in line)
    form = FORM.replace(line + "\n", "").replace(
        "Did you apply? | yes | | | plain", "Did you apply? | yes | | | direct"
    )
    filled.form(form)
    export(filled, tmp_path / "out", formats=["csv"])
    rows = read(tmp_path / "out" / "firm_survey.csv")
    assert rows["sat"].value_counts().to_dict() == {"4": 30, "(dont_know)": 2}
    assert "applied" not in rows
