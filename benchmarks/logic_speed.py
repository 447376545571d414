"""Time a form's logic on 100,000 answers x 100 questions: relevance, required, constraints, filters, calculations.

The form is a long one of the usual kind: ten sections that open on a yes, conditions on earlier answers, towns filtered
by county, dates in order, a calculated value a section, two of which the export lacks. One answer in 200 is faulty. The
peer, in the same run, is elementpath: the same conditions and constraints, parsed once, evaluated row by row on a
sample of rows, whose results must be the same.

Run: ``python benchmarks/logic_speed.py --json build/logic_speed.json``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from bench_json import add_figures
from evaltools.survey.instrument import Instrument, read_instrument_file
from evaltools.survey.logic import compile_expression
from evaltools.survey.logic.form import compile_logic
from evaltools.survey.logic.walk import Exceptions, Walked, walk_form
from evaltools.survey.values.coerce import Column

LIMIT_SECONDS = 2.0
PEER_DAY = date(2022, 12, 1)
SECTIONS = 10
SECTION = """
| | begin_group | g{i} | Section | {opens} | | | | |
| | select_one yes_no | ok{i} | Did it happen? | | yes | | | |
| | integer | n{i} | Days | ${{ok{i}}} = 'yes' | | . >= 0 and . <= 365 | | |
| | decimal | x{i} | Rate | ${{ok{i}}} = 'yes' | | . >= 0 and . <= 36 | | |
| | date | d{i} | Day | ${{ok{i}}} = 'yes' | | . <= today(){later} | | |
| | select_multiple fees | m{i} | Fees | ${{ok{i}}} = 'yes' | | not(selected(., 'none') and count-selected(.) > 1) | | |
| | decimal | fee{i} | Amount | count-selected(${{m{i}}}) > 0 and not(selected(${{m{i}}}, 'none')) | | . >= 0 | | |
| | select_one county | c{i} | County | | ${{ok{i}}} = 'yes' | | | |
| | select_one town | t{i} | Town | ${{c{i}}} != '' | | | county = ${{c{i}}} | |
| | {last} |
| | calculate | v{i} | | | | | | {calculation} |
| | end_group | | | | | | | |
"""
LAST = (
    "select_one five | q{i} | Satisfied? | ${{ok{i}}} = 'yes' | ${{n{i}}} > 300 | . != 'dk' or ${{n{i}}} < 9 | | ",
    "text | q{i} | Telephone | ${{ok{i}}} = 'yes' | | regex(., '1[0-9]{{10}}') | | ",
)
CALCULATIONS = (
    "if(${{n{i}}} > 8, 'late', 'in time')",
    "round(${{x{i}}} * 1.1, 2)",
    "concat(${{c{i}}}, '-', ${{t{i}}})",
    "coalesce(${{fee{i}}}, 0) + coalesce(${{x{i}}}, 0)",
    "count-selected(${{m{i}}}) + string-length(${{c{i}}})",
)
NOT_EXPORTED = ("v3", "v7")
COUNTIES, TOWNS = 12, 60
FEES = ("none", "valuation", "insurance", "valuation insurance", "other", "insurance other")


def write_form(path: Path) -> None:
    lines = ["| survey |", "| | type | name | label | relevant | required | constraint | choice_filter | calculation |"]
    for i in range(SECTIONS):
        later = f" and (${{d{i - 1}}} = '' or . >= ${{d{i - 1}}})" if i else ""
        lines += (
            SECTION.format(
                i=i,
                opens=f"${{ok{i - 1}}} != ''" if i else "",
                later=later,
                last=LAST[i % 5 == 4].format(i=i),
                calculation=CALCULATIONS[i % len(CALCULATIONS)].format(i=i),
            )
            .strip()
            .splitlines()
        )
    lines += ["", "| choices |", "| | list_name | name | label | county |"]
    lists = {"yes_no": ["yes", "no"], "fees": ["none", "valuation", "insurance", "other"], "five": [*"12345", "dk"]}
    lists["county"] = [f"k{number}" for number in range(COUNTIES)]
    lines += [f"| | {name} | {choice} | {choice} | |" for name, choices in lists.items() for choice in choices]
    lines += [f"| | town | w{number} | w{number} | k{number % COUNTIES} |" for number in range(TOWNS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def objects(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    found = np.empty(len(values), dtype=object)
    found[:] = values.tolist()
    found[missing] = None
    return found


def column(answers: np.ndarray) -> Column:
    reasons = np.where(answers == np.array(None), "blank", None).astype(object)
    return Column(answers, reasons, np.full(len(answers), None, dtype=object))


def make_columns(form: Instrument, rows: int, seed: int) -> tuple[dict[str, Column], np.ndarray]:
    """Draw answers, let the form take out what it would not have asked, and spoil one answer in 200."""
    rng = np.random.default_rng(seed)
    fees = np.empty(6, dtype=object)
    fees[:] = [
        ("none",),
        ("valuation",),
        ("insurance",),
        ("valuation", "insurance"),
        ("other",),
        ("insurance", "other"),
    ]
    first = np.datetime64("2022-01-01")
    filled = (np.datetime64("2022-10-01T08:00", "us") + rng.integers(0, 10**12, rows)).astype("datetime64[us]")
    columns: dict[str, Column] = {}
    last_day = np.zeros(rows, dtype=np.int64)
    for i in range(SECTIONS):
        last_day = last_day + rng.integers(0, 20, rows)
        county = rng.integers(0, COUNTIES, rows)
        drawn = {
            f"ok{i}": np.where(rng.random(rows) < 0.7, "yes", "no"),
            f"n{i}": rng.integers(0, 366, rows),
            f"x{i}": np.round(36 * rng.random(rows), 2),
            f"d{i}": (first + last_day).astype(object),
            f"m{i}": fees[rng.integers(0, 6, rows)],
            f"fee{i}": np.round(1000 * rng.random(rows), 2),
            f"c{i}": np.array([f"k{number}" for number in range(COUNTIES)])[county],
            f"t{i}": np.array([f"w{number}" for number in range(TOWNS)])[county + COUNTIES * rng.integers(0, 5, rows)],
            f"q{i}": np.array(["1", "2", "3", "4", "5"])[rng.integers(0, 5, rows)],
        }
        if i % 5 == 4:
            drawn[f"q{i}"] = (10_000_000_000 + rng.integers(3_000_000_000, 9_999_999_999, rows)).astype(str)
        required = {f"ok{i}", f"c{i}"}
        for name, values in drawn.items():
            columns[name] = column(objects(values, (rng.random(rows) < 0.05) & (name not in required)))
    walked = walk(form, columns, filled)
    columns = {name: one for name, one in walked.columns.items() if name not in NOT_EXPORTED}
    wrong = {"n": 999, "x": -1.0, "m": ("none", "other"), "fee": -5.0, "t": "w1", "v": "0", "c": None, "q": "dk"}
    for name, one in columns.items():
        spoilt = (rng.random(rows) < 0.005) & (one.answers != np.array(None))
        for row in np.flatnonzero(spoilt) if name.rstrip("0123456789") in wrong else ():
            one.answers[row] = wrong[name.rstrip("0123456789")]
    return columns, filled


def walk(form: Instrument, columns: dict[str, Column], filled: np.ndarray) -> Walked:
    everybody = np.ones(len(filled), dtype=bool)
    return walk_form(compile_logic(form), columns, filled, counted=everybody, exceptions=Exceptions())


def time_walk(form: Instrument, rows: int, seed: int, repeat: int) -> dict[str, object]:
    columns, filled = make_columns(form, rows, seed)
    seconds, processor, found = [], [], []
    for _ in range(repeat):
        start, spent = time.perf_counter(), time.process_time()
        walked = walk(form, columns, filled)
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - spent)
        found.append(Counter(f"{fault.rule}/{fault.code}" for fault in walked.faults))
    logic = compile_logic(form)
    expressions = sum(
        len(one.relevant) + sum(map(bool, (one.required, one.constraint, one.calculation, one.choice_filter)))
        for one in logic.questions
    )
    sample = min(rows, 200)
    peer, conditions, is_same = time_peer(form, columns, filled[:sample])
    return {
        "rows": rows,
        "questions": len(form.questions),
        "expressions": expressions,
        "seed": seed,
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "seconds": min(seconds),
        "seconds_all": seconds,
        "cpu_seconds": min(processor),
        "faults": dict(found[0]),
        "same_faults": all(one == found[0] for one in found),
        "computed": len(walked.computed),
        "peer_seconds_per_row": peer,
        "peer_seconds_scaled": peer * rows,
        "peer_expressions": conditions,
        "peer_agrees": is_same,
        "limit_seconds": LIMIT_SECONDS,
    }


# ---------------------------------------------------------------------------------------------------------------------
# The peer


def time_peer(form: Instrument, columns: dict[str, Column], filled: np.ndarray) -> tuple[float, int, bool]:
    """Return seconds a row of elementpath, how many expressions it evaluated, and whether it found the same.

    Only conditions, required and constraints are asked of it, written in what XPath 1.0 has; it need not walk down the
    form, nor take anything out. Expressions are parsed once; a row becomes a document once.
    """
    import elementpath
    import pandas as pd

    parser = elementpath.XPath1Parser()
    asked = [
        (question, text)
        for question in form.questions
        if question.name in columns
        for text in dict.fromkeys((question.relevant, question.required_when, question.constraint))
        if text and "regex" not in text
    ]
    tokens = [parser.parse(in_xpath(text, question.name)) for question, text in asked]
    rows = [{name: shown(one.answers[row]) for name, one in columns.items()} for row in range(len(filled))]
    start = time.perf_counter()
    found = [evaluate_row(row, tokens) for row in rows]
    seconds = time.perf_counter() - start
    frame = pd.DataFrame({name: pd.Series(one.answers[: len(filled)], dtype=object) for name, one in columns.items()})
    ours = [
        compile_expression(text, form, row=question.row).holds(frame, frame[question.name], today=PEER_DAY)
        for question, text in asked
    ]
    return seconds / len(filled), len(asked), bool((np.array(found) == np.array(ours).T).all())


def evaluate_row(row: dict[str, str], tokens: list) -> list[bool]:
    import elementpath

    root = ET.Element("d")
    for name, cell in row.items():
        ET.SubElement(root, name).text = cell
    context = elementpath.XPathContext(root)
    return [bool(token.evaluate(context)) for token in tokens]


def in_xpath(text: str, name: str) -> str:
    """Write an expression in XPath 1.0: choices by `contains`, dates as numbers, sizes of numbers."""
    text = re.sub(r"(?<![\w.'])\.(?![\w.'])", f"${{{name}}}", text)
    text = re.sub(r"count-selected\(([^)]+)\) > 0", r"string-length(\1) > 0", text)
    text = re.sub(r"count-selected\(([^)]+)\) > 1", r"contains(\1, ' ')", text)
    text = re.sub(r"selected\(([^,]+), '(\w+)'\)", r"contains(concat(' ', \1, ' '), ' \2 ')", text)
    text = re.sub(r"(\$\{\w+\})(?= [<>])", r"number(\1)", text)
    text = re.sub(r"(?<=[<>]= )(\$\{\w+\})", r"number(\1)", text)
    return re.sub(r"\$\{(\w+)\}", r"/d/\1", text).replace("today()", f"{PEER_DAY:%Y%m%d}")


def shown(cell: object) -> str:
    if isinstance(cell, date):
        return f"{cell:%Y%m%d}"
    return " ".join(cell) if isinstance(cell, tuple) else "" if cell is None else str(cell)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20221130)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--bench", type=Path, help="add the figures to this bench.json")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.md"
        write_form(path)
        result = time_walk(read_instrument_file(path), chosen.rows, chosen.seed, chosen.repeat)
    print(
        f"logic: {result['seconds']:.2f} s for {result['rows']:,} rows x {result['questions']} questions, "
        f"{result['expressions']} expressions (limit {LIMIT_SECONDS} s); elementpath row by row, scaled from a sample: "
        f"{result['peer_seconds_scaled']:.0f} s for {result['peer_expressions']} of them; the same: "
        f"{result['peer_agrees']}"
    )
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if chosen.bench:
        figures = {name: result[name] for name in ("seconds", "cpu_seconds", "peer_seconds_scaled")}
        ratio = result["peer_seconds_scaled"] / result["seconds"]
        add_figures(chosen.bench, "logic", {**figures, "times_faster": ratio})
    if result["seconds"] > LIMIT_SECONDS or not result["peer_agrees"] or not result["same_faults"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
