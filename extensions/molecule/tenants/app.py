# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application of the tenants: it answers with the user and the groups that it runs as. While its owner's file "ill" exists,
it answers with an error. "/attack" attacks the host, and lists what worked.
"""

import os
import pwd

import attacks


def application(environ, start_response):
    """One request (PEP 3333)."""
    if environ["PATH_INFO"] == "/attack":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ["\n".join(attacks.worked()).encode()]
    name = pwd.getpwuid(os.getuid()).pw_name
    ill = os.path.exists(f"/home/{name}/ill")
    start_response("503 Service Unavailable" if ill else "200 OK", [("Content-Type", "text/plain")])
    return [f"{name} {os.getgid() == pwd.getpwuid(os.getuid()).pw_gid} {os.getgroups()}".encode()]
