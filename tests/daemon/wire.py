# SPDX-License-Identifier: Apache-2.0
"""A relay between one MQTT client and its broker, which may be cut, late, or hand messages on
twice and in another order."""
import heapq
import itertools
import random
import selectors
import socket
import threading
import time

PUBLISH, QOS, AGAIN = 3, 0x06, 0x08


def packet_size(data):
    """Bytes of the first packet of MQTT in data, or 0: not whole yet."""
    size, shift = 0, 0
    for at, byte in enumerate(data[1:5], 1):
        size |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return at + 1 + size if len(data) > at + size else 0
    return 0


class Way:
    """One direction: what has come of a packet, and when the last one is to go on."""

    def __init__(self, to):
        self.to, self.pending, self.last = to, bytearray(), 0.0


class Wire(threading.Thread):
    def __init__(self, near, far, seed):
        super().__init__(daemon=True)
        self.far = far
        self.listener = socket.create_server((near, 0))
        self.port = self.listener.getsockname()[1]
        self.draw = random.Random(seed)
        self.cut = False
        self.delay_s = 0.0
        self.shuffle_s = 0.0        # how late a message may come, and its repetition
        self.repeated = 0
        self.start()

    def run(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(self.far, 1)
            except OSError:
                near.close()
                continue
            threading.Thread(target=self.pump, args=(near, far), daemon=True).start()

    def due(self, packet, way):
        """[(when, bytes)]: once and in order, unless messages are shuffled."""
        now = time.monotonic() + self.delay_s
        if not self.shuffle_s or packet[0] >> 4 != PUBLISH:
            way.last = max(way.last, now)
            return [(way.last, packet)]
        out = [(now + self.draw.uniform(0, self.shuffle_s), packet)]
        if self.draw.random() < 0.5:
            again = packet[0] | AGAIN if packet[0] & QOS else packet[0]
            out.append((now + self.draw.uniform(0, self.shuffle_s), bytes([again]) + packet[1:]))
            self.repeated += 1
        return out

    def take(self, queue, way, number):
        """Whole packets that have come into the queue."""
        while size := packet_size(way.pending):
            for when, packet in self.due(bytes(way.pending[:size]), way):
                heapq.heappush(queue, (when, next(number), way.to, packet))
            del way.pending[:size]

    def pump(self, near, far):
        poll = selectors.DefaultSelector()
        poll.register(near, selectors.EVENT_READ, Way(far))
        poll.register(far, selectors.EVENT_READ, Way(near))
        queue, number = [], itertools.count()
        try:
            while True:
                ready = [] if self.cut else poll.select(0.02)
                if self.cut:
                    time.sleep(0.02)    # silence: nothing is closed
                for key, _ in ready:
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    key.data.pending += data
                    self.take(queue, key.data, number)
                while queue and not self.cut and queue[0][0] <= time.monotonic():
                    _, _, to, packet = heapq.heappop(queue)
                    to.sendall(packet)
        except OSError:
            pass
        finally:
            near.close()
            far.close()
