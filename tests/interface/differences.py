# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every difference from the last release that can break what users wrote, in one table."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """A difference that can break what users wrote.

    Attributes:
        where: its path, as ``tests/unit/test_interface.py`` says it; of a behaviour, the plugin and the part of it.
        reason: why it can't stay as it was.
        note: what users have to do when they upgrade.
        test: for a behaviour, which a snapshot can't show: the test that shows it, as ``PATH::NAME``. Empty for all others.
    """

    where: str
    reason: str
    note: str
    test: str = ""


_IN_PYTHON = "The roles' variables mean the same as text, so what follows from them is no expression any more."
DIFFERENCES = [
    Difference(
        where="role emperor / entry points / main / options / emperor_binary / default",
        reason=_IN_PYTHON,
        note="It is empty unless you set it. uWSGI's path is what it was.",
    ),
    Difference(
        where="role emperor / entry points / vassals / options / emperor_binary / default",
        reason=_IN_PYTHON,
        note="It is empty unless you set it. uWSGI's path is what it was.",
    ),
    Difference(
        where="role emperor / defaults / emperor_binary",
        reason=_IN_PYTHON,
        note="It is empty unless you set it. Tasks of your own that run uWSGI need a path of their own.",
    ),
    Difference(
        where="role emperor / defaults / emperor_rolling_vassals",
        reason=_IN_PYTHON,
        note="It is null unless you set it, and means all vassals with subscriptions as before.",
    ),
    Difference(
        where="role emperor / emperor_vassals of a play or a role's parameter",
        reason="Routers never learnt the public keys of such vassals, and refused them without a word.",
        note="Put emperor_vassals in the inventory, or list the keys in fastrouter_subscriptions.",
        test="tests/unit/plugins/plugin_utils/_roles/test_host.py::test_vassals_that_routers_can_not_see_are_refused_where_they_sign",
    ),
    Difference(
        where="role emperor / end of a run",
        reason="It was ok while no vassal answered, such as one whose application can't be imported.",
        note="A run fails when a vassal doesn't serve within emperor_wait_timeout. With emperor_wait: false it doesn't wait.",
        test="tests/conformance/test_deployment.py::"
        "test_a_vassal_that_does_not_start_is_an_error_with_its_log_and_the_mended_one_is_none",
    ),
    Difference(
        where="role emperor / removal of vassals, changed addresses and sockets",
        reason="Routers kept what was announced no more for their tolerance, and sent requests to whoever had the address then.",
        note="Such a run takes longer by emperor_router_tolerance, unless emperor_router_stats is set. One that would leave a "
        "key without a node is refused; use emperor.uwsgi.site, or set emperor_allow_outage.",
        test="tests/conformance/test_deployment.py::test_what_would_leave_a_key_without_a_node_is_refused_unless_it_is_allowed",
    ),
    Difference(
        where="every module / returns / argument",
        reason="For a failure of the host (disk full, uWSGI does not start, a router lags) it named an argument not at fault.",
        note="A module that fails because of the host no longer returns argument. Read msg, which every failure has.",
        test="tests/hostile/test_faults.py::test_a_folder_that_vanishes_is_an_error",
    ),
    Difference(
        where="hosts / paths / /run/emperor-uwsgi/emperor.pid",
        reason="As emperor.log beside it: the pid file of a daemon was opened as root in a folder of emperor_user's.",
        note="It is in emperor_log_dir now. The role stops the daemon of the former one before it starts its own.",
    ),
    Difference(
        where="hosts / paths / /run/emperor-uwsgi/emperor.log",
        reason="The log and pid file of a daemon were opened as root in a folder of emperor_user's, who could put links there.",
        note="They are in emperor_log_dir now, /var/log/emperor-uwsgi by default. The role restarts the daemon once.",
    ),
    Difference(
        where="uwsgi_vassals, uwsgi_subscription / validation",
        reason="The dry run ran as root, and files that the text includes could run commands.",
        note="Set user to whom the vassals run as. As root, without it and without an owner or a uid, nothing is validated.",
        test="tests/hostile/test_strangers.py::test_what_a_vassal_includes_is_never_run_as_root",
    ),
    Difference(
        where="every module that changes files / folders of other users",
        reason="Their owner could put a link in a file's place and have root write somewhere else.",
        note="Give a folder of root's, or set owner to the folder's user for files of that user's.",
        test="tests/unit/plugins/modules/test_uwsgi_signing_keys.py::test_in_a_users_folder_root_works_as_that_user_or_not_at_all",
    ),
    Difference(
        where="uwsgi_reload / health.command",
        reason="The command ran as root, and its program may be another user's.",
        note="Set user to whom the vassal runs as, unless its file belongs to that user.",
        test="tests/hostile/test_strangers.py::test_a_command_of_a_tenants_vassal_runs_as_the_tenant",
    ),
    Difference(
        where="uwsgi_vassals / options that an argument says",
        reason="Nothing checked them there: a host name as the server, an interval of 0 or differing weights went to uWSGI.",
        note="Use the argument that the error names. For auto-weight it is balancing_weight, processes times threads.",
        test="tests/unit/plugins/module_utils/_arguments/test_options.py::test_what_an_argument_says_is_refused",
    ),
    Difference(
        where="uwsgi_vassals / values that end in a single per cent sign",
        reason="uWSGI took the next line of the file for a part of the value.",
        note="Write {literal: TEXT}, or two per cent signs.",
        test="tests/unit/plugins/module_utils/_arguments/test_options.py"
        "::test_a_value_that_would_swallow_the_next_line_is_refused",
    ),
    Difference(
        where="roles / emperor_options, emperor_default_options, fastrouter_options and those of the fronts",
        reason="They could replace what the role and its playbooks depend on, such as the stats server, without a word.",
        note="Use the variable that the error names. For an Emperor's wrapper of your own, set emperor_log_by_vassal to false.",
        test="tests/unit/plugins/plugin_utils/test_role_options.py::test_what_the_role_lives_by_is_refused",
    ),
    Difference(
        where="roles / emperor_options / emperor",
        reason="It replaced the role's own patterns, so that every vassal of the role stopped. It is added to them now.",
        note="To keep a vassal from running, take it out of emperor_vassals.",
        test="tests/unit/roles/test_state.py::test_options_of_the_user_are_beside_those_of_the_role",
    ),
    Difference(
        where="uwsgi_daemon / pidfile and log",
        reason="In a folder of another user that user could put links in their place.",
        note="Give them in a folder of root's.",
        test="tests/hostile/test_strangers.py::test_a_program_of_another_users_is_not_run_as_root",
    ),
    Difference(
        where="role emperor / a host that loses its last vassal",
        reason="An inventory without its vassals, such as a wrong one, stopped them all, and the run was green.",
        note="Set emperor_allow_empty for a host whose last vassal shall go, or emperor_state: absent.",
        test="tests/unit/roles/test_losses.py::test_a_host_does_not_lose_its_last_vassal",
    ),
    Difference(
        where="role fastrouter / a router that loses its keys",
        reason="Requests were answered from the router's cache until its next restart, and then by nobody.",
        note="Set emperor_allow_empty for the last key to go, or more than half of them while hosts have no emperor_vassals.",
        test="tests/unit/roles/test_losses.py::test_a_router_does_not_lose_its_keys",
    ),
    Difference(
        where="module uwsgi_subscription / options / subscriptions / options / protocol / choices",
        reason="Routers of uWSGI 2.1 know these two. Any other word that begins with an h was http to them, and the rest uwsgi.",
        note="Give http or uwsgi, which is the default.",
    ),
    Difference(
        where="uwsgi_subscription, uwsgi_vassals / uwsgi_version beside another uWSGI",
        reason="The dry run of the host's uWSGI refused the file with words about the file, or took what it ignores.",
        note="Leave uwsgi_version out, or set validate to false where the files are for a uWSGI that isn't on the host.",
        test="tests/unit/plugins/module_utils/_host/test_uwsgi.py::"
        "test_a_given_version_is_that_of_the_binary_which_reads_the_files",
    ),
    Difference(
        where="uwsgi_subscription, uwsgi_vassals / announcements of more than 4096 bytes",
        reason="A router reads 4096 bytes. A signed announcement never registered, and an unsigned one lost its last fields.",
        note="Give shorter paths to sni_cert, sni_key and sni_client_ca.",
        test="tests/unit/plugins/module_utils/_arguments/test_size.py::"
        "test_what_a_router_reads_to_its_end_is_accepted_and_a_byte_more_is_not",
    ),
    Difference(
        where="uwsgi_subscription, uwsgi_vassals / what uWSGI 2.1 does wrong",
        reason="clear_on_exit without a name, names that break a router, and a key beside its own mountpoint were written.",
        note="The error says what to give instead.",
        test="tests/unit/plugins/module_utils/_arguments/test_subscription.py::test_arguments_that_do_not_work_are_refused",
    ),
]
