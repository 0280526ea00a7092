# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules share at their edge: the host's uWSGI, name resolution, the end of a run."""

from __future__ import annotations

import os
import socket
import traceback
from typing import Any, Callable, Dict, FrozenSet, Optional

from ansible.module_utils.basic import AnsibleModule

from . import _bulk_argument
from ._errors import ArgumentError, HostError
from ._files.attributes import Attributes, attributes, octal
from ._files.directory import Directory
from ._host.command import start
from ._host.uwsgi import Uwsgi
from ._masking import learn, mask

ROOT = 0
# Of an error that nobody expected, how many of the calls that led to it are shown.
_FRAMES = 5


class DiscreetModule(AnsibleModule):
    """A module that shows no key: not in its result, its errors and warnings, nor in the host's log, whatever argument it is in.

    Ansible masks a secret suboption in the log only if it has a single line, and under a misspelt name nowhere. ``no_log`` of the
    constructor does nothing, since the task's own takes its place.
    """

    # Until they are loaded.
    params: Dict[str, Any] = {}  # noqa: RUF012 - never changed in place
    # Pieces of the keys in the arguments.
    _known: FrozenSet[str] = frozenset()

    def __init__(self, argument_spec: Dict[str, Any], **kwargs: Any) -> None:
        try:
            super().__init__(argument_spec, **kwargs)
        except Exception as exc:  # its traceback would quote values
            if not self.params:
                # There are none yet. What reads a module's argument spec ends its constructor like this.
                raise
            self.fail_json(msg=unexpected(exc))

    def _load_params(self) -> None:
        """Remember the keys in the arguments as they are given: what Ansible then makes of a key may no longer look like one."""
        super()._load_params()
        self._known = learn(self.params)

    def log(self, msg: str, log_args: Optional[Dict[str, Any]] = None) -> None:
        """Log a message; one with arguments loses them."""
        super().log("Invoked" if log_args else self._masked(msg))

    def warn(self, warning: str, **kwargs: Any) -> None:
        """Warn, without a key."""
        super().warn(self._masked(warning), **kwargs)

    def deprecate(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Warn of what is deprecated, without a key."""
        super().deprecate(self._masked(msg), *args, **kwargs)

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """End the run with an error, which has the plain ones of the arguments."""
        nested = [name for name, one in self.argument_spec.items() if one.get("type") in ("list", "dict")]
        # Also text that was given for one of them, and that Ansible refuses.
        plain = {name: value for name, value in self.params.items() if name not in nested and not isinstance(value, (list, dict))}
        kwargs["invocation"] = {"module_args": plain}
        exception = kwargs.get("exception")
        if isinstance(exception, BaseException):
            # Ansible would make an object of it, in which no text can be masked.
            msg = f"{msg}: {exception}"
            del kwargs["exception"]
        self._learn_packed()
        super().fail_json(msg, **kwargs)

    def _return_formatted(self, kwargs: Dict[str, Any]) -> None:
        """Print the result. Every end of a run comes by here, so this is the one door."""
        # Which Ansible adds, where it does.
        self.params = self._masked(self.params)
        super()._return_formatted(self._masked(kwargs))

    def _learn_packed(self) -> None:
        """Remember the keys in a packed argument too. Only errors need it, and with a thousand keys it takes a while."""
        for value in self.params.values():
            if _bulk_argument.is_packed(value):
                try:
                    self._known |= learn(_bulk_argument.unpack(value))
                except Exception:  # it isn't packed after all, and that may be the error to report
                    pass

    def _masked(self, value: Any) -> Any:
        return mask(value, self._known)


def unexpected(exc: Exception) -> str:
    """What a module says of an error that nobody expected: its type and place, but not its message, which may quote anything."""
    frames = traceback.extract_tb(exc.__traceback__)[-_FRAMES:]
    where = ", called from ".join(f"{os.path.basename(one.filename)}:{one.lineno} ({one.name})" for one in reversed(frames))
    return f"unexpected {type(exc).__name__} at {where}; its message is withheld because it may show a key; please report it"


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
    except Exception as exc:  # its traceback would quote values
        module.fail_json(msg=unexpected(exc), **also)
    else:
        module.exit_json(**result)
