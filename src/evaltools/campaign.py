"""A campaign: its settings, and the chain from raw files to verdicts that command line and notebooks call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

import evaltools
from evaltools.config import CampaignConfig, read_config
from evaltools.errors import CampaignError
from evaltools.scoring.chain import score_campaign
from evaltools.scoring.framework import check_choices, read_framework
from evaltools.scoring.freeze import FreezeState, check_lock, record_unlock, write_lock
from evaltools.scoring.keeping import store_rows
from evaltools.scoring.models import Framework
from evaltools.scoring.result import ScoreResult
from evaltools.store import Store
from evaltools.store.schemas import input_tables
from evaltools.survey.answers import accepted_answers, stored_choices
from evaltools.survey.findings import list_findings
from evaltools.survey.quality import QualityResult, read_quality
from evaltools.survey.versions.harmonising import comparability_of
from evaltools.survey.versions.old_forms import old_forms

if TYPE_CHECKING:
    from evaltools.report.render import RenderResult
    from evaltools.survey.accounting import IngestResult
    from evaltools.survey.corrections.review import Reviewed
    from evaltools.survey.corrections.taking import Sent, Taken
    from evaltools.survey.export.exporting import ExportResult
    from evaltools.survey.live.outcome import PullResult
    from evaltools.text import Lang

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class Campaign:
    """One evaluation in its folder; open it with :meth:`open`.

    Every call reads the newest committed state of the store, and the numbers of one state are computed once.

    Attributes
    ----------
    folder
        Where `campaign.toml` stands.
    config
        What it says.
    """

    folder: Path
    config: CampaignConfig
    _scores: dict[object, ScoreResult] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: str | Path) -> Campaign:
        """Open a campaign's folder; nothing is written.

        Raises
        ------
        CampaignError
            `campaign.toml` is missing or not valid; every fault is listed with its mend.
        """
        folder = Path(path)
        return cls(folder, read_config(folder))

    @cached_property
    def framework(self) -> Framework:
        """The scoring framework; a file in the campaign's `frameworks/` goes before the one that comes along."""
        return read_framework(self.config.framework, self.folder)

    def store(self) -> Store:
        """Return the newest committed state of the store."""
        return Store.open(self.folder / "store")

    def pull(self, source: str | None = None, *, progress: Progress | None = None) -> PullResult:
        """Fetch new and edited submissions from the campaign's live sources into ``raw/``; nothing else asks a server.

        Parameters
        ----------
        source
            Name of one ``[[live]]`` table; None: all.
        progress
            Called with submissions done, submissions in all, and the name of the source.
        """
        from evaltools.survey.live.incremental import pull

        return pull(self.folder, self.config, source, progress=progress)

    def ingest(
        self,
        paths: Sequence[str | Path] | None = None,
        *,
        reader: str | None = None,
        progress: Progress | None = None,
    ) -> IngestResult:
        """Read raw files, check every row, store what is good and quarantine the rest.

        Parameters
        ----------
        paths
            Only these files; None: all that the sources' patterns match.
        reader
            Name of the reader for these files, in place of that of their sources.
        progress
            Called with files done, files in all, and the name of the file.
        """
        from evaltools.survey.ingest import ingest

        chosen = None if paths is None else [Path(path) for path in paths]
        return ingest(self.folder, self.config, paths=chosen or None, reader=reader, progress=progress)

    def send_corrections(self, out: str | Path) -> Sent:
        """Write the open findings as a workbook with drop-downs for new value, action, who and why."""
        from evaltools.survey.corrections.taking import send_lines

        return send_lines(self.folder, self.config, Path(out))

    def take_corrections(self, path: str | Path) -> Taken:
        """Take a returned workbook or csv into the campaign's ``corrections/``; the next ingest applies what was taken.

        Every line that is not taken is answered with the reason, in a workbook beside the returned one.
        """
        from evaltools.survey.corrections.taking import take_lines

        return take_lines(self.folder, self.config, Path(path))

    def review_corrections(self) -> Reviewed:
        """Compare raw files, correction log and store cell by cell; nothing is written."""
        from evaltools.survey.corrections.review import review_log

        return review_log(self.folder, self.config)

    def freeze(self) -> Path:
        """Fix framework, goalposts, weights and headline: write `framework.lock`; return its path.

        Raises
        ------
        RefusedError
            ``freeze-locked``: another framework is locked and endline answers are there.
        """
        write_lock(self.folder, self.framework, endline_rows=self._endline_rows(), headline=self.config.headline)
        return self.folder / "framework.lock"

    def score(self, seed: int | None = None, *, unlock: str | None = None) -> ScoreResult:
        """Score all banks and keep the result in the store; a score that is kept already writes nothing.

        Parameters
        ----------
        seed
            Seed of random draws; None: the campaign's.
        unlock
            Why to score although the framework was changed after the freeze; page 1 of the reports prints it.

        Raises
        ------
        RefusedError
            ``freeze-differs``: the framework is not the frozen one and no reason was given.
        CampaignError
            ``campaign-waves``: there are not two waves to compare.
        """
        if unlock is not None:
            record_unlock(
                self.folder, self.framework, unlock, endline_rows=self._endline_rows(), headline=self.config.headline
            )
        result = self._score(seed)
        with self.store().writing() as transaction:
            known = transaction.read("verdicts").column("score_id").to_pylist()
            if result.score_id not in known:
                for table, rows in store_rows(result).items():
                    transaction.append(table, rows)
        return result

    def estimates(self) -> pd.DataFrame:
        """Return each indicator's level by bank and wave."""
        return self._score().estimates

    def change(self) -> pd.DataFrame:
        """Return each indicator's change by bank: baseline, endline, change, standard error, interval."""
        return self._score().changes

    def dimensions(self) -> pd.DataFrame:
        """Return the change of each group of indicators by bank, in points of the score."""
        return self._score().dimensions

    def composite(self) -> pd.DataFrame:
        """Return the change of the composite score by bank."""
        return self._score().composites

    def verdicts(self) -> pd.DataFrame:
        """Return the verdict on each bank with its detail and the gate that it passed or failed."""
        return self._score().verdicts

    def targets(self) -> pd.DataFrame:
        """Return the verdict on each target of the plan by bank, with its evidence."""
        return self._score().targets

    def quality(self) -> QualityResult:
        """Return the tables of the data quality report: rows by file, quarantine, missing, modes, overlap."""
        return read_quality(self.store(), self.config)

    def findings(self) -> pd.DataFrame:
        """Return what the data show by rule: [rule, bank, locator, severity, kind]."""
        return list_findings(self.store())

    def provenance(self) -> pd.DataFrame:
        """Return where the numbers come from: [name, value]; code, framework, seed, table versions."""
        score = self._score()
        inputs = score.inputs
        rows = [
            ("evaltools", evaltools.__version__),
            ("campaign", self.config.id),
            ("framework", f"{self.framework.id} {self.framework.version}"),
            ("framework_sha", inputs["framework_sha"]),
            ("score_id", score.score_id),
            ("seed", inputs["seed"]),
            *_merged_strata(score.merged_strata),
            *((f"table {name}", f"version {version}") for name, version in inputs["tables"].items()),
        ]
        return pd.DataFrame(rows, columns=["name", "value"]).astype(str)

    def head(self) -> dict[str, Any]:
        """Return what page 1 of every report says of the campaign: selection, waves, freeze, version of the data."""
        state = self._freeze_state()
        return {
            "title": self.config.title,
            "region": self.config.region,
            "selection": self.config.selection,
            "waves": dict(self.config.waves),
            "frozen": state.frozen,
            "freeze_flag": state.flag,
            "unlock_reason": state.unlock_reason,
            "framework": self.framework.title,
            "score_id": self._score().score_id,
            "n_banks": len(self.config.banks),
            "demo": self.config.demo,
        }

    def status(self) -> dict[str, Any]:
        """Return what is stored: tables with version and rows, accepted answers by wave and instrument."""
        store = self.store()
        counts = store.row_counts()
        responses = store.read("responses", ["wave", "instrument", "status"]).to_pandas()
        accepted = responses[responses["status"] == "accepted"].groupby(["wave", "instrument"]).size()
        waves: dict[str, dict[str, int]] = {name: {} for name in self.config.waves}
        for (wave, instrument), count in accepted.items():
            waves.setdefault(wave, {})[instrument] = int(count)
        tables = [{"name": name, "version": at, "rows": counts[name]} for name, at in store.versions().items()]
        decisions = store.read("firm_pairs", ["decision"]).column("decision")
        forms = old_forms(store).to_dict("records")
        return {"tables": tables, "waves": waves, "firm_pairs_open": decisions.null_count, "old_forms": forms}

    def report(
        self,
        langs: Sequence[Lang] | None = None,
        formats: Sequence[str] = ("html",),
        banks: Sequence[str] | None = None,
        *,
        out: str | Path | None = None,
        progress: Progress | None = None,
    ) -> RenderResult:
        """Render the reports from what is stored.

        Parameters
        ----------
        langs
            ``zh``, ``en``; None: the campaign's language.
        formats
            ``html``.
        banks
            Ids of the banks whose scorecards are wanted; None: all.
        out
            Folder of the reports; None: ``reports/<campaign id>`` below the current folder.
        progress
            Called with reports done, reports in all, and the name of the report.
        """
        from evaltools.report.render import CampaignResults, render_reports

        score = self.score()
        return render_reports(
            self.folder,
            CampaignResults(self.head(), self.config, self.framework, score.verdicts, score.composites),
            Path(out) if out is not None else Path("reports") / self.config.id,
            langs=tuple(langs or (self.config.language,)),
            formats=tuple(formats),
            banks=banks,
            progress=progress,
        )

    def export(
        self,
        out: str | Path,
        *,
        instruments: Sequence[str] | None = None,
        formats: Sequence[str] | None = None,
        lang: Lang | None = None,
        texts: bool = False,
        progress: Progress | None = None,
    ) -> ExportResult:
        """Write the accepted answers as tidy files with a codebook, after the disclosure check.

        Parameters
        ----------
        out
            Folder of the export, which holds nothing else.
        instruments
            None: all of which something is stored.
        formats
            Some of ``csv``, ``xlsx``, ``sav``, ``dta``; None: all.
        lang
            Language of labels; None: the campaign's.
        texts
            Also free text, which the disclosure check cannot judge.

        Raises
        ------
        RefusedError
            ``export-few``, ``export-nothing-left``: too few enterprises to hide among.
        DamageError
            ``export-readback``: a file did not hold what was written; none is left.
        """
        from evaltools.survey.export.exporting import export_answers

        gate = self.framework.gate
        return export_answers(
            self.folder,
            self.config,
            self.store(),
            Path(out),
            min_cell=gate.min_cell,
            min_branches=gate.branches,
            instruments=instruments,
            formats=formats,
            lang=lang,
            texts=texts,
            units={
                (one.instrument, one.item): self.framework.units[one.unit]
                for one in self.framework.indicators if one.statistic == "mean"
            },
            progress=progress,
        )  # fmt: skip

    def sql(self, query: str) -> pd.DataFrame:
        """Answer one SELECT over the tables of the store."""
        from evaltools.store.sql import query as ask

        found: pd.DataFrame = ask(self.store(), query).to_pandas()
        return found

    def _score(self, seed: int | None = None) -> ScoreResult:
        store, state = self.store(), self._freeze_state()
        versions = {name: at for name, at in store.versions().items() if name in input_tables(store.versions())}
        seed = self.config.seed if seed is None else seed
        key = (tuple(versions.items()), seed, state)
        if key not in self._scores:
            self._scores[key] = self._compute(store, versions, seed, state)
        return self._scores[key]

    def _compute(self, store: Store, versions: Mapping[str, int], seed: int, state: FreezeState) -> ScoreResult:
        instruments = dict.fromkeys(indicator.instrument for indicator in self.framework.indicators)
        check_choices(self.framework, stored_choices(store))
        files = store.read("files", ["rel_path"]).column("rel_path").to_pylist()
        if len(self.config.waves) != 2:
            raise CampaignError("campaign-waves", count=len(self.config.waves), waves=list(self.config.waves))
        before, after = self.config.waves
        return score_campaign(
            {name: accepted_answers(store, name, waves=tuple(self.config.waves)) for name in instruments},
            self.framework,
            banks=self.config.banks,
            start=self.config.start,
            inputs={"files": sorted(set(files)), "tables": versions, "seed": seed},
            waves=(before, after),
            design=self.config.design,
            comparability=comparability_of(store, self.config),
            headline=self.config.headline,
            flags=[state.flag] if state.flag else [],
        )

    def _freeze_state(self) -> FreezeState:
        return check_lock(self.folder, self.framework, endline_rows=self._endline_rows(), headline=self.config.headline)

    def _endline_rows(self) -> int:
        after = list(self.config.waves)[1:2]
        rows = self.store().read("responses", ["wave", "status"]).to_pandas()
        return int((rows["wave"].isin(after) & (rows["status"] == "accepted")).sum())


def _merged_strata(record: pd.DataFrame) -> list[tuple[str, str]]:
    """Return one row of provenance where strata with a single unit were merged before the estimate, else none."""
    merged = [f"{one.source}: {one.stratum} ({one.pattern}) + {one.merged_with}" for one in record.itertuples()]
    return [("merged_strata", "; ".join(merged))] if merged else []
