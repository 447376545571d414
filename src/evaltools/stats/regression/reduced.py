"""Errors for few clusters: bias-reduced linearisation (CR2) and Satterthwaite's degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaltools.stats.arrays import FloatArray, IntArray, group_by, size_of

EMPTY = 1e-12  # an eigenvalue below this is a direction in which a cluster's residuals are 0 whatever the answers


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """Covariance (K, K) of K coefficients, and degrees of freedom (K,) of each one's t."""

    covariance: FloatArray
    df: FloatArray


def reduce_bias(x: FloatArray, w: FloatArray, residuals: FloatArray, cluster: IntArray) -> Reduced:
    """Estimate the covariance of weighted least squares coefficients from few clusters.

    Parameters
    ----------
    x : float array, shape (n, K)
        Regressors of full rank.
    w, residuals : float arrays, shape (n,)
        Positive weights; outcome minus fitted value.
    cluster : int array, shape (n,)
        Codes 0..J-1, all used.

    Returns
    -------
    Reduced

    Notes
    -----
    M = (X'WX)^-1, H = X M X'W, working covariance I. A_j = G_j^(-1/2), G_j = [(I - H)(I - H)']_jj, the inverse root of
    Moore and Penrose. V = M sum_j (X_j'W_j A_j e_j)(X_j'W_j A_j e_j)' M. For coefficient c: P_jk = g_j'g_k with
    g_j = (I - H)_j' A_j W_j X_j M c, df = (sum_j P_jj)^2 / sum_jk P_jk^2. G_j differs from I only in the span of X_j
    and W_j X_j, so its root needs matrices of 2K, not of the cluster's size. Regressors are
    made orthonormal first (M = I), so that large numbers lose no digits.
    Source: Bell and McCaffrey (2002), Survey Methodology 28; Pustejovsky and Tipton (2018), J. Bus. Econ. Stat. 36,
    section 2 and appendix. Equals R clubSandwich 0.5.8 `vcovCR("CR2")`, `coef_test(test = "Satterthwaite")` to 1e-8.
    """
    z, back = _orthonormal(x, w)
    middle = np.einsum("ij,ik->jk", (w * w)[:, None] * z, z)
    n_clusters, size = size_of(cluster), x.shape[1]
    scores, own = np.empty((2, n_clusters, size))
    left, right = np.empty((2, n_clusters, size, size))
    order, starts = group_by([cluster], [n_clusters])
    for j, held in enumerate(np.split(order, starts[1:])):
        a = _adjusted(z[held], w[held], middle)  # A_j W_j X_j, (n_j, K)
        scores[j] = np.einsum("ik,i->k", a, residuals[held])
        a = a @ back.T
        own[j] = np.einsum("ic,ic->c", a, a)
        left[j] = np.einsum("ik,ic->ck", w[held, None] * z[held], a)
        right[j] = np.einsum("ik,ic->ck", z[held], a)
    meat = np.einsum("jk,jm->km", scores, scores)
    df = np.array([_satterthwaite(own[:, c], left[:, c], right[:, c], middle) for c in range(size)])
    return Reduced(back @ meat @ back.T, df)


def _orthonormal(x: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return regressors z = x R^-1 with z'Wz = I, and R^-1, which turns their coefficients into those of x.

    Cholesky's factor is taken twice: the second time repairs what the first has lost to regressors that are alike.
    """
    back = np.diag(1.0 / np.sqrt(np.einsum("i,ij,ij->j", w, x, x)))
    z = np.einsum("ij,jk->ik", x, back)
    for _ in range(2):
        factor = np.linalg.inv(np.linalg.cholesky(np.einsum("ij,ik->jk", w[:, None] * z, z)).T)
        z, back = np.einsum("ij,jk->ik", z, factor), back @ factor
    return z, back


def _satterthwaite(own: FloatArray, left: FloatArray, right: FloatArray, middle: FloatArray) -> float:
    """Return (tr P)^2 / tr P^2 of P = diag(own) - left right' - right left' + right middle right', J x J unformed."""
    size = middle.shape[0]
    both = np.concatenate([left, right], axis=1)
    core = np.block([[np.zeros((size, size)), -np.eye(size)], [-np.eye(size), middle]])
    product = core @ np.einsum("jk,jm->km", both, both)
    diagonal = np.einsum("jk,kl,jl->j", both, core, both)
    squares = (own * own).sum() + 2.0 * (own * diagonal).sum() + np.einsum("kl,lk->", product, product)
    return float((own + diagonal).sum() ** 2 / squares)


def _adjusted(z: FloatArray, w: FloatArray, middle: FloatArray) -> FloatArray:
    """Return A_j W_j Z_j of one cluster."""
    weighted = w[:, None] * z
    q = np.linalg.qr(np.concatenate([z, weighted], axis=1))[0]
    inner, outer = q.T @ z, q.T @ weighted
    leverage = inner @ outer.T
    change = inner @ middle @ inner.T - leverage - leverage.T
    values, vectors = np.linalg.eigh(change + np.eye(q.shape[1]))
    root = np.where(values > EMPTY, 1.0 / np.sqrt(np.where(values > EMPTY, values, 1.0)), 0.0)
    return np.asarray(weighted + q @ ((vectors * (root - 1.0)) @ (vectors.T @ outer)))
