# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manages a directory of signing keys on the managed host, for the module ``uwsgi_signing_keys``."""

from __future__ import annotations

import re
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from .. import _bulk_argument, _module
from .._arguments import values
from .._errors import ArgumentError
from .._files.attributes import Attributes, attributes
from .._files.plan import Wanted, differences, refuse_losses
from .._keys import file_names, pem

# OpenSSL's readers skip any text before the BEGIN line (PEM_read_bio, crypto/pem/pem_lib.c), and so does uWSGI.
MARKER = b"# Managed by Ansible, emperor.uwsgi.uwsgi_signing_keys\n"
_MEMBERS = dict.fromkeys(["file", "content", "owner"])
_MARKED = re.compile(r"\A# Managed by Ansible[^\n]*\n")


def run(module: AnsibleModule, keeps: bool = False) -> Dict[str, Any]:
    """Bring the directory to the keys in the module's arguments.

    Args:
        keeps: whether files to remove are kept for now.

    Returns:
        the module's result, without any key's content; kept files are reported as removed, but not as a change.

    Raises:
        ArgumentError: and then every file is unchanged.
    """
    params = module.params
    if not 0 <= params["purge_limit"] <= 100:
        raise ArgumentError("purge_limit", f"{params['purge_limit']} is not a percentage; give a number from 0 to 100")
    found = attributes("", params["owner"], params["group"], params["mode"], module.check_mode)
    wanted = _wanted(_bulk_argument.unpack(params["signing_keys"]), found, params["tyrant"], module.check_mode)
    with _module.directory(module, params["tyrant"]) as folder:
        unwanted: List[str] = []
        if params["purge"]:
            unwanted = sorted(folder.marked(MARKER, file_names.SUFFIX, {item.name for item in wanted}))
        plan = folder.compare(wanted, unwanted)
        refuse_losses(params["path"], plan, params["allow_empty"], params["purge_limit"])
        done = plan._replace(removed=[]) if keeps else plan
        folder.apply(done)
    result: Dict[str, Any] = {
        "changed": done.changed or folder.created or folder.amended,
        "path": params["path"],
        "created": [change.name for change in plan.created],
        "updated": [change.name for change in plan.updated],
        "removed": [change.name for change in plan.removed],
        "unchanged": plan.unchanged,
        # Ansible masks no_log values, but the keys would still be sent back and reach every callback plugin.
        "invocation": {"module_args": dict(params, signing_keys=[item.name for item in wanted])},
    }
    if module._diff:
        result["diff"] = differences(params["path"], done, _shown)
    return result


def _wanted(items: Any, common: Attributes, tyrant: bool, check_mode: bool) -> List[Wanted]:
    wanted = []
    places: Dict[str, str] = {}
    for at, item in enumerate(items):
        place = f"signing_keys[{at}]"
        given = values.mapping(place, item, _MEMBERS)
        name = file_names.file_name(place + ".file", given.get("file"))
        if name in places:
            raise ArgumentError(place + ".file", f"{name!r} is the file of {places[name]} too; give each key its own")
        places[name] = place
        content = given.get("content")
        pem.inspect(place + ".content", content)
        uid = common.uid
        if "owner" in given:
            uid = attributes(place, given["owner"], None, None, check_mode).uid
        elif tyrant:
            raise ArgumentError(place + ".owner", f"is missing; only the vassals of one user may read the key {name!r}")
        wanted.append(Wanted(name, MARKER + _text(str(content)), place + ".file", uid, common.gid, common.mode))
    return wanted


def _text(content: str) -> bytes:
    """The content of a key file after its marker, normalised so that line ends and surrounding blanks aren't changes."""
    lines = [line.rstrip() for line in _MARKED.sub("", content).strip().splitlines()]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _shown(content: bytes) -> str:
    """The text for a key in a diff."""
    try:
        found = pem.inspect("", content.decode("utf-8"))
    except (ArgumentError, UnicodeDecodeError):
        return "(no key)\n"
    return f"{found.half} key {found.fingerprint}\n"
