# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetches a URL with Ansible's client, within a deadline."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import concurrent.futures

_CHUNK = 1 << 16


def get(url: str, timeout: float) -> bytes:
    """Fetch a URL.

    Args:
        timeout: seconds in total.

    Raises:
        OSError: if it can't be fetched in time.
        ValueError: if the answer is invalid, or longer than any stats server's.
    """
    # Few stats servers speak http, and importing the client takes longer than asking all the others.
    import concurrent.futures  # noqa: PLC0415

    # The socket's timeout applies to each read, and a server can spread a header over any number of reads.
    answer: concurrent.futures.Future[bytes] = concurrent.futures.Future()
    threading.Thread(target=_answer, args=(answer, url, timeout), daemon=True).start()
    try:
        return answer.result(timeout)
    except concurrent.futures.TimeoutError as exc:
        raise OSError("timed out") from exc


def _answer(answer: concurrent.futures.Future[bytes], url: str, timeout: float) -> None:
    try:
        answer.set_result(_fetched(url, timeout))
    except Exception as exc:  # any error is raised again for whoever waits
        answer.set_exception(exc)


def _fetched(url: str, timeout: float) -> bytes:
    from http.client import HTTPException  # noqa: PLC0415 - as above
    from urllib.error import HTTPError  # noqa: PLC0415

    from ansible.module_utils import urls  # noqa: PLC0415

    from ._pool.stats import read_all  # noqa: PLC0415

    deadline = time.monotonic() + timeout
    try:
        with urls.open_url(url, timeout=timeout) as response:
            return read_all(lambda dummy: bytes(response.read1(_CHUNK)), deadline)
    except HTTPError as exc:
        # It is also the answer. If the garbage collector closed it, Python 3.8 would complain on stderr.
        exc.close()
        raise OSError(str(exc)) from None
    except (HTTPException, urls.ConnectionError) as exc:
        raise ValueError(str(exc) or type(exc).__name__) from exc
