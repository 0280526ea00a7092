# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A table of all differences from the last release that can break what users wrote."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """A difference that can break what users wrote.

    Attributes:
        where: its path, as ``tests/unit/test_interface.py`` reports it; for a change in behaviour, the plugin and a part of it.
        reason: why it can't stay as it was.
        note: what users have to do when they upgrade.
        test: the test of a change in behaviour, as ``PATH::NAME``, because no snapshot shows it. Otherwise empty.
    """

    where: str
    reason: str
    note: str
    test: str = ""


_IN_PYTHON = "The roles' variables may be text now, so values that depend on them are no longer expressions in the defaults."
DIFFERENCES = [
    Difference(
        where="role emperor / entry points / main / options / emperor_binary / default",
        reason=_IN_PYTHON,
        note="It is empty unless you set it. uWSGI's path has not changed.",
    ),
    Difference(
        where="role emperor / entry points / vassals / options / emperor_binary / default",
        reason=_IN_PYTHON,
        note="It is empty unless you set it. uWSGI's path has not changed.",
    ),
    Difference(
        where="role emperor / defaults / emperor_binary",
        reason=_IN_PYTHON,
        note="It is empty unless you set it. Tasks of your own that run uWSGI must set the path themselves.",
    ),
    Difference(
        where="role emperor / defaults / emperor_rolling_vassals",
        reason=_IN_PYTHON,
        note="It is null unless you set it. That still means all vassals with subscriptions.",
    ),
    Difference(
        where="role emperor / emperor_vassals of a play or a role's parameter",
        reason="Routers never got the public keys of such vassals, and silently rejected them.",
        note="Put emperor_vassals in the inventory, or list the keys in fastrouter_subscriptions.",
        test="tests/unit/plugins/plugin_utils/_roles/test_host.py::test_vassals_that_routers_can_not_see_are_refused_where_they_sign",
    ),
    Difference(
        where="role emperor / end of a run",
        reason="It succeeded even if no vassal answered, for example because its application can't be imported.",
        note="A run fails if a vassal doesn't serve within emperor_wait_timeout. With emperor_wait: false it doesn't wait.",
        test="tests/conformance/test_deployment.py::"
        "test_a_vassal_that_does_not_start_is_an_error_with_its_log_and_the_mended_one_is_none",
    ),
    Difference(
        where="role emperor / removal of vassals, changed addresses and sockets",
        reason="Until their tolerance ended, routers still listed removed nodes, and sent requests to whatever used the address.",
        note="Such a run takes longer by emperor_router_tolerance, unless emperor_router_stats is set. A run that would leave a "
        "key without a node is refused; use emperor.uwsgi.site, or set emperor_allow_outage.",
        test="tests/conformance/test_deployment.py::test_what_would_leave_a_key_without_a_node_is_refused_unless_it_is_allowed",
    ),
    Difference(
        where="every module / returns / argument",
        reason="If the host failed (disk full, uWSGI does not start, a router lags), it named an argument that was not at fault.",
        note="A module that fails because of the host no longer returns argument. Read msg, which every failure has.",
        test="tests/hostile/test_faults.py::test_a_folder_that_vanishes_is_an_error",
    ),
    Difference(
        where="hosts / paths / /run/emperor-uwsgi/emperor.pid",
        reason="Root opened the pid file of a daemon in a folder of emperor_user, who could put links there.",
        note="It is in emperor_log_dir now. The role stops a daemon with the old pid file before it starts its own.",
    ),
    Difference(
        where="hosts / paths / /run/emperor-uwsgi/emperor.log",
        reason="Root opened the log of a daemon in a folder of emperor_user, who could put links there.",
        note="It is in emperor_log_dir now, by default /var/log/emperor-uwsgi. The role restarts the daemon once.",
    ),
    Difference(
        where="uwsgi_vassals, uwsgi_subscription / validation",
        reason="The dry run ran as root, and files that a vassal includes could run commands.",
        note="Set user to the vassals' user. As root, without user, owner or uid, nothing is validated.",
        test="tests/hostile/test_strangers.py::test_what_a_vassal_includes_is_never_run_as_root",
    ),
    Difference(
        where="every module that changes files / folders of other users",
        reason="Their owner could replace a file by a link, and so have root write somewhere else.",
        note="Use a folder that belongs to root, or set owner to the folder's user.",
        test="tests/unit/plugins/modules/test_uwsgi_signing_keys.py::test_in_a_users_folder_root_works_as_that_user_or_not_at_all",
    ),
    Difference(
        where="uwsgi_reload / health.command",
        reason="The command ran as root, but its program may belong to another user.",
        note="Set user to the vassal's user, unless its file belongs to that user.",
        test="tests/hostile/test_strangers.py::test_a_command_of_a_tenants_vassal_runs_as_the_tenant",
    ),
    Difference(
        where="uwsgi_vassals / options that an argument says",
        reason="Nothing checked them: uWSGI got a host name as the server, an interval of 0, or differing weights.",
        note="Use the argument that the error names. For auto-weight, set balancing_weight to processes times threads.",
        test="tests/unit/plugins/module_utils/_arguments/test_options.py::test_what_an_argument_says_is_refused",
    ),
    Difference(
        where="uwsgi_vassals / values that end in a single per cent sign",
        reason="uWSGI read the next line of the file as a part of the value.",
        note="Write {literal: TEXT}, or two percent signs.",
        test="tests/unit/plugins/module_utils/_arguments/test_options.py"
        "::test_a_value_that_would_swallow_the_next_line_is_refused",
    ),
    Difference(
        where="roles / emperor_options, emperor_default_options, fastrouter_options and those of the fronts",
        reason="They could silently replace settings that the role and its playbooks depend on, such as the stats server.",
        note="Use the variable that the error names. For your own wrapper of the Emperor, set emperor_log_by_vassal to false.",
        test="tests/unit/plugins/plugin_utils/test_role_options.py::test_what_the_role_lives_by_is_refused",
    ),
    Difference(
        where="roles / emperor_options / emperor",
        reason="It replaced the role's own patterns, so every vassal of the role stopped. It is added to them now.",
        note="To stop a vassal, remove it from emperor_vassals.",
        test="tests/unit/roles/test_state.py::test_options_of_the_user_are_beside_those_of_the_role",
    ),
    Difference(
        where="uwsgi_daemon / pidfile and log",
        reason="In another user's folder, that user could replace them by links.",
        note="Use a folder that belongs to root.",
        test="tests/hostile/test_strangers.py::test_a_program_of_another_users_is_not_run_as_root",
    ),
    Difference(
        where="role emperor / a host that loses its last vassal",
        reason="An inventory without its vassals, for example the wrong one, stopped them all, and the run succeeded.",
        note="To remove the last vassal of a host, set emperor_allow_empty, or emperor_state: absent.",
        test="tests/unit/roles/test_losses.py::test_a_host_does_not_lose_its_last_vassal",
    ),
    Difference(
        where="role fastrouter / a router that loses its keys",
        reason="A router kept accepting the nodes with its cached keys until its next restart, and then rejected them.",
        note="Set emperor_allow_empty to remove the last key, or more than half of the keys while hosts have no emperor_vassals.",
        test="tests/unit/roles/test_losses.py::test_a_router_does_not_lose_its_keys",
    ),
    Difference(
        where="module uwsgi_subscription / options / subscriptions / options / protocol / choices",
        reason="Routers of uWSGI 2.1 know these two. They read all other words that begin with h as http, and the rest as uwsgi.",
        note="Use http, or uwsgi, which is the default.",
    ),
    Difference(
        where="uwsgi_subscription, uwsgi_vassals / uwsgi_version beside another uWSGI",
        reason="The dry run of the host's uWSGI refused the file with a misleading error, or accepted options that it ignores.",
        note="Leave uwsgi_version out, or set validate to false if the files are for a uWSGI that isn't on the host.",
        test="tests/unit/plugins/module_utils/_host/test_uwsgi.py::"
        "test_a_given_version_is_that_of_the_binary_which_reads_the_files",
    ),
    Difference(
        where="uwsgi_subscription, uwsgi_vassals / announcements of more than 4096 bytes",
        reason="A router reads 4096 bytes. A signed announcement never registered, and an unsigned one lost its last fields.",
        note="Use shorter paths for sni_cert, sni_key and sni_client_ca.",
        test="tests/unit/plugins/module_utils/_arguments/test_size.py::"
        "test_what_a_router_reads_to_its_end_is_accepted_and_a_byte_more_is_not",
    ),
    Difference(
        where="uwsgi_subscription, uwsgi_vassals / what uWSGI 2.1 does wrong",
        reason="It wrote clear_on_exit without a name, names that break a router, and a key beside its own mountpoint.",
        note="The error says what to use instead.",
        test="tests/unit/plugins/module_utils/_arguments/test_subscription.py::test_arguments_that_do_not_work_are_refused",
    ),
]
