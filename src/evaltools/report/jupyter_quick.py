"""The Jupyter libraries, imported without the grammar of internationalised addresses that none of our notebooks needs.

jsonschema builds that grammar when it is first imported, which takes longer than all else that papermill loads; it
goes without where `rfc3987_syntax` cannot be imported. The block is lifted again at once.
"""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"
_blocked = _GRAMMAR not in sys.modules
if _blocked:
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]

import nbformat  # noqa: E402
import papermill  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbclient.exceptions import CellExecutionError, DeadKernelError  # noqa: E402
from nbconvert.exporters import HTMLExporter  # noqa: E402
from papermill.engines import Engine, papermill_engines  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402

if _blocked:
    del sys.modules[_GRAMMAR]

__all__ = [
    "CellExecutionError", "DeadKernelError", "Engine", "HTMLExporter", "NotebookClient", "PapermillExecutionError",
    "nbformat", "papermill", "papermill_engines",
]  # fmt: skip
