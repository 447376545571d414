"""What the store gives back: accepted answers, one row a rating, and the tables of data quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from evaltools.store import Store
from evaltools.store.schemas import ANSWERS_PREFIX, RATING_KEY
from evaltools.survey.quality import QualityResult, read_quality
from evaltools.survey.values.choices import MISSING_CHOICES
from evaltools.survey.versions.harmonising import harmonise

__all__ = ["FIXED", "NO_STRATUM", "QualityResult", "accepted_answers", "read_quality"]

FIXED: Final = (
    "response_id", "bank", "wave", "repeat_no", "mode", "channel", "tool", "psu", "stratum", "weight", "branch",
    "shopper", "scenario", "event_date", "submitted_at", "overlap_known",
)  # fmt: skip
"""Columns that every frame of answers begins with."""

_NAMES: Final = {"bank_id": "bank", "branch_id": "branch", "shopper_hash": "shopper", "scenario_id": "scenario"}
_CHOICE_OF_REASON: Final = {reason: choice for choice, reason in MISSING_CHOICES.items()}
NO_STRATUM: Final = "all"
"""Stratum of a rating whose PSU has none."""


def accepted_answers(store: Store, instrument: str, *, waves: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the answers to an instrument that count: accepted, and not replaced by a later one.

    Parameters
    ----------
    store
        A committed state of the store.
    instrument
        Name of an instrument. One of which nothing is stored gives no rows.
    waves
        Their order in time; None: by the first time of submission, or alphabetical where a wave has none.

    Returns
    -------
    DataFrame
        One row a rating, in the order of wave, file, row and repeat: the columns `FIXED`, then one a question.

        `psu` is what answers stand and fall together with; where nobody and nothing tells who answered, it is the
        response itself and `overlap_known` is False. `stratum` is that of the PSU's first rating, so an enterprise that
        tells its size differently at the endline stays where it was; "all" without strata. `weight` is the best of the
        weights that are stored; 1 where no rating has any, NaN where other ratings have one and this has none. Numbers
        are float with NaN where missing, dates `datetime.date`, several choices a tuple. The choices ``dk``,
        ``refused`` and ``na`` stand for missing answers of these kinds, any other missing answer is None. A question
        with the name of a fixed column is called ``answer_<name>`` unless it says the same.

        Answers on an older version of the instrument stand under the items and choices of the newest, see
        :func:`evaltools.survey.versions.harmonising.harmonise`.
    """
    responses = _responses(store, instrument)
    ratings = store.read("ratings").to_pandas()
    ratings = ratings[ratings["status"] != "superseded"].drop(columns="status")
    frame = responses.merge(
        ratings, on="response_id", how="inner", validate="one_to_many", suffixes=("_of_response", "")
    )
    frame["event_date"] = frame["event_date"].where(frame["event_date"].notna(), frame["event_date_of_response"])
    frame = frame.merge(_weights(store), on=list(RATING_KEY), how="left", validate="one_to_one")
    frame = frame.rename(columns=_NAMES)
    order = {wave: number for number, wave in enumerate(waves or _in_time(frame))}
    frame["wave_no"] = frame["wave"].map(order).fillna(len(order))
    frame = frame.sort_values(
        ["wave_no", "rel_path", "sheet", "source_row", "source_no", "repeat_no"], kind="stable", ignore_index=True
    )
    frame["weight"] = frame["weight"].astype(float)
    if frame["weight"].isna().all():
        frame["weight"] = 1.0
    frame["overlap_known"] = frame["psu"] != frame["response_id"]
    frame["stratum"] = _first_stratum(frame)
    answers = _answers(store, instrument, frame)
    crosswalk = store.read("crosswalk").to_pandas()
    rows = frame[["wave", "version", "source_no"]]
    answers = harmonise(answers, crosswalk[crosswalk["instrument"] == instrument], rows, list(order))
    return pd.concat([frame[list(FIXED)], answers], axis=1)


def _in_time(frame: pd.DataFrame) -> list[str]:
    first = frame.groupby("wave")["submitted_at"].min()
    return [
        str(wave) for wave in (first.sort_index() if first.isna().any() else first.sort_values(kind="stable")).index
    ]


def stored_choices(store: Store) -> dict[tuple[str, str], frozenset[str]]:
    """Return the names of the choices of each choice question by instrument and item, over all stored versions.

    Questions whose choices stand in a file of their own, such as the list of banks, are left out.
    """
    items = store.read("items", ["instrument", "item", "type", "scale"]).to_pylist()
    found: dict[tuple[str, str], frozenset[str]] = {}
    for one in items:
        if one["type"] in ("select_one", "select_multiple") and one["scale"] and "." not in one["scale"]:
            key = (one["instrument"], one["item"])
            found[key] = found.get(key, frozenset()) | set(one["scale"].split())
    return found


def _responses(store: Store, instrument: str) -> pd.DataFrame:
    responses: pd.DataFrame = store.read("responses").to_pandas()
    responses = responses[(responses["instrument"] == instrument) & (responses["status"] == "accepted")]
    place = ["file_sha256", "sheet", "instrument", "wave"]
    told = ["rel_path", "source_no", "instrument_version"]
    files = store.read("files", [*place, *told]).to_pandas().drop_duplicates(place)
    files = files.rename(columns={"instrument_version": "version"})
    return responses.merge(files, on=place, how="left", validate="many_to_one")


def _weights(store: Store) -> pd.DataFrame:
    """Return one weight a rating: calibrated, else adjusted for nonresponse, else as given."""
    weights: pd.DataFrame = store.read("weights").to_pandas()
    best = weights["calibrated"].fillna(weights["nonresponse"]).fillna(weights["base"])
    return weights[list(RATING_KEY)].assign(weight=best)


def _first_stratum(frame: pd.DataFrame) -> pd.Series[Any]:
    """Return the stratum of each PSU's first rating; the frame is in the order of the waves."""
    first = frame.dropna(subset="stratum").drop_duplicates("psu").set_index("psu")["stratum"]
    return frame["psu"].map(first).astype(object).fillna(NO_STRATUM).astype(str)


def _answers(store: Store, instrument: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the answers in the rows of a frame of ratings."""
    table = store.read(f"{ANSWERS_PREFIX}{instrument}")
    keys = pd.MultiIndex.from_frame(table.select(list(RATING_KEY)).to_pandas())
    wanted = pd.MultiIndex.from_frame(frame[["response_id", "bank", "repeat_no"]])
    places = keys.get_indexer(wanted)
    missing = _given_reasons(store, wanted)
    columns: dict[str, Any] = {}
    for field in table.schema:
        if field.name in RATING_KEY:
            continue
        values = table[field.name].take(pa.array(places)).to_pandas()
        if not pa.types.is_temporal(field.type) and not _is_number(field.type):
            values = _with_choices(values, missing.get(field.name), several=pa.types.is_list(field.type))
        name = field.name
        if name in FIXED:
            if values.equals(frame[name].astype(object).reset_index(drop=True)):
                continue
            name = f"answer_{name}"
        columns[name] = values
    return pd.DataFrame(columns, index=frame.index)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _with_choices(values: pd.Series[Any], missing: pd.Series[Any] | None, *, several: bool) -> pd.Series[Any]:
    cells: list[Any] = values.astype(object).where(values.notna(), None).tolist()
    if several:
        cells = [None if cell is None else tuple(cell) for cell in cells]
    for place, choice in [] if missing is None else zip(missing.index, missing, strict=True):
        cells[place] = (choice,) if several else choice
    return pd.Series(cells, index=values.index, dtype=object)


def _given_reasons(store: Store, wanted: pd.MultiIndex) -> dict[str, pd.Series[Any]]:
    """Return, by question, the places in the frame where somebody gave a reason, and its choice."""
    missing = store.read("missing").to_pandas()
    missing = missing[missing["reason"].isin(list(_CHOICE_OF_REASON))]
    place = wanted.get_indexer(pd.MultiIndex.from_frame(missing[list(RATING_KEY)]))
    missing = missing.assign(place=place, choice=missing["reason"].map(_CHOICE_OF_REASON))
    missing = missing[missing["place"] >= 0]
    return {str(item): rows.set_index("place")["choice"] for item, rows in missing.groupby("item")}
