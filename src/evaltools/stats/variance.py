"""Variance of linearised values under stratified sampling in one or more stages, for all domains at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from evaltools.errors import DesignError
from evaltools.stats.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    combine_codes,
    count_by,
    float_sums,
    gather,
    int_sums,
    run_pieces,
    segment_sizes,
    segment_starts,
    size_of,
    sum_by,
    value_of,
)
from evaltools.stats.design import LonelyPsu
from evaltools.stats.units import SHOWN, Units, parents_of, psu_names, stage_counts

CENSUS = 1e-7  # a sampling fraction within this of 1 leaves no variance, as in R


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """First-stage variance strata, G of them.

    Attributes
    ----------
    of_psu : int array, shape (J,)
        Variance stratum of each PSU; -1 for a PSU that is not in the sample at hand.
    labels : tuple of str, length G
        How errors name them.
    """

    of_psu: IntArray
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of one stage (strata, or units of the stage before), M of them.

    Attributes
    ----------
    of_unit : int array, shape (U_s,)
        Group of each unit of the stage.
    count : int array, shape (M,)
        Sampled units.
    factor : float array, shape (M,)
        (1 - f) n/(n - 1), times the sampling fractions of the stages before; for a lonely unit what its option says.
    lonely : bool array, shape (M,)
        The group has one unit, and others have been left out of the population.
    """

    of_unit: IntArray
    count: IntArray
    factor: FloatArray
    lonely: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Contributions of one stage in K runs of one group and domain.

    Attributes
    ----------
    starts, held, domain, group : int arrays, shape (K,)
        Where each run begins and how many contributions it has, its domain, its group.
    groups : Groups
        What the groups are.
    """

    starts: IntArray
    held: IntArray
    domain: IntArray
    group: IntArray
    groups: Groups


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How contributions (P,) become variances (D,): runs from the last stage to the first."""

    n_domains: int
    lonely_psu: LonelyPsu
    runs: tuple[Runs, ...]


def plan_groups(units: Units, strata: Strata, chosen: BoolArray, lonely_psu: LonelyPsu) -> tuple[Groups, ...]:
    """Work out the groups of each stage and what they weigh.

    Parameters
    ----------
    units, strata
        Sampled units and the variance strata of their PSUs.
    chosen : bool array, shape (U,)
        Units that belong to the sample at hand.
    lonely_psu
        What a group with one unit adds.

    Raises
    ------
    DesignError
        ``lonely-psu`` or ``lonely-unit`` under "fail", ``lonely-average-stage``, ``fpc-too-small``.
    """
    counts = stage_counts(units, chosen)
    counts[0] = count_by(strata.of_psu[strata.of_psu >= 0], len(strata.labels))
    found: list[Groups] = []
    for stage, count in enumerate(counts):
        of_unit = strata.of_psu if stage == 0 else parents_of(units, stage)[0]
        fraction = _sampling_fractions(units, stage, count)
        left_out = 1.0 - fraction
        lonely = (count == 1) & (left_out >= CENSUS)
        if lonely.any():
            _judge_lonely(units, strata, of_unit, lonely, stage, lonely_psu)
        factor = np.where(left_out < CENSUS, 0.0, left_out) * np.where(count > 1, count / np.maximum(count - 1, 1), 1.0)
        if lonely_psu != "adjust":
            factor[lonely] = 0.0
        if stage > 0:
            factor = factor * _fractions_before(units, found, stage)
        found.append(Groups(of_unit, count, factor, lonely))
    return tuple(found)


def plan_variance(
    units: Units, groups: tuple[Groups, ...], unit: IntArray, domain: IntArray, n_domains: int, lonely_psu: LonelyPsu
) -> Plan:
    """Arrange the sums for contributions in a given order.

    Parameters
    ----------
    units, groups
        Units and their groups at each stage.
    unit, domain : int arrays, shape (P,)
        Unit and domain of each contribution, sorted by variance stratum, domain, PSU, unit.
    n_domains
        Number of domains D.
    lonely_psu
        Option of the design.
    """
    runs = []
    for stage in reversed(range(len(groups))):
        group = gather(groups[stage].of_unit, units.ancestor(stage, unit))
        starts = segment_starts(combine_codes([group, domain], [1, n_domains]))
        runs.append(Runs(starts, segment_sizes(starts, unit.size), domain[starts], group[starts], groups[stage]))
        unit, domain = unit[starts], domain[starts]
    return Plan(n_domains, lonely_psu, tuple(runs))


def variance_by_domain(plan: Plan, values: FloatArray, answered: IntArray | None = None) -> FloatArray:
    """Return the variance of each domain's sum of contributions.

    Parameters
    ----------
    plan
        Arrangement of the contributions.
    values : float array, shape (P,)
        Linearised contributions; units of a stratum that are not among them contribute 0.
    answered : int array, shape (P,), optional
        Answers behind each contribution. Given: under "average" only strata with an answer in the domain count (R's
        subset of a design). None: all strata do (R's covariance over domains).

    Returns
    -------
    float array, shape (D,)
        Unit of the contributions squared. NaN under "average" where every stratum is lonely.

    Notes
    -----
    V = sum_h (1 - f_h) n_h/(n_h - 1) sum_j (u_hj - mean_h)^2, and for units within a unit the same times n_h/N_h.
    The mean is taken first and deviations after, so strata that differ in level cost no digits.
    Source: Särndal, Swensson, Wretman (1992), ch. 4 and 5. Equals R survey 4.1.1 `svyrecvar`.
    """
    variance = np.zeros(plan.n_domains)
    for runs in plan.runs:
        sums = float_sums(values, runs.starts)
        mean = means_of_runs(plan, runs, sums)
        squares = np.zeros(mean.size)
        for piece in run_pieces(runs.starts, values.size):
            deviation = np.repeat(mean[piece.runs], piece.held)
            np.subtract(values[piece.at], deviation, out=deviation)
            deviation *= deviation
            squares[piece.runs] += np.add.reduceat(deviation, piece.starts)
        variance += weigh_squares(plan, runs, mean, squares)
        values = sums
    if plan.lonely_psu == "average":
        variance = variance * average_factor(plan, answered)
    return variance


def means_of_runs(plan: Plan, runs: Runs, sums: FloatArray) -> FloatArray:
    """Return the mean contribution (K,) of a group's units in each run, given the runs' sums (K,)."""
    mean = sums / runs.groups.count[runs.group]
    if plan.lonely_psu == "adjust":
        mean[runs.groups.lonely[runs.group]] = 0.0
    return mean


def weigh_squares(plan: Plan, runs: Runs, mean: FloatArray, squares: FloatArray) -> FloatArray:
    """Return what one stage adds to each domain's variance (D,), given the squared deviations of each run (K,).

    Units of a group that have no contribution in the run deviate by the mean.
    """
    absent = runs.groups.count[runs.group] - runs.held
    return sum_by(runs.domain, runs.groups.factor[runs.group] * (absent * mean * mean + squares), plan.n_domains)


def covariance_of_domains(plan: Plan, psu: IntArray, values: FloatArray) -> FloatArray:
    """Return the covariance matrix of the domains' sums of contributions; PSUs shared by domains count.

    Parameters
    ----------
    plan
        Arrangement of the contributions, single-stage.
    psu : int array, shape (P,)
        PSU of each contribution.
    values : float array, shape (P,)
        Linearised contributions.

    Returns
    -------
    float array, shape (D, D)
        Symmetric; the diagonal is that of `variance_by_domain`.

    Notes
    -----
    Sparse products are summed in a fixed order, so bits do not depend on threads.
    Source: as `variance_by_domain`; R survey 4.1.1 `svyby(covmat = TRUE)`.
    """
    (runs,) = plan.runs
    weight = np.sqrt(runs.groups.factor[runs.group])
    domain = np.repeat(runs.domain, runs.held)
    shape = (size_of(psu), plan.n_domains)
    spread = sparse.csr_array((values * np.repeat(weight, runs.held), (psu, domain)), shape=shape)
    count = runs.groups.count[runs.group]
    centre = float_sums(values, runs.starts) * weight / np.sqrt(count)
    if plan.lonely_psu == "adjust":
        centre[runs.groups.lonely[runs.group]] = 0.0
    means = sparse.csr_array((centre, (runs.group, runs.domain)), shape=(runs.groups.count.size, plan.n_domains))
    covariance = np.asarray((spread.T @ spread - means.T @ means).todense(), dtype=np.float64)
    if plan.lonely_psu == "average":
        covariance *= average_factor(plan, None)
    np.fill_diagonal(covariance, variance_by_domain(plan, values))
    return covariance


def _sampling_fractions(units: Units, stage: int, count: IntArray) -> FloatArray:
    if not units.population:
        return np.zeros(count.size)
    population = units.population[stage]
    short = np.flatnonzero(population < count)
    if short.size:
        raise DesignError(
            "fpc-too-small", stage=stage + 1, population=float(population[short[0]]), sampled=int(count[short[0]])
        )
    return np.asarray(count / population)


def _fractions_before(units: Units, found: list[Groups], stage: int) -> FloatArray:
    """Return the product of n/N over the stages above for each group, a unit of stage - 1."""
    product = np.ones(units.size)
    for above in range(stage):
        groups = found[above]
        fraction = groups.count / units.population[above]
        product *= fraction[groups.of_unit[units.stage[above]]]
    parent = units.stage[stage - 1]
    return value_of(parent, product, size_of(parent))


def _judge_lonely(
    units: Units, strata: Strata, of_unit: IntArray, lonely: BoolArray, stage: int, lonely_psu: LonelyPsu
) -> None:
    which = np.flatnonzero(lonely)
    allowed = ("remove", "adjust", "average", "certainty")
    if stage > 0:
        if lonely_psu in {"fail", "average"}:
            code = "lonely-unit" if lonely_psu == "fail" else "lonely-average-stage"
            raise DesignError(code, stage=stage + 1, count=int(which.size), allowed=("remove", "adjust", "certainty"))
    elif lonely_psu == "fail":
        psus = np.flatnonzero((of_unit >= 0) & lonely[of_unit])[:SHOWN]
        raise DesignError(
            "lonely-psu",
            stratum=[strata.labels[of_unit[psu]] for psu in psus],
            psu=psu_names(units, psus),
            count=int(which.size),
            allowed=allowed,
        )


def average_factor(plan: Plan, answered: IntArray | None) -> FloatArray:
    """Return by what each domain's variance (D,) grows so that lonely strata count as the average of the others."""
    runs = plan.runs[-1]
    groups = runs.groups
    if answered is None:
        strata = np.full(plan.n_domains, float(np.count_nonzero(groups.count)))
        usable = np.full(plan.n_domains, float(np.count_nonzero((groups.count > 0) & ~groups.lonely)))
    else:
        held = answered
        for stage in plan.runs:
            held = int_sums(held, stage.starts)
        strata = sum_by(runs.domain, held > 0, plan.n_domains)
        usable = sum_by(runs.domain, (held > 0) & ~groups.lonely[runs.group], plan.n_domains)
    return np.asarray(np.divide(strata, usable, out=np.full(plan.n_domains, np.nan), where=usable > 0))
