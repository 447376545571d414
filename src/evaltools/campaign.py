"""A campaign: its settings, and the chain from raw files to verdicts that command line and notebooks call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaltools.config import CampaignConfig, read_config
from evaltools.scoring.framework import read_framework
from evaltools.scoring.freeze import FreezeState
from evaltools.scoring.models import Framework
from evaltools.scoring.result import ScoreResult
from evaltools.scoring.stored import (
    describe_head,
    freeze_state,
    freeze_stored,
    input_versions,
    keep_score,
    list_provenance,
    score_stored,
    unlock_stored,
)
from evaltools.store import Store
from evaltools.survey.findings import list_findings
from evaltools.survey.quality import QualityResult, read_quality
from evaltools.survey.stored_state import describe_store

if TYPE_CHECKING:
    from evaltools.report.render import RenderResult
    from evaltools.scoring.explaining.explanation import Explanation
    from evaltools.scoring.sensitivity.analysis import SensitivityResult
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
    _explained: dict[str, Explanation] = field(default_factory=dict, repr=False)

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
        freeze_stored(self.folder, self.config, self.framework, self.store())
        return self.folder / "framework.lock"

    def score(
        self,
        seed: int | None = None,
        *,
        unlock: str | None = None,
        doubtful: Mapping[str, Collection[str]] | None = None,
    ) -> ScoreResult:
        """Score all banks and keep the result in the store; a score that is kept already writes nothing.

        Parameters
        ----------
        seed
            Seed of random draws; None: the campaign's.
        unlock
            Why to score although the framework was changed after the freeze; page 1 of the reports prints it.
        doubtful
            Instrument to ids of responses that are open to doubt: a verdict that moves without them is marked fragile.

        Raises
        ------
        RefusedError
            ``freeze-differs``: the framework is not the frozen one and no reason was given.
        CampaignError
            ``campaign-waves``: there are not two waves to compare.
        UsageError
            ``doubtful-unknown``: an id is none of an accepted response.
        """
        if unlock is not None:
            unlock_stored(self.folder, self.config, self.framework, self.store(), unlock)
        result = self._score(seed, doubtful)
        keep_score(self.store(), result)
        return result

    def sensitivity(self, seed: int | None = None, variants: int = 2000, *, indices: bool = True) -> SensitivityResult:
        """Work out verdicts and ranks again under many other choices of weights, aggregation and scale.

        Parameters
        ----------
        seed
            Seed of random draws; None: the campaign's.
        variants
            How many.
        indices
            Whether to say as well which choice moves what.
        """
        from evaltools.scoring.sensitivity.analysis import analyse_sensitivity

        seed = self.config.seed if seed is None else seed
        return analyse_sensitivity(self._score().steps, seed=seed, variants=variants, indices=indices)

    def explain(self, seed: int | None = None) -> Explanation:
        """Return what stands behind the verdicts: visits in pairs, banks at one mix, scales, drivers, change."""
        from evaltools.scoring.explaining.explanation import Explanation

        score = self._score(seed)
        explained = Explanation(score.raw, self.config.seed if seed is None else seed)
        return self._explained.setdefault(score.score_id, explained)

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

    def contributions(self) -> pd.DataFrame:
        """Return what each indicator and dimension adds to the change of each bank's composite, in points."""
        return self._score().contributions

    def relative(self) -> pd.DataFrame:
        """Return each bank's change beside the mean of the others', which a shift of all banks cannot move."""
        return self._score().relative

    def ranks(self) -> pd.DataFrame:
        """Return the ranks of level and change by bank, with the ranks that the data allow."""
        return self._score().ranks

    def shrunken(self) -> pd.DataFrame:
        """Return level and change by bank drawn to the mean of all, for display, with their reliability."""
        return self._score().shrunken

    def mix(self) -> pd.DataFrame:
        """Return raw and standardised change of the composites by bank; no rows without margins in campaign.toml."""
        return self._score().mix

    def lost_weights(self) -> pd.DataFrame:
        """Return the indicators that a bank's composite goes without, and where their weight went."""
        return self._score().lost_weights

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
        return list_provenance(self.config, self.framework, self._score())

    def head(self) -> dict[str, Any]:
        """Return what page 1 of every report says of the campaign: selection, waves, freeze, version of the data."""
        return describe_head(self.config, self.framework, self._freeze_state(), self._score().score_id)

    def status(self) -> dict[str, Any]:
        """Return what is stored: tables with version and rows, accepted answers by wave and instrument."""
        return describe_store(self.store(), list(self.config.waves))

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
            CampaignResults(self.head(), self.config, self.framework, score.verdicts, score.composites, score.relative),
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

    def _score(self, seed: int | None = None, doubtful: Mapping[str, Collection[str]] | None = None) -> ScoreResult:
        store, state = self.store(), self._freeze_state()
        seed = self.config.seed if seed is None else seed
        left = tuple((name, tuple(sorted(ids))) for name, ids in sorted((doubtful or {}).items()))
        key = (tuple(input_versions(store).items()), seed, state, left)
        if key not in self._scores:
            self._scores[key] = score_stored(store, self.config, self.framework, state, seed=seed, doubtful=doubtful)
        return self._scores[key]

    def _freeze_state(self) -> FreezeState:
        return freeze_state(self.folder, self.config, self.framework, self.store())
