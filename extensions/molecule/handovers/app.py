# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application of all releases: it answers with its name, its release and its host. "/slow" answers after a second."""

import os
import time

# Replaced in each release.
RELEASE = 1


def application(environ, start_response):
    """One request (PEP 3333)."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.environ['APPLICATION']} {RELEASE} {os.uname().nodename}".encode()]
