# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application of the scenarios' nodes: it answers with its host's name, on "/slow" after two seconds. "/say" writes a
thousand lines to the log at once. It hangs while the file HANG exists.
"""

import os
import time

HANG = "/srv/hang"


def application(environ, start_response):
    """One request (PEP 3333)."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(2)
    if environ["PATH_INFO"] == "/say":
        for number in range(1000):
            print("said", number, flush=True)
    while os.path.exists(HANG):
        time.sleep(0.1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.uname().nodename.encode()]
