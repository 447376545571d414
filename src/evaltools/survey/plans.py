"""How the files of each source are read: everything that decides what a row becomes, and its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaltools.config import CampaignConfig, Source
from evaltools.survey.earlier import source_sha
from evaltools.survey.instrument import Instrument, read_instrument
from evaltools.survey.matching import check_sources
from evaltools.survey.raw_files import SourceFile
from evaltools.survey.roles import Roles, resolve_roles


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """How a file of one source is read.

    Attributes
    ----------
    sha
        Of all of it, see :func:`evaltools.survey.earlier.source_sha`.
    """

    source: Source
    instrument: Instrument
    roles: Roles
    sha: str


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of a campaign, by the number of the source, from 1."""

    by_source: Mapping[int, SourcePlan]

    def of(self, file: SourceFile) -> SourcePlan:
        """Return the plan that a file is read by."""
        return self.by_source[file.source_no]


def read_plans(folder: Path, config: CampaignConfig) -> Plans:
    """Read the instruments of a campaign's sources and hold them against the campaign file.

    Raises
    ------
    CampaignError
        The campaign file and an instrument do not fit each other.
    """
    names = dict.fromkeys(source.instrument for source in config.sources)
    instruments = {name: read_instrument(name, campaign=folder) for name in names}
    roles = {name: resolve_roles(instrument, config) for name, instrument in instruments.items()}
    check_sources(config.sources, instruments, roles, config.bank_ids)
    return Plans(
        {
            number: SourcePlan(
                source,
                instruments[source.instrument],
                roles[source.instrument],
                source_sha(source, instruments[source.instrument], config),
            )
            for number, source in enumerate(config.sources, start=1)
        }
    )
