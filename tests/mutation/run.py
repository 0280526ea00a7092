# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the pure rooms in one place at a time, and see that some test notices.

    python tests/mutation/run.py [MODULE...]     every mutant of all pure modules, or of those named: _ini/parser, or '_ini/*'
    python tests/mutation/run.py --sample 60     so many of them, always the same, spread over all modules

The checkout isn't touched: each mutant lives in a process of its own, forked from one that has everything loaded but the
collection, where it takes the module's place before the tests import it. A module's judges are the tests that mirror it, and
those of JUDGES. EQUIVALENT says which mutants may survive, and why. Any other survivor needs a test.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PACKAGE = "ansible_collections.emperor.uwsgi.plugins."
_ADOPTION = ("document", "emperor", "host", "secrets", "variables")
# All that is pure, by the folder below plugins/. Not plugin_utils/_untrusted: what its marks do is up to Ansible's release.
PURE = {
    "module_utils": (
        "_addresses",
        "_archive",
        "_bulk_argument",
        "_deployment/changes",
        "_dialect",
        "_errors",
        "_arguments/*",
        "_files/plan",
        "_files/temporary",
        "_files/trust",
        "_host/emperor_stats",
        "_ini/*",
        "_keys/*",
        # But "page" and "script", which are one long text each.
        "_live/config",
        "_live/families",
        "_live/history",
        "_live/metrics",
        "_live/view",
        "_live/worker_metrics",
        "_live/workers",
        "_masking",
        "_node/datagram",
        "_pool/pools",
        "_pool/presence",
        "_pool/scanner",
        "_pool/stats",
        "_pool/strict_json",
        "_tls/certificate",
        "_visible",
    ),
    "plugin_utils": (
        *(f"_adopt/{name}" for name in _ADOPTION),
        "_capacity",
        "_import/*",
        "_live_hosts",
        # But "html", which reads the page's parts from files.
        "_page/columns",
        "_page/held",
        "_page/layout",
        "_page/pools",
        "_page/shapes",
        "_page/summary",
        "_page/table",
        "_role_options",
        # But "host" and "signing", which read and make keys.
        "_roles/both_sides",
        "_roles/desired",
        "_roles/emperor",
        "_roles/fastrouter",
        "_roles/firewall",
        "_roles/intervals",
        "_roles/live",
        "_roles/other_hosts",
        "_roles/service",
        "_roles/texts",
        "_roles/variables",
        "_router_checks",
        "_signing/halves",
    ),
}
# Tests that notice mutants of a module beside those that mirror it, such as its effect on what is built on it.
_ARGUMENTS = "unit/plugins/module_utils/_arguments/"
_LIVE = "unit/plugins/module_utils/_live/"
_IMPORT = "unit/plugins/plugin_utils/_import/"
_STEPS = ("convert", "declared", "entries", "formats", "sources", "whole", "xml_format", "yaml_format")
JUDGES: dict[str, tuple[str, ...]] = {
    "_dialect": (
        "conformance/test_uwsgiconf.py",
        _ARGUMENTS + "test_subscription.py",
        _ARGUMENTS + "test_values.py",
    ),
    "_arguments/table": (
        "conformance/test_uwsgiconf.py",
        _ARGUMENTS + "test_subscription.py",
        "conformance/test_announcements.py::test_the_cases_are_for_every_field_of_the_table",
    ),
    # What its states are called is seen on the page and in the metrics.
    "_live/history": (_LIVE + "test_view.py", _LIVE + "test_metrics.py"),
    # What it has where there is none is seen in a host's variables.
    "_adopt/emperor": ("unit/plugins/plugin_utils/_adopt/test_host.py",),
    # Each is one step of a file's way, and what becomes of a whole file is seen at its end.
    **{f"_import/{name}": tuple(_IMPORT + f"test_{other}.py" for other in _STEPS if other != name) for name in _STEPS},
}
Change = Callable[[ast.AST], None]
# The seconds of a mutant's tests: computing, which doesn't depend on how busy the machine is, and in all.
_MOST_COMPUTING, _MOST_WAITING = 30, 600
_WORKERS = 2
# The share of mutants that are killed or explained.
_LEAST = 0.97
# What the tests import beside the collection; to load it takes longer than to run most of them.
_PRELOADED = (
    "pytest", "hypothesis", "hypothesis.strategies", "jinja2", "yaml", "ansible.module_utils.basic", "ansible.errors",
    "ansible.parsing.vault", "ansible.parsing.dataloader", "ansible.plugins.action",
    "cryptography.hazmat.primitives.asymmetric.rsa", "cryptography.hazmat.primitives.serialization",
)  # fmt: skip

# Mutants that may survive: a part of "CHANGE: LINE", and why the change makes no difference.
EQUIVALENT = {
    "@lru_cache(maxsize=": "only how much is remembered depends on it",
    # _arguments/domains
    "condition false: if label.isascii():": "the encoding leaves what is ASCII as it is",
    # _arguments
    '_STR = {"type": "str"}': "text is Ansible's default type",
    "return [Line(lines[0].name, lines[0].value": "both are of one option",
    "condition false: if isinstance(value, str) and _PLAIN.match(value):": "what has no flaw is only known sooner",
    "longer: _PLAIN = ": "what has no flaw is only known sooner",
    "Lt to LtE: if release < row.since:": "whoever is called compares again",
    # _arguments/protocols
    'ANY = "any"': "any text will do that is no protocol",
    'ANNOUNCED = "announced"': "any text will do that is no protocol",
    # _archive
    "_DATE = (1980, 1, 1, 0, 0, 0)": "any date will do that stays the same",
    "condition true: if one not in found:": "otherwise the same is read once more",
    "condition true: loader: Any = module": "whatever is imported has one",
    # _capacity
    'UNSIGNED = "unsigned"': "any text will do that is no type of a key",
    "'' longer: busy = _checking(Announcer(": "nobody reads the name of the sum",
    "'' longer: found = list(_announcers(\"emperor_vassals\"": "nobody reads the names of what is only counted",
    "'' longer: return sum(_checking(one, key_type)": "nobody reads the names of what is only counted",
    "0 and 1: most = max(found, key=": "only the keys that it signs for are read",
    # _deployment/changes
    'KEEP = "keep"': "any text will do that is no other change's",
    'START = "start"': "any text will do that is no other change's",
    'RELOAD = "reload"': "any text will do that is no other change's",
    'RESTART = "restart"': "any text will do that is no other change's",
    'STOP = "stop"': "any text will do that is no other change's",
    # _ini/parser
    "condition false: start = max(1, begin if seen < 0 else seen)": "nothing is found before that, only later",
    # _bulk_argument
    '_FILE = "packed"': "any name will do that no key's file has",
    # _files/trust
    "ANYBODY = -1": "any number that is no user's id works",
    # _host/emperor_stats
    "0 and 1: asleep=on_demand is not None and strict_json.number(one.get(": "only -1 makes a difference",
    # _ini
    "_MOST_EXPANSIONS = ": "any bound ends what never would",
    "_MOST_WORK = ": "any bound ends what takes too long",
    "0 and 1: if self._left < 0:": "any bound ends what takes too long",
    "_STEP = ": "any bound ends what takes too long",
    "begin = -1": "any number below zero is no index",
    "begin = depth = -1": "any number below zero is no index",
    "begin, depth = at, -1": "any number below zero is no depth",
    "if not value.isascii():": "ASCII is valid Unicode text; that is only known sooner",
    'self._last = ""': "it is set before it is read",
    'text = "\\n".join(body)': "only which placeholders are needed is read off it",
    "'' longer: modifiers=(_number(fields.get(": "what is no number is 0, as nothing is",
    "'' longer: number = _number(fields.get(": "what is no number is 0, as nothing is",
    "'' longer: digest, colon, file = fields.get(": "without a colon there is no signature",
    "Add changed: return (number + 2**31) % 2**32 - 2**31": "the two are 2**32 apart, which the remainder takes away",
    "20 and 1: number = int(digits[:20]": "with 20 digits it is too large for 64 bits already",
    "returns None: return False": "callers treat None as False",
    "Lt to LtE: start = max(1, begin if seen < 0": "what is looked for from 1 on is never at 0",
    # _import
    "_MOST_FILES = ": "any bound ends what takes too long",
    "Gt to GtE: if len(others) > _MOST_FILES": "any bound ends what takes too long",
    "'-[{' longer: if stripped[0] in": "no option begins with the letter that is added",
    "'' longer: return [parser.Option(name, ": "nobody reads the value of an option that has a flaw",
    "'' longer: joined = os.path.normpath(": "no file that is given has that name",
    "self._work += 64": "any measure ends what takes too long",
    # _keys/pem
    "'=' longer: digest = base64.b64encode(": "base64 of 32 bytes never ends in a Z before its padding",
    "b'' longer: der = b": "one letter is as damaged as nothing",
    # _live
    "condition true: if any(now - seen.time >= _KEPT": "otherwise the same is made once more",
    # _live/families
    "False to True: registry: Any": "the collector describes itself",
    # _masking
    "'----' empty: _DASHES = ": "only a shortcut for text without a PEM",
    "condition false: if _DASHES not in text:": "only a shortcut for text without a PEM",
    "condition true: if _DASHES in text:": "only a shortcut for text without a PEM",
    # _pool
    "_CHUNK = 1 <<": "only how much is read at once depends on it",
    "class Router(_Asked, total=False)": "only type checkers read it",
    "_NONE = os.urandom(": "any number of bytes works that nobody guesses",
    "'()*' longer: member = ": "no member's name has another character",
    "condition true: while True:": "it is the same",
    "Lt to LtE: if opening.start() < done:": "a comma follows each value, and text that begins with a member is not JSON",
    # _role_options
    'advice: str = ""': "where a rule has no advice nobody reads it",
    'BESIDE = "beside"': "any text will do that is no other kind's",
    "'false' longer: return ": "none of the roles' own options is false",
    # _roles/both_sides
    "condition false: if not given.routers:": "where there is no router nobody speaks anything else",
    "condition true: if newer not in known:": "what is known is only not asked for again",
    'own = {"fastrouter": words(': "only that it is there is read, not where it listens",
    'front = {"https": words(': "only that it is there is read, not where it listens",
    # _roles/emperor
    "'' longer: return [\"\"] if checked": "that there is one is all that is read",
    "'' longer: return list(dict.fromkeys(str(one.get(\"owner\"": "a tenant's vassal without an owner is refused",
    "'' longer: names = [one.get(\"name\"": "two without a name have the same either way",
    # _roles/other_hosts
    "_MOST_NAMES = 20": "any bound ends a circle",
    # _roles/service
    "longer: _WRAPPER = ": "nothing is run behind what is executed",
    # _roles/firewall
    "CLIENTS, FRONTS, MONITORING": "any text will do that is nobody else's",
    "Gt to GtE: networks = [": "nobody else is in the network of one address",
    "'' longer: yield f\"{place}.{name}\", use, kvlist": "what has no colon has no port",
    "returns None: return 0": "callers treat None as none",
    # _roles/live
    "'' longer: address = found if isinstance(found, str)": "what is no address is not asked",
    "condition true: host = text(f\"{name}: ansible_host\"": "where it listens at one address, that is not read",
    "'' longer: host = text(f\"{name}: ansible_host\"": "where it listens at one address, that is not read",
    "'' longer: found = sockets[number] if": "what is no address is not announced",
    # _router_checks
    "1 and 1: _ALL, _ANY = 0, 1": "any two numbers work",
    # _roles/variables
    'Record = TypeVar("Record"': "only type checkers read it",
    # _page
    "returns None: return []": "callers treat None as nothing",
    "and 1: common, count = Counter(values)": "of no values no row is another one, and only the first is taken",
    "1 and 1: total = self.total or 1": "none is none of any number",
    "3 and 1: shown = [rows[0], *sorted(": "no two lines of a key have one name and one host",
    "'' longer: path = str(one.get(": "where there is no folder there is no file",
    "'' longer: below = str(entry.get(": "what has no path is in no folder",
    "180 and 1: text, note = (shapes.cut(": "one pixel more has no room for another character",
    # _adopt
    '_TEXT = "tag:yaml.org,2002:str"': "what needs no quotes is only known sooner",
    "condition false: if style is None and _PLAIN.match(value)": "what needs no quotes is only known sooner",
    "Is to IsNot: if style is None and _PLAIN.match(value)": "what needs no quotes is only known sooner",
    "False to True: if style is None and _PLAIN.match(": "of text without quotes only the first of the two is looked at",
    "condition false: if len(words) <= width": "what needs no wrapping is only known sooner",
    "LtE to Lt: if len(words) <= width": "what needs no wrapping is only known sooner",
    '"CSafeDumper"': "both write the same",
    "_NO_WIDTH = ": "no text is as long",
    "shows = True": "what is no text is ASCII",
    "'\\n...' ": "only Python's own dumper ends a text so",
    "condition false: if one.kind != VASSAL:": "of what is not converted only the reason is written",
    '[{"name": one.name, "options": {"need-app": True': "any option is one",
    # _visible
    "longer: _BLANKS = ": "only blanks are looked for there",
    "condition false: if text.isascii():": "only a shortcut for text without anything else",
}


class Module(NamedTuple):
    """A pure module.

    Attributes:
        name: such as ``_ini/parser``.
        kind: the folder below plugins/ that it is in.
    """

    name: str
    kind: str

    @property
    def path(self) -> Path:
        return ROOT / "plugins" / self.kind / (self.name + ".py")

    @property
    def dotted(self) -> str:
        return PACKAGE + self.kind + "." + self.name.replace("/", ".")

    @property
    def judges(self) -> list[str]:
        """The tests that mirror it and those that are named beside."""
        folder, dummy, name = self.name.rpartition("/")
        mirrored = (TESTS / "unit" / "plugins" / self.kind / folder).glob(f"test_{name.lstrip('_')}*.py")
        return [*map(str, sorted(mirrored)), *(str(TESTS / one) for one in JUDGES.get(self.name, ()))]


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


def modules() -> list[Module]:
    """All pure modules."""
    found = []
    for kind, names in PURE.items():
        base = ROOT / "plugins" / kind
        for name in names:
            paths = sorted(base.glob(name + ".py"))
            if not paths:
                raise SystemExit(f"there is no {kind}/{name}")
            found += [Module(path.relative_to(base).with_suffix("").as_posix(), kind) for path in paths]
    return found


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
        yield "does not raise", _setter("exc", ast.Call(ast.Name("_Ignored", ast.Load()), [], []))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _setter(name: str, value: object) -> Change:
    return lambda node: setattr(node, name, value)


def _drop_not(node: ast.AST) -> None:
    """``not x`` becomes ``bool(x)``, written as a comparison with itself that keeps the operand."""
    assert isinstance(node, ast.UnaryOp)
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


class _Ignored(Exception):
    """Raised in place of an error."""


def _judge(mutant: Mutant) -> None:
    """In a process of its own: put the mutant in its module's place, and end with the exit code of its judges."""
    null = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(null, handle)
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_COMPUTING, _MOST_COMPUTING))
    name = mutant.module.dotted
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, None))
    module.__dict__["_Ignored"] = _Ignored
    module.__file__ = str(mutant.module.path)
    code = 1
    try:
        sys.modules[name] = module
        exec(compile(mutant.code(), str(mutant.module.path), "exec", dont_inherit=True), module.__dict__)
        parent, dummy, last = name.rpartition(".")
        setattr(importlib.import_module(parent), last, module)
        code = int(sys.modules["pytest"].main(["-x", "-q", *mutant.module.judges]))
    finally:
        os._exit(code)


def survives(mutant: Mutant) -> bool:
    """Whether all its judges pass."""
    pid = os.fork()
    if pid == 0:
        _judge(mutant)
    deadline = time.monotonic() + _MOST_WAITING
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    # It goes on for ever, or nearly: noticed.
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def _alive(found: list[Mutant]) -> set[int]:
    """The numbers of the mutants that survive, tried side by side."""
    readers = []
    for worker in range(_WORKERS):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            with open(writer, "w", encoding="ascii") as stream:
                for at in range(worker, len(found), _WORKERS):
                    if survives(found[at]):
                        stream.write(f"{at}\n")
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    alive: set[int] = set()
    for reader in readers:
        with open(reader, encoding="ascii") as stream:
            alive.update(int(line) for line in stream)
        os.wait()
    return alive


def _told(found: list[Mutant]) -> tuple[int, int]:
    """Try mutants and name the survivors, each with the reason why it may; return how many are killed and explained."""
    alive = [found[at] for at in sorted(_alive(found))]
    for one in alive:
        print(f"{one.module.name}:{one.line}: {one}  {one.reason and '# ' + one.reason}")
    return len(found) - len(alive), sum(bool(one.reason) for one in alive)


def main(argv: list[str]) -> int:
    """Run mutants; the exit code is 1 when too many survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--sample", type=int, metavar="COUNT", help="try so many, spread over all modules")
    options = parser.parse_args(argv)
    every = modules()
    for name in options.modules:
        if not any(fnmatch(one.name, name) for one in every):
            parser.error(f"there is no pure module {name}")
    wanted = [one for one in every if not options.modules or any(fnmatch(one.name, name) for name in options.modules)]
    os.environ["PYTHONPATH"] = str(ROOT / ".ansible" / "collections")
    sys.path[:0] = [str(ROOT / ".ansible" / "collections"), str(TESTS)]
    os.chdir(ROOT)
    # Most of a mutant's time is pytest's own: to find plugins that are not needed here, and to compile the tests.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with tempfile.TemporaryDirectory() as cache:
        sys.dont_write_bytecode, sys.pycache_prefix = False, cache
        return _tried(wanted, options.sample)


def _tried(wanted: list[Module], size: int | None) -> int:
    """Try the mutants of modules, or so many of them; the exit code."""
    for name in _PRELOADED:
        importlib.import_module(name)
    # The same inputs for every mutant, however busy the machine is.
    settings = sys.modules["hypothesis"].settings
    settings.register_profile("mutation", deadline=None, derandomize=True, database=None)
    settings.load_profile("mutation")
    if size:
        possible = [mutant for module in wanted for mutant in mutants(module)]
        sample = possible[:: max(1, len(possible) // size)]
        return _verdict(*_told(sample), len(sample))
    killed = explained = total = 0
    for module in wanted:
        if not module.judges or not survives(Mutant(module, 0, "nothing", -1)):
            raise SystemExit(f"{module.name} has no tests, or they fail without any change in it")
        found = list(mutants(module))
        dead, harmless = _told(found)
        killed, explained, total = killed + dead, explained + harmless, total + len(found)
        print(f"{module.name}: {dead} of {len(found)} mutants killed, {harmless} explained", flush=True)
    return _verdict(killed, explained, total)


def _verdict(killed: int, explained: int, total: int) -> int:
    share = (killed + explained) / total
    print(f"{killed} of {total} mutants killed, {explained} explained: {share:.1%}")
    return int(share < _LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
