"""Bring the answers of older versions under the items and the choices of the newest, as the crosswalk says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evaltools.config import CampaignConfig
from evaltools.store import Store
from evaltools.survey.versions.comparing import Verdict, worst


def harmonise(answers: pd.DataFrame, crosswalk: pd.DataFrame, rows: pd.DataFrame, waves: Sequence[str]) -> pd.DataFrame:
    """Return answers with those of older versions under the newest items and choices.

    What the crosswalk calls ``not_comparable`` was another question, also under the same name: its answers go into a
    column of their own, ``item@version``. The column of an item that was renamed stays beside.

    Parameters
    ----------
    answers
        One row a rating, one column a question.
    crosswalk
        The rows of the table of one instrument.
    rows
        ``wave``, ``version`` and ``source_no`` of each rating, in the same order.
    waves
        In their order in time.
    """
    last, newest = _newest(rows, waves)
    names = _names(crosswalk, last)
    older = (rows["version"].notna() & (rows["version"] != newest)).to_numpy()
    if not older.any():
        return answers
    columns = {name: answers[name].copy() for name in answers.columns}
    for link in crosswalk.itertuples():
        item, target = str(link.item), names.get(str(link.concept), str(link.item))
        is_here = older & (rows["wave"] == link.wave).to_numpy()
        if item not in answers or not is_here.any():
            continue
        given = answers[item][is_here & answers[item].notna().to_numpy()]
        if link.comparability != "not_comparable":
            choices = _choices(link.recode)
            if choices or item != target:
                _put(columns, target, given.map(lambda value, choices=choices: _recoded(value, choices)))
        elif item == target:
            for version, part in given.groupby(rows["version"][given.index]):
                _put(columns, f"{item}@{version}", part)
            columns[item] = columns[item].where(~is_here, None)
    return pd.DataFrame(columns, index=answers.index)


def _put(columns: dict[str, pd.Series[Any]], name: str, given: pd.Series[Any]) -> None:
    """Write answers into a column, which is made where it is not there; the other rows stay as they are."""
    if name not in columns:
        some = next(iter(columns.values()))
        columns[name] = pd.Series([None] * len(some), index=some.index, dtype=object)
    columns[name].loc[given.index] = given.astype(columns[name].dtype)


def comparability_of(store: Store, config: CampaignConfig) -> dict[str, dict[str, Verdict]]:
    """Return what may be compared over the waves: instrument to item of the newest form to its verdict.

    An item that is the same in all waves is left out. What the campaign file says holds also before it is read in.
    """
    found: dict[str, dict[str, Verdict]] = {source.instrument: {} for source in config.sources}
    table = store.read("crosswalk").to_pandas()
    for instrument, rows in table[table["wave"].isin(list(config.waves))].groupby("instrument"):
        last = max(rows["wave"], key=list(config.waves).index)
        names = _names(rows, last)
        asked = set(zip(rows["wave"], rows["item"], strict=True))
        for row in rows[rows["comparability"] != "same"].itertuples():
            item = names.get(str(row.concept), str(row.item))
            if item != row.item and (row.wave, item) in asked:
                continue  # the wave has the newest item itself, and this one beside
            marks = found.setdefault(str(instrument), {})
            marks[item] = worst((marks.get(item, "same"), row.comparability))
    for source in config.sources:
        marks = found[source.instrument]
        for item, verdict in source.comparability.items():
            marks[item] = worst((marks.get(item, "same"), verdict))
    return found


def _newest(rows: pd.DataFrame, waves: Sequence[str]) -> tuple[str, str | None]:
    """Return the last wave with answers and the version of its last source, which the others are brought to."""
    present = set(rows["wave"])
    last = next((wave for wave in reversed(waves) if wave in present), "")
    of_last = rows[rows["wave"] == last]
    by_source: list[str | None] = of_last.sort_values("source_no")["version"].tolist()
    return last, by_source[-1] if by_source else None


def _names(links: pd.DataFrame, wave: str) -> dict[str, str]:
    """Return the item of each concept in a wave, of concepts that only one item has."""
    own = links[links["wave"] == wave]
    own = own[~own["concept"].duplicated(keep=False)]
    return dict(zip(own["concept"].astype(str), own["item"].astype(str), strict=True))


def _choices(recode: object) -> Mapping[str, str]:
    told: Mapping[str, Mapping[str, str]] = json.loads(recode) if isinstance(recode, str) else {}
    return told.get("choices", {})


def _recoded(value: Any, choices: Mapping[str, str]) -> Any:
    """Return an answer in the newest choices; what stands for a missing answer stays."""
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(choices.get(one, one) for one in value))
    return choices.get(value, value)
