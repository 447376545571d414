"""What the data show by a rule: rows in quarantine, answers handed in twice, answers that a later one replaced."""

from __future__ import annotations

from typing import Final

import pandas as pd

from evaltools.store import Store

COLUMNS: Final = ("rule", "bank", "locator", "severity", "kind")
_PLACE: Final = ["file_sha256", "sheet", "instrument", "wave"]
_SEVERITY: Final = {"row": "row_lost", "cell": "answer_lost", "duplicate": "none", "superseded": "none"}


def list_findings(store: Store) -> pd.DataFrame:
    """Return all findings in the order of files and rows.

    Returns
    -------
    DataFrame
        [rule, bank, locator, severity, kind]. `rule` is the reason in the table quarantine (``code-check``,
        ``required`` ...), ``duplicate`` or ``superseded``; `bank` is None where it is not known; `locator` reads
        ``raw/endline/file.xlsx#Sheet1!row 17``, without sheet for a csv; `severity` says what it costs: ``row_lost``,
        ``answer_lost``, ``none``; `kind` is ``fact``.
    """
    files = store.read("files", [*_PLACE, "source_sha", "rel_path"]).to_pandas()
    held = store.read("quarantine").to_pandas()
    held = held.merge(files, on=[*_PLACE, "source_sha"], how="left").rename(columns={"reason": "rule_code"})
    held = pd.DataFrame(
        {
            "rule": held["rule_code"],
            "bank": held["bank_id"],
            "rel_path": held["rel_path"],
            "sheet": held["sheet"],
            "row": held["row"],
            "severity": held["scope"].map(_SEVERITY),
        }
    )
    found = pd.concat([held, _superseded(store, files)], ignore_index=True).drop_duplicates()
    found = found.sort_values(["rel_path", "sheet", "row", "rule"], kind="stable", ignore_index=True)
    place = found["sheet"].map(lambda sheet: f"{sheet}!" if sheet else "")
    found["locator"] = found["rel_path"] + "#" + place + "row " + found["row"].astype("Int64").astype(str)
    found["bank"] = found["bank"].astype(object).where(found["bank"].notna(), None)
    return found.assign(kind="fact")[list(COLUMNS)]


def _superseded(store: Store, files: pd.DataFrame) -> pd.DataFrame:
    responses = store.read("responses", ["response_id", *_PLACE, "source_row", "status"]).to_pandas()
    responses = responses[responses["status"] == "superseded"]
    banks = store.read("ratings", ["response_id", "bank_id"]).to_pandas()
    rows = responses.merge(banks, on="response_id", how="left").merge(files.drop_duplicates(_PLACE), on=_PLACE)
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
