"""Read an XPath expression of a form into a tree.

The part of XPath 1.0 that makes sense on a table: `${question}`, `.`, numbers, quoted text, functions, in a choice
filter also the columns of the sheet `choices`, and the operators, by falling precedence: unary ``-``; ``* div mod``;
``+ -``; ``< <= > >=``; ``= !=``; ``and``; ``or``. Paths and predicates walk a document and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from evaltools.survey.instrument.model import BilingualText

MAX_LENGTH: Final = 10_000
MAX_TOKENS: Final = 900
MAX_DEPTH: Final = 60

_BINDING: Final = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "div": 6, "mod": 6,
}  # fmt: skip
_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<name>\$\{\s*(?P<question>[^\s{}\#]+)\s*\})
    |(?P<number>\d+(?:\.\d*)?|\.\d+)
    |(?P<text>'[^']*'|"[^"]*")
    |(?P<word>[A-Za-z_][\w-]*(?:[.:][\w-]+)*)
    |(?P<current>\.(?![./]))
    |(?P<sign><=|>=|!=|[-+*=<>(),])
    )""",
    re.VERBOSE,
)


class LogicError(Exception):
    """What is wrong with an expression: a code of the catalogue and fields. The caller knows sheet and row."""

    def __init__(self, code: str, **fields: object) -> None:
        self.code = code
        self.fields = fields
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """``${question}``: the answers to a question."""

    name: str


@dataclass(frozen=True, slots=True)
class Current:
    """``.``: the answers to the question that the expression belongs to."""


@dataclass(frozen=True, slots=True)
class ChoiceColumn:
    """A word alone: a column of the sheet `choices`, as a choice filter reads it."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """``jr:choice-name``: the wording of the choice that a value names."""

    value: Node
    choices: Mapping[str, BilingualText] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus before an operand."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator between two operands."""

    operator: str
    left: Node
    right: Node


Node = Text | Number | Name | Current | ChoiceColumn | Call | Label | Negation | Operation


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse(text: str) -> Node:
    """Read an expression.

    Raises
    ------
    LogicError
        ``logic-syntax`` with the position, from 1, and what stands there; ``logic-too-long`` for what no form needs.
    """
    if len(text) > MAX_LENGTH:
        raise LogicError("logic-too-long")
    tokens = _tokens(text)
    if len(tokens) > MAX_TOKENS:
        raise LogicError("logic-too-long")
    parser = _Parser(tokens)
    tree = parser.expression(0, 0)
    if parser.ahead.kind != "end":
        raise parser.unexpected()
    return tree


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].lstrip()
            raise LogicError("logic-syntax", position=len(text) - len(rest) + 1, found=rest[:10])
        kind = match.lastgroup or ""
        kind = "name" if kind == "question" else kind
        start = match.start(kind)
        tokens.append(_Token(kind, match["question"] if kind == "name" else match[kind], start + 1))
        position = match.end()
    return [*tokens, _Token("end", "", end + 1)]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def ahead(self) -> _Token:
        return self._tokens[self._at]

    def unexpected(self) -> LogicError:
        return LogicError("logic-syntax", position=self.ahead.position, found=self.ahead.text)

    def expression(self, binding: int, depth: int) -> Node:
        """Read operands and the operators between them that bind tighter than `binding`."""
        left = self._operand(depth)
        while _BINDING.get(self._operator(), 0) > binding:
            operator = self._take().text
            left = Operation(operator, left, self.expression(_BINDING[operator], depth))
        return left

    def _operator(self) -> str:
        return self.ahead.text if self.ahead.kind in ("sign", "word") else ""

    def _take(self, text: str | None = None) -> _Token:
        token = self.ahead
        if text is not None and (token.kind != "sign" or token.text != text):
            raise self.unexpected()
        self._at += 1
        return token

    def _operand(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise LogicError("logic-too-long")
        match self.ahead:
            case _Token("number"):
                return Number(float(self._take().text))
            case _Token("text"):
                return Text(self._take().text[1:-1])
            case _Token("name"):
                return Name(self._take().text)
            case _Token("current"):
                self._take()
                return Current()
            case _Token("word"):
                return self._word(depth)
            case _Token("sign", "-"):
                self._take()
                return Negation(self._operand(depth + 1))
            case _Token("sign", "("):
                self._take()
                inner = self.expression(0, depth + 1)
                self._take(")")
                return inner
            case _:
                raise self.unexpected()

    def _word(self, depth: int) -> Node:
        if self.ahead.text in _BINDING:
            raise self.unexpected()
        function = self._take()
        if self.ahead.text != "(" or self.ahead.kind != "sign":
            return ChoiceColumn(function.text, function.position)
        self._take("(")
        arguments: list[Node] = []
        while self._operator() != ")" or arguments:
            arguments.append(self.expression(0, depth + 1))
            if self._operator() != ",":
                break
            self._take(",")
        self._take(")")
        return Call(function.text, tuple(arguments))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Call(_, arguments):
                waiting.extend(reversed(arguments))
            case Label(value) | Negation(value):
                waiting.append(value)
            case Operation(_, left, right):
                waiting.extend((right, left))
