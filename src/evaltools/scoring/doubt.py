"""Answers that are open to doubt: they stay in, and a verdict that rests on them is marked fragile."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from evaltools.errors import UsageError
from evaltools.scoring.changes import join_flags

_SHOWN = 3


def leave_out(answers: Mapping[str, pd.DataFrame], doubtful: Mapping[str, Collection[str]]) -> dict[str, pd.DataFrame]:
    """Return the answers without the doubtful responses.

    Parameters
    ----------
    answers
        Instrument to its accepted ratings, with a column ``response_id``.
    doubtful
        Instrument to ids of responses.

    Raises
    ------
    UsageError
        ``doubtful-unknown``: an id is none of the instrument's accepted responses, so leaving it out has no effect.
    """
    kept = dict(answers)
    for instrument, ids in doubtful.items():
        table = answers.get(instrument)
        known = set() if table is None else set(table["response_id"].astype(str))
        unknown = sorted(set(ids) - known)
        if unknown:
            raise UsageError(
                "doubtful-unknown",
                instrument=instrument,
                count=len(unknown),
                ids=[one[:12] for one in unknown[:_SHOWN]],
            )
        if table is not None:
            kept[instrument] = table[~table["response_id"].astype(str).isin(list(ids))]
    return kept


def mark_fragile(verdicts: pd.DataFrame, without: pd.DataFrame) -> pd.DataFrame:
    """Mark the verdicts that are others without the doubtful answers.

    Parameters
    ----------
    verdicts, without
        From `judge_verdicts`, with and without the doubtful answers; the same banks in the same order.

    Returns
    -------
    DataFrame
        As `verdicts`; a bank whose verdict or detail moves has the flag ``fragile:`` with what it becomes, verdict and
        detail joined by "/", as in ``fragile:no_detectable_change/cannot_tell``.
    """
    flags = []
    for own, other in zip(verdicts.to_dict("records"), without.to_dict("records"), strict=True):
        moved = (own["verdict"], own["detail"]) != (other["verdict"], other["detail"])
        becomes = "/".join(part for part in (other["verdict"], other["detail"]) if part)
        flags.append(join_flags(own["flags"], f"fragile:{becomes}" if moved else ""))
    return verdicts.assign(flags=flags)
