# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real nginx with the configuration of a guide."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.loopback import connectable, free_address, wait_for

PROGRAM = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
_PARAMETERS = Path("/etc/nginx/uwsgi_params")
MISSING = "" if PROGRAM and _PARAMETERS.exists() else "there is no nginx here, so none has read the configuration of this guide"


@contextmanager
def running(folder: Path, site: str) -> Iterator[str]:
    """Run nginx, which must be installed; returns its address.

    Args:
        site: the content of its block "http", with "listen 80".
    """
    assert not MISSING and PROGRAM
    folder.mkdir()
    address = free_address()
    site, count = re.subn(r"\blisten 80;", f"listen {address};", site)
    assert count == 1
    shutil.copy(_PARAMETERS, folder)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    around = f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
    (folder / "nginx.conf").write_text(f"{around}http {{\naccess_log off;\n{temporary}{site}}}\n", encoding="utf-8")
    arguments = [PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for("nginx", lambda: connectable(address))
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
