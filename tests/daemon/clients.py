#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clients.py ERGD: what ergd tells over HTTP, and that clients which are slow, many or mad do
not hold up its loop: the loop counts its own late steps."""
import ctypes
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from steps import check, need, plan

CONFIG = """version: 1
node: {{id: n07, sensors: ["sim:a100-sxm4-80gb"], {2}}}
period: 100ms
state: {0}/state
socket: {{path: {0}/ergd.sock}}
http: {{address: 127.0.0.1, port: {1}}}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Daemon:
    def __init__(self, program, folder, node="ceil: 1kW"):
        self.port = free_port()
        path = "%s/%d.yaml" % (folder, self.port)
        with open(path, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(folder, self.port, node))
        self.process = subprocess.Popen([program, "--config", path], stderr=subprocess.PIPE,
                                        text=True)
        for _ in range(200):
            try:
                self.get("/healthz")
                break
            except OSError:
                time.sleep(0.05)

    def get(self, path, accept=None):
        ask = urllib.request.Request("http://127.0.0.1:%d%s" % (self.port, path),
                                     headers={"Accept": accept} if accept else {})
        try:
            with urllib.request.urlopen(ask, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 5)

    def figure(self, name):
        return float(re.search("^" + name + " (.*)$", self.get("/metrics")[2], re.M)[1])

    def late_share(self, seconds):
        """Of the steps of so long, those that were late; and how many there were."""
        names = ("erg_govern_loop_steps_total", "erg_govern_loop_late_total")
        time.sleep(1.2)
        before = [self.figure(name) for name in names]
        time.sleep(seconds)
        time.sleep(1.2)
        after = [self.figure(name) for name in names]
        return (after[1] - before[1]) / (after[0] - before[0]), after[0] - before[0]

    def end(self):
        self.process.terminate()
        words = self.process.communicate(timeout=20)[1]
        return self.process.returncode, words


def tells(ergd):
    status, heads, text = ergd.get("/metrics")
    check("metrics are Prometheus text", status == 200 and "version=0.0.4" in heads["Content-Type"]
          and 'erg_govern_devices_power_watts{device="sim:a100-sxm4-80gb"' in text, text)
    check("what is simulated says so", 'method="simulated"' in text
          and "is not measured" in text, text)
    if shutil.which("promtool"):
        said = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True, check=False)
        check("promtool finds nothing", said.returncode == 0, said.stderr)
    status, heads, text = ergd.get("/metrics", "application/openmetrics-text;version=1.0.0")
    check("or OpenMetrics, as asked", "openmetrics" in heads["Content-Type"]
          and text.endswith("# EOF\n") and text.count("# EOF") == 1, text)
    status, heads, text = ergd.get("/healthz")
    check("health is told", status == 200 and text == "ok\n", text)
    status, heads, text = ergd.get("/")
    policy = heads["Content-Security-Policy"]
    check("the page loads nothing", status == 200 and "default-src 'none'" in policy
          and not re.search("(src|href)=.?https?:|url\\(", text), policy)
    nonce = re.search("nonce-([0-9a-f]{32})", policy)[1]
    check("its script is known by a word used once", 'nonce="%s"' % nonce in text
          and nonce not in ergd.get("/")[2])
    check("another place is not found", ergd.get("/../etc/passwd")[0] == 404)


def streams(ergd):
    with ergd.connect() as one:
        one.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        got, end = b"", time.monotonic() + 10
        while got.count(b"data: ") < 3 and time.monotonic() < end:
            got += one.recv(1 << 16)
    check("events follow one another", got.count(b"data: ") >= 3 and b'"grants"' in got, got)


def noise(chance, ergd):
    """Clients that send what is no request, or half of one, and go."""
    pieces = [b"GET ", b"/metrics", b" HTTP/1.1\r\n", b"\r\n", b"\0\xff\xfe", b"Host: x\r\n",
              b"A" * 9000, b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n",
              b"POST /healthz HTTP/1.1\r\n", b"%00%ff%", b"-1\r\n", b"fffffffff\r\n"]
    for _ in range(400):
        with ergd.connect() as one:
            one.settimeout(0.01)
            try:
                for _ in range(chance.randrange(1, 8)):
                    one.sendall(chance.choice(pieces))
                one.recv(64)
            except OSError:
                pass


def slow(ergd):
    """Fifty that never end their request, and ten that listen and never read."""
    many = [ergd.connect() for _ in range(60)]
    for at, one in enumerate(many):
        one.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-" if at < 50
                    else b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    begin = time.monotonic()
    status = ergd.get("/metrics")[0]
    took_s = time.monotonic() - begin
    check("a scrape is answered among fifty slow clients", status == 200 and took_s < 2, took_s)
    late, steps = ergd.late_share(4)
    check("and the loop keeps its period", late <= 0.1 and steps >= 40, (late, steps))
    for one in many:
        try:
            one.sendall(b"a: b\r\n")
        except OSError:
            pass
    time.sleep(1)
    closed = 0
    for one in many[:50]:
        one.settimeout(6)
        try:
            one.recv(4096)
            closed += 1
        except socket.timeout:
            pass
        except OSError:
            closed += 1
    check("who never ends a request is hung up on", closed == 50, closed)
    for one in many:
        one.close()


def crowded(ergd, words, what):
    """Two hundred that hang, more than are kept; one that listened before stays."""
    listener = ergd.connect()
    listener.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    listener.recv(1 << 16)
    many = []
    for _ in range(200):
        many.append(ergd.connect())
        many[-1].settimeout(0.1)
        try:
            many[-1].sendall(words)
        except OSError:
            pass
    longest_s = 0
    for _ in range(8):
        begin = time.monotonic()
        status = ergd.get("/metrics")[0]
        longest_s = max(longest_s, time.monotonic() - begin)
        if status != 200:
            break
    check("a fresh client is served at once while 200 %s" % what,
          status == 200 and longest_s < 2, (status, longest_s))
    listener.settimeout(5)
    listener.recv(1 << 16)
    check("and who listened still hears", b"data: " in listener.recv(1 << 16))
    listener.close()
    for one in many:
        one.close()
    late, steps = ergd.late_share(2)
    check("and the loop keeps its period beside them", late <= 0.1 and steps >= 20, (late, steps))


def crowds(ergd):
    crowded(ergd, b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-", "never end a request")
    crowded(ergd, b"", "say nothing")
    crowded(ergd, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 40, "never read")


def flood(ergd):
    """More than may connect: the oldest are turned away, and all is well after."""
    many = []
    for _ in range(200):
        try:
            many.append(ergd.connect())
        except OSError:
            break
    time.sleep(1)
    for one in many:
        one.close()
    time.sleep(0.5)
    check("after a flood a scrape is answered", ergd.get("/metrics")[0] == 200)
    late, steps = ergd.late_share(2)
    check("and the loop keeps its period still", late <= 0.1 and steps >= 20, (late, steps))


def hang(ergd):
    """The loop's thread alone is held, as by a sensor that never answers."""
    seize, interrupt, detach = 0x4206, 0x4207, 17
    trace = ctypes.CDLL(None, use_errno=True).ptrace
    trace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    pid = ergd.process.pid
    if trace(seize, pid, None, None) != 0:
        check("a loop that hangs is told # SKIP no right to hold a thread", True)
        return
    trace(interrupt, pid, None, None)
    os.waitpid(pid, 0x40000000)
    time.sleep(1.5)
    status, _, text = ergd.get("/healthz")
    check("a loop that hangs is told", status == 503 and text.startswith("late\n"), text)
    check("and its last figures are still there", ergd.get("/metrics")[0] == 200)
    trace(detach, pid, None, None)
    time.sleep(1.5)
    check("and well again afterwards", ergd.get("/healthz")[2] == "ok\n")
    check("it counts that it was late", ergd.figure("erg_govern_loop_late_total") >= 1)


def degraded(program, folder):
    """A ceiling under what the GPU can be held to."""
    ergd = Daemon(program, folder, "ceil: 50W")
    try:
        status, _, text = ergd.get("/healthz")
        check("limits that do not fit are told", status == 200
              and text.startswith("degraded\nn07: short"), text)
        ergd.end()
    finally:
        if ergd.process.poll() is None:
            ergd.process.kill()


def main():
    need(sys.argv[1], "http")
    with tempfile.TemporaryDirectory() as folder:
        ergd = Daemon(sys.argv[1], folder)
        try:
            tells(ergd)
            streams(ergd)
            noise(random.Random(7), ergd)
            check("after four hundred mad clients it answers", ergd.get("/healthz")[0] == 200)
            slow(ergd)
            crowds(ergd)
            flood(ergd)
            hang(ergd)
            status, words = ergd.end()
            check("it ends in order", status == 0 and "Sanitizer" not in words, words)
        finally:
            if ergd.process.poll() is None:
                ergd.process.kill()
        degraded(sys.argv[1], folder)
    plan()


main()
