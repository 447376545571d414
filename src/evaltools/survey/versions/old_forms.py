"""Answers that were given on an older form than the one in force: a device that was not updated, a link left open."""

from __future__ import annotations

import pandas as pd

from evaltools.store import Store

_PLACE = ["file_sha256", "sheet", "instrument", "wave"]
_COUNTS = ["instrument", "wave", "version", "form_version", "n", "share", "old"]


def stated_forms(store: Store) -> pd.DataFrame:
    """Return the accepted answers with the version that they were read by and the one that the tool states.

    Returns
    -------
    DataFrame
        [file_sha256, sheet, instrument, wave, tool, source_row, submitted_at, form_version, version, old]. A stated
        version that is one of the instrument's is old where the file was read by another. Other tools have marks of
        their own for every time that a form was published (KoboToolbox): such a mark is old where another one of the
        same instrument, wave and tool came up after it, by the first answer that bears it.
    """
    columns = [*_PLACE, "tool", "source_row", "submitted_at", "form_version", "status"]
    responses: pd.DataFrame = store.read("responses", columns).to_pandas()
    responses = responses[responses["status"] == "accepted"].drop(columns="status")
    files = store.read("files", [*_PLACE, "instrument_version"]).to_pandas().drop_duplicates(_PLACE)
    frame = responses.merge(files, on=_PLACE, how="left").rename(columns={"instrument_version": "version"})
    items = store.read("items", ["instrument", "version"]).to_pylist()
    known = {(row["instrument"], row["version"]) for row in items}
    pairs = zip(frame["instrument"], frame["form_version"], strict=True)
    is_known = pd.Series([pair in known for pair in pairs], index=frame.index, dtype=bool)
    stated = frame["form_version"].notna()
    frame["old"] = stated & is_known & (frame["form_version"] != frame["version"])
    frame.loc[stated & ~is_known, "old"] = _came_before(frame[stated & ~is_known])
    return frame


def form_counts(store: Store) -> pd.DataFrame:
    """Return the answers by stated version, see :attr:`evaltools.survey.quality.QualityResult.forms`."""
    frame = stated_forms(store)
    keys = ["instrument", "wave", "version", "form_version", "old"]
    counts = frame.groupby(keys, as_index=False, dropna=True).size().rename(columns={"size": "n"})
    all_of = frame.groupby(["instrument", "wave"]).size()
    counts["share"] = [
        n / all_of[instrument, wave]
        for n, instrument, wave in zip(counts["n"], counts["instrument"], counts["wave"], strict=True)
    ]
    return counts.sort_values(keys, ignore_index=True)[_COUNTS]


def no_forms() -> pd.DataFrame:
    """Return the table of :func:`form_counts` without rows."""
    return pd.DataFrame(columns=_COUNTS)


def old_forms(store: Store) -> pd.DataFrame:
    """Return [instrument, wave, n, share]: answers on older forms, where there are any."""
    counts = form_counts(store)
    return counts[counts["old"]].groupby(["instrument", "wave"], as_index=False)[["n", "share"]].sum()


def _came_before(frame: pd.DataFrame) -> pd.Series:
    """Say which answers bear a mark after which another one came up."""
    keys = ["instrument", "wave", "tool"]
    first = frame.groupby([*keys, "form_version"], dropna=False)["submitted_at"].transform("min")
    newest = first.groupby([frame[key] for key in keys], dropna=False).transform("max")
    return (first < newest).astype(bool)
