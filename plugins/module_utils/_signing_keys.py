# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory of signing keys on the managed host: what the module C(uwsgi_signing_keys) does."""

from __future__ import annotations

import re
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emperor.uwsgi.plugins.module_utils import _edge, _keys, _packed, _plan, _values
from ansible_collections.emperor.uwsgi.plugins.module_utils._attributes import Attributes, attributes
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

# OpenSSL's readers skip what stands before the BEGIN line (PEM_read_bio, crypto/pem/pem_lib.c), and so does uWSGI.
MARKER = b"# Managed by Ansible, emperor.uwsgi.uwsgi_signing_keys\n"
_MARKED = re.compile(r"\A# Managed by Ansible[^\n]*\n")


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Bring the directory to the keys that the module's arguments describe.

    :returns: the module's result, with no key's content in it.
    :raises ArgumentError: with every file as it was.
    """
    params = module.params
    found = attributes("", params["owner"], params["group"], params["mode"], module.check_mode)
    wanted = _wanted(_packed.unpack(params["signing_keys"]), found, params["tyrant"], module.check_mode)
    with _edge.tree(module, params["tyrant"]) as tree:
        unwanted: List[str] = []
        if params["purge"]:
            unwanted = sorted(tree.marked(MARKER, _keys.SUFFIX, {item.name for item in wanted}))
        plan = tree.compare(wanted, unwanted)
        tree.apply(plan)
    result: Dict[str, Any] = {
        "changed": plan.changed or tree.created or tree.amended,
        "path": params["path"],
        "created": [change.name for change in plan.created],
        "updated": [change.name for change in plan.updated],
        "removed": [change.name for change in plan.removed],
        "unchanged": plan.unchanged,
        # Ansible masks what is marked no_log, and still the keys would travel back and into every callback plugin.
        "invocation": {"module_args": dict(params, signing_keys=[item.name for item in wanted])},
    }
    if module._diff:
        result["diff"] = _plan.differences(params["path"], plan, _shown)
    return result


def _wanted(items: Any, common: Attributes, tyrant: bool, check_mode: bool) -> List[_plan.Wanted]:
    wanted = []
    places: Dict[str, str] = {}
    for at, item in enumerate(items):
        place = "signing_keys[{0}]".format(at)
        given = _values.mapping(place, item, ("file", "content", "owner"))
        name = _keys.file_name(place + ".file", given.get("file"))
        if name in places:
            raise ArgumentError(place + ".file", "{0!r} is the file of {1} too; give each key its own".format(name, places[name]))
        places[name] = place
        content = given.get("content")
        _keys.inspect(place + ".content", content)
        uid = common.uid
        if "owner" in given:
            uid = attributes(place, given["owner"], None, None, check_mode).uid
        elif tyrant:
            raise ArgumentError(place + ".owner", "is missing; only the vassals of one user may read the key {0!r}".format(name))
        wanted.append(_plan.Wanted(name, MARKER + _text(str(content)), place + ".file", uid, common.gid, common.mode))
    return wanted


def _text(content: str) -> bytes:
    """A key's file below its marker, in one form, so that neither line ends nor blanks around the key make a change."""
    lines = [line.rstrip() for line in _MARKED.sub("", content).strip().splitlines()]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _shown(content: bytes) -> str:
    """What a diff shows of a key."""
    try:
        found = _keys.inspect("", content.decode("utf-8"))
    except (ArgumentError, UnicodeDecodeError):
        return "(no key)\n"
    return "{0} key {1}\n".format(found.half, found.fingerprint)
