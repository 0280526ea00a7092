# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules share in dealing with Ansible: the host's uWSGI, name resolution, the end of a run."""

from __future__ import annotations

import os
import socket
import traceback
from typing import Any, Callable, Dict, FrozenSet, Optional

from ansible.module_utils.basic import AnsibleModule

from . import _bulk_argument
from ._errors import ArgumentError, HostError
from ._files import opened
from ._files.attributes import Attributes, group_number, octal, user_number
from ._files.directory import Directory
from ._files.identity import Identity, identity
from ._files.trust import ROOT, UnsafeArgument, UnsafePath
from ._host.command import start
from ._host.uwsgi import Uwsgi, find
from ._masking import learn, mask
from ._visible import seen

# Other folders in which Ansible's modules look for programs.
_SBIN = ("/sbin", "/usr/sbin", "/usr/local/sbin")
# How many calls of the traceback of an unexpected error are shown.
_FRAMES = 5


class DiscreetModule(AnsibleModule):
    """A module that shows no key in its result, errors, warnings or the host's log, whichever argument holds it.

    Ansible masks a secret suboption in the log only if it is a single line, and never under a misspelt name. The constructor's
    ``no_log`` has no effect, since the task's own replaces it.
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
                # There are no arguments yet. Programs that read a module's argument spec leave its constructor like this.
                raise
            self.fail_json(msg=unexpected(exc))

    def _load_params(self) -> None:
        """Remember the keys in the arguments as given: after Ansible's conversions a key may no longer look like one."""
        super()._load_params()
        self._known = learn(self.params)

    def log(self, msg: str, log_args: Optional[Dict[str, Any]] = None) -> None:
        """Log a message; if it has arguments, they are dropped."""
        super().log("Invoked" if log_args else self._masked(msg))

    def warn(self, warning: str, **kwargs: Any) -> None:
        """Warn, without a key."""
        super().warn(seen(self._masked(warning)), **kwargs)

    def deprecate(
        self, msg: str, version: Any = None, date: Any = None, collection_name: Optional[str] = None, **kwargs: Any
    ) -> None:
        """Warn of a deprecation, without a key."""
        super().deprecate(self._masked(msg), version=version, date=date, collection_name=collection_name, **kwargs)

    def add_path_info(self, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        """Add details of a result's path, as Ansible does, unless another user could put a link there."""
        try:
            opened.secure(str(kwargs.get("path", kwargs.get("dest", "/"))))
        except UnsafePath:
            return kwargs
        found: Dict[str, Any] = super().add_path_info(kwargs)
        return found

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """End the run with an error, which includes the non-secret arguments."""
        nested = [name for name, one in self.argument_spec.items() if one.get("type") in ("list", "dict")]
        # Also the text of arguments that Ansible rejects.
        plain = {name: value for name, value in self.params.items() if name not in nested and not isinstance(value, (list, dict))}
        kwargs["invocation"] = {"module_args": plain}
        exception = kwargs.get("exception")
        if isinstance(exception, BaseException):
            # Ansible would turn it into an object whose text can't be masked.
            msg = f"{msg}: {exception}"
            del kwargs["exception"]
        self._learn_packed()
        super().fail_json(msg, **kwargs)

    def _return_formatted(self, kwargs: Dict[str, Any]) -> None:
        """Print the result. Every end of a run passes through here."""
        # Ansible adds it in some cases.
        self.params = self._masked(self.params)
        shown = self._masked(kwargs)
        if isinstance(shown.get("msg"), str):
            # Ansible writes it to the terminal unchanged.
            shown["msg"] = seen(shown["msg"])
        super()._return_formatted(shown)

    def _learn_packed(self) -> None:
        """Remember the keys in a packed argument too. Only errors need this, and it is slow for a thousand keys."""
        for value in self.params.values():
            if _bulk_argument.is_packed(value):
                try:
                    self._known |= learn(_bulk_argument.unpack(value))
                except Exception:  # it isn't packed after all, and that may be the error to report
                    pass

    def _masked(self, value: Any) -> Any:
        return mask(value, self._known)


def unexpected(exc: Exception) -> str:
    """The message for an unexpected error: its type and place, but not its text, which may quote anything."""
    frames = traceback.extract_tb(exc.__traceback__)[-_FRAMES:]
    where = ", called from ".join(f"{os.path.basename(one.filename)}:{one.lineno} ({one.name})" for one in reversed(frames))
    return f"unexpected {type(exc).__name__} at {where}; its message is withheld because it may show a key; please report it"


def host_uwsgi(module: AnsibleModule) -> Uwsgi:
    """The uWSGI given by ``uwsgi_binary``."""
    return Uwsgi(find(module.params["uwsgi_binary"], [*os.environ.get("PATH", "").split(os.pathsep), *_SBIN]), start)


def runner(name: Optional[str], place: str, check_mode: bool) -> Optional[Identity]:
    """The user that a vassal runs as, for the dry run.

    Args:
        name: None if unknown.
        place: path of the argument that names the user.

    Raises:
        ArgumentError: if the host has no such user.
    """
    uid = user_number(place, name or None, check_mode)
    return None if uid is None else identity(uid)


def wants_validation(module: AnsibleModule, uwsgi: Uwsgi) -> bool:
    """Whether to check files in the dry run: as the user says, otherwise if the host has a uWSGI.

    Raises:
        ArgumentError: if the user wants it and there is no uWSGI.
    """
    wanted = module.params["validate"]
    if wanted and uwsgi.binary is None:
        raise ArgumentError(
            "validate", f"the host has no {module.params['uwsgi_binary']}; install uWSGI first, or set uwsgi_binary"
        )
    return bool(uwsgi.binary) if wanted is None else bool(wanted)


def directory(module: AnsibleModule, tyrant: bool = False) -> Directory:
    """The directory given by the arguments ``path`` and ``directory_mode``.

    Args:
        tyrant: whether tenants share it. Then root must own it, and its mode is changed even if it already exists.
    """
    params = module.params
    create = None
    taken = params["directory_owner"] is not None or params["directory_group"] is not None
    if params["directory_mode"] is not None:
        create = shared()
        if not tyrant:
            names = ("directory_owner", "directory_group") if taken else ("owner", "group")
            create = Attributes(
                user_number(names[0], params[names[0]], module.check_mode),
                group_number(names[1], params[names[1]], module.check_mode),
                None,
            )
        create = create._replace(mode=octal("directory_mode", params["directory_mode"]))
    elif taken:
        raise ArgumentError("directory_owner", "is for a directory that is made or amended; give directory_mode too")
    return Directory(params["path"], check_mode=module.check_mode, create=create, amend=tyrant or taken)


def shared(mode: Optional[int] = None) -> Attributes:
    """The attributes of a folder that tenants share; a caller other than root can only set its own."""
    owner = ROOT if os.geteuid() == ROOT else None
    return Attributes(owner, owner, mode)


def secure(place: str, path: str) -> None:
    """Reject a path where a user other than root and the caller can replace something.

    Raises:
        ArgumentError: naming the argument and the user.
    """
    try:
        opened.secure(path)
    except UnsafePath as exc:
        raise ArgumentError(place, f"{exc.strerror}, who could put a link there; give one in a folder of root's") from exc


def resolve(host: str) -> str:
    """The first IPv4 address of a host name, as this host resolves it; raises OSError."""
    return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])


def nothing() -> None:
    """Load nothing more."""


def finish(
    module: AnsibleModule, run: Callable[[AnsibleModule], Dict[str, Any]], *shown: str, load: Callable[[], None] = nothing
) -> None:
    """Do a module's work, and end the module with the result or error.

    Args:
        run: returns the module's result; raises ArgumentError or HostError.
        shown: parameters that are also in the result of an error.
        load: loads what ``run`` would otherwise load on demand.
    """
    also = {name: module.params[name] for name in shown}
    try:
        result = done(module, run, load)
    except ArgumentError as error:
        module.fail_json(msg=str(error), **{**also, **error.result, "argument": error.path})
    except HostError as error:
        module.fail_json(msg=str(error), **{**also, **error.result})
    except Exception as exc:  # its traceback would quote values
        module.fail_json(msg=unexpected(exc), **also)
    else:
        module.exit_json(**result)


def done(
    module: AnsibleModule, run: Callable[[AnsibleModule], Dict[str, Any]], load: Callable[[], None] = nothing
) -> Dict[str, Any]:
    """Do a module's work; in a folder of the user who will own the files, as that user.

    Args:
        load: loads what ``run`` would otherwise load on demand: another user can't read this process's own modules.
    """
    try:
        return run(module)
    except UnsafeArgument as exc:
        # Imported only if used: few directories belong to another user.
        from ._host import owner  # noqa: PLC0415

        return owner.done(module, run, load, exc)
