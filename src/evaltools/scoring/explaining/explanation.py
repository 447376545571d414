"""One door to what stands behind the verdicts; each table is worked out when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from evaltools.scoring.chain import ScoringSteps
from evaltools.scoring.explaining.bank_mix import compare_banks
from evaltools.scoring.explaining.description import Description, describe_change
from evaltools.scoring.explaining.driver_shares import find_drivers
from evaltools.scoring.explaining.scale_checks import ScaleChecks, check_scales
from evaltools.scoring.explaining.visit_pairs import compare_visits
from evaltools.stats import VisitChanges


@dataclass(frozen=True, eq=False)
class Explanation:
    """What stands behind the verdicts of a campaign; no verdict rests on it.

    Attributes
    ----------
    steps
        The steps of scoring on the answers as they were given.
    seed
        Of random draws.
    """

    steps: ScoringSteps = field(repr=False)
    seed: int

    @property
    def visits(self) -> pd.DataFrame:
        """Changes that visits found, pair by pair; see `compare_visits`."""
        return self._visits.table

    @property
    def unpaired(self) -> pd.DataFrame:
        """The visits that are in no pair, by name."""
        return self._visits.unpaired

    @cached_property
    def banks(self) -> pd.DataFrame:
        """Levels and changes by bank, raw and at one mix of firms, with what is noise; see `compare_banks`."""
        return compare_banks(self.steps.data, self.steps.gate)

    @property
    def scales(self) -> pd.DataFrame:
        """Whether ratings that are averaged belong together; see `check_scales`."""
        return self._scales.scales

    @property
    def scale_items(self) -> pd.DataFrame:
        """What each rating adds to its scale, and the shares at its ends."""
        return self._scales.items

    @property
    def invariance(self) -> pd.DataFrame:
        """Whether a rating moved against the others of its scale between the waves."""
        return self._scales.invariance

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """Which ratings go together with the framework's outcome; see `find_drivers`."""
        return find_drivers(self.steps.data, seed=self.seed)

    @property
    def changes(self) -> pd.DataFrame:
        """The change of each surveyed indicator in parts; see `describe_change`."""
        return self._description.changes

    @property
    def attrition(self) -> pd.DataFrame:
        """How many firms of the baseline are not there at the endline, by bank."""
        return self._description.attrition

    @property
    def leavers(self) -> pd.DataFrame:
        """Baseline answers of the firms that left, beside those that stayed."""
        return self._description.leavers

    @cached_property
    def _visits(self) -> VisitChanges:
        return compare_visits(self.steps.data)

    @cached_property
    def _scales(self) -> ScaleChecks:
        return check_scales(self.steps.data, seed=self.seed)

    @cached_property
    def _description(self) -> Description:
        return describe_change(self.steps.data, self.steps.gate)
