#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A rack over TLS with users and the access list of examples/mosquitto: who may not speak is
left at its fallback. tls_live.py ERGD"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from steps import check, plan

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "mosquitto")
FALLBACK_W, WAIT_S, MEMORY_MIB = 200.0, 8.0, 8.0
USERS = {"n07": "seven", "n08": "eight", "n09": "nine", "n10": "ten", "coordinator": "desk"}
# node, user, password, authority: only the first is as it should be.
NODES = [("n07", "n07", "seven", "ca"), ("n08", "n08", "wrong", "ca"),
         ("n09", "n07", "seven", "ca"), ("n10", "n10", "ten", "other")]


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Rack:
    def __init__(self, ergd, folder):
        self.ergd, self.folder, self.processes = ergd, folder, []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_keys(self):
        for name in ["ca", "other"]:
            run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"))
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
            self.path("broker.key"), "-out", self.path("broker.csr"))
        run("openssl", "x509", "-req", "-in", self.path("broker.csr"), "-CA", self.path("ca.pem"),
            "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", "2", "-out",
            self.path("broker.pem"))

    def start_broker(self):
        run("touch", self.path("passwords"))
        for user, password in USERS.items():
            run("mosquitto_passwd", "-b", self.path("passwords"), user, password)
        shutil.copy(os.path.join(EXAMPLES, "acl"), self.path("acl"))
        with open(os.path.join(EXAMPLES, "mosquitto.conf")) as file:
            conf = file.read().replace("/etc/mosquitto", self.folder)
        conf = conf.replace("listener 8883", f"listener {self.port}")
        with open(self.path("broker.conf"), "w") as file:
            file.write(conf)
        os.chmod(self.folder, 0o755)    # a broker started by root becomes a user of its own
        for name in os.listdir(self.folder):
            os.chmod(self.path(name), 0o644)
        self.processes.append(subprocess.Popen(["mosquitto", "-c", self.path("broker.conf")],
                                               stderr=subprocess.DEVNULL))

    def start(self, name, config, login):
        user, password, authority = login
        with open(self.path(name + ".password"), "w") as file:
            file.write(password + "\n")
        with open(self.path(name + ".yaml"), "w") as file:
            file.write(config + (
                f"period: 50ms\nstate: {self.path(name + '.state')}\n"
                f"socket: {{path: {self.path(name + '.sock')}}}\n"
                f"mqtt: {{host: localhost, port: {self.port}, rack: r12, lease: 3s, "
                f"status_period: 300ms, actuation: 1s, tls_ca: {self.path(authority + '.pem')}, "
                f"user: {user}, password_file: {self.path(name + '.password')}}}\n"))
        with open(self.path(name + ".log"), "w") as log:
            self.processes.append(subprocess.Popen(
                [self.ergd, "--config", self.path(name + ".yaml")], stderr=log))
        return self.processes[-1]

    def start_node(self, name, login):
        return self.start(name, (
            f"version: 1\nmode: enforce\nshaper: {{ramp_up: 100000W/s}}\n"
            f"node: {{id: {name}, sensors: ['sim:a100-sxm4-80gb,heat'], fallback: {FALLBACK_W}W}}\n"
            f"http: {{port: 0}}\njournal: {{path: {self.path(name + '.journal')}}}\n"), login)

    def start_desk(self, name, login):
        members = ", ".join(f"{{id: {node[0]}, fallback: {FALLBACK_W}W}}" for node in NODES)
        return self.start(name, (
            f"version: 1\nrole: rack\nnode: {{id: {name}, sensors: ['sim:a100-sxm4-80gb']}}\n"
            f"rack: {{cap: 1500W, nodes: [{members}]}}\n"
            f"journal: {{path: {self.path(name + '.journal')}}}\n"), login)

    def highest(self, name):
        """Watts of this node after it came to its fallback."""
        with open(self.path(name + ".journal")) as lines:
            rows = [json.loads(line)["enforced"] for line in lines]
        return max((watts for watts in rows if watts is not None), default=0.0)

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(10)


def memory_mib(process):
    """Resident, and all that is mapped: a sanitizer maps terabytes."""
    with open(f"/proc/{process.pid}/status") as file:
        rows = dict(line.split(":", 1) for line in file)
    return (float(rows[key].split()[0]) / 1024 for key in ("VmRSS", "VmSize"))


def check_memory(process):
    resident, mapped = memory_mib(process)
    what = f"a node with TLS and its page holds at most {MEMORY_MIB:g} MiB"
    if mapped > 1e6:
        what += " # SKIP a sanitizer holds more"
    check(what, resident <= MEMORY_MIB or mapped > 1e6, f"{resident:.1f} MiB")
    print(f"# {resident:.1f} MiB")


def check_event(rack):
    """Somebody caps a node: another, and the coordinator, have it in their journals."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(rack.path("n07.sock"))
        line.sendall(b'{"do": "set", "cap_w": 300}\n')
        line.recv(1 << 16)
    until = time.monotonic() + 10
    rows, is_there = [], False
    while not is_there and time.monotonic() < until:
        time.sleep(0.1)
        with open(rack.path("desk.journal")) as lines:
            rows = [row for row in map(json.loads, lines) if row["rule"] == "event"]
        is_there = any(row["who"] == "n07" and row["text"].startswith("mark: set to 300 W")
                       for row in rows)
    check("an event goes through the access list into the coordinator's journal", is_there, rows)
    short = [row for row in rows if row["text"].startswith("short")]
    check("no grant took a node below its least", not short, short)


def try_all(rack):
    nodes = [rack.start_node(name, login) for name, *login in NODES]
    impostor = rack.start_desk("impostor", ("n08", "eight", "ca"))
    time.sleep(WAIT_S)
    if "not built" in open(rack.path("n07.log")).read():
        return False
    check("a coordinator with a node's password raises nobody",
          all(rack.highest(node[0]) <= FALLBACK_W + 1 for node in NODES),
          {node[0]: rack.highest(node[0]) for node in NODES})
    impostor.terminate()
    impostor.wait(10)
    rack.start_desk("desk", ("coordinator", "desk", "ca"))
    until = time.monotonic() + 30
    while rack.highest("n07") <= FALLBACK_W + 50 and time.monotonic() < until:
        time.sleep(0.2)
    check("the node with its password is lent watts over TLS",
          rack.highest("n07") > FALLBACK_W + 50, rack.highest("n07"))
    check_memory(nodes[0])
    check_event(rack)
    for name, why in [("n08", "a wrong password"), ("n09", "another node's name"),
                      ("n10", "a broker that its authority did not sign")]:
        check(f"{why} leaves a node at its fallback", rack.highest(name) <= FALLBACK_W + 1,
              rack.highest(name))
    return True


def main():
    for tool in ["mosquitto", "mosquitto_passwd", "openssl"]:
        if not shutil.which(tool):
            print(f"1..0 # SKIP there is no {tool}")
            return 77
    folder = tempfile.mkdtemp(prefix="erg-tls-")
    rack = Rack(sys.argv[1], folder)
    try:
        rack.make_keys()
        rack.start_broker()
        if not try_all(rack):
            print("1..0 # SKIP rack mode is not built")
            return 77
        plan()
    finally:
        rack.close()
        if "KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


sys.exit(main())
