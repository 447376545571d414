"""What a pull did with every source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from evaltools.errors import EvaltoolsError, message
from evaltools.text import Lang, clean

_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came from one source.

    Attributes
    ----------
    name, host
        The source and its server.
    held
        All files of the source, relative to the campaign's folder, with ``/``, in the order in which they were written.
    n_files
        How many of them, the last ones, this pull wrote.
    n_new, n_edited
        Submissions that were not there before, and later states of some that were.
    n_server, n_disk
        Submissions that the server holds by its own count, and how many of them are on the disk.
    gone
        Ids of submissions on the disk that the server does not hold any more.
    """

    name: str
    host: str
    held: tuple[str, ...]
    n_files: int
    n_new: int
    n_edited: int
    n_server: int
    n_disk: int
    gone: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        """The files that this pull wrote."""
        return self.held[len(self.held) - self.n_files :]

    @property
    def n_missing(self) -> int:
        """Submissions that the server counts and the disk does not hold."""
        return self.n_server - self.n_disk


@dataclass(frozen=True, slots=True)
class PullResult:
    """What a pull did.

    Attributes
    ----------
    sources
        Those that were pulled to the end.
    failed
        Names of those that were not, each with its error; what came before the error is kept.
    unclaimed
        Names of sources with files that no pattern of ``[[sources]]`` matches, so that ingest will not read them.
    """

    sources: tuple[Pulled, ...]
    failed: tuple[tuple[str, EvaltoolsError], ...]
    unclaimed: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """That of the first error; 4 where submissions are missing; else 0."""
        if self.failed:
            return self.failed[0][1].exit_code
        return 4 if any(one.n_missing for one in self.sources) else 0

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaltools pull --json`` prints."""
        return {
            "sources": [
                {
                    "name": one.name,
                    "files": list(one.written),
                    "n_new": one.n_new,
                    "n_edited": one.n_edited,
                    "n_server": one.n_server,
                    "n_disk": one.n_disk,
                    "gone": [clean(name) for name in one.gone],
                }
                for one in self.sources
            ],
            "failed": [{"name": name, "code": error.code} for name, error in self.failed],
            "unclaimed": list(self.unclaimed),
        }

    def lines(self, lang: Lang = "en") -> list[str]:
        """Return, in the reader's language, a line on each source that was pulled."""
        return [
            message("live-done", {
                "name": one.name, "host": one.host, "n_new": one.n_new, "n_edited": one.n_edited,
                "n_files": one.n_files, "n_server": one.n_server,
            }, lang)
            for one in self.sources
        ]  # fmt: skip

    def notices(self, lang: Lang = "en") -> list[str]:
        """Return, in the reader's language, what a person should look at, a line each."""
        lines = [error.text(lang) for _, error in self.failed]
        for one in self.sources:
            if one.n_missing:
                fields = {"name": one.name, "n_server": one.n_server, "n_disk": one.n_disk}
                lines.append(message("live-missing", fields, lang))
            if one.gone:
                shown = [*map(clean, one.gone[:_SHOWN]), *(["…"] if len(one.gone) > _SHOWN else [])]
                lines.append(message("live-gone", {"name": one.name, "count": len(one.gone), "ids": shown}, lang))
            if one.name in self.unclaimed:
                pattern = f"{one.held[0].rpartition('/')[0]}/{one.name}_*.json"
                lines.append(message("live-unclaimed", {"name": one.name, "pattern": pattern}, lang))
        return lines
