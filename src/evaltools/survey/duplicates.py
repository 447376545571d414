"""Which answers were handed in twice, and which were replaced by a later one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.survey.sheet_rows import SheetRows

Bools = npt.NDArray[np.bool_]

COLUMNS: Final = ("response_id", "instrument", "wave", "content_sha")


class Seen:
    """Contents that were accepted so far, by instrument and wave.

    Parameters
    ----------
    responses
        Rows of the table `responses`, with the columns `COLUMNS`.
    """

    def __init__(self, responses: pd.DataFrame) -> None:
        rows = responses[responses["content_sha"].notna()]
        keys = zip(rows["instrument"], rows["wave"], rows["content_sha"], strict=True)
        self._ids: dict[tuple[str, str, str], str] = dict(zip(keys, rows["response_id"], strict=True))

    def take(self, sheet: SheetRows) -> tuple[Bools, dict[int, str]]:
        """Take a sheet's accepted rows one after the other.

        Returns
        -------
        keep : bool array (n,)
            Accepted rows that are not exact duplicates of one taken before, in this sheet or another.
        duplicates : dict
            Row to the id of the response that it repeats.
        """
        keep = sheet.checked.accepted.copy()
        duplicates: dict[int, str] = {}
        instrument, wave = sheet.source.instrument, sheet.source.wave
        rows = np.flatnonzero(keep)
        for row, content, own in zip(rows.tolist(), sheet.content[rows], sheet.ids[rows], strict=True):
            if content is None:
                continue
            first = self._ids.setdefault((instrument, wave, content), own)
            if first != own:
                duplicates[row] = first
                keep[row] = False
        return keep, duplicates


def current_status(responses: pd.DataFrame, order: Sequence[str] = ("rel_path", "sheet", "source_row")) -> list[str]:
    """Return the status that each rating should have: the last response of an enterprise on a bank counts, per wave.

    Parameters
    ----------
    responses
        One row a rating: ``[response_id, instrument, wave, enterprise_id, bank_id, submitted_at, status]``, the status
        that of its response, and the columns of `order`, which decides where times are equal or unknown: the later row
        counts, of two files the one that :func:`file_order` puts last.

    Returns
    -------
    list of str
        ``accepted`` or ``superseded``, ``erased`` stays; in the order of `responses`. Without an enterprise or a bank
        nothing is replaced.
    """
    status = np.where(responses["status"] == "erased", "erased", "accepted").astype(object)
    known = responses["enterprise_id"].notna() & responses["bank_id"].notna() & (status == "accepted")
    places = {path: place for place, path in enumerate(sorted(set(responses["rel_path"]), key=file_order))}
    candidates = responses.assign(rel_path=responses["rel_path"].map(places))[known]
    ranked = candidates.sort_values(["submitted_at", *order], na_position="first", kind="stable")
    last = ranked.groupby(["instrument", "wave", "enterprise_id", "bank_id"])["response_id"].transform("last")
    replaced = ranked.index[ranked["response_id"] != last]
    status[responses.index.get_indexer(replaced)] = "superseded"
    return _texts(status)


def file_order(path: str) -> tuple[str, list[str | int], str]:
    """Return the key by which paths sort as people number files: ``_99`` before ``_100``, ``a`` before ``a (1)``."""
    at = PurePosixPath(path)
    parts = re.split(r"([0-9]+)", at.stem)
    return at.parent.as_posix(), [int(part) if nth % 2 else part for nth, part in enumerate(parts)], path


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]
