# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments that would make uWSGI do something unintended: each is rejected, and nothing is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import keys, modules
from support.files import DRY_RUN, snapshot

SERVER = "10.0.0.2:2626"
SECRET = keys.private("ec", "hostile")


def entry(**fields: Any) -> dict[str, Any]:
    return {"subscriptions": [{"server": SERVER, "key": "a.test", **fields}]}


def vassal(**fields: Any) -> dict[str, Any]:
    return {"vassals": [{"name": "a", "options": {"socket": "10.0.0.7:3031"}, **fields}]}


def options(**given: Any) -> dict[str, Any]:
    return vassal(options={name.replace("_", "-"): value for name, value in given.items()})


def drain(entry: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    """Arguments of a drain without waiting, of a node that couldn't even be held out."""
    whole = {"server": SERVER, "key": "a.test", "address": "10.0.0.7:3031", "suspend_file": "/no/such/folder/a", **(entry or {})}
    one = {name: value for name, value in whole.items() if value is not None}
    return {"state": "drained", "subscriptions": [one], "wait": False, "timeout": 1, **given}


def key(**fields: Any) -> dict[str, Any]:
    return {"signing_keys": [{"file": "a.pem", "content": SECRET, **fields}]}


# An option or field that an attacker would like to add.
EVIL = "exec-asap = touch {0}"
SUBSCRIPTION: list[tuple[str, dict[str, Any], str]] = [
    ("a line break in a key", entry(key="a\n" + EVIL), "subscriptions[0].key"),
    ("a carriage return and a line break", entry(key="a\r\n" + EVIL), "subscriptions[0].key"),
    ("a line break at the end", entry(key="a.test\n"), "subscriptions[0].key"),
    ("a line break in one of several keys", entry(key=["a.test", "b\nc"]), "subscriptions[0].key[1]"),
    ("a line break in a server", entry(server=SERVER + "\n" + EVIL), "subscriptions[0].server"),
    ("a line break in an address", entry(address="/run/a\n" + EVIL), "subscriptions[0].address"),
    ("a line break in a signing key", entry(signing=["SHA256", "/k\n" + EVIL]), "subscriptions[0].signing[1]"),
    ("a line break in a digest", entry(signing=["SHA256\n" + EVIL, "/k"]), "subscriptions[0].signing[0]"),
    ("a line break in signing as text", entry(signing="SHA256:/k\n" + EVIL), "subscriptions[0].signing[1]"),
    ("a line break in a suspend file", entry(suspend_file="/s\n" + EVIL), "subscriptions[0].suspend_file"),
    ("a line break in a certificate", entry(sni_cert="/c\n" + EVIL, sni_key="/k"), "subscriptions[0].sni_cert"),
    ("a line break in a certificate's key", entry(sni_cert="/c", sni_key="/k\n" + EVIL), "subscriptions[0].sni_key"),
    ("a line break in a client CA", entry(sni_cert="/c", sni_key="/k", sni_client_ca="/a\nb"), "subscriptions[0].sni_client_ca"),
    ("a line break in a modifier", entry(modifier="php\n" + EVIL), "subscriptions[0].modifier"),
    ("a line break in a section", {**entry(), "section": "uwsgi]\n" + EVIL + "\n[x"}, "section"),
    ("a bracket in a section", {**entry(), "section": "uwsgi]"}, "section"),
    ("an empty section", {**entry(), "section": ""}, "section"),
    (
        "a line break in a folder",
        {"server_verification_params": {"digest_algo": "SHA256", "dir_cert": "/d\nb"}},
        "server_verification_params.dir_cert",
    ),
    (
        "a line break in a digest of a router",
        {"server_verification_params": {"digest_algo": "SHA256\nb", "dir_cert": "/d"}},
        "server_verification_params.digest_algo",
    ),
    (
        "a line break in credentials",
        {"server_verification_params": {"dir_credentials": ["/a", "/b\nc"]}},
        "server_verification_params.dir_credentials[1]",
    ),
    (
        "a line break in a notify socket",
        {"server_params": {"client_notify_address": "/n\n" + EVIL}},
        "server_params.client_notify_address",
    ),
    ("NUL in a key", entry(key="a\0b"), "subscriptions[0].key"),
    ("NUL in a server", entry(server=SERVER + "\0x"), "subscriptions[0].server"),
    ("NUL in a path", entry(suspend_file="/s\0"), "subscriptions[0].suspend_file"),
    ("a placeholder in a key", entry(key="%(socket)"), "subscriptions[0].key"),
    ("a placeholder behind an escape", entry(key="%%(socket)"), "subscriptions[0].key"),
    ("arithmetic in a path", entry(suspend_file="/%(a + 1)"), "subscriptions[0].suspend_file"),
    (
        "a placeholder in a folder",
        {"server_verification_params": {"dir_credentials": ["/%(a)"]}},
        "server_verification_params.dir_credentials[0]",
    ),
    ("a magic variable as a server", entry(server="%h:2626"), "subscriptions[0].server"),
    ("a field in a server", entry(server=SERVER + ",sign=SHA1:/etc/passwd"), "subscriptions[0].server"),
    ("a field in a modifier", entry(modifier="5,weight=100"), "subscriptions[0].modifier"),
    ("a field in a digest", entry(signing=["SHA256:/x,weight=9", "/k"]), "subscriptions[0].signing[0]"),
    (
        "a colon and a path in a digest",
        {"server_verification_params": {"digest_algo": "SHA256:/tmp", "dir_cert": "/d"}},
        "server_verification_params.digest_algo",
    ),
    ("a quote in a key", entry(key='a","nodes":[]'), "subscriptions[0].key"),
    ("a backslash in a key", entry(key="a\\u0000"), "subscriptions[0].key"),
    ("an escape sequence in a key", entry(key="a\x1b[31m"), "subscriptions[0].key"),
    ("a key that leads out of its folder", entry(key="../../etc/shadow"), "subscriptions[0].key"),
    ("a key of dots", entry(key=".."), "subscriptions[0].key"),
    ("a key of 256 bytes", entry(key="k" * 256), "subscriptions[0].key"),
    ("a key of 256 bytes in 128 letters", entry(key="ü" * 128), "subscriptions[0].key"),
    ("a key of a million bytes", entry(key="k" * 10**6), "subscriptions[0].key"),
    ("an empty key", entry(key=""), "subscriptions[0].key"),
    ("a key of nothing", entry(key=[]), "subscriptions[0].key"),
    ("a key that is a mapping", entry(key={"a": 1}), "subscriptions[0].key"),
    ("a key that is a boolean", entry(key=True), "subscriptions[0].key"),
    ("keys in keys", entry(key=[["a"]]), "subscriptions[0].key[0]"),
    ("half a surrogate in a key", entry(key="a\ud800"), "subscriptions[0].key"),
    ("a server by name", entry(server="localhost:2626"), "subscriptions[0].server"),
    ("a server by IPv6", entry(server="[::1]:2626"), "subscriptions[0].server"),
    ("a server without a port", entry(server="10.0.0.2"), "subscriptions[0].server"),
    ("a server with port 0", entry(server="10.0.0.2:0"), "subscriptions[0].server"),
    ("a server whose port wraps", entry(server="10.0.0.2:68162"), "subscriptions[0].server"),
    ("a server in octal", entry(server="012.0.0.2:2626"), "subscriptions[0].server"),
    ("a server in digits of another script", entry(server="\u0661\u0660.0.0.2:2626"), "subscriptions[0].server"),
    ("a port in digits of another script", entry(server="10.0.0.2:\u0662\u0666\u0662\u0666"), "subscriptions[0].server"),
    ("a server with a blank", entry(server=" 10.0.0.2:2626"), "subscriptions[0].server"),
    ("a server that is a URL", entry(server="http://10.0.0.2:2626"), "subscriptions[0].server"),
    ("a relative socket", entry(server="run/router.sock"), "subscriptions[0].server"),
    ("a socket that uWSGI cuts", entry(server="/" + "s" * 102), "subscriptions[0].server"),
    ("a name that does not resolve", entry(server="no-such-host.invalid:1", resolve_server=True), "subscriptions[0].server"),
    ("an address that is a wildcard", entry(address="0.0.0.0:3031"), "subscriptions[0].address"),
    ("an address without a host", entry(address=":3031"), "subscriptions[0].address"),
    ("an address by name", entry(address="localhost:3031"), "subscriptions[0].address"),
    ("an address by IPv6", entry(address="[::1]:3031"), "subscriptions[0].address"),
    ("an address of 256 bytes", entry(address="9" * 250 + ":12345"), "subscriptions[0].address"),
    ("a negative socket", entry(address=-1), "subscriptions[0].address"),
    ("a socket that is a float", entry(address=1.5), "subscriptions[0].address"),
    ("a modifier of 9 bits", entry(modifier=300), "subscriptions[0].modifier"),
    ("a negative modifier", entry(modifier=-1), "subscriptions[0].modifier"),
    ("a modifier's unknown part", entry(modifier={"modifier1": 5, "modifier3": 1}), "subscriptions[0].modifier.modifier3"),
    ("a modifier without its first part", entry(modifier={"modifier2": 5}), "subscriptions[0].modifier.modifier1"),
    ("a weight of 0", entry(balancing_weight=0), "subscriptions[0].balancing_weight"),
    ("a negative weight", entry(balancing_weight=-2), "subscriptions[0].balancing_weight"),
    ("a weight beyond an int", entry(balancing_weight=2**40), "subscriptions[0].balancing_weight"),
    ("an interval that kills the master", {"client_params": {"announce_interval": 0}}, "client_params.announce_interval"),
    ("a negative interval", {"client_params": {"announce_interval": -1}}, "client_params.announce_interval"),
    ("a tolerance of 0", {"server_params": {"tolerance": 0}}, "server_params.tolerance"),
    ("root's uid", {"server_verification_params": {"no_check_uid": [0]}}, "server_verification_params.no_check_uid[0]"),
    ("a uid beyond all", {"server_verification_params": {"no_check_uid": [2**32]}}, "server_verification_params.no_check_uid[0]"),
    (
        "a digest without a folder",
        {"server_verification_params": {"digest_algo": "SHA256"}},
        "server_verification_params.digest_algo",
    ),
    ("a folder without a digest", {"server_verification_params": {"dir_cert": "/d"}}, "server_verification_params.dir_cert"),
    (
        "a relative folder",
        {"server_verification_params": {"dir_credentials": ["etc"]}},
        "server_verification_params.dir_credentials[0]",
    ),
    ("a relative key", entry(signing=["SHA256", "k.pem"]), "subscriptions[0].signing[1]"),
    ("a path of 5000 bytes", entry(suspend_file="/" + "a" * 5000), "subscriptions[0].suspend_file"),
    ("signing in three parts", entry(signing=["SHA256", "/k", "/l"]), "subscriptions[0].signing"),
    ("signing with true", entry(signing=True), "subscriptions[0].signing"),
    ("both names of one field", entry(check_file="/a", suspend_file="/b"), "subscriptions[0].check_file"),
    (
        "a weight of one and none of another",
        {"subscriptions": [{"server": SERVER, "key": "a", "balancing_weight": weight} for weight in (1, None)]},
        "subscriptions[1].balancing_weight",
    ),
    ("a version that is none", {**entry(), "uwsgi_version": "newest"}, "uwsgi_version"),
    ("a version that is too old", {**entry(), "uwsgi_version": "1.9"}, "uwsgi_version"),
    ("a binary that is not there", {**entry(), "uwsgi_binary": "/no/such/uwsgi", "validate": True}, "validate"),
    ("an owner that is not there", {**entry(), "owner": "no-such-user"}, "owner"),
    ("a group that is not there", {**entry(), "group": "no-such-group"}, "group"),
    ("a mode in decimal", {**entry(), "mode": 416}, "mode"),
    ("a mode that is none", {**entry(), "mode": "rw-r--r--,"}, "mode"),
    ("a user that is not there", {**entry(signing=["SHA256", "/k"]), "user": "no-such-user"}, "user"),
    ("a vassal that is not there", {**entry(), "vassals": ["/no/such/vassal.ini"]}, "vassals[0]"),
    ("a vassal that is a folder", {**entry(), "vassals": ["/etc"]}, "vassals[0]"),
]
VASSALS: list[tuple[str, dict[str, Any], str]] = [
    ("a name that leads out", vassal(name="../../etc/cron.d/a"), "vassals[0].name"),
    ("an absolute name", vassal(name="/etc/a"), "vassals[0].name"),
    ("a hidden name", vassal(name=".a"), "vassals[0].name"),
    ("a name with a colon", vassal(name="a:b"), "vassals[0].name"),
    ("a name with a line break", vassal(name="a\nb"), "vassals[0].name"),
    ("a name with NUL", vassal(name="a\0"), "vassals[0].name"),
    ("a name with a placeholder", vassal(name="%(a)"), "vassals[0].name"),
    ("a name of 251 bytes", vassal(name="a" * 251), "vassals[0].name"),
    ("a name with its suffix", vassal(name="a.ini"), "vassals[0].name"),
    ("an empty name", vassal(name=""), "vassals[0].name"),
    ("no name", {"vassals": [{"options": {}}]}, "vassals[0].name"),
    ("a name twice", {"vassals": [vassal()["vassals"][0]] * 2}, "vassals[1].name"),
    ("a line break in an option", options(env="A=b\n" + EVIL), "vassals[0].options.env"),
    ("NUL in an option", options(env="A=\0"), "vassals[0].options.env"),
    ("a line break in one of several", options(env=["A=b", "C=\n"]), "vassals[0].options.env[1]"),
    ("a line break in an option's name", vassal(options={"a\n" + EVIL: 1}), "vassals[0].options['a\\nexec-asap = touch {0}']"),
    ("a bracket as an option's name", vassal(options={"[other]": 1}), "vassals[0].options['[other]']"),
    ("a comment as an option's name", vassal(options={";a": 1}), "vassals[0].options[';a']"),
    ("an option that is a mapping", options(env={"a": 1}), "vassals[0].options.env"),
    ("an option that is a list in a list", options(env=[["a"]]), "vassals[0].options.env[0]"),
    ("options that are text", vassal(options="socket = :1"), "vassals[0].options"),
    ("no options", {"vassals": [{"name": "a"}]}, "vassals[0].options"),
    ("an unknown argument", vassal(optoins={}), "vassals[0].optoins"),
    ("a vassal that is text", {"vassals": ["a"]}, "vassals"),
    ("a subscription without a socket", vassal(options={"master": True}, **entry()), "vassals[0].subscriptions[0].address"),
    ("a wildcard socket", vassal(options={"socket": ":3031"}, **entry()), "vassals[0].subscriptions[0].address"),
    ("a socket by name", vassal(options={"socket": "localhost:1"}, **entry()), "vassals[0].subscriptions[0].address"),
    ("a socket that is not there", vassal(**entry(address=3)), "vassals[0].subscriptions[0].address"),
    ("a bad subscription", vassal(**entry(server="x")), "vassals[0].subscriptions[0].server"),
    ("client arguments that are text", vassal(client_params="a", **entry()), "vassals[0].client_params"),
    ("a suspend folder below a file", {**vassal(), "suspend_dir": "/etc/passwd/suspend"}, "suspend_dir"),
    ("a suspend folder that is a file", {**vassal(), "suspend_dir": "/etc/passwd"}, "suspend_dir"),
    ("a relative suspend folder", {**vassal(), "suspend_dir": "suspend"}, "suspend_dir"),
    ("a suspend folder with a line break", {**vassal(), "suspend_dir": "/a\nb"}, "suspend_dir"),
    ("a health check of nothing", vassal(health={"interval": 5}), "vassals[0].health"),
    ("a health check of two things", vassal(health={"path": "/", "command": "true"}), "vassals[0].health"),
    ("a health check that never runs", vassal(health={"path": "/", "interval": 0}), "vassals[0].health.interval"),
    ("a line break in a health check", vassal(health={"path": "/", "host": "a\nb"}), "vassals[0].health.host"),
    ("an owner that is not there", vassal(owner="no-such-user"), "vassals[0].owner"),
    ("a mode in decimal", vassal(mode=420), "vassals[0].mode"),
    ("an option that uWSGI does not know", {**options(no_such_option=1), **DRY_RUN}, "vassals[0]"),
    ("a plugin that is not there", {**options(plugin="no-such-plugin"), **DRY_RUN}, "vassals[0]"),
    ("an included file that is not there", {**options(include="/no/such/file.ini"), **DRY_RUN}, "vassals[0]"),
]
KEYS: list[tuple[str, dict[str, Any], str]] = [
    ("a file that leads out", key(file="../a.pem"), "signing_keys[0].file"),
    ("an absolute file", key(file="/etc/a.pem"), "signing_keys[0].file"),
    ("a file with a blank", key(file="a b.pem"), "signing_keys[0].file"),
    ("a file that is not ASCII", key(file="ä.pem"), "signing_keys[0].file"),
    ("a file without its suffix", key(file="a.key"), "signing_keys[0].file"),
    ("a file with a line break", key(file="a\n.pem"), "signing_keys[0].file"),
    ("a file of 256 bytes", key(file="a" * 252 + ".pem"), "signing_keys[0].file"),
    ("a file twice", {"signing_keys": [key()["signing_keys"][0]] * 2}, "signing_keys[1].file"),
    ("a key in the place of a file", key(file=SECRET), "signing_keys[0].file"),
    ("keys in one list too many", {"signing_keys": [[{"file": "a.pem", "content": SECRET}]]}, "signing_keys"),
    ("an owner beyond all", {**key(), "owner": "99999999999"}, "owner"),
    ("an owner that is -1", {**key(), "owner": "4294967295"}, "owner"),
    ("no content", key(content=""), "signing_keys[0].content"),
    ("blank content", key(content=" \n"), "signing_keys[0].content"),
    ("no PEM", key(content="secret " * 9), "signing_keys[0].content"),
    ("PEM without its end", key(content=SECRET.rpartition("-----END")[0]), "signing_keys[0].content"),
    ("PEM that was cut", key(content="\n".join(SECRET.splitlines()[:2] + SECRET.splitlines()[3:])), "signing_keys[0].content"),
    ("PEM with something in it", key(content=SECRET.replace("\n", "\n!", 1)), "signing_keys[0].content"),
    ("two keys", key(content=SECRET + keys.private("rsa")), "signing_keys[0].content"),
    ("an encrypted key", key(content=keys.private("ec", "hostile", passphrase=b"p")), "signing_keys[0].content"),
    ("a key encrypted the old way", key(content=keys.private("rsa", "", "TraditionalOpenSSL", b"p")), "signing_keys[0].content"),
    ("a key of OpenSSH", key(content=keys.private("ec", "hostile", "OpenSSH")), "signing_keys[0].content"),
    ("a key of another type", key(content=keys.private("ed25519")), "signing_keys[0].content"),
    ("a huge PEM", key(content=SECRET.replace("\n", "\n" + "A" * 64 * 2000 + "\n", 1)), "signing_keys[0].content"),
    ("a misspelt argument", {"signing_keys": [{"file": "a.pem", "contents": SECRET}]}, "signing_keys"),
    ("an unknown argument", key(contents=SECRET), "signing_keys"),
    ("an owner that is not there", {**key(), "owner": "no-such-user"}, "owner"),
    ("a mode in decimal", {**key(), "mode": 256}, "mode"),
]
DRAIN: list[tuple[str, dict[str, Any], str]] = [
    ("a suspend file whose folder is not there", drain(), "/no/such/folder/a"),
    ("a suspend file below a file", drain({"suspend_file": "/etc/passwd/a"}), "/etc/passwd/a: "),
    ("a suspend file that is a folder's", drain({"suspend_file": "/"}), "/: "),
    ("a suspend file that is too long", drain({"suspend_file": "/" + "a" * 300}), "/" + "a" * 300 + ": "),
    ("no suspend file", drain({"suspend_file": None}), "subscriptions[0]"),
    ("a relative suspend file", drain({"suspend_file": "a"}), "subscriptions[0].suspend_file"),
    ("a line break in a suspend file", drain({"suspend_file": "/a\n" + EVIL}), "subscriptions[0].suspend_file"),
    ("no address", drain({"address": None}), "subscriptions[0]"),
    ("a socket's number", drain({"address": 1}), "subscriptions[0]"),
    ("a server by name", drain({"server": "localhost:2626"}), "subscriptions[0].server"),
    ("an empty key", drain({"key": ""}), "subscriptions[0].key"),
    ("no subscriptions", drain(subscriptions=[]), "subscriptions"),
    ("a subscription that is text", drain(subscriptions=["a"]), "subscriptions"),
    ("a key file that is not there", drain({"signing": ["SHA256", "/no/such/key.pem"]}), "subscriptions[0]"),
    ("a key file that is a folder", drain({"signing": ["SHA256", "/etc"]}), "subscriptions[0]"),
    ("a key file that is none", drain({"signing": ["SHA256", "/etc/passwd"]}), "subscriptions[0]"),
    ("a key in the place of its file", drain({"signing": ["SHA256", SECRET]}), "subscriptions[0].signing[1]"),
    ("a vassal that is not there", drain(subscriptions=None, vassal="/no/such/vassal.ini"), "vassal"),
    ("a vassal that is a folder", drain(subscriptions=None, vassal="/etc"), "vassal"),
    ("a vassal that announces nothing", drain(subscriptions=None, vassal="/etc/passwd"), "vassal"),
    ("a fragment that never ends", drain(subscriptions=None, fragment="/dev/null"), "fragment"),
    ("two sources", drain(vassal="/etc/passwd"), "subscriptions"),
    ("no source", drain(subscriptions=None), "subscriptions"),
    ("no routers to wait for", drain(wait=True), "router_stats"),
    ("no routers to count", drain(minimum=1), "router_stats"),
    ("a router by name", drain(router_stats=["10.0.0.2:2627", "localhost:2627"]), "router_stats[1]"),
    ("a router without a port", drain(router_stats=["10.0.0.2"]), "router_stats[0]"),
    ("a router that is a file", drain(router_stats=["file:///etc/passwd"]), "router_stats[0]"),
    ("a negative minimum", drain(minimum=-1, router_stats=["127.0.0.1:1"]), "minimum"),
    ("a minimum that cannot be seen to", drain(minimum=1, router_stats=["127.0.0.1:1"]), "minimum"),
    ("no time", drain(timeout=0, router_stats=["127.0.0.1:1"]), "timeout"),
    ("a reason that leads out", drain(reason="../a"), "reason"),
    ("an empty reason", drain(reason=""), "reason"),
    ("a long reason", drain(reason="a" * 65), "reason"),
    ("a reason with a line break", drain(reason="a\n"), "reason"),
    ("a state that is none", drain(state="out"), "state"),
]
CASES = [
    (module, *case)
    for module, cases in (
        ("uwsgi_subscription", SUBSCRIPTION),
        ("uwsgi_vassals", VASSALS),
        ("uwsgi_signing_keys", KEYS),
        ("uwsgi_drain", DRAIN),
    )
    for case in cases
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "{}: {}".format(*case))
def test_it_is_refused_and_nothing_is_touched(case: tuple[str, str, dict[str, Any], str], tmp_path: Path) -> None:
    module, dummy, arguments, argument = case
    folder = tmp_path / "folder"
    folder.mkdir()
    # Left by an earlier run: it must not change either.
    target = folder / "a.ini"
    target.write_text(f"; Managed by Ansible, emperor.uwsgi.{module}\n[uwsgi]\nold = 1\n", encoding="ascii")
    before = snapshot(folder)
    # A drain has no path of its own.
    path = {} if module == "uwsgi_drain" else {"path": str(target if module == "uwsgi_subscription" else folder)}
    for check in (True, False):
        result = modules.run(module, {**path, **arguments}, check=check)
        if check and not result.failed:
            # In check mode, an earlier task would have created users, vassals and so on.
            assert "no-such" in str(arguments) or "/no/" in str(arguments)
            continue
        assert (result.failed, result.changed) == (True, False)
        # Ansible's own checks have their own messages.
        assert result.data.get("argument", argument) == argument
        assert argument in result.msg
        assert "\n" not in result.msg
        assert keys.leaked(result.output, SECRET, keys.private("rsa"), keys.private("ed25519")) == []
        assert snapshot(folder) == before
