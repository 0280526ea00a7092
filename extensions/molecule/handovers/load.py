# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send requests for some keys to some routers until a file tells it to stop: python3 - FILE ROUTER...

FILE is JSON, and is read again for each request. ``step`` is the name of the present step, ``wanted`` has the keys with the
application that must answer for each, ``leaving`` has the keys that are being removed, and ``end`` stops the load. A leaving key
is answered by its old application until its last node is gone, and by nobody after that.

It ends after half an hour at the latest. Then it prints as JSON, for each step, how many requests it sent, which were lost, which
were answered by another application, and who answered for each key at each router. Until then the same is in FILE.counted.
"""

import http.client
import json
import os
import socket
import sys
import threading
import time
import urllib.request

WORKERS = 2
PAUSE = 0.2
SLOW = 20
TIMEOUT = 30
MOST_SECONDS = 1800


class Load:
    """Sends the requests and counts the results."""

    def __init__(self, path, routers):
        self._path = path
        self._addresses = {router: socket.gethostbyname(router) for router in routers}
        self._deadline = time.time() + MOST_SECONDS
        self._lock = threading.Lock()
        self._steps = {}
        self._gone = {}
        self._threads = {}

    def run(self):
        """Run until the end; returns the counts."""
        while True:
            told = self._told()
            if told.get("end") or time.time() > self._deadline:
                break
            for key in (*told["wanted"], *told["leaving"]):
                for router in self._addresses:
                    for worker in range(WORKERS):
                        self._start((router, key, worker))
            self._write()
            time.sleep(1)
        for thread in self._threads.values():
            thread.join()
        return self._steps

    def _write(self):
        with self._lock:
            text = json.dumps(self._steps)
        with open(self._path + ".part", "w") as stream:
            stream.write(text)
        os.replace(self._path + ".part", self._path + ".counted")

    def _start(self, which):
        if which not in self._threads:
            self._threads[which] = threading.Thread(target=self._work, args=which)
            self._threads[which].start()

    def _told(self):
        with open(self._path) as stream:
            return json.load(stream)

    def _work(self, router, key, worker):
        number = worker * SLOW // WORKERS
        while True:
            told = self._told()
            if told.get("end") or time.time() > self._deadline:
                return
            number += 1
            self._ask(router, key, "/slow" if number % SLOW == 0 else "/", told)
            time.sleep(PAUSE)

    def _ask(self, router, key, path, told):
        begun = time.time()
        request = urllib.request.Request(f"http://{self._addresses[router]}:8080{path}", headers={"Host": key})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                answer, why = response.read().decode("ascii", "replace"), ""
        except (OSError, http.client.HTTPException) as exc:
            answer, why = "", repr(exc)
        with self._lock:
            self._count(router, key, told, begun, answer, why or path)

    def _count(self, router, key, told, begun, answer, words):
        step = self._steps.setdefault(told["step"], {"requests": 0, "lost": [], "misrouted": [], "answers": {}})
        step["requests"] += 1
        record = [router, key, round(begun, 3), round(time.time(), 3), answer or words]
        leaving = key in told["leaving"]
        application = told["leaving"][key] if leaving else told["wanted"][key]
        if not answer:
            # Requests from before this moment may still be answered.
            self._gone.setdefault((router, key), time.time())
            if not leaving:
                step["lost"].append(record)
        elif answer.split()[0] != application:
            step["misrouted"].append(record)
        elif leaving and begun > self._gone.get((router, key), begun):
            # An earlier request for the key had no answer.
            step["lost"].append(record)
        else:
            answers = step["answers"].setdefault(f"{router} {key}", {})
            answers[answer] = answers.get(answer, 0) + 1


if __name__ == "__main__":
    print(json.dumps(Load(sys.argv[1], sys.argv[2:]).run()))
