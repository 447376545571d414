"""Rendering as a whole: one failure stops no other, nothing of the machine or of the data leaks."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from evaltools.errors import ReportError, UsageError
from evaltools.report import render
from evaltools.report.jupyter_quick import nbformat
from evaltools.report.manifest import verify_reports
from evaltools.report.render import CampaignResults, render_reports


def results_of(campaign: Any, **changes: Any) -> CampaignResults:
    parts = {
        "head": campaign.head(), "config": campaign.config, "framework": campaign.framework,
        "verdicts": campaign.verdicts(), "composites": campaign.composite(), **changes,
    }  # fmt: skip
    return CampaignResults(**parts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "campaign.toml").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("real_kernels_only_with_leave")
class TestBeforeAKernelStarts:
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"formats": ("html", "pdf")}, "report-format.*'pdf'"),
            ({"langs": ("de",)}, "report-lang"),
            ({"langs": ()}, "report-lang"),
            ({"banks": ["nobody"]}, "report-bank.*'nobody'"),
        ],
    )
    def test_what_is_not_offered_is_named(
        self, campaign: Any, folder: Path, options: dict[str, Any], code: str
    ) -> None:
        with pytest.raises(UsageError, match=code):
            render_reports(folder, results_of(campaign), folder / "out", **options)
        assert not (folder / "out").exists()

    def test_a_verdict_without_a_sentence(self, campaign: Any, folder: Path) -> None:
        verdicts = campaign.verdicts().replace({"improved": "splendid"})
        with pytest.raises(ReportError, match="report-verdict"):
            render_reports(folder, results_of(campaign, verdicts=verdicts), folder / "out")

    def test_a_folder_that_is_no_campaign(self, campaign: Any, tmp_path: Path) -> None:
        with pytest.raises(ReportError, match="report-parameter-value"):
            render_reports(tmp_path, results_of(campaign), tmp_path / "out")

    @pytest.mark.parametrize(
        ("source", "code"),
        [
            ('campaign = "x"\nlanguage = "zh"', "report-parameter-unknown.*'lang'"),
            ('campaign = "x"\nlang = "zh"\nseed = 3', "report-parameter-missing.*'seed'"),
            ("campaign = open", "report-parameters-cell"),
        ],
    )
    def test_parameters_that_do_not_fit_the_notebook(
        self, campaign: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, source: str, code: str
    ) -> None:
        cell = nbformat.v4.new_code_cell(source=source, metadata={"tags": ["parameters"]})
        made = nbformat.v4.new_notebook(cells=[cell])
        monkeypatch.setattr(render, "_read_notebook", lambda _name: made)
        with pytest.raises(ReportError, match=code):
            render_reports(folder, results_of(campaign), folder / "out")


def test_one_failing_notebook_leaves_the_others(rendered: Any) -> None:
    result, _, seen = rendered
    made = {(entry.name, entry.bank) for entry in result.reports}
    assert made == {("scoring", None), ("data_quality", None), ("county_report", None), ("bank_scorecard", "icbc")}
    assert result.exit_code == 6
    assert [failure.code for failure in result.failures] == ["report-failed"]
    assert result.failures[0].fields["kind"] == "ValueError"
    assert result.failures[0].fields["cell"] == "dimensions-figure"
    assert [(done, total) for done, total, _ in seen] == [(n, 5) for n in range(1, 6)]


def test_the_page_of_a_failure_names_the_cell_without_data(rendered: Any) -> None:
    result, _, _ = rendered
    page = (result.manifest.parent / "zh" / "bank_scorecard-abc.html").read_text(encoding="utf-8")
    assert "dimensions-figure" in page
    assert "ValueError" in page
    assert "13800001111" not in page
    index = result.index.read_text(encoding="utf-8")
    assert 'href="zh/bank_scorecard-abc.html">查看原因' in index


def test_manifest_holds_every_good_report_with_its_checksum(rendered: Any) -> None:
    result, _, _ = rendered
    out = result.manifest.parent
    raw = json.loads(result.manifest.read_text(encoding="utf-8"))["reports"]
    assert len({entry["sha256"] for entry in raw}) == len(raw) == 4
    for entry in raw:
        assert hashlib.sha256((out / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["score_id"] == "5c0f3e9a1b2d4c6f"
    assert verify_reports(out) == 4


def test_everything_written_is_listed_and_nothing_else_is_there(rendered: Any) -> None:
    result, _, _ = rendered
    out = result.manifest.parent
    found = {path for path in out.rglob("*") if path.is_file()}
    assert set(result.written) == found
    assert all(path.is_absolute() for path in result.written)
    assert not [path for path in found if path.name.startswith(".") or path.suffix == ".tmp"]


def test_no_path_of_this_machine_is_in_pages_or_notebooks(rendered: Any) -> None:
    result, folder, _ = rendered
    parts = {
        str(folder),
        folder.as_posix(),
        str(folder).encode("unicode_escape").decode(),
        str(Path.home()),
        "/tmp/ev-",
    }
    for path in result.written:
        text = path.read_text(encoding="utf-8")
        assert not [part for part in parts if part in text], path.name
        assert "13800001111" not in text
    executed = nbformat.read(result.manifest.parent / "notebooks" / "zh" / "bank_scorecard-icbc.ipynb", as_version=4)
    nbformat.validate(executed)
    assert 'campaign = "demo"' in executed.cells[1].source


def test_pages_are_safe_and_self_contained(rendered: Any) -> None:
    result, _, _ = rendered
    for path in result.written:
        if path.suffix != ".html":
            continue
        page = path.read_text(encoding="utf-8")
        bare = re.sub(r"base64,[A-Za-z0-9+/=]+", "base64,", page)
        assert "Content-Security-Policy" in page
        assert '<html lang="zh-CN">' in page
        assert not re.search(r"https?:|<script|<iframe|<link|<object| on[a-z]+=[\"']|javascript:alert\(1\)\"", bare)
        assert "49" not in re.findall(r"\{\{7\*7\}\}|(?<=>)49(?=<)", bare)
        images = re.findall(r"<img [^>]*>", bare)
        assert all('src="data:image/png;base64,' in tag and re.search(r'alt="[^"]{5,}', tag) for tag in images)
    index = result.index.read_text(encoding="utf-8")
    assert "&lt;img src=x onerror=alert(1)&gt;" in index


def test_code_is_shown_in_scoring_only(rendered: Any) -> None:
    result, _, _ = rendered
    folder = result.manifest.parent / "zh"
    scoring = (folder / "scoring.html").read_text(encoding="utf-8")
    assert scoring.count('<pre class="code">') > 10
    assert "composites = c.composite()" in scoring
    for name in ("county_report", "data_quality", "bank_scorecard-icbc"):
        page = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert "c.head()" not in page
        assert "<pre" not in page


def test_county_report_has_its_parts_in_order(rendered: Any) -> None:
    result, _, _ = rendered
    page = (result.manifest.parent / "zh" / "county_report.html").read_text(encoding="utf-8")
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    assert [head[:2] for head in heads] == ["一、", "二、", "三、", "四、", "五、", "六、", "七、", "八、", "九、"]
    assert page.index("虚构数据") < page.index("方便样本") < page.index("未冻结") < page.index("一、摘要")
    assert page.count("<figure>") == 3


def test_a_report_on_other_data_than_the_index_is_refused(campaign: Any) -> None:
    from evaltools.report.jobs import Job, Outcome

    job = Job("scoring", None, "zh", "t", "h", None, {}, first=True, shown_as="demo")
    outcomes = [Outcome(job, score_id="old"), Outcome(job, score_id="new"), Outcome(job)]
    render._refuse_stale(outcomes, "new")
    assert [one.error.code if one.error else None for one in outcomes] == ["report-stale", None, None]


def test_a_crash_of_the_driver_in_one_report_is_kept_to_it(
    campaign: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evaltools.report import jobs

    def run(_notebook: Any, parameters: dict[str, object], own: Any, _folder: Any) -> Any:
        if parameters.get("bank") == "icbc":
            raise OSError("disk full of 13800001111")
        own.notebook = nbformat.v4.new_notebook()
        return own.notebook

    monkeypatch.setattr(jobs, "run_notebook", run)
    result = render_reports(folder, results_of(campaign), folder / "out", banks=["icbc", "abc"], langs=("zh", "en"))
    assert {failure.fields["kind"] for failure in result.failures} == {"OSError"}
    assert len(result.failures) == 2
    assert len(result.reports) == 8
    assert (folder / "out" / "index.en.html").is_file()
    again = render_reports(folder, results_of(campaign), folder / "out", banks=["boc"])
    assert ("bank_scorecard", "abc", "zh") in {(one.name, one.bank, one.lang) for one in again.reports}


def test_an_interrupt_ends_all_kernels_and_leaves_no_output(
    campaign: Any, folder: Path, fake_kernels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evaltools.report import jobs

    ended: list[str] = []
    end = jobs.Run.end
    monkeypatch.setattr(jobs.Run, "end", lambda self: (ended.append(self.report), end(self))[1])

    def interrupt(_self: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs._Crew, "_finished", interrupt)
    with pytest.raises(KeyboardInterrupt):
        render_reports(folder, results_of(campaign), folder / "out")
    assert ended
    assert not (folder / "out").exists()
