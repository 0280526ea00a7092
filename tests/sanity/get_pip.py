# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-test runs in each environment that it makes, in place of the pip bootstrap script that it would download.

Beside it lies the wheel of the pip that this release of ansible-test asks for, and a wheel of Python code is installed once it is
unpacked. Neither the network nor ensurepip is needed, and it takes a tenth of the time.
"""

from __future__ import annotations

import glob
import os
import sysconfig
import zipfile

(WHEEL,) = glob.glob(os.path.join(os.path.dirname(os.environ["GET_PIP"]), "pip-*.whl"))
with zipfile.ZipFile(WHEEL) as wheel:
    wheel.extractall(sysconfig.get_path("purelib"))
