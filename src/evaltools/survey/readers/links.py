"""Links to files that respondents handed in: they run out after an hour and may show anything, so none is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.model import Note, RawColumn

# where Chinese survey tools keep such files; the link may stand in a formula
_LINK: Final = re.compile(
    r"(?:=\s*HYPERLINK\(\s*\"?)?https?://[\w.-]*"
    r"(?:wjx|sojump|paperol|wenjuan|wj\.qq\.com|myqcloud|docimg\d*\.docs\.qq\.com|credamo|kdocs|wps)[\w.-]*"
    r"(?:[:/]\S*)?",
    re.IGNORECASE,
)
_MARK: Final = re.compile(r"[(（](?:空|跳过)[)）]|-[23]")


def holds_links(cells: Cells) -> bool:
    """Say whether a column holds nothing but links to files that were handed in."""
    texts = [str(cell).strip() for cell in cells.occurring()]
    texts = [text for text in texts if text and not _MARK.fullmatch(text)]
    return bool(texts) and all(_LINK.match(part) for text in texts for part in re.split(r"[┋,;\s]+", text) if part)


def note_links(columns: Sequence[RawColumn]) -> list[Note]:
    """Return the note on columns of links that were left out, if there are any."""
    return [Note("note-dropped-files", {"columns": [column.header.strip() for column in columns]})] if columns else []
