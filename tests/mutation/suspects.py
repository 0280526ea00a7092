# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of a module's mutants may survive: a quick look at all of them in one session of pytest.

The judges are collected once, with the module as it is, and one run of them says which lines each test runs. Then each mutant's
functions take over those of the module in a process forked from there, which runs the tests of its line, quickest first. What
only shows when a module is loaded isn't seen so, such as a constant: whoever is not killed here has to be judged by all tests.
"""

from __future__ import annotations

import ast
import gc
import inspect
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

from mutation.mutants import Ignored, Mutant
from mutation.pure import Module
from mutation.trials import passes, silenced, survivors

# A name with its line, which is not enough for two in one line.
_Key = tuple[str, int]
_Scopes = dict[_Key, list[CodeType]]


class NoJudge(Exception):
    """A module has no tests, or they fail without any change in it."""


def suspects(module: Module, found: list[Mutant]) -> list[Mutant]:
    """The mutants of a module that the tests of their lines don't kill.

    Raises:
        NoJudge: where no test passes.
    """
    session = _Session(module, found)

    def looked() -> list[int] | None:
        sys.modules["pytest"].main(["-q", "-p", "no:cacheprovider", *module.judges], plugins=[session])
        return session.alive

    alive = _aside(looked)
    if alive is None:
        raise NoJudge(f"{module.name} has no tests, or they fail without any change in it")
    return [found[at] for at in alive]


def _aside(work: Callable[[], Any]) -> Any:
    """What a function returns in a process of its own, as JSON; None where it fails."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            silenced()
            found = work()
            with open(writer, "w", encoding="ascii") as stream:
                json.dump(found, stream)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="ascii") as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    return json.loads(text or "null")


class _Ran(NamedTuple):
    """What a test did: seconds, and the lines of the module that it ran."""

    seconds: float
    lines: frozenset[int]


class _Session:
    """A plugin of pytest that runs the tests of each mutant in place of all tests.

    Attributes:
        alive: the numbers of those that aren't killed; None where the tests fail as they are.
    """

    def __init__(self, module: Module, found: list[Mutant]) -> None:
        self._module = module
        self._found = found
        self.alive: list[int] | None = None

    def pytest_runtestloop(self, session: Any) -> bool:
        """Pytest's hook, once all tests are collected."""
        if session.testsfailed or not session.items:
            return True
        loaded = sys.modules[self._module.dotted]
        functions = [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__globals__ is loaded.__dict__]
        ran = _traced(session, str(loaded.__file__))
        quickest = sorted(session.items, key=lambda item: ran[item.nodeid].seconds) if ran else []
        # In another order as well they have to pass.
        if not ran or not passes(lambda: _run(session, quickest)):
            return True
        loaded.__dict__[Ignored.__name__] = Ignored
        text = self._module.path.read_text(encoding="utf-8")
        scopes = _scopes(compile(text, "module", "exec", dont_inherit=True))
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
        lines = _lines(tree)

        def survives(mutant: Mutant) -> bool:
            changed = _changed(functions, scopes, mutant)
            tests = [item for item in quickest if ran[item.nodeid].lines & lines[nodes[mutant.at]]]
            return not tests or changed is None or passes(lambda: _run(session, tests, changed))

        alive = set(survivors(self._found, survives))
        self.alive = [at for at, mutant in enumerate(self._found) if mutant in alive]
        return True


def _run(session: Any, tests: list[Any], changed: dict[int, tuple[FunctionType, CodeType]] | None = None) -> int:
    """Run tests up to the first that fails, with other code in some functions; 1 if one fails."""
    for function, code in (changed or {}).values():
        function.__code__ = code
    for item, following in zip(tests, [*tests[1:], None]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def _traced(session: Any, file: str) -> dict[str, _Ran]:
    """What each test did, in a run of all of them; nothing where one fails."""

    def ran() -> dict[str, tuple[float, list[int]]]:
        found = {}
        for item, following in zip(session.items, [*session.items[1:], None]):
            seen: set[int] = set()
            begin = time.perf_counter()
            _trace(file, seen)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            found[item.nodeid] = (time.perf_counter() - begin, sorted(seen))
        return {} if session.testsfailed else found

    return {name: _Ran(seconds, frozenset(lines)) for name, (seconds, lines) in (_aside(ran) or {}).items()}


def _trace(file: str, seen: set[int]) -> None:
    """Note the lines of a file that are run from here on."""

    def line(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        seen.add(frame.f_lineno)
        return line

    def call(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        return line if frame.f_code.co_filename == file else None

    sys.settrace(call)
    threading.settrace(call)


def _lines(tree: ast.Module) -> dict[ast.AST, frozenset[int]]:
    """The lines of each node's statement: of those with a body, of the part before it that the node is in."""
    found: dict[ast.AST, frozenset[int]] = {}

    def visit(node: ast.AST, statement: frozenset[int]) -> None:
        if isinstance(node, ast.stmt):
            statement = frozenset([node.lineno])
            if isinstance(node, (ast.If, ast.While)):
                statement |= _range(node.test)
            elif not hasattr(node, "body"):
                statement = _range(node)
        elif isinstance(node, ast.expr):
            statement |= _range(node)
        found[node] = statement
        for inner in ast.iter_child_nodes(node):
            visit(inner, statement)

    visit(tree, frozenset())
    return found


def _range(node: ast.stmt | ast.expr) -> frozenset[int]:
    return frozenset(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _scopes(code: CodeType) -> _Scopes:
    """The code of a module and of all that is defined in it."""
    found: _Scopes = defaultdict(list)
    left = [code]
    while left:
        one = left.pop()
        found[one.co_qualname, one.co_firstlineno].append(one)
        left += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
    return found


def _own(code: CodeType) -> CodeType:
    """The code without that of what is defined in it."""
    return code.replace(co_filename="", co_consts=tuple(None if isinstance(one, CodeType) else one for one in code.co_consts))


def _changed(functions: list[FunctionType], scopes: _Scopes, mutant: Mutant) -> dict[int, tuple[FunctionType, CodeType]] | None:
    """The functions that a mutant changes, with their new code; None where it changes what is run when the module is loaded.

    Args:
        functions: all of the module as it is.
        scopes: the module's code as it is.
    """
    other = _scopes(compile(mutant.code(), "module", "exec", dont_inherit=True))
    for key in scopes.keys() | other.keys():
        here, there = scopes.get(key, []), other.get(key, [])
        if len(here) == len(there) == 1 and here[0].co_flags & inspect.CO_OPTIMIZED:
            continue
        if list(map(_own, here)) != list(map(_own, there)):
            return None
    found = {}
    for function in functions:
        key = function.__code__.co_qualname, function.__code__.co_firstlineno
        here, there = scopes.get(key, []), other.get(key, [])
        if len(here) == len(there) == 1 and here[0] != there[0]:
            if there[0].co_freevars != function.__code__.co_freevars:
                return None
            found[id(function)] = function, there[0]
    return found or None
