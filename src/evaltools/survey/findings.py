"""What the data show by a rule: rows in quarantine, answers handed in twice, answers that a later one replaced."""

from __future__ import annotations

from typing import Final

import pandas as pd

from evaltools.store import Store
from evaltools.survey.row_faults import IN_DOUBT
from evaltools.survey.versions.old_forms import stated_forms

COLUMNS: Final = ("rule", "bank", "locator", "severity", "kind")
FIRM_DOUBTFUL: Final = "firm-doubtful"
FORM_OLD: Final = "form-old"
_PLACE: Final = ["file_sha256", "sheet", "instrument", "wave"]
_SEVERITY: Final = {"row": "row_lost", "cell": "answer_lost", "duplicate": "none", "superseded": "none"}


def list_findings(store: Store) -> pd.DataFrame:
    """Return all findings that are open, in the order of files and rows; what corrections have settled is left out.

    Returns
    -------
    DataFrame
        [rule, bank, locator, severity, kind]. `rule` is the reason in the table quarantine (``code-check``,
        ``required`` ...), ``duplicate`` or ``superseded``; `bank` is None where it is not known; `locator` reads
        ``raw/endline/file.xlsx#Sheet1!row 17``, without sheet for a csv; `severity` says what it costs: ``row_lost``,
        ``answer_lost``, ``none``; `kind` is ``fact``, but ``signal`` for ``firm-doubtful``: the second row of a pair of
        firms that may be one and that nobody has judged; and for ``form-old``: the first row of a sheet that was given
        on an older form, see :func:`evaltools.survey.versions.old_forms.stated_forms`.
    """
    files = store.read("files", [*_PLACE, "source_sha", "rel_path"]).to_pandas()
    held = store.read("quarantine").to_pandas()
    held = held[held["resolved_by"].isna()]
    held = held.merge(files, on=[*_PLACE, "source_sha"], how="left").rename(columns={"reason": "rule_code"})
    held = pd.DataFrame(
        {
            "rule": held["rule_code"],
            "bank": held["bank_id"],
            "rel_path": held["rel_path"],
            "sheet": held["sheet"],
            "row": held["row"],
            "severity": held["scope"].map(_SEVERITY).mask(held["rule_code"].isin(IN_DOUBT), "none"),
        }
    )
    parts = [held, _superseded(store, files), _in_doubt(store, files), _old_forms(store, files)]
    found = pd.concat(parts, ignore_index=True).drop_duplicates()
    found = found.sort_values(["rel_path", "sheet", "row", "rule"], kind="stable", ignore_index=True)
    place = found["sheet"].map(lambda sheet: f"{sheet}!" if sheet else "")
    found["locator"] = found["rel_path"] + "#" + place + "row " + found["row"].astype("Int64").astype(str)
    found["bank"] = found["bank"].astype(object).where(found["bank"].notna(), None)
    found["kind"] = found["rule"].isin((FIRM_DOUBTFUL, FORM_OLD)).map({True: "signal", False: "fact"})
    return found[list(COLUMNS)]


def _superseded(store: Store, files: pd.DataFrame) -> pd.DataFrame:
    responses = store.read("responses", ["response_id", *_PLACE, "source_row"]).to_pandas()
    ratings = store.read("ratings", ["response_id", "bank_id", "status"]).to_pandas()
    ratings = ratings[ratings["status"] == "superseded"]
    rows = responses.merge(ratings, on="response_id").merge(files.drop_duplicates(_PLACE), on=_PLACE)
    return pd.DataFrame(
        {
            "rule": "superseded",
            "bank": rows["bank_id"],
            "rel_path": rows["rel_path"],
            "sheet": rows["sheet"],
            "row": rows["source_row"],
            "severity": _SEVERITY["superseded"],
        }
    )


def _in_doubt(store: Store, files: pd.DataFrame) -> pd.DataFrame:
    pairs = store.read("firm_pairs", ["right_id", "decision"]).to_pandas()
    pairs = pairs[pairs["decision"].isna()].drop(columns="decision")
    responses = store.read("responses", ["response_id", *_PLACE, "source_row"]).to_pandas()
    rows = pairs.merge(responses, left_on="right_id", right_on="response_id")
    rows = rows.merge(files.drop_duplicates(_PLACE), on=_PLACE)
    return pd.DataFrame(
        {
            "rule": FIRM_DOUBTFUL,
            "bank": None,
            "rel_path": rows["rel_path"],
            "sheet": rows["sheet"],
            "row": rows["source_row"],
            "severity": "none",
        }
    )


def _old_forms(store: Store, files: pd.DataFrame) -> pd.DataFrame:
    stated = stated_forms(store)
    first = stated[stated["old"]].groupby(_PLACE, as_index=False)["source_row"].min()
    rows = first.merge(files.drop_duplicates(_PLACE), on=_PLACE)
    return pd.DataFrame(
        {
            "rule": FORM_OLD,
            "bank": None,
            "rel_path": rows["rel_path"],
            "sheet": rows["sheet"],
            "row": rows["source_row"],
            "severity": "none",
        }
    )
