# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules share at their edge: the host's uWSGI, name resolution, the end of a run."""

from __future__ import annotations

import os
import socket
import traceback
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from . import _bulk_argument
from ._errors import ArgumentError, HostError
from ._files import folders, opened
from ._files.attributes import Attributes, group_number, octal, user_number
from ._files.child import Identity, as_user, identity
from ._files.directory import Directory
from ._files.trust import ROOT, UnsafeArgument, UnsafePath, user_name
from ._host.command import start
from ._host.uwsgi import Uwsgi, find
from ._masking import learn, mask
from ._visible import seen

# Seconds that the work of a module has where it's done as another user.
_TIMEOUT = 600
# Where else Ansible's modules look for programs.
_SBIN = ("/sbin", "/usr/sbin", "/usr/local/sbin")
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
        super().warn(seen(self._masked(warning)), **kwargs)

    def deprecate(
        self, msg: str, version: Any = None, date: Any = None, collection_name: Optional[str] = None, **kwargs: Any
    ) -> None:
        """Warn of what is deprecated, without a key."""
        super().deprecate(self._masked(msg), version=version, date=date, collection_name=collection_name, **kwargs)

    def add_path_info(self, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        """Add what a result's path is, as Ansible does, unless somebody else can put a link there."""
        try:
            opened.secure(str(kwargs.get("path", kwargs.get("dest", "/"))))
        except UnsafePath:
            return kwargs
        found: Dict[str, Any] = super().add_path_info(kwargs)
        return found

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
        shown = self._masked(kwargs)
        if isinstance(shown.get("msg"), str):
            # Ansible writes it to the terminal as it is.
            shown["msg"] = seen(shown["msg"])
        super()._return_formatted(shown)

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
    return Uwsgi(find(module.params["uwsgi_binary"], [*os.environ.get("PATH", "").split(os.pathsep), *_SBIN]), start)


def runner(name: Optional[str], place: str, check_mode: bool) -> Optional[Identity]:
    """Whom a vassal runs as, for the dry run.

    Args:
        name: None where it isn't known.
        place: the argument that says so.

    Raises:
        ArgumentError: when the host has no such user.
    """
    uid = user_number(place, name or None, check_mode)
    return None if uid is None else identity(uid)


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
    """Those of a folder that tenants share; somebody else than root can only give his own."""
    owner = ROOT if os.geteuid() == ROOT else None
    return Attributes(owner, owner, mode)


def secure(place: str, path: str) -> None:
    """Refuse a path that somebody else than root and the caller can put something else at.

    Raises:
        ArgumentError: naming the argument and who can.
    """
    try:
        opened.secure(path)
    except UnsafePath as exc:
        raise ArgumentError(place, f"{exc.strerror}, who could put a link there; give one in a folder of root's") from exc


def resolve(host: str) -> str:
    """The first IPv4 address of a host name, as this host knows it; raises OSError."""
    return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])


def nothing() -> None:
    """Load no more than is loaded."""


def finish(
    module: AnsibleModule, run: Callable[[AnsibleModule], Dict[str, Any]], *shown: str, load: Callable[[], None] = nothing
) -> None:
    """Do what a module does, and end it with its result or its error.

    Args:
        run: gives the module's result; raises ArgumentError or HostError.
        shown: the parameters that an error's result has as well.
        load: loads what ``run`` else loads when it's needed.
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
    """Do what a module does; in a folder of the user whose files are wanted, as that user.

    Args:
        load: loads what ``run`` else loads when it's needed: another user can't read this process's own modules.
    """
    try:
        return run(module)
    except UnsafeArgument as exc:
        user = _owner(module, exc)
        made = exc.made
        if user is None:
            folders.unmake(made)
            raise
    try:
        _load()
        load()
        result = _done_as(user, module, run)
    except BaseException:
        folders.unmake(made)
        raise
    return dict(result, changed=result["changed"] or bool(made))


def _owner(module: AnsibleModule, exc: UnsafeArgument) -> Optional[Identity]:
    """The user that files are wanted to belong to, where nobody else can change the path."""
    wanted = module.params.get("owner")
    if os.geteuid() != ROOT or exc.uid == ROOT or str(wanted) not in (user_name(exc.uid), str(exc.uid)):
        return None
    return identity(exc.uid)


def _done_as(user: Identity, module: AnsibleModule, run: Callable[[AnsibleModule], Dict[str, Any]]) -> Dict[str, Any]:
    warnings: List[str] = []

    def work() -> Tuple[Dict[str, Any], List[str]]:
        module.warn = warnings.append
        return run(module), warnings

    result, found = as_user(user, work, _TIMEOUT)
    for warning in found:
        module.warn(warning)
    return result


def _load() -> None:
    """Load what every module that writes files else loads when it's needed."""
    import encodings.idna  # noqa: PLC0415, F401

    from ._files import transaction  # noqa: PLC0415, F401
