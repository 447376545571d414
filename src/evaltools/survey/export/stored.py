"""Read what an export shows from the store: answers and reasons by question, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from evaltools.config import CampaignConfig
from evaltools.store import Store
from evaltools.store.schemas import ANSWERS_PREFIX, RATING_KEY
from evaltools.survey.answers import FIXED, accepted_answers
from evaltools.survey.export.model import Objects, objects
from evaltools.survey.instrument import BilingualText, Choice, Instrument, Question
from evaltools.survey.roles import Roles, is_stored
from evaltools.text import clean

CARRIED: Final = ("bank", "branch", "event_date", "psu", "scenario", "started_at", "submitted_at", "weight")
"""Roles whose questions have no column: another one carries the answer or its day; when somebody began is left out."""

PLACES: Final = ("bank", "wave", "mode", "channel", "tool", "scenario", "branch", "stratum", "psu", "weight")
"""Columns of the store, beside the questions, that an export shows as they are."""

DAYS: Final = ("event_date", "submitted_day")
NUMBERS: Final = ("row", "enterprise")
_ALWAYS: Final = ("bank", "wave", "weight")


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The accepted answers to an instrument.

    Attributes
    ----------
    frame
        One row a rating: those of `PLACES` and `DAYS` that the campaign uses, and one column a question. None or NaN
        where there is no answer.
    reasons
        The same shape: why there is no answer, None where there is one.
    unit
        Whose answers they are, row by row: the enterprise; the response itself where nobody tells; the branch where
        all answers come from visits.
    is_visit
        Whether nobody answered about himself: all answers come from visits.
    questions
        Questions that have a column, in the order of the form, those of older versions of the form last.
    texts
        Free text by question: texts and reasons, row by row.
    """

    frame: pd.DataFrame
    reasons: pd.DataFrame
    unit: pd.Series[Any]
    is_visit: bool
    questions: tuple[Question, ...]
    texts: Mapping[str, tuple[Objects, Objects]]


def read_stored(store: Store, instrument: Instrument, roles: Roles, config: CampaignConfig) -> Stored:
    """Read the accepted answers to an instrument, with the reason of each missing one.

    A question that a later version of the form no longer has keeps its column; one that it calls identifying has none.
    """
    answers = accepted_answers(store, instrument.name, waves=tuple(config.waves))
    questions = _questions(store, instrument, roles)
    keys = pd.MultiIndex.from_frame(answers[["response_id", "bank", "repeat_no"]])
    given = _given_reasons(store, keys)
    event = roles.one("event_date")
    columns: dict[str, Any] = {name: answers[name] for name in PLACES}
    reasons: dict[str, Any] = {}
    columns["event_date"] = answers["event_date"]
    columns["submitted_day"] = answers["submitted_at"].dt.date
    for name, cells in columns.items():
        told = given.get(event or "") if name == "event_date" else None
        columns[name], reasons[name] = _with_reasons(cells, told, otherwise="blank")
    for question in questions:
        column = f"answer_{question.name}" if question.name in FIXED else question.name
        otherwise = "blank" if question.type == "calculate" else "not_asked"
        name = column_of(question)
        cells = answers[column if column in answers else question.name]
        columns[name], reasons[name] = _with_reasons(cells, given.get(question.name), otherwise=otherwise)
    unused = [name for name in (*PLACES, *DAYS) if name not in _ALWAYS and (pd.Series(reasons[name]) == "blank").all()]
    is_visit = bool(len(answers)) and bool((answers["mode"] == "visit").all())
    return Stored(
        frame=pd.DataFrame(columns).drop(columns=unused),
        reasons=pd.DataFrame(reasons, dtype=object).drop(columns=unused),
        unit=answers["psu"] if is_visit else _enterprises(store, answers["response_id"]),
        is_visit=is_visit,
        questions=questions,
        texts=_texts(store, keys, given),
    )


def column_of(question: Question) -> str:
    """Return the name of a question's column: its own, unless the export has another column of that name."""
    return f"answer_{question.name}" if question.name in (*NUMBERS, *PLACES, *DAYS) else question.name


def _questions(store: Store, instrument: Instrument, roles: Roles) -> tuple[Question, ...]:
    columns = store.read(f"{ANSWERS_PREFIX}{instrument.name}").column_names
    carried = {name for role in CARRIED for name in roles.several(role)}
    known = {question.name for question in instrument.questions}
    own = [
        question for question in instrument.answered
        if question.name in columns and question.name not in carried and is_stored(question, roles)
    ]  # fmt: skip
    gone = [name for name in columns if name not in (*RATING_KEY, *known, *carried)]
    return (*own, *_former(store, instrument, gone))


def _former(store: Store, instrument: Instrument, names: list[str]) -> list[Question]:
    """Return questions of older versions of a form, as far as the table `items` tells."""
    items = store.read("items").to_pandas()
    items = items[items["instrument"] == instrument.name].drop_duplicates("item", keep="last").set_index("item")
    pattern = next(iter(instrument.answered))
    found = []
    for name in names:
        if name not in items.index or items.loc[name, "sensitivity"] not in ("quasi", "sensitive", "plain"):
            continue
        row: Mapping[str, Any] = items.loc[name].to_dict()
        label = BilingualText(row["label_zh"], row["label_en"])
        choices = tuple(Choice(one, BilingualText(one, one)) for one in (row["scale"] or "").split())
        has_list = row["type"] in ("select_one", "select_multiple")
        found.append(
            replace(pattern, name=name, type=row["type"], label=label, choices=choices if has_list else (),
                    sensitivity=row["sensitivity"], role="", unit="")
        )  # fmt: skip
    return found


def _given_reasons(store: Store, keys: pd.MultiIndex) -> dict[str, pd.Series[Any]]:
    """Return the reasons of missing answers by question: a series of reasons by row of the frame."""
    missing = store.read("missing").to_pandas()
    missing["place"] = keys.get_indexer(pd.MultiIndex.from_frame(missing[list(RATING_KEY)]))
    missing = missing[missing["place"] >= 0]
    return {str(item): rows.set_index("place")["reason"] for item, rows in missing.groupby("item")}


def _with_reasons(cells: pd.Series[Any], given: pd.Series[Any] | None, *, otherwise: str) -> tuple[Any, Any]:
    told = objects([otherwise if is_missing else None for is_missing in cells.isna()])
    if given is not None:
        told[given.index.to_numpy(dtype=int)] = given
    reasons: pd.Series[Any] = pd.Series(told, index=cells.index, dtype="object")
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.astype(float).mask(reasons.notna()), reasons
    return cells.astype(object).where(reasons.isna(), None), reasons


def _enterprises(store: Store, responses: pd.Series[Any]) -> pd.Series[Any]:
    stored = store.read("responses", ["response_id", "enterprise_id"]).to_pandas().set_index("response_id")
    return responses.map(stored["enterprise_id"]).astype(object).fillna(responses)


def _texts(
    store: Store, keys: pd.MultiIndex, given: Mapping[str, pd.Series[Any]]
) -> dict[str, tuple[Objects, Objects]]:
    texts = store.read("texts").to_pandas()
    texts["place"] = keys.get_indexer(pd.MultiIndex.from_frame(texts[list(RATING_KEY)]))
    found = {}
    for name, rows in texts[texts["place"] >= 0].groupby("item"):
        cells = objects([None] * len(keys))
        for place, text in zip(rows["place"], rows["text"], strict=True):
            cells[place] = clean(str(text)).strip() or None
        reasons = objects([None if cell else "blank" for cell in cells])
        told = given.get(str(name), pd.Series(dtype="object"))
        for place, reason in zip(told.index.tolist(), told, strict=True):
            reasons[place] = None if cells[place] else reason
        found[str(name)] = (cells, reasons)
    return found
