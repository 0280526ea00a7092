# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A URL fetched as Ansible does it, within a deadline."""

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
        timeout: seconds for all of it.

    Raises:
        OSError: when it can't be had in time.
        ValueError: when it's no answer, or more than any stats server has to say.
    """
    # Few stats servers speak http, and to load what asks them takes longer than to ask all others.
    import concurrent.futures  # noqa: PLC0415

    # The socket's own timeout is for each of its reads, and a header can come in as many of them as the server likes.
    answer: concurrent.futures.Future[bytes] = concurrent.futures.Future()
    threading.Thread(target=_answer, args=(answer, url, timeout), daemon=True).start()
    try:
        return answer.result(timeout)
    except concurrent.futures.TimeoutError as exc:
        raise OSError("timed out") from exc


def _answer(answer: concurrent.futures.Future[bytes], url: str, timeout: float) -> None:
    try:
        answer.set_result(_fetched(url, timeout))
    except Exception as exc:  # whatever it is, it's for whoever waits
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
        # It is the answer as well. Left to the garbage collector, Python 3.8 complains on stderr that it's closed.
        exc.close()
        raise OSError(str(exc)) from None
    except (HTTPException, urls.ConnectionError) as exc:
        raise ValueError(str(exc) or type(exc).__name__) from exc
