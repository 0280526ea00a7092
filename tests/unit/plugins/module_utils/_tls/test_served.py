# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate that a server shows in a real handshake."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._tls import certificate, served
from support import tls
from support.loopback import free_address
from support.stream import serving


def test_each_name_has_its_certificate_and_all_others_the_server_s_own(tmp_path: Path) -> None:
    own, shop = tls.pair(tmp_path, "own.test"), tls.pair(tmp_path, "shop.test", end=-60)
    with tls.serving(own, {"shop.test": shop}) as address:
        for name, files in (("", own), ("shop.test", shop), ("blog.test", own)):
            expected = certificate.first(Path(files[0]).read_text(encoding="ascii"))
            assert served.certificate(address, name, 10) == expected.der


def test_an_address_without_tls_is_an_error() -> None:
    with serving(b"220 hello\r\n", asked=False) as server, pytest.raises(OSError):
        served.certificate(server.address, "a.test", 10)
    with pytest.raises(OSError):
        served.certificate(free_address(), "a.test", 10)


def test_a_silent_one_has_its_time() -> None:
    # The server closes nothing before the test ends.
    with serving(b"", asked=False, closes=False) as server, pytest.raises(OSError, match="timed out"):
        served.certificate(server.address, "a.test", 0.2)


@pytest.mark.parametrize(("address", "name"), [("443", ""), ("=0", ""), ("127.0.0.1:1", "." * 300)])
def test_what_cannot_be_asked_for_is_an_error(address: str, name: str) -> None:
    with pytest.raises((ValueError, OSError)):
        served.certificate(address, name, 1)
