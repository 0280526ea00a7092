# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send requests to the fronts of a router, on the router's host: python3 - FRONTS AUTHORITY COUNT.

FRONTS is a JSON object. For each front's name it has ``port`` and ``host`` (the Host header), and for TLS also ``tls``, the
server name to ask for, and ``subject``, the subject that the certificate must have. It prints the distinct answers of each front
as JSON.
"""

import http.client
import json
import socket
import ssl
import sys


def ask(front, context):
    """Send a request; returns the answer, or how it failed."""
    try:
        stream = socket.create_connection(("127.0.0.1", front["port"]), 10)
        if "tls" in front:
            stream = context.wrap_socket(stream, server_hostname=front["tls"])
            subject = dict(pair for pairs in stream.getpeercert()["subject"] for pair in pairs)["commonName"]
            if subject != front["subject"]:
                return "the certificate of " + subject
        connection = http.client.HTTPConnection("127.0.0.1", front["port"])
        connection.sock = stream
        connection.request("GET", "/", headers={"Host": front["host"], "Connection": "close"})
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException) as exc:
        return f"failed: {exc!r}"


fronts, authority, count = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
trusting = ssl.create_default_context(cafile=authority)
print(json.dumps({name: sorted({ask(front, trusting) for dummy in range(count)}) for name, front in fronts.items()}))
