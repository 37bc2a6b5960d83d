#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""erg run on fake machines: nothing reads 0 because it was not measured."""
import concurrent.futures
import itertools
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tty

ERG, FAKES, MACHINES = (os.path.realpath(path) for path in sys.argv[1:4])
WORK = tempfile.mkdtemp()
NOBODY = 65534
NUMBERS = itertools.count()
HOME = {"HOME": WORK, "XDG_STATE_HOME": os.path.join(WORK, "state")}


def unpack(name):
    """NAME.tree as a folder that stands for /."""
    root = tempfile.mkdtemp(dir=WORK)
    os.chmod(root, 0o755)
    with open(os.path.join(MACHINES, name + ".tree"), encoding="utf-8") as tree:
        for line in tree:
            path, equals, text = line.rstrip("\n").partition(" = ")
            if line.startswith("#") or not equals:
                continue
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            with open(root + path, "w", encoding="utf-8") as file:
                file.write("0\n" if text == "!denied" else text.replace("\\n", "\n") + "\n")
            if text == "!denied":
                os.chmod(root + path, 0)
    return root


def erg(*words, env=None, user=None, status=0):
    result = subprocess.run([ERG, *words], capture_output=True, text=True, timeout=60,
                            stdin=subprocess.DEVNULL, user=user, cwd=WORK,
                            env={**os.environ, **HOME, **(env or {})}, check=False)
    assert result.returncode == status, (result.returncode, result.stderr)
    return json.loads(result.stdout)


def run(*words, env=None, user=None):
    return erg("run", "--format", "json", "--output", f"{WORK}/{next(NUMBERS)}.erg", *words,
               env=env, user=user)


def flags(result):
    return " ".join(result["notes"]) + json.dumps(result["tables"].get("flags", []))


def writer(root, script):
    """A command that plays the counters of a machine."""
    return [sys.executable, "-c", f"import time; R={root!r}\n" + script]


COUNT = """
def put(zone, value):
    with open(R + "/sys/class/powercap/intel-rapl:" + zone + "/energy_uj", "w") as file:
        file.write(value)
for i in range(1, 31):
    for zone, at, step in ZONES:
        put(zone, "" if 10 <= i < 15 and FAILS else str(at + i * step) + "\\n")
    time.sleep(0.05)
"""


def two_packages_are_summed_and_nothing_is_added_to_psys():
    root = unpack("xeon-2s")
    zones = "ZONES=[('0',100000000,1000000),('1',200000000,2000000),('2',900000000,9000000)]"
    command = writer(root, zones + "; FAILS=False\n" + COUNT)
    for sensors, true_j in ((["rapl:package-0", "rapl:package-1"], 90), (["rapl"], 270)):
        words = [word for sensor in sensors for word in ("--sensor", sensor)]
        row = run("--root", root, *words, "--", *command)["tables"]["summary"][0]
        assert row["method"] == "counter" and abs(row["energy_j"] - true_j) < 0.05 * true_j, row
        root = unpack("xeon-2s")
        command = writer(root, zones + "; FAILS=False\n" + COUNT)


def a_read_error_in_the_middle_is_a_gap_that_the_counter_covers():
    root = unpack("xeon-2s")
    zones = "ZONES=[('0',100000000,1000000)]"
    result = run("--root", root, "--sensor", "rapl:package-0", "--",
                 *writer(root, zones + "; FAILS=True\n" + COUNT))
    row = result["tables"]["summary"][0]
    assert abs(row["energy_j"] - 30) < 2, row
    assert "READ_ERRORS" in flags(result) or "failed" in flags(result), result["notes"]


def a_gpu_that_falls_off_the_bus_is_partial():
    env = {"FAKE_NVML": "a100-sxm4-80gb,load=constant:200;lost=1.5"}
    result = run("--sensor", "nvml", "--nvml", FAKES + "/libnvidia-ml.so.1", "--",
                 "sleep", "4", env=env)
    row = result["tables"]["summary"][0]
    assert row["energy_j"] is None or 100 < row["energy_j"] < 500, row
    assert row["quality"] in ("partial", "no_data", "too_short"), row


def a_gpu_that_is_gone_at_once_has_no_figure():
    env = {"FAKE_NVML": "a100-sxm4-80gb,load=constant:200,error=100%"}
    result = run("--sensor", "nvml", "--nvml", FAKES + "/libnvidia-ml.so.1", "--",
                 "sleep", "1", env=env)
    row = result["tables"]["summary"][0]
    assert row["energy_j"] is None and row["mean_w"] is None, row


def a_split_gpu_is_shared_in_every_figure():
    env = {"FAKE_NVML": "a100-sxm4-80gb,load=constant:200;mig=1"}
    result = run("--sensor", "nvml", "--nvml", FAKES + "/libnvidia-ml.so.1", "--",
                 "sleep", "1", env=env)
    row = result["tables"]["summary"][0]
    assert row["quality"] == "shared" and row["energy_j"] > 100, row
    assert "SHARED" in flags(result) or "shared" in flags(result), result["notes"]


def without_rights_the_figure_is_a_model_and_the_cure_is_told():
    if os.geteuid() != 0:
        user = None
    else:
        user = NOBODY
    root = unpack("epyc")
    counters = root + "/sys/bus/event_source/devices/power/counters"
    for name in os.listdir(counters):
        os.chmod(os.path.join(counters, name), 0)
    nowhere = ("--root", root, "--nvml", "/nowhere")
    result = run(*nowhere, "--", "sleep", "0.5", user=user)
    row = result["tables"]["summary"][0]
    assert row["energy_j"] is None or row["method"] == "model", row
    told = erg("devices", *nowhere, "--format", "json", user=user, status=3)
    reasons = next(device["reason"] for device in told["tables"]["devices"]
                   if device["driver"] == "rapl")
    assert reasons.index("cap_perfmon") < reasons.index("udev") < reasons.index("ergd"), told


class Meter:
    """A WattsUp on a pseudo-terminal that follows the load and is unplugged after some
    lines."""

    def __init__(self, lines, beside=None):
        # The load is there while the command runs.
        self.load = beside.load if beside else os.path.join(WORK, f"load-{next(NUMBERS)}")
        self.command = ["sh", "-c", f"touch {self.load}; sleep 5; rm {self.load}"]
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self.slave, self.lines = slave, lines
        self.thread = threading.Thread(target=self.play, daemon=True)
        self.thread.start()

    def play(self):
        told = b""
        while b"#L,W,3,E,,1;" not in told:
            told += os.read(self.master, 256)
        os.close(self.slave)
        for _ in range(self.lines):
            watts = 100 if os.path.exists(self.load) else 60
            os.write(self.master, b"#d,-,18,%d,2300,500,_;\r\n" % (10 * watts))
            time.sleep(1)
        os.close(self.master)


def a_meter_unplugged_in_the_middle_is_partial():
    meter = Meter(8)
    result = run("--sensor", "wattsup:" + meter.port, "--idle", "3s", "--", *meter.command)
    row = result["tables"]["summary"][0]
    assert row["energy_j"] is None or 50 < row["energy_j"] < 450, row
    assert row["quality"] in ("partial", "too_short", "no_data"), row


def a_meter_of_another_machine_is_refused():
    meter = Meter(30)
    result = run("--sensor", "wattsup:" + meter.port, "--wired-to", "another", "--",
                 "sleep", "3")
    row = result["tables"]["summary"][0]
    assert row["energy_j"] is None and row["energy_per_repeat_j"] is None, row
    assert "another" in flags(result), result["notes"]


def two_meters_are_summed():
    one = Meter(30)
    two = Meter(30, beside=one)
    result = run("--sensor", f"wattsup:{one.port},{two.port}", "--idle", "4s", "--",
                 *one.command)
    row = result["tables"]["summary"][0]
    assert row["mean_w"] is not None and abs(row["mean_w"] - 200) < 20, row
    assert "wattsup" in row["source"] and " + " in row["source"], row


CHECKS = [
    two_packages_are_summed_and_nothing_is_added_to_psys,
    a_read_error_in_the_middle_is_a_gap_that_the_counter_covers,
    a_gpu_that_falls_off_the_bus_is_partial,
    a_gpu_that_is_gone_at_once_has_no_figure,
    a_split_gpu_is_shared_in_every_figure,
    without_rights_the_figure_is_a_model_and_the_cure_is_told,
    a_meter_unplugged_in_the_middle_is_partial,
    a_meter_of_another_machine_is_refused,
    two_meters_are_summed,
]


def outcome(check):
    """None, or why not."""
    try:
        check()
        return None
    except (AssertionError, TypeError, ValueError, OSError, subprocess.SubprocessError) as fault:
        return repr(fault).replace("\n", " ")


# They wait for seconds of real time and work for milliseconds: three at once.
def main():
    os.chmod(WORK, 0o777)
    print(f"1..{len(CHECKS)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        for number, (check, fault) in enumerate(zip(CHECKS, threads.map(outcome, CHECKS)), 1):
            name = check.__name__.replace("_", " ")
            print(("not ok" if fault else "ok") + f" {number} - {name}", flush=True)
            if fault:
                print("# " + fault, flush=True)
    shutil.rmtree(WORK, ignore_errors=True)


main()
