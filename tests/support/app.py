# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application of the tests' nodes: it reports its name, and "/hold" waits until the file RELEASE exists."""

import os
import time

_LONGEST = 60


def application(environ, start_response):
    deadline = time.monotonic() + _LONGEST
    while environ["PATH_INFO"] == "/hold" and not os.path.exists(os.environ["RELEASE"]) and time.monotonic() < deadline:
        time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ["NODE"].encode()]
