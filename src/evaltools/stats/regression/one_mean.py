"""Is a mean what it should be: the one-sample t test under the design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.intervals import require_level, t_interval, two_sided_p
from evaltools.stats.means import estimate


def mean_test(
    frame: Any,
    item: str,
    value: float = 0.0,
    design: Design = DEFAULT,
    *,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Test whether a mean equals a value; on differences within a row this is the paired t test.

    Parameters
    ----------
    frame : pandas frame, Arrow table or Totals
        One row an answer sheet.
    item
        Numeric column.
    value
        The mean under the hypothesis, in the item's unit.
    design, by, level
        As in `estimate`.

    Returns
    -------
    frame
        `[*by, item, value, estimate, se, df, t, ci_low, ci_high, p, n, flag]`, one row a domain; reasons as in
        `estimate`. `df` is that of `estimate` minus 1.

    Raises
    ------
    UsageError
        ``option-range`` unless `value` is a finite number; those of `estimate`.
    DesignError
        As `estimate`.

    Notes
    -----
    t = (mean - value)/se on PSUs - strata - 1 degrees of freedom.
    Source: Lumley (2010), Complex Surveys, ch. 2. Equals R survey 4.1.1 `svyttest(y ~ 0)`, which takes one degree of
    freedom fewer than the interval of `svymean`.
    """
    level = require_level(level)
    given: object = value
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not np.isfinite(given):
        raise UsageError("option-range", option="value", value=repr(value), low="-inf", high="inf")
    table = estimate(frame, item, by, design, level=level)
    mean, se = (table[name].to_numpy(dtype=np.float64) for name in ("estimate", "se"))
    df = table["df"].to_numpy(dtype=np.float64) - 1
    t = np.divide(mean - value, se, out=np.full(mean.size, np.nan), where=se > 0)
    low, high = t_interval(mean, se, df, level)
    lost = (df <= 0) & ~table["flag"].str.contains("no_df")
    flag = table["flag"].where(~lost, table["flag"].str.cat(["no_df"] * len(table), sep=";").str.strip(";"))
    columns = {
        "value": float(value), "estimate": mean, "se": se, "df": df, "t": t, "ci_low": low, "ci_high": high,
        "p": two_sided_p(mean - value, se, df), "n": table["n"], "flag": flag,
    }  # fmt: skip
    return table.iloc[:, : list(table.columns).index("item") + 1].assign(**columns)
