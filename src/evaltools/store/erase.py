"""Let go of earlier versions: after an erasure nothing may read, or leave on the disk, what stood there before."""

from __future__ import annotations

from dataclasses import replace

from evaltools.store.pin import TablePin


def without_history(table: TablePin) -> TablePin:
    """Return a table that begins with its committed version.

    Data files of earlier versions are no longer named, so :func:`evaltools.store.delta.heal` removes them from the
    disk. The log stays whole: it holds names, sizes and checksums, no rows, and version numbers go on from where they
    are, so that every score made before the erasure keeps an id of its own.
    """
    kept = tuple(file for file in table.files if file.rows is None or file.holds_rows_at(table.version))
    return replace(table, files=kept, first=table.version)
