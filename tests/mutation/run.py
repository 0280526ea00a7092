# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the pure core in one place at a time, and see that some test notices: python tests/mutation/run.py [MODULE...]

The checkout isn't touched: each mutant lives in a process of its own, where it takes the module's place before the tests
import it. EQUIVALENT says why a mutant that survives does no harm.
"""

from __future__ import annotations

import ast
import copy
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "plugins" / "module_utils"
TESTS = ROOT / "tests"
_UNIT = "unit/plugins/module_utils/"
# The module, and the tests that are to notice its mutants, those that notice most first.
JUDGES = {
    "_dialect": (
        "conformance/test_uwsgiconf.py",
        _UNIT + "test_dialect.py",
        _UNIT + "test_subscription.py",
        _UNIT + "test_subscription_words.py",
        _UNIT + "test_values.py",
        "conformance/test_announcements.py::test_the_cases_are_for_every_field_of_the_table",
        "unit/test_documentation.py",
    ),
    "_ini": (_UNIT + "test_ini.py", _UNIT + "test_subscription.py", _UNIT + "test_subscription_words.py"),
    "_presence": (_UNIT + "test_presence.py",),
    "_reader": (_UNIT + "test_reader.py",),
    "_subscription": (_UNIT + "test_subscription.py", _UNIT + "test_subscription_words.py", "conformance/test_uwsgiconf.py"),
    "_wire": (_UNIT + "test_wire.py",),
}
_PLUGIN = "mutant"
_TIMEOUT = 120
_WORKERS = 2
_LEAST = 0.95

# A mutated line, and why no change of it that survives does harm.
EQUIVALENT = {
    "return None": "it is what a function without a return gives as well",
    "if not value.isascii():": "ASCII is valid Unicode text; that is only known sooner",
    'text = "\\n".join(body)': "only which placeholders are needed is read off it",
    "Line(lines[0].name, ": "both lines have the same name",
    '": {"type": "str"},': "text is Ansible's default type",
    'Row("dir_cert", ': "its line is joined to that of digest_algo, which gives the name",
}

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


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Every change of one node: its line, what was done, and the changed tree."""
    changed_nodes = list(ast.walk(tree))
    unread = _unread(tree)
    for at, node in enumerate(changed_nodes):
        if node in unread:
            continue
        for what, change in _changes(node):
            other = copy.deepcopy(tree)
            twin = list(ast.walk(other))[at]
            change(twin)
            yield getattr(node, "lineno", 0), what, ast.fix_missing_locations(other)


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


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
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
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "returns None", _setter("value", ast.Constant(None))
    elif isinstance(node, ast.Raise):
        yield "does not raise", _setter("exc", ast.Call(ast.Name("_Ignored", ast.Load()), [], []))


def _setter(name: str, value: object) -> object:
    return lambda node: setattr(node, name, value)


def _drop_not(node: ast.UnaryOp) -> None:
    """``not x`` becomes ``bool(x)``, written as a comparison with itself that keeps the operand."""
    node.op = ast.Not()
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


_MUTANT = """
import importlib.util, os, sys
name = "ansible_collections.emperor.uwsgi.plugins.module_utils." + os.environ["MUTANT_MODULE"]
class _Ignored(Exception):
    pass
with open(os.environ["MUTANT_SOURCE"], encoding="utf-8") as stream:
    source = stream.read()
module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, None))
module.__dict__["_Ignored"] = _Ignored
sys.modules[name] = module
exec(compile(source, os.environ["MUTANT_SOURCE"], "exec", dont_inherit=True), module.__dict__)
parent = sys.modules.get(name.rpartition(".")[0])
if parent is None:
    import importlib
    parent = importlib.import_module(name.rpartition(".")[0])
setattr(parent, os.environ["MUTANT_MODULE"], module)
"""


def survives(module: str, source: str, folder: Path) -> bool:
    """Whether all tests pass with a module's source replaced."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / "source.py"
        path.write_text(source, encoding="utf-8")
        (Path(scratch) / (_PLUGIN + ".py")).write_text(_MUTANT, encoding="utf-8")
        environment = {
            **os.environ,
            "MUTANT_MODULE": module,
            "MUTANT_SOURCE": str(path),
            "PYTHONPATH": os.pathsep.join([scratch, str(ROOT / ".ansible" / "collections")]),
        }
        argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", _PLUGIN, *(str(TESTS / judge) for judge in JUDGES[module])]
        try:
            found = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, timeout=_TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return False
        return found.returncode == 0


def main(modules: list[str]) -> int:
    """Run all mutants of some modules; the exit code is 1 when too many survive."""
    killed, total = 0, 0
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(_WORKERS) as pool:
        folder = Path(name)
        for module in modules:
            text = (CORE / (module + ".py")).read_text(encoding="utf-8")
            tree = ast.parse(text)
            if not survives(module, ast.unparse(tree), folder):
                raise SystemExit(f"the tests fail without any change in {module}")
            found = list(mutants(tree))
            alive = list(pool.map(lambda one, module=module: survives(module, ast.unparse(one[2]), folder), found))
            lines = text.splitlines()
            for (line, what, dummy), survived in zip(found, alive):
                reason = next((why for part, why in EQUIVALENT.items() if part in lines[line - 1]), "")
                if survived:
                    print(f"{module}:{line}: {what}: {lines[line - 1].strip()}  {reason and '# ' + reason}")
            total += len(found)
            killed += alive.count(False)
            print(f"{module}: {alive.count(False)} of {len(found)} mutants killed", flush=True)
    print(f"{killed} of {total} mutants killed, {killed / total:.1%}")
    return int(killed / total < _LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(JUDGES)))
