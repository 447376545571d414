"""Write designs.csv and designs.json: random designs of benchmarks/designs_draw.py with R survey's numbers.

Run from the project's folder: ``python tests/reference/make_designs.py`` (needs R with survey and jsonlite). One small
design of each kind that the first 400 draws hold, with the options that R ran it under.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

from designs import run_r  # noqa: E402
from designs_draw import Drawn, draw_design  # noqa: E402

SEED = 20221130
CALL = "svymean, svytotal, svyratio, svyciprop, degf of svydesign(options); svyrecvar of linearised values for changes"


def choose() -> list[Drawn]:
    """One small design of each kind: stages, population counts, strata of the change, option for a lonely PSU."""
    kinds: dict[tuple[object, ...], Drawn] = {}
    for number in range(1, 401):
        drawn = draw_design(SEED, number)
        o = drawn.options
        alone = drawn.rows.groupby("stratum")["psu"].nunique().min() == 1
        kind = (len(o["psu"] or ()), bool(o["fpc"]), o["overlap"], o["lonely_psu"] if alone else "")
        if 20 <= len(drawn.rows) <= 55 and kind not in kinds:
            kinds[kind] = drawn
    return sorted(kinds.values(), key=lambda drawn: drawn.number)


def main() -> None:
    chosen = choose()
    with tempfile.TemporaryDirectory() as folder:
        found = run_r(chosen, Path(folder))
    entries = {
        f"design-{drawn.number}": {"call": CALL, "options": drawn.options, "value": value}
        for drawn, value in zip(chosen, found["values"], strict=True)
    }
    header = {"r": found["r"], "survey": found["survey"], "seed": SEED}
    lines = ",\n".join(f'  "{name}": {json.dumps(entry)}' for name, entry in entries.items())
    text = json.dumps(header)[:-1] + ', "entries": {\n' + lines + "\n}}\n"
    (HERE / "designs.json").write_text(text, encoding="utf-8")
    pd.concat([drawn.rows for drawn in chosen]).to_csv(HERE / "designs.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
