"""What a collecting server must be able to do for us: say which submissions there are, and hand some of them over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

WINDOW: Final = 500
"""Submissions that are asked for at a time, and so kept in one file."""

Content = Mapping[str, Any]
"""A submission as the server gives it, without what leads to attachments."""


class OddAnswerError(Exception):
    """An answer is not what the server's documentation says; the text names the part, never a value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A submission without its answers.

    Attributes
    ----------
    id
        The server's name for it, the same before and after an edit.
    state
        Another text after each edit of the answers.
    at
        Where it stands among the others: text that sorts as the server took the submissions in.
    """

    id: str
    state: str
    at: str

    @property
    def key(self) -> tuple[str, str]:
        """What is pulled once: a submission in one state."""
        return self.id, self.state


@dataclass(frozen=True, slots=True)
class Listing:
    """All submissions that a server holds.

    Attributes
    ----------
    entries
        In the order of :attr:`Entry.at`, each submission once.
    total
        How many there are by the server's own count.
    """

    entries: Sequence[Entry]
    total: int


@dataclass(frozen=True, slots=True)
class Format:
    """How submissions of one kind of server are kept in a file.

    Attributes
    ----------
    list_key
        Key of the list of submissions, as in the server's own answers.
    entry_of
        Finds a submission's entry in its content; raises `OddAnswerError`.
    version_key
        Keys, outer to inner, that lead to the version of the form.
    """

    list_key: str
    entry_of: Callable[[Content], Entry]
    version_key: tuple[str, ...]


class LiveServer(Protocol):
    """A form on a server."""

    def listing(self) -> Listing:
        """Ask for the entries of all submissions."""
        ...

    def submissions(self, first: Entry, last: Entry) -> Iterator[list[Content]]:
        """Ask, page by page, for the submissions from one entry to another, both included, in any order.

        Others that stand at the same place as the first or the last may come along.
        """
        ...
