# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that no request can match, and what would match instead."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.domains import unmatched
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, V2_1
from hypothesis import given
from support.text import TEXT

# A key, what would match on 2.0, and what on 2.1 if that differs.
HOSTS = [
    ("https://shop.example.com", "shop.example.com", ""),
    ("http://shop.example.com/", "shop.example.com", ""),
    ("HTTPS://shop.example.com:443/", "shop.example.com", ""),
    ("http://shop.example.com:80/", "shop.example.com", ""),
    ("http://shop.example.com:443", "shop.example.com:443", ""),
    ("https://shop.example.com:80", "shop.example.com:80", ""),
    ("https://shop.example.com:8443/blog", "shop.example.com:8443", "shop.example.com:8443/blog"),
    ("https://me@shop.example.com/", "shop.example.com", ""),
    ("https://shop", "shop", ""),
    ("http://localhost:8080", "localhost:8080", ""),
    ("http://[::1]:8080/", "[::1]:8080", ""),
    ("Shop.example.com", "shop.example.com", ""),
    ("shop.EXAMPLE.com:8080", "shop.example.com:8080", ""),
    (".Example.com", ".example.com", ""),
    ("shop.example.com.", "shop.example.com", ""),
    ("shop.example.com..", "shop.example.com", ""),
    ("shop.example.com.:80", "shop.example.com:80", ""),
    ("shop.example.com.:8080", "shop.example.com:8080", ""),
    ("shop.example.com/", "shop.example.com", ""),
    ("Shop.example.com/Blog", "shop.example.com", "shop.example.com/Blog"),
    ("shop.example.com/blog/", "shop.example.com", "shop.example.com/blog"),
    ("shop.example.com/blogZ/", "shop.example.com", "shop.example.com/blogZ"),
    ("shop.example.com/blog?a=b", "shop.example.com", "shop.example.com/blog"),
    (" shop.example.com ", "shop.example.com", ""),
    ("shop.example.com\t", "shop.example.com", ""),
    ("shop.example.coZ", "shop.example.coz", ""),
    # A label that is too long for punycode stays as it is.
    ("ä" * 70 + ".käse.com", "ä" * 70 + ".xn--kse-qla.com", ""),
    ("käse.example.com", "xn--kse-qla.example.com", ""),
    ("https://käse.example.com:8443/", "xn--kse-qla.example.com:8443", ""),
]


@pytest.mark.parametrize(("key", "older", "newer"), HOSTS)
def test_what_would_match_is_named(key: str, older: str, newer: str) -> None:
    for release, wanted in ((V2_0, older), (V2_1, newer or older)):
        assert unmatched(key, release) == (
            f"no browser sends the Host header {key!r}, and routers compare byte by byte; {wanted!r} would match"
        )
        # What is suggested would itself be accepted.
        assert unmatched(wanted, release) == ""


OTHERS = [
    ("*.a.example.com", "with key_dot_split on the router, '.a.example.com' would match every name below 'a.example.com'"),
    ("https://*.Example.com/", "with key_dot_split on the router, '.example.com' would match every name below 'example.com'"),
    ("*", "give each name, or with key_dot_split on the router one that begins with a dot"),
    ("*.", "give each name, or with key_dot_split on the router one that begins with a dot"),
    ("shop.*.example.com", "give each name, or with key_dot_split on the router one that begins with a dot"),
    ("*shop.example.com", "give each name, or with key_dot_split on the router one that begins with a dot"),
    ("*.*.example.com", "give each name, or with key_dot_split on the router one that begins with a dot"),
    ("shop.example.com, www.example.com", "give a list of keys, one for each name"),
    ("shop.example.com www.example.com", "give a list of keys, one for each name"),
    ("https://", "give a domain"),
    ("./blog", "give a domain"),
]


@pytest.mark.parametrize(("key", "words"), OTHERS)
def test_what_can_never_match_is_told(key: str, words: str) -> None:
    for release in (V2_0, V2_1):
        found = unmatched(key, release)
        assert found.startswith(f"no request has the key {key!r}") and found.endswith("; " + words)


MATCHED = ["shop.example.com", "shop.example.com:8080", ".example.com", "10.0.0.7", "shop", "Shop", "shop/blog", "_", "a,b=c"]


@pytest.mark.parametrize("key", MATCHED)
def test_what_a_request_may_have_is_not_warned_of(key: str) -> None:
    for release in (V2_0, V2_1):
        assert unmatched(key, release) == ""


def test_2_1_has_mountpoints_in_keys() -> None:
    assert unmatched("shop.example.com/blog", V2_1) == ""
    assert unmatched("shop.example.com/blog", V2_0).endswith("; 'shop.example.com' would match")


@given(TEXT)
def test_any_key_is_judged(key: str) -> None:
    for release in (V2_0, V2_1):
        found = unmatched(key, release)
        assert found == "" or found.startswith("no ")
