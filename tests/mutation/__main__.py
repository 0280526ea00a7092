# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the pure rooms in one place at a time, and see that some test notices.

    python -m mutation [MODULE...]     every mutant of all pure modules, or of those named: _ini/parser, or '_ini/*'
    python -m mutation --sample 60     so many of them, always the same, spread over all modules

The checkout isn't touched: each mutant lives in a process of its own. A module's judges are the tests that mirror it, and those
of JUDGES. EQUIVALENT says which mutants may survive, and why. Any other survivor needs a test.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from fnmatch import fnmatch

from mutation.mutants import Mutant, mutants
from mutation.pure import ROOT, Module, modules
from mutation.suspects import NoJudge, suspects
from mutation.trials import survivors

# The share of mutants that are killed or explained.
_LEAST = 0.97
# What the tests import beside the collection; to load it takes longer than to run most of them.
_PRELOADED = (
    "pytest", "hypothesis", "hypothesis.strategies", "jinja2", "yaml", "ansible.module_utils.basic", "ansible.errors",
    "ansible.parsing.vault", "ansible.parsing.dataloader", "ansible.plugins.action",
    "cryptography.hazmat.primitives.asymmetric.rsa", "cryptography.hazmat.primitives.serialization",
)  # fmt: skip


def main(argv: list[str]) -> int:
    """Run mutants; the exit code is 1 when too many survive."""
    parser = argparse.ArgumentParser(
        prog="python -m mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--sample", type=int, metavar="COUNT", help="try so many, spread over all modules")
    options = parser.parse_args(argv)
    every = modules()
    for name in options.modules:
        if not any(fnmatch(one.name, name) for one in every):
            parser.error(f"there is no pure module {name}")
    wanted = [one for one in every if not options.modules or any(fnmatch(one.name, name) for name in options.modules)]
    os.chdir(ROOT)
    # Most of a mutant's time is pytest's own: to find plugins that are not needed here, and to compile the tests.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["MUTATION_TMP"] = scratch
        sys.dont_write_bytecode, sys.pycache_prefix = False, scratch
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
        alive, harmless = _told(sample)
        return _verdict(len(sample) - alive, harmless, len(sample))
    killed = explained = total = 0
    for module in wanted:
        found = list(mutants(module))
        try:
            alive, harmless = _told(suspects(module, found))
        except NoJudge as error:
            raise SystemExit(str(error)) from None
        dead = len(found) - alive
        killed, explained, total = killed + dead, explained + harmless, total + len(found)
        print(f"{module.name}: {dead} of {len(found)} mutants killed, {harmless} explained", flush=True)
    return _verdict(killed, explained, total)


def _told(found: list[Mutant]) -> tuple[int, int]:
    """Judge mutants and name the survivors, with reasons; return how many they are, and how many are explained."""
    alive = survivors(found)
    for one in alive:
        print(f"{one.module.name}:{one.line}: {one}  {one.reason and '# ' + one.reason}")
    return len(alive), sum(bool(one.reason) for one in alive)


def _verdict(killed: int, explained: int, total: int) -> int:
    share = (killed + explained) / total
    print(f"{killed} of {total} mutants killed, {explained} explained: {share:.1%}")
    return int(share < _LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
