"""How the files of each source are read: everything that decides what a row becomes, and its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from evaltools.config import CampaignConfig, Source
from evaltools.errors import CampaignError
from evaltools.survey.corrections.log import Correction, Log, lines_sha, read_log
from evaltools.survey.earlier import source_sha
from evaltools.survey.instrument import Instrument, read_instrument
from evaltools.survey.logic.form import compile_logic
from evaltools.survey.matching.columns import check_sources
from evaltools.survey.matching.review import check_confirmed, confirmed_sha, read_review
from evaltools.survey.raw_files import SourceFile
from evaltools.survey.repeat_groups import RepeatGroup, rating_repeat
from evaltools.survey.roles import Roles, resolve_roles
from evaltools.survey.versions.crosswalk import check_versions


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """How a file of one source is read.

    Attributes
    ----------
    sha
        Of all of it, see :func:`evaltools.survey.earlier.source_sha`; for a file with corrections, of these as well.
    repeat
        The repeat in which the form rates one bank after the other; None where a submission rates one bank.
    corrections
        Lines of the correction log that are in force on the file.
    confirmed
        Question to the headers that a person has confirmed for it.
    """

    source: Source
    instrument: Instrument
    roles: Roles
    sha: str
    repeat: RepeatGroup | None = None
    corrections: tuple[Correction, ...] = ()
    confirmed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of a campaign, by the number of the source, from 1, and its correction log.

    `by_named` are the same plans with the reader that the caller named for some of the files.
    """

    by_source: Mapping[int, SourcePlan]
    log: Log = field(default_factory=Log)
    by_named: Mapping[int, SourcePlan] = field(default_factory=dict)

    @property
    def forms(self) -> dict[str, Instrument]:
        """The instruments, each version by its own name, see :attr:`evaltools.config.Source.form`."""
        return {plan.source.form: plan.instrument for plan in self.by_source.values()}

    @property
    def unchecked(self) -> tuple[CampaignError, ...]:
        """What the forms say and a table cannot compute, each form once."""
        return tuple(one for form in self.forms.values() for one in compile_logic(form).unchecked)

    def declaring(self, role: str) -> frozenset[str]:
        """Return the instruments in which a question has a role."""
        return frozenset(plan.instrument.name for plan in self.by_source.values() if plan.roles.several(role))

    def of(self, file: SourceFile) -> SourcePlan:
        """Return the plan that a file is read by."""
        plan, lines = self.by_source[file.source_no], self.log.of(file.rel_path)
        if file.source.reader != plan.source.reader:
            plan = self.by_named[file.source_no]
        return replace(plan, sha=lines_sha(plan.sha, lines), corrections=lines) if lines else plan


def read_plans(folder: Path, config: CampaignConfig, *, reader: str | None = None) -> Plans:
    """Read the instruments of a campaign's sources and hold them against the campaign file.

    Parameters
    ----------
    reader
        Name of the reader for files that the caller names; None: all are read as their sources say.

    Raises
    ------
    CampaignError
        The campaign file and an instrument do not fit each other; a file of the correction log, or the file of
        confirmed columns, is damaged.
    """
    names = dict.fromkeys(source.form for source in config.sources)
    instruments = {name: read_instrument(name, campaign=folder) for name in names}
    roles = {name: resolve_roles(instrument, config) for name, instrument in instruments.items()}
    repeats = {name: rating_repeat(instrument, roles[name]) for name, instrument in instruments.items()}
    check_sources(config.sources, instruments, roles, config.bank_ids)
    check_versions(config, instruments)
    review = read_review(folder)

    def plan_of(source: Source) -> SourcePlan:
        form, confirmed = instruments[source.form], review.confirmed(source)
        check_confirmed(confirmed, form)
        sha = confirmed_sha(source_sha(source, form, config), confirmed)
        return SourcePlan(source, form, roles[source.form], sha, repeats[source.form], confirmed=confirmed)

    named = [one.model_copy(update={"reader": reader}) for one in config.sources] if reader is not None else []
    return Plans(
        {number: plan_of(source) for number, source in enumerate(config.sources, start=1)},
        read_log(folder),
        {number: plan_of(source) for number, source in enumerate(named, start=1)},
    )
