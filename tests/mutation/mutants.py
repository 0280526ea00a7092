# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be changed in a module, one place at a time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mutation.explained import EQUIVALENT
from mutation.pure import Module

Change = Callable[[ast.AST], None]


class Ignored(Exception):
    """Raised in place of an error."""


class Mutant(NamedTuple):
    """A change of one place: its line and what is done there.

    Attributes:
        at: the number of the node, of all that are walked; -1 for no change.
        number: that of the change, of all that the node can have.
    """

    module: Module
    line: int
    what: str
    at: int
    number: int = 0

    def __str__(self) -> str:
        return f"{self.what}: {self.module.path.read_text(encoding='utf-8').splitlines()[self.line - 1].strip()}"

    @property
    def reason(self) -> str:
        """Why it may survive; empty where it may not."""
        text = str(self)
        return next((why for part, why in EQUIVALENT.items() if part in text), "")

    def code(self) -> ast.Module:
        """The module with the change."""
        tree = ast.parse(self.module.path.read_text(encoding="utf-8"))
        if self.at >= 0:
            node = list(ast.walk(tree))[self.at]
            list(_changes(node))[self.number][1](node)
        return ast.fix_missing_locations(tree)


_COMPARISONS = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitAnd: ast.BitOr}


def mutants(module: Module) -> Iterator[Mutant]:
    """Every change of one node of a module."""
    tree = ast.parse(module.path.read_text(encoding="utf-8"))
    unread = _unread(tree)
    for at, node in enumerate(ast.walk(tree)):
        if node not in unread:
            for number, (what, dummy) in enumerate(_changes(node)):
                yield Mutant(module, getattr(node, "lineno", 0), what, at, number)


def _unread(tree: ast.Module) -> set[ast.AST]:
    """Docstrings, annotations and imports, which no behaviour depends on."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            parts.append(node.body[0])
        if isinstance(node, ast.FunctionDef):
            parts += [node.returns]
        if isinstance(node, (ast.AnnAssign, ast.arg)):
            parts.append(node.annotation)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            parts.append(node)
        # Type aliases.
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript) and isinstance(node.value.value, ast.Name):
            parts.append(node.value)
        found.update(inner for part in parts if part is not None for inner in ast.walk(part))
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """What can be changed in one node: a description, and a function that does it."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield f"{node.value} to {not node.value}", _setter("value", not node.value)
        elif isinstance(node.value, (str, bytes)):
            # Not a sign that the names of codecs are read without.
            extra = "Z" if isinstance(node.value, str) else b"Z"
            yield f"{node.value!r} longer", _setter("value", node.value + extra)
            if node.value:
                yield f"{node.value!r} empty", _setter("value", type(node.value)())
        elif isinstance(node.value, int):
            yield f"{node.value} and 1", _setter("value", node.value + 1)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        other = _COMPARISONS[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} to {other.__name__}", _setter("ops", [other(), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        other_operator = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield "and/or", _setter("op", other_operator())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not removed", _drop_not
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _OPERATORS:
        yield f"{type(node.op).__name__} changed", _setter("op", _OPERATORS[type(node.op)]())
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield "condition true", _setter("test", ast.Constant(True))
        yield "condition false", _setter("test", ast.Constant(False))
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "returns None", _setter("value", ast.Constant(None))
    elif isinstance(node, ast.Raise):
        yield "does not raise", _setter("exc", ast.Call(ast.Name(Ignored.__name__, ast.Load()), [], []))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _setter(name: str, value: object) -> Change:
    return lambda node: setattr(node, name, value)


def _drop_not(node: ast.AST) -> None:
    """``not x`` becomes ``bool(x)``, written as a comparison with itself that keeps the operand."""
    assert isinstance(node, ast.UnaryOp)
    node.operand = ast.UnaryOp(ast.Not(), node.operand)
