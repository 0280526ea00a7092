# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules share at their edge: the host's uWSGI, name resolution, the end of a run."""

from __future__ import annotations

import os
import re
import socket
from typing import Any, Callable, Dict, Optional

from ansible.module_utils.basic import AnsibleModule

from ._errors import ArgumentError, HostError
from ._files.attributes import Attributes, attributes, octal
from ._files.directory import Directory
from ._host.command import start
from ._host.uwsgi import Uwsgi

ROOT = 0


class DiscreetModule(AnsibleModule):
    """A module that keeps its lists and mappings, which may hold secrets, out of the host's log and of its errors.

    Ansible masks a secret suboption in the log only if it has a single line, and under a misspelt name nowhere. ``no_log`` of the
    constructor does nothing, since the task's own takes its place.
    """

    def log(self, msg: str, log_args: Optional[Dict[str, Any]] = None) -> None:
        """Log a message; one with arguments loses them."""
        super().log("Invoked" if log_args else msg)

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """End the run with an error, which has the plain ones of the arguments and quotes no key, as Ansible's own errors do."""
        nested = [name for name, one in self.argument_spec.items() if one.get("type") in ("list", "dict")]
        # Also text that was given for one of them, and that Ansible refuses.
        plain = {name: value for name, value in self.params.items() if name not in nested and not isinstance(value, (list, dict))}
        kwargs["invocation"] = {"module_args": plain}
        if re.search(r"-----BEGIN [A-Z0-9 ]+-----", msg):
            msg = f"{' or '.join(nested)}: is not as documented; what Ansible says of it would quote a key"
        super().fail_json(msg, **kwargs)


def host_uwsgi(module: AnsibleModule) -> Uwsgi:
    """The uWSGI that ``uwsgi_binary`` names."""

    return Uwsgi(module.get_bin_path(module.params["uwsgi_binary"]), start, lambda: str(module.tmpdir))


def wants_validation(module: AnsibleModule, uwsgi: Uwsgi) -> bool:
    """Whether candidates go through the dry run: as the user says, else where the host has a uWSGI.

    Raises:
        ArgumentError: when the user wants it and there is none.
    """
    wanted = module.params["validate"]
    if wanted and uwsgi.binary is None:
        raise ArgumentError(
            "validate", f"the host has no {module.params['uwsgi_binary']}; install uWSGI first, or set uwsgi_binary"
        )
    return bool(uwsgi.binary) if wanted is None else bool(wanted)


def directory(module: AnsibleModule, tyrant: bool = False) -> Directory:
    """The directory that the arguments ``path`` and ``directory_mode`` name.

    Args:
        tyrant: whether it is shared by tenants, so it must be root's, and have that mode if it was there before them.
    """
    params = module.params
    create = None
    if params["directory_mode"] is not None:
        create = shared() if tyrant else attributes("", params["owner"], params["group"], None, module.check_mode)
        create = create._replace(mode=octal("directory_mode", params["directory_mode"]))
    return Directory(params["path"], check_mode=module.check_mode, create=create, amend=tyrant)


def shared(mode: Optional[int] = None) -> Attributes:
    """Those of a folder that tenants share; somebody else than root can only give his own."""
    owner = ROOT if os.geteuid() == ROOT else None
    return Attributes(owner, owner, mode)


def resolve(host: str) -> str:
    """The first IPv4 address of a host name, as this host knows it; raises OSError."""
    return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])


def finish(module: AnsibleModule, run: Callable[[AnsibleModule], Dict[str, Any]], *shown: str) -> None:
    """Do what a module does, and end it with its result or its error.

    Args:
        run: gives the module's result; raises ArgumentError or HostError.
        shown: the parameters that an error's result has as well.
    """
    also = {name: module.params[name] for name in shown}
    try:
        result = run(module)
    except ArgumentError as error:
        module.fail_json(msg=str(error), argument=error.path, **also)
    except HostError as error:
        module.fail_json(msg=str(error), **{**also, **error.result})
    else:
        module.exit_json(**result)
