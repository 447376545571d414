"""A read-only door for SQL: one query over the committed tables, with nothing else within its reach."""

from __future__ import annotations

from typing import Final

import duckdb
import pyarrow as pa

from evaltools.errors import UsageError
from evaltools.store.schemas import SCHEMAS
from evaltools.store.store import Store
from evaltools.text import clean

# The last setting locks the others. Without replacements a query cannot see the caller's Python variables.
_SETTINGS: Final = (
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def query(store: Store, text: str) -> pa.Table:
    """Run one SELECT or WITH query on the tables of a store.

    Parameters
    ----------
    store
        An open store; the query sees the state that it was opened in. Fixed tables that were never written are empty.
    text
        DuckDB's SQL. Files, the network, extensions and settings are out of reach.

    Returns
    -------
    pyarrow.Table
        The result; its order is the query's.

    Raises
    ------
    UsageError
        ``sql-not-select`` or ``sql-invalid``, the latter with DuckDB's reason and the tables that there are.
    DamageError
        A file of a table that the query names is not what was written.
    """
    names = sorted({*SCHEMAS, *store.versions()})
    with duckdb.connect(":memory:") as connection:
        for setting in _SETTINGS:
            connection.execute(setting)
        try:
            _require_select(connection, text)
            for name in _named(connection, text, names):
                connection.register(name, store.read(name))
            return connection.sql(text).to_arrow_table()
        except duckdb.Error as problem:
            raise UsageError("sql-invalid", problem=clean(str(problem)), known=names) from None


def _require_select(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    statements = connection.extract_statements(text)
    found = [statement.type.name for statement in statements]
    if found != ["SELECT"]:
        raise UsageError("sql-not-select", found=found or "-")


def _named(connection: duckdb.DuckDBPyConnection, text: str, names: list[str]) -> list[str]:
    """Return the tables that a query needs; all of them where DuckDB cannot tell before it knows their columns."""
    try:
        used = {name.casefold() for name in connection.get_table_names(text)}
    except duckdb.Error:
        return names
    return [name for name in names if name.casefold() in used]
