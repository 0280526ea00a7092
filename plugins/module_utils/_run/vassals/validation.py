# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dry run of new texts of vassals."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from ... import _module
from ..._arguments.vassal import SUFFIX, Vassal
from ..._errors import ArgumentError
from ..._host.dry_run import Candidate, DryRun
from ..._host.uwsgi import Uwsgi


class Refused(ArgumentError):
    """uWSGI rejects some tenants' vassals; those of all others are in place."""

    def __init__(self, refused: Dict[str, Tuple[str, str]], result: Dict[str, Any]) -> None:
        places = [place for place, dummy in refused.values()]
        super().__init__(
            " and ".join(places),
            "; ".join(problem for dummy, problem in refused.values()) + "; these stay as they were, all others are in place",
            result,
        )


def validated(
    module: AnsibleModule, uwsgi: Uwsgi, section: str, found: List[Vassal]
) -> Tuple[List[str], Dict[str, Tuple[str, str]]]:
    """Check the texts of vassals in the dry run.

    Returns:
        warnings, and for the name of each rejected file its argument and the problem.
    """
    candidates = [
        Candidate(
            os.path.join(module.params["path"], one.name + SUFFIX),
            one.place,
            section,
            one.lines,
            _module.runner(*_runs_as(module.params, one), module.check_mode),
        )
        for one in found
    ]
    report = DryRun(uwsgi, module.check_mode).check(candidates)
    refused = {
        os.path.basename(candidate.path): (candidate.place, f"uWSGI refuses {candidate.path}: {words}")
        for candidate, words in report.refused
    }
    return report.warnings, refused


def _runs_as(params: Dict[str, Any], one: Vassal) -> Tuple[Optional[str], str]:
    """The user that a vassal runs as, for the dry run, and the argument that says so."""
    if one.owner:
        return one.owner, one.place + ".owner"
    if params["user"]:
        return params["user"], "user"
    return one.uid, one.place + ".options.uid"
