"""Eigenvalues that uncorrelated answers give by chance (parallel analysis)."""

from __future__ import annotations

import numpy as np

from evaltools.stats.arrays import FloatArray
from evaltools.stats.streams import open_stream

SHARE = 0.95  # of random eigenvalues that an observed one must exceed


def random_eigenvalues(n: float, k: int, seed: int, draws: int) -> FloatArray:
    """Return the 95th percentile of each eigenvalue of the correlations of n independent normal answers to k items.

    Parameters
    ----------
    n, k
        Answers (an effective number need not be whole) and items, n > k.
    seed, draws
        Of the stream (one for each k, whatever else is computed), and how many samples are drawn.

    Returns
    -------
    float array, shape (k,)
        Largest first.

    Notes
    -----
    Covariances are drawn at once, as L L' with L lower triangular: standard normal below the diagonal, and the root of
    chi-square with n - 1, n - 2, ... degrees of freedom on it.
    Source: Horn (1965), Psychometrika 30; the percentile instead of the mean: Glorfeld (1995), Educ. Psychol. Meas. 55;
    the draw: Smith and Hocking (1972), Appl. Stat. 21.
    """
    stream = open_stream(seed, f"parallel analysis/{k}")
    lower = np.tril(stream.standard_normal((draws, k, k)), -1)
    diagonal = np.arange(k)
    lower[:, diagonal, diagonal] = np.sqrt(stream.chisquare(n - 1 - diagonal, (draws, k)))
    lower /= np.sqrt((lower * lower).sum(axis=2, keepdims=True))  # rows of unit length: correlations
    found = np.linalg.eigvalsh(np.einsum("bik,bjk->bij", lower, lower))[:, ::-1]
    return np.quantile(found, SHARE, axis=0)


def count_factors(eigenvalues: FloatArray, by_chance: FloatArray) -> int:
    """Return how many leading eigenvalues exceed those of chance, up to the first that does not."""
    above = eigenvalues > by_chance
    return int(above.size if above.all() else np.argmin(above))
