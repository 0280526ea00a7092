# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-test runs this in each environment that it makes, instead of the bootstrap script for pip that it would download.

The wheel of pip that this release of ansible-test wants is in the same folder, and to install it, it only has to be unpacked.
This needs neither the network nor ensurepip, and takes a tenth of the time.
"""

from __future__ import annotations

import glob
import os
import sysconfig
import zipfile

(WHEEL,) = glob.glob(os.path.join(os.path.dirname(os.environ["GET_PIP"]), "pip-*.whl"))
with zipfile.ZipFile(WHEEL) as wheel:
    wheel.extractall(sysconfig.get_path("purelib"))
