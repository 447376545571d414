"""Whole forms: all rows of a sheet at once give what each row gives alone, in another evaluator.

Hypothesis draws a form (questions of all types in groups, with conditions, rules, filters and calculations that refer
to earlier questions) and rows for it. The other evaluator is `elementpath`: a row is an XML document with an element a
question, a hidden one is emptied, and every expression is parsed and walked there as XPath. The functions and the
conversions of the ODK XForms specification, which elementpath does not have, are given to it here, on single values.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from xml.etree import ElementTree as ET

import elementpath
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.logic.form import compile_logic
from evaltools.survey.logic.walk import Exceptions, walk_form
from evaltools.survey.values.coerce import Column

TODAY = "2022-10-21"
FILLED = np.datetime64("2022-10-21T10:00", "us")
COUNTIES = {"a": ("east", "1"), "b": ("west", "2"), "ab": ("east", "30")}
LABELS = {"a": "甲", "b": "乙", "ab": "甲乙"}

# ---------------------------------------------------------------------------------------------------------------------
# The evaluator: elementpath with values, conversions and functions of forms


class FormParser(elementpath.XPath1Parser):
    """XPath 1.0 as forms have it."""


def as_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return f"{Decimal(repr(value)):f}".removesuffix(".0").replace("-0", "0", 1 if value == 0 else 0)


def as_number(value):
    if not isinstance(value, str):
        return float(value)
    if re.fullmatch(r"[ \t\r\n]*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)[ \t\r\n]*", value):
        return float(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\.000\+08:00)?", value):
        moment = dt.datetime.fromisoformat(value[:23])
        return (moment - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)
    return math.nan


def as_truth(value):
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def value_of(token, context):
    """Return what a token gives: a question's answer, typed as its name says, or a computed value."""
    found = token.evaluate(context)
    if isinstance(found, list):
        (found,) = found
    if hasattr(found, "elem"):
        answer = found.elem.text or ""
        return float(answer) if answer and re.fullmatch(r"[nx]\d+", found.elem.tag) else answer
    return float(found) if isinstance(found, (int, Decimal)) and not isinstance(found, bool) else found


def same(one, other):
    if isinstance(one, bool) or isinstance(other, bool):
        return as_truth(one) == as_truth(other)
    if isinstance(one, float) or isinstance(other, float):
        return as_number(one) == as_number(other)
    return one == other


def divided(one, other):
    if other:
        return one / other
    return math.nan if not one or math.isnan(one) else math.copysign(math.inf, one) * math.copysign(1, other)


OPERATORS = {
    "or": lambda one, other: as_truth(one) or as_truth(other),
    "and": lambda one, other: as_truth(one) and as_truth(other),
    "=": same,
    "!=": lambda one, other: not same(one, other),
    "<": lambda one, other: as_number(one) < as_number(other),
    "<=": lambda one, other: as_number(one) <= as_number(other),
    ">": lambda one, other: as_number(one) > as_number(other),
    ">=": lambda one, other: as_number(one) >= as_number(other),
    "+": lambda one, other: as_number(one) + as_number(other),
    "*": lambda one, other: as_number(one) * as_number(other),
    "div": lambda one, other: divided(as_number(one), as_number(other)),
    "mod": lambda one, other: math.fmod(as_number(one), as_number(other)) if as_number(other) else math.nan,
}


def largest(choose, values):
    numbers = [as_number(value) for value in values]
    return math.nan if any(math.isnan(number) for number in numbers) else choose(numbers)


def halves_up(value, places=0.0):
    value = as_number(value)
    if math.isnan(value) or math.isinf(value):
        return value
    scaled = Decimal(repr(value)).scaleb(int(places)) + Decimal("0.5")
    return float(scaled.quantize(Decimal(1), ROUND_FLOOR).scaleb(-int(places)))


def checklist(least, most, *answers):
    count = sum(as_truth(answer) for answer in answers)
    return (least < 0 or count >= least) and (most < 0 or count <= most)


def cut(value, start, end=None):
    return as_text(value)[int(as_number(start)) : None if end is None else int(as_number(end))]


def written(day, form):
    return dt.datetime.fromisoformat(day[:10]).strftime(form) if day else ""


FUNCTIONS = {
    "not": lambda value: not as_truth(value),
    "true": lambda: True,
    "false": lambda: False,
    "boolean": as_truth,
    "boolean-from-string": lambda value: as_text(value) in ("true", "1"),
    "number": as_number,
    "string": as_text,
    "either": lambda condition, one, other: one if as_truth(condition) else other,
    "coalesce": lambda one, other: other if one == "" else one,
    "checklist": checklist,
    "int": lambda value: float(math.trunc(as_number(value))) if math.isfinite(as_number(value)) else as_number(value),
    "round": halves_up,
    "floor": lambda value: float(math.floor(as_number(value))) if math.isfinite(as_number(value)) else as_number(value),
    "abs": lambda value: abs(as_number(value)),
    "min": lambda *values: largest(min, values),
    "max": lambda *values: largest(max, values),
    "sum": as_number,
    "count-non-empty": lambda value: float(value != ""),
    "concat": lambda *values: "".join(map(as_text, values)),
    "join": lambda mark, *values: mark.join(map(as_text, values)),
    "contains": lambda value, part: as_text(part) in as_text(value),
    "starts-with": lambda value, part: as_text(value).startswith(as_text(part)),
    "ends-with": lambda value, part: as_text(value).endswith(as_text(part)),
    "string-length": lambda value: float(len(as_text(value))),
    "normalize-space": lambda value: " ".join(as_text(value).split()),
    "substr": cut,
    "substring-before": lambda value, mark: as_text(value).split(mark)[0] if mark in as_text(value) else "",
    "substring-after": lambda value, mark: "".join(as_text(value).partition(mark)[2:]),
    "translate": lambda value, old, new: as_text(value).translate({ord(old[0]): new[0], ord(old[1]): None}),
    "regex": lambda value, pattern: re.fullmatch(pattern, as_text(value)) is not None,
    "selected": lambda answer, name: name in as_text(answer).split(),
    "selected-at": lambda answer, place: dict(enumerate(as_text(answer).split())).get(place, ""),
    "count-selected": lambda answer: float(len(as_text(answer).split())),
    "choice-name": lambda value, _: LABELS.get(as_text(value), ""),
    "digest": lambda value, *_: hashlib.md5(as_text(value).encode(), usedforsecurity=False).hexdigest(),
    "today": lambda: TODAY,
    "now": lambda: f"{TODAY}T10:00:00.000+08:00",
    "format-date": written,
}


def give_to_parser(symbol, function):
    def evaluate(token, context=None):
        if symbol == "-":
            numbers = [as_number(value_of(one, context)) for one in token]
            return -numbers[0] if len(numbers) == 1 else numbers[0] - numbers[1]
        return function(*(value_of(one, context) for one in token))

    is_operator = symbol in (*OPERATORS, "-")
    nargs = 0 if symbol in ("true", "false", "today", "now") else None
    known = FormParser.symbol_table[symbol] if is_operator else FormParser.function(symbol, nargs=nargs)
    body = {"evaluate": evaluate, "select": lambda token, context=None: iter([evaluate(token, context)])}
    FormParser.symbol_table[symbol] = type(f"Form_{known.__name__}", (known,), body)


for _name in FUNCTIONS:
    FormParser.symbol_table.pop(_name, None)
for _name, _function in {**OPERATORS, "-": None, **FUNCTIONS}.items():
    give_to_parser(_name, _function)


@cache
def parsed(text, paths):
    """Parse an expression with its references as paths, as pyxform writes them."""
    text = re.sub(r"'\$\{(\w+)\}'", r"'\1'", text).replace("jr:choice-name", "choice-name").replace("if(", "either(")
    return FormParser().parse(re.sub(r"\$\{(\w+)\}", lambda found: dict(paths)[found[1]], text))


# ---------------------------------------------------------------------------------------------------------------------
# The walk down a form, one row at a time


@dataclass
class Item:
    """A question of a drawn form, or a group that begins or ends."""

    name: str
    kind: str
    relevant: str = ""
    required: str = ""
    constraint: str = ""
    choice_filter: str = ""
    calculation: str = ""
    path: str = ""
    groups: list[str] = field(default_factory=list)


@dataclass
class Alone:
    """A row by itself: a document, and what is found on the way."""

    items: list[Item]
    paths: tuple[tuple[str, str], ...]
    root: ET.Element

    def evaluate(self, text, element, item=None):
        token = parsed(text, self.paths)
        context = elementpath.XPathContext(self.root)
        # nodes are elementpath's own; the one of an element is found by walking there
        context.item = next(node for node in context.root.iter() if getattr(node, "elem", None) is (item or element))
        return value_of(token, context)

    def holds(self, text, element, item=None):
        return not text or as_truth(self.evaluate(text, element, item))

    def walk(self, faulty, known):
        """Yield faults; the document is left with the answers that stay and the values that are computed."""
        hidden_groups = set()
        shown = []
        for one in self.items:
            element = self.root.find(one.path)
            inside_hidden = not hidden_groups.isdisjoint(one.groups)
            relevant = not inside_hidden and self.holds(one.relevant, element)
            if one.kind == "group":
                hidden_groups |= set() if relevant else {one.name}
            elif relevant:
                if one.kind == "calculate" and one.name not in known:
                    result = self.evaluate(one.calculation, element)
                    element.text = "" if isinstance(result, float) and math.isnan(result) else as_text(result)
                shown.append((one, element))
            else:
                if element.text or one.name in faulty:
                    yield one.name, "not-relevant"
                element.text = ""
                faulty.discard(one.name)
        for one, element in shown:
            if one.kind != "calculate":
                yield from self.rules(one, element, one.name in faulty)
            elif one.name in known and self.is_in_doubt(one, element, faulty):
                yield one.name, "calculation-differs"

    def is_in_doubt(self, one, element, faulty):
        """Say whether a calculated value that is there does not follow from answers that can all be read."""
        sources = set(re.findall(r"\$\{(\w+)\}", one.calculation))
        if not element.text or sources & faulty or re.search(r"today|choice-name", one.calculation):
            return False
        result = self.evaluate(one.calculation, element)
        written = "" if isinstance(result, float) and math.isnan(result) else as_text(result)
        return element.text != written and as_number(element.text) != as_number(written)

    def rules(self, one, element, is_faulty):
        must = one.required == "yes" or (one.required and self.holds(one.required, element))
        if must and not element.text and not is_faulty:
            yield one.name, "required"
        if element.text and not self.holds(one.constraint, element):
            yield one.name, "constraint"
        for name in element.text.split() if one.choice_filter else ():
            item = next(choice for choice in self.root.find("choices") if choice.findtext("name") == name)
            if not self.holds(one.choice_filter, element, item):
                yield one.name, "choice-filtered"
                break


def document_of(items, row):
    root = ET.Element("d")
    for one in items:
        parent = root.find("/".join(one.path.split("/")[:-1])) if "/" in one.path else root
        ET.SubElement(parent, one.name).text = None if one.kind == "group" else cell_text(row.get(one.name))
    choices = ET.SubElement(root, "choices")
    for name, (county, size) in COUNTIES.items():
        choice = ET.SubElement(choices, "item")
        for tag, cell in {"name": name, "county": county, "size": size}.items():
            ET.SubElement(choice, tag).text = cell
    return root


def cell_text(cell):
    if cell is None:
        return ""
    if isinstance(cell, tuple):
        return " ".join(cell)
    if isinstance(cell, dt.datetime):
        return f"{cell.isoformat()}.000+08:00"
    return as_text(cell) if isinstance(cell, float) else str(cell)


# ---------------------------------------------------------------------------------------------------------------------
# Drawing expressions, forms and rows

WORDS = ["", "a", "b", "ab", "a b", " a", "0", "1", "2.5", "-1", "10", "2022-10-21", "true", "east", "信贷"]
LETTER = {"integer": "n", "decimal": "x", "text": "t", "select_one": "s", "select_multiple": "m", "date": "d",
          "datetime": "w", "calculate": "c"}  # fmt: skip


# {n} {t} {d} {w} {s} {q}: a question with a number, a text, a day, a moment, one choice, any
LEAVES = {
    "number": ["{n}"] * 9 + ["0", "1", "2", "2.5", "10", "number(today())", "number({d})"],
    "text": ["{t}"] * 12 + [f"'{word}'" for word in WORDS],
    "truth": ["true()", "false()"] + ["({q} != '')", "({d} <= today())", "({w} < now())"] * 3,
}
LARGER = {
    "number": """({number} + {number})  ({number} - {number})  ({number} * {number})  ({number} div 4)  ({number} mod 3)
        -{number}  string-length({text})  number({text})  int({number})  round({number})  round({number}, 1)
        floor({number})  abs({number})  sum({number})  min({number}, {number})  max({number}, {text})
        count-non-empty({text})  if({truth}, {number}, {number})  if({truth}, {number}, '')
        coalesce({number}, {number})""",
    "text": """concat({text}, {text})  join('-', {text}, {number})  substr({text}, 1)  substr({text}, -2, 3)
        substring-before({text}, 'b')  substring-after({text}, 'a')  normalize-space({text})
        translate({text}, 'ab', 'B')  selected-at({text}, 1)  string({number})  string({truth})
        if({truth}, {text}, {text})  if({truth}, {number}, {text})  coalesce({text}, {number})
        digest({text}, 'MD5', 'hex')  string(today())  jr:choice-name({text}, '{s}')  format-date({d}, '%Y/%m')
        format-date({w}, '%d')  string({d})  string({w})""",
    "truth": """({number} {size} {number})  ({text} {size} {number})  ({text} {equal} {text})  ({number} {equal} {text})
        ({truth} {equal} {text})  ({truth} and {truth})  ({truth} or {truth})  not({truth})  boolean({text})
        boolean({number})  boolean-from-string({text})  selected({text}, 'a')  (count-selected({text}) > 1)
        contains({text}, 'a')  starts-with({text}, {text})  ends-with({text}, 'b')  regex({text}, '[a-b ]+')
        checklist(1, 2, {text}, {number}, {truth})  ({q} {equal} '')  ({d} {equal} {d})  ({d} {size} {w})""",
}
SIGNS = {"size": ["<", "<=", ">", ">="], "equal": ["=", "!="]}
SLOT = re.compile(r"\{(\w+)\}")
LETTERS = {"n": "nx", "t": "tsmc", "d": "d", "w": "w", "s": "s", "q": "nxtsmdwc"}


@st.composite
def expressions(draw, kind, names, depth=2):
    """Draw an expression that is mostly of one kind: number, text or truth."""
    choices = {**SIGNS, **{slot: [f"${{{name}}}" for name in names if name[0] in LETTERS[slot]] for slot in LETTERS}}
    is_leaf = depth == 0 or draw(st.integers(0, 3)) == 0
    forms = LEAVES[kind] if is_leaf else re.split(r"\s{2,}", LARGER[kind])
    form = draw(st.sampled_from([one for one in forms if all(choices.get(slot, "x") for slot in SLOT.findall(one))]))
    parts = SLOT.split(form)
    parts[1::2] = [
        draw(st.sampled_from(choices[slot]) if slot in choices else expressions(slot, names, depth - 1))
        for slot in parts[1::2]
    ]
    return "".join(parts)


@st.composite
def forms(draw):
    """Draw the items of a form, each referring to earlier questions."""
    items, open_groups, names = [], [], []
    for number in range(draw(st.integers(4, 9))):
        if draw(st.integers(0, 4)) == 0 and len(open_groups) < 2:
            group = Item(f"g{number}", "group", draw(expressions("truth", names)), groups=[*open_groups])
            group.path = "/".join([*open_groups, group.name])
            open_groups.append(group.name)
            items.append(group)
        elif draw(st.integers(0, 4)) == 0:
            del open_groups[-1:]
        kind = draw(st.sampled_from([*LETTER, "select_one", "select_multiple"]))
        one = Item(f"{LETTER[kind]}{number}", kind, groups=[*open_groups])
        one.path = "/".join([*open_groups, one.name])
        sometimes = st.integers(0, 2).map(lambda found: found == 0)
        if draw(sometimes):
            one.relevant = draw(expressions("truth", names))
        if kind == "calculate":
            gives = draw(st.sampled_from(["number", "text", "truth"]))
            # the moment at which a phone computed `now()` nobody knows, so that nothing is computed from it
            one.calculation = draw(expressions(gives, names)).replace("now()", "today()")
        else:
            if draw(sometimes):
                one.required = draw(st.one_of(st.just("yes"), expressions("truth", names)))
            if draw(sometimes):
                one.constraint = draw(constraints(kind, names))
        if kind.startswith("select") and draw(st.booleans()):
            text = draw(expressions("text", names, 1))
            least, truth = draw(expressions("number", names, 1)), draw(expressions("truth", names))
            filters = [f"county = {text}", f"size > {least}", f"name != {text}", f"county != 'east' or {truth}"]
            one.choice_filter = draw(st.sampled_from(filters))
        items.append(one)
        names.append(one.name)
    return items


def constraints(kind, names):
    own = {
        "integer": [". > 1", ". >= {number}", "(. mod 2) = 0"],
        "decimal": [". <= 2.5", ". != {number}"],
        "date": [". <= today()", ". < now()"],
        "datetime": [". <= now()", "number(.) > 19000"],
    }.get(kind, [". = {text}", "string-length(.) > 1", "selected(., 'b')", "not(contains(., 'a')) or {truth}"])

    def filled(form):
        parts = SLOT.split(form)
        drawn = st.tuples(*(expressions(kind, names, 1) for kind in parts[1::2]))
        return drawn.map(lambda found: "".join([parts[0], *(a + b for a, b in zip(found, parts[2::2], strict=True))]))

    return st.sampled_from(own).flatmap(filled)


CELLS = {
    "integer": st.integers(-3, 12),
    "decimal": st.integers(-8, 40).map(lambda quarter: quarter / 4),
    "text": st.sampled_from(WORDS[1:]),
    "select_one": st.sampled_from([*COUNTIES]),
    "select_multiple": st.sets(st.sampled_from([*COUNTIES]), min_size=1).map(lambda names: tuple(sorted(names))),
    "date": st.sampled_from([dt.date(2022, 10, day) for day in (1, 21, 22)]),
    "datetime": st.sampled_from([dt.datetime(2022, 10, 21, hour, 30) for hour in (0, 9, 10, 23)]),
}
FAULTY = object()


@st.composite
def rows_of(draw, items):
    """Draw some rows, and an order in which each comes up often: so columns have few values, and few combinations."""
    asked = [one for one in items if one.kind in CELLS]
    cell = {one.name: st.one_of(st.none(), CELLS[one.kind], CELLS[one.kind], st.just(FAULTY)) for one in asked}
    rows = draw(st.lists(st.fixed_dictionaries(cell), min_size=2, max_size=4))
    return rows, 12 * draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=24))


drawn = forms().flatmap(lambda items: st.tuples(st.just(items), rows_of(items)))


# ---------------------------------------------------------------------------------------------------------------------
# Both sides


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Write a drawn form as XLSForm, and read it."""
    path = tmp_path_factory.mktemp("forms") / "form.md"

    def run(items):
        header = "type | name | label | relevant | required | constraint | choice_filter | calculation"
        lines = ["| survey |", f"| | {header} |"]
        open_groups = []
        for one in items:
            while open_groups and open_groups[-1] not in one.groups:
                open_groups.pop()
                lines.append("| | end_group | | | | | | | |")
            if one.kind == "group":
                open_groups.append(one.name)
            kind = f"{one.kind} l" if one.kind.startswith("select") else one.kind.replace("group", "begin_group")
            cells = [kind, one.name, one.name, one.relevant, one.required, one.constraint, one.choice_filter]
            lines.append(f"| | {' | '.join([*cells, one.calculation])} |")
        lines += ["| | end_group | | | | | | | |"] * len(open_groups)
        lines += ["| choices |", "| | list_name | name | label | county | size |"]
        lines += [f"| | l | {name} | {LABELS[name]} | {' | '.join(cells)} |" for name, cells in COUNTIES.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return compile_logic(read_instrument_file(path))

    return run


def at_once(logic, items, rows, exported=()):
    """Return faults by row, and the columns, of all rows together."""
    columns = {}
    for one in items:
        if one.kind in CELLS or one.name in exported:
            cells = [row[one.name] for row in rows]
            answers = np.fromiter((None if cell is FAULTY else cell for cell in cells), dtype=object, count=len(cells))
            codes = np.array(["type" if cell is FAULTY else None for cell in cells], dtype=object)
            columns[one.name] = Column(answers, np.where(answers == np.array(None), "blank", None), codes)
    n = len(rows)
    filled = np.full(n, FILLED)
    logic.require(columns)
    walked = walk_form(logic, columns, filled, counted=np.ones(n, dtype=bool), exceptions=Exceptions())
    faults = [sorted((fault.question, fault.code) for fault in walked.faults if fault.row == row) for row in range(n)]
    return faults, walked.columns


def alone(items, row, exported=()):
    """Return the faults and the answers of one row, by elementpath."""
    faulty = {name for name, cell in row.items() if cell is FAULTY}
    clean = {name: None if cell is FAULTY else cell for name, cell in row.items()}
    one = Alone(items, tuple((item.name, f"/d/{item.path}") for item in items), document_of(items, clean))
    faults = sorted(one.walk(faulty, exported))
    return faults, {item.name: one.root.find(item.path).text or None for item in items if item.kind != "group"}


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=drawn)
def test_all_rows_at_once_give_what_each_gives_alone(read, drawn):
    items, (rows, order) = drawn
    logic = read(items)
    assert logic.unchecked == ()
    faults, columns = at_once(logic, items, [rows[place] for place in order])
    expected = [alone(items, row) for row in rows]
    assert faults == [expected[place][0] for place in order]
    for name, column in columns.items():
        found = [cell_text(answer) or None for answer in column.answers]
        assert found == [expected[place][1][name] for place in order], name


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=drawn, seed=st.integers(0, 2**16))
def test_order_and_company_of_rows_change_nothing(read, drawn, seed):
    items, (rows, order) = drawn
    logic = read(items)
    sheet = [rows[place] for place in order]
    faults, _ = at_once(logic, items, sheet)
    shuffled = np.random.default_rng(seed).permutation(len(sheet))
    assert at_once(logic, items, [sheet[place] for place in shuffled])[0] == [faults[place] for place in shuffled]
    assert [at_once(logic, items, [row])[0][0] for row in rows] == [
        faults[order.index(place)] if place in order else at_once(logic, items, [row])[0][0]
        for place, row in enumerate(rows)
    ]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=drawn, data=st.data())
def test_exported_calculations_are_doubted_where_they_were_changed(read, drawn, data):
    """What the other evaluator computes is exported, but for some cells."""
    items, (rows, _) = drawn
    computed = [one.name for one in items if one.kind == "calculate"]
    exported = [row | {name: alone(items, row)[1][name] for name in computed} for row in rows]
    for place, row in enumerate(exported):
        for name in computed:
            row[name] = data.draw(st.sampled_from([row[name], row[name], "9", None]), label=f"{name} in row {place}")
    faults, _ = at_once(read(items), items, exported, computed)
    assert faults == [alone(items, row, computed)[0] for row in exported]
