# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values look like secrets."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import secrets
from support import keys

SECRET = [
    ("env", "SECRET_KEY=abc"),
    ("env", "DB_PASSWORD=abc"),
    ("env", "AWS_ACCESS_KEY_ID=abc"),
    ("env", "api-key=abc"),
    ("env", "X=postgres://user:abc@host/db"),
    ("route", "^/admin basicauth:Realm,user:abc"),
    ("legion-secret", "abc"),
    ("env", "KEY=[PEM not shown]"),
    ("env", "TOKEN: abc"),
]
HARMLESS = [
    ("env", "SECRET_FILE=/run/secret"),
    ("env", "SECRET_KEY=/run/secret"),
    ("env", "TOKEN=$(TOKEN)"),
    ("env", "PASSWORD=@(/run/password)"),
    ("env", "TOKEN_HEADER=X-Token"),
    ("env", "LANG=C.UTF-8"),
    ("env", "SECRET_KEY="),
    ("http", "https://host:80/a@b"),
    ("chdir", "/srv/passwords"),
    ("legion-secret", "/run/secret"),
]


@pytest.mark.parametrize(("name", "value"), SECRET)
def test_a_secret_is_found(name: str, value: str) -> None:
    assert secrets.looks_secret(name, value)
    assert "abc" not in secrets.shown(name, value)


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_other_values_are_left_alone(name: str, value: str) -> None:
    assert not secrets.looks_secret(name, value)
    assert secrets.shown(name, value) == f"{name} = {value}"


def test_a_private_key_is_a_secret() -> None:
    assert secrets.looks_secret("env", "KEY=" + keys.private("ec"))
    assert secrets.shown("env", "KEY=" + keys.private("ec")) == "env = KEY=..."


def test_a_line_in_a_comment_has_a_limit() -> None:
    assert secrets.shown("env", "a" * 294) == "env = " + "a" * 294
    assert secrets.shown("env", "a" * 295) == "env = " + "a" * 294 + "..."
    assert secrets.shown("legion-secret", "abc") == "legion-secret = ..."
    assert secrets.shown("password", "=abc") == "password = ..."
