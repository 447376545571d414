"""Survey statistics: totals by sampling unit, estimates, and change between two waves with its full covariance.

Tables in, tables out: no files, no campaign, no banks. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaltools.stats.combination import Combination, combine, endline_covariance
    from evaltools.stats.design import Design
    from evaltools.stats.differences import ChangeEstimate, change, estimate_change
    from evaltools.stats.drivers.importance import key_drivers
    from evaltools.stats.estimation.mover import mover_interval
    from evaltools.stats.estimation.replicates import Replicates
    from evaltools.stats.joint import joint_covariance
    from evaltools.stats.means import estimate
    from evaltools.stats.mix.effects import standardised_effect
    from evaltools.stats.mix.leaving import Attrition, attrition
    from evaltools.stats.mix.placements import superiority
    from evaltools.stats.mix.presence import change_by_presence
    from evaltools.stats.mix.relative import estimate_relative_change, relative_change
    from evaltools.stats.mix.split import split_change
    from evaltools.stats.mix.standardised import standardise_change
    from evaltools.stats.ranking.sets import rank_sets, told_apart
    from evaltools.stats.ranking.standing import league, order_groups
    from evaltools.stats.regression.case_mix import CaseMix, adjust_case_mix
    from evaltools.stats.regression.did import difference_in_differences
    from evaltools.stats.regression.fitting import Regression, fit_linear, fit_logistic
    from evaltools.stats.regression.invariance import check_invariance
    from evaltools.stats.regression.one_mean import mean_test
    from evaltools.stats.regression.ordinal_check import check_ordinal
    from evaltools.stats.replication.changes import BootstrapChange, bootstrap_change
    from evaltools.stats.replication.factors import BootstrapDraw, bootstrap_factors, draw_bootstrap
    from evaltools.stats.scales.consistency import ScaleReliability, scale_reliability
    from evaltools.stats.scales.dimension import OneFactor, check_one_factor
    from evaltools.stats.scales.ends import floor_ceiling
    from evaltools.stats.shrinkage.between import Reliability, reliability
    from evaltools.stats.shrinkage.funnel import Funnel, funnel_limits
    from evaltools.stats.shrinkage.posterior import shrink
    from evaltools.stats.small.agreement import Agreement, kappa
    from evaltools.stats.small.branches import BranchPool, pool_branches
    from evaltools.stats.small.coincidence import Alpha, krippendorff_alpha
    from evaltools.stats.small.discordant import PairedTest, mcnemar
    from evaltools.stats.small.kaplan_meier import survival_curve
    from evaltools.stats.small.mean_times import change_restricted_mean, restricted_mean
    from evaltools.stats.small.planning import ChangePower, power_change
    from evaltools.stats.small.planning_pairs import PairsPower, power_pairs
    from evaltools.stats.small.score_pairs import PairedShares, paired_shares
    from evaltools.stats.small.shifts import Shift, hodges_lehmann
    from evaltools.stats.small.visits import VisitChanges, visit_changes
    from evaltools.stats.strata import MergedStrata, merge_single_strata
    from evaltools.stats.sums import Totals, totals

__all__ = [
    "Agreement",
    "Alpha",
    "Attrition",
    "BootstrapChange",
    "BootstrapDraw",
    "BranchPool",
    "CaseMix",
    "ChangeEstimate",
    "ChangePower",
    "Combination",
    "Design",
    "Funnel",
    "MergedStrata",
    "OneFactor",
    "PairedShares",
    "PairedTest",
    "PairsPower",
    "Regression",
    "Reliability",
    "Replicates",
    "ScaleReliability",
    "Shift",
    "Totals",
    "VisitChanges",
    "adjust_case_mix",
    "attrition",
    "bootstrap_change",
    "bootstrap_factors",
    "change",
    "change_by_presence",
    "change_restricted_mean",
    "check_invariance",
    "check_one_factor",
    "check_ordinal",
    "combine",
    "difference_in_differences",
    "draw_bootstrap",
    "endline_covariance",
    "estimate",
    "estimate_change",
    "estimate_relative_change",
    "fit_linear",
    "fit_logistic",
    "floor_ceiling",
    "funnel_limits",
    "hodges_lehmann",
    "joint_covariance",
    "kappa",
    "key_drivers",
    "krippendorff_alpha",
    "league",
    "mcnemar",
    "mean_test",
    "merge_single_strata",
    "mover_interval",
    "order_groups",
    "paired_shares",
    "pool_branches",
    "power_change",
    "power_pairs",
    "rank_sets",
    "relative_change",
    "reliability",
    "restricted_mean",
    "scale_reliability",
    "shrink",
    "split_change",
    "standardise_change",
    "standardised_effect",
    "superiority",
    "survival_curve",
    "told_apart",
    "totals",
    "visit_changes",
]

_HOME = {
    "Agreement": "small.agreement",
    "Alpha": "small.coincidence",
    "Attrition": "mix.leaving",
    "BootstrapChange": "replication.changes",
    "BootstrapDraw": "replication.factors",
    "BranchPool": "small.branches",
    "CaseMix": "regression.case_mix",
    "ChangeEstimate": "differences",
    "ChangePower": "small.planning",
    "Combination": "combination",
    "Design": "design",
    "Funnel": "shrinkage.funnel",
    "MergedStrata": "strata",
    "OneFactor": "scales.dimension",
    "PairedShares": "small.score_pairs",
    "PairedTest": "small.discordant",
    "PairsPower": "small.planning_pairs",
    "Regression": "regression.fitting",
    "Reliability": "shrinkage.between",
    "Replicates": "estimation.replicates",
    "ScaleReliability": "scales.consistency",
    "Shift": "small.shifts",
    "Totals": "sums",
    "VisitChanges": "small.visits",
    "adjust_case_mix": "regression.case_mix",
    "attrition": "mix.leaving",
    "bootstrap_change": "replication.changes",
    "bootstrap_factors": "replication.factors",
    "change": "differences",
    "change_by_presence": "mix.presence",
    "change_restricted_mean": "small.mean_times",
    "check_invariance": "regression.invariance",
    "check_one_factor": "scales.dimension",
    "check_ordinal": "regression.ordinal_check",
    "combine": "combination",
    "difference_in_differences": "regression.did",
    "draw_bootstrap": "replication.factors",
    "endline_covariance": "combination",
    "estimate": "means",
    "estimate_change": "differences",
    "estimate_relative_change": "mix.relative",
    "fit_linear": "regression.fitting",
    "fit_logistic": "regression.fitting",
    "floor_ceiling": "scales.ends",
    "funnel_limits": "shrinkage.funnel",
    "hodges_lehmann": "small.shifts",
    "joint_covariance": "joint",
    "kappa": "small.agreement",
    "key_drivers": "drivers.importance",
    "krippendorff_alpha": "small.coincidence",
    "league": "ranking.standing",
    "mcnemar": "small.discordant",
    "mean_test": "regression.one_mean",
    "merge_single_strata": "strata",
    "mover_interval": "estimation.mover",
    "order_groups": "ranking.standing",
    "paired_shares": "small.score_pairs",
    "pool_branches": "small.branches",
    "power_change": "small.planning",
    "power_pairs": "small.planning_pairs",
    "rank_sets": "ranking.sets",
    "relative_change": "mix.relative",
    "reliability": "shrinkage.between",
    "restricted_mean": "small.mean_times",
    "scale_reliability": "scales.consistency",
    "shrink": "shrinkage.posterior",
    "split_change": "mix.split",
    "standardise_change": "mix.standardised",
    "standardised_effect": "mix.effects",
    "superiority": "mix.placements",
    "survival_curve": "small.kaplan_meier",
    "told_apart": "ranking.sets",
    "totals": "sums",
    "visit_changes": "small.visits",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
