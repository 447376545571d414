"""A folder of real files: which were read, by what reader, how many rows and questions; which were refused, and why.

    python benchmarks/realdata.py DIR --json F

Every file below DIR that is no text about the others (README, scripts) goes the way of `evaltools inspect`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from evaltools.survey.inspection import inspect_files

ABOUT = {".md", ".txt", ".r", ".py", ".pdf"}


def main(arguments: list[str] | None = None) -> int:
    """Look at every file, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    paths = [path for path in sorted(given.folder.rglob("*")) if path.is_file() and path.suffix.lower() not in ABOUT]
    entries = []
    for path, found in zip(paths, inspect_files(paths), strict=True):
        name = path.relative_to(given.folder).as_posix()
        tables = [] if found.refused else found.tables
        entries.append(
            {
                "file": name, "refused": found.refused and found.refused.code, "reader": found.reader,
                "confidence": found.confidence, "tables": [
                    {"sheet": one.sheet, "rows": one.n_rows, "columns": len(one.columns), "questions": one.n_questions}
                    for one in tables
                ],
            }
        )  # fmt: skip
        shown = "; ".join(
            f"{one.n_rows} rows, {one.n_questions} of {len(one.columns)} columns are questions" for one in tables
        )
        print(f"{name}: {'refused: ' + found.refused.code if found.refused else found.reader + ': ' + shown}")
    n_refused = sum(entry["refused"] is not None for entry in entries)
    print(f"{len(entries)} files: {len(entries) - n_refused} read, {n_refused} refused")
    if given.json:
        given.json.write_text(json.dumps({"files": entries}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
