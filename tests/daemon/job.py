# SPDX-License-Identifier: Apache-2.0
"""A synchronous job on all nodes of a rack, as its nodes' ergd hear of it."""
import json
import socket
import threading
import time


class Job(threading.Thread):
    """Node i has 1 - i/20 of the work of node 0, and each tells what its own work of a step took.
    Who does not answer tells nothing."""

    def __init__(self, paths):
        super().__init__(daemon=True)
        self.paths, self.is_over = paths, False

    def run(self):
        while not self.is_over:
            for i in range(len(self.paths)):
                self.tell(i)
            time.sleep(0.1)

    def tell(self, i):
        path = self.paths[i]
        try:
            now_w = ask(path, {"do": "status"})["tables"]["grants"][0]["enforced_w"]
            epoch_s = (1 - i / 20) / min(1, max(0.05, (now_w - 60) / 340)) ** (1 / 2.4)
            ask(path, {"do": "work", "job": "train", "epoch_s": epoch_s})
        except (OSError, ValueError, KeyError, TypeError):
            pass                # it is being killed, or has just been born


def ask(path, request):
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2)
        line.connect(path)
        line.sendall(json.dumps(request).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            more = line.recv(1 << 16)
            if not more:
                break
            answer += more
        return json.loads(answer)
