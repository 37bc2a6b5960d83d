# SPDX-License-Identifier: Apache-2.0
"""Regions and marks from Python arrive in the run file; no compiler is needed."""
import ctypes.util
import json
import os
import subprocess
import sys
import tempfile

erg = os.environ["ERG_COMMAND"]
folder = tempfile.TemporaryDirectory()
child_env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
if os.environ.get("LIBASAN"):
    child_env["LD_PRELOAD"] = os.environ["LIBASAN"]


def run_under_erg(script, *options):
    path = os.path.join(folder.name, "a.erg")
    command = ["env", "LD_PRELOAD=" + child_env.get("LD_PRELOAD", ""), sys.executable, script]
    subprocess.run([erg, "run", "--sensor", "sim:a100-sxm4-80gb", "--quiet", "--output", path,
                    *options, "--", *command], check=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"),
                   stdout=subprocess.DEVNULL)
    return path


def write(text):
    path = os.path.join(folder.name, "script.py")
    with open(path, "w") as file:
        file.write(text)
    return path


def the_example_marks_its_phases():
    path = run_under_erg(os.path.join(os.environ["EXAMPLES"], "regions.py"))
    shown = json.loads(subprocess.check_output([erg, "show", path, "--format", "json"]))
    names = {row["region"] for row in shown["tables"]["regions"]}
    assert {"prefill", "decode"} <= names, names
    exported = json.loads(subprocess.check_output([erg, "export", path, "--format", "json"]))
    assert sum(m["name"] == "token" for m in exported["marks"]) == 10


def the_example_asks_for_a_cap_and_runs_all_the_same():
    script = os.path.join(os.environ["EXAMPLES"], "hint.py")
    total = str(sum(i * i for i in range(2_000_000))).encode()
    alone = subprocess.check_output([sys.executable, script], env=child_env)
    assert alone.split(b"\n")[:2] == [b"not held to 275 W: nobody records: use erg run, or "
                                      b"erg.start()", total], alone
    path = os.path.join(folder.name, "hint.erg")
    out = subprocess.check_output(
        [erg, "run", "--sensor", "sim:a100-sxm4-80gb", "--quiet", "--output", path, "--", "env",
         "LD_PRELOAD=" + child_env.get("LD_PRELOAD", ""), sys.executable, script],
        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    first, second = out.split(b"\n")[:2]
    # Where an ergd governs this machine it may hold it.
    assert second == total and first.startswith((b"not held to 275 W: ", b"held to")), out
    assert b"nobody records" not in first, out


def sync_is_called_before_both_stamps():
    out = subprocess.check_output([sys.executable, write("""
import erg
calls = []
with erg.region("a", sync=lambda: calls.append(1)):
    assert len(calls) == 1
print(len(calls))
""")], env=child_env)
    assert out == b"2\n", out


def alone_it_is_a_no_op_and_says_why_no_energy_is_known():
    out = subprocess.check_output([sys.executable, write("""
import erg
with erg.region("a") as r:
    erg.mark("loss", 1)
try:
    print(r.energy)
except erg.Error as e:
    print("erg.start()" in str(e))
""")], env=child_env)
    assert out == b"True\n", out


def started_a_region_knows_its_energy():
    out = subprocess.check_output([sys.executable, write("""
import erg, time
erg.start(sensors=["sim:a100-sxm4-80gb,load=constant:200W"])
time.sleep(0.3)
with erg.region("a") as r:
    time.sleep(1.5)
e = r.energy
print(e.method, 200 < e.energy_j < 400 and e.spread_j > 0)
erg.stop()
""")], env=child_env)
    assert out == b"simulated True\n", out


def a_hint_without_ergd_says_so_and_the_region_goes_on():
    out = subprocess.check_output([sys.executable, write("""
import erg
erg.start(sensors=["sim:plain"])
with erg.region("a") as r:
    print("ergd" in r.hint(power_cap_w=275, dvfs="auto", slowdown=0.03))
    for wrong in ({}, {"dvfs": "now"}, {"power_cap_w": -1.0}, {"window_s": 1.0}):
        try:
            r.hint(**wrong)
        except ValueError as e:
            print(str(e)[:12])
erg.stop()
""")], env=child_env)
    assert out.split(b"\n") == [b"True", b"a hint asks ", b"dvfs is auto", b"a power cap ",
                                b"a window is ", b""], out


def a_power_trace_says_what_the_sensor_gave():
    out = subprocess.check_output([sys.executable, write("""
import erg, time
erg.start(sensors=["sim:plain,load=constant:200,update=20ms,window=20ms,noise=1W"])
begin_ns = time.monotonic_ns()
time.sleep(2)
rows, how = erg.power_trace(begin_ns, time.monotonic_ns())
print(len(rows) > 20, all(150 < w < 250 for _, w in rows[5:]), abs(how.update_s - 0.02) < 0.002)
erg.stop()
try:
    erg.power_trace(0, 1)
except erg.Error as e:
    print("erg.start()" in str(e))
""")], env=child_env)
    assert out == b"True True True\nTrue\n", out


def a_name_that_is_no_text_is_a_type_error_with_a_sentence():
    out = subprocess.check_output([sys.executable, write("""
import erg
for make in (lambda: erg.region(None), lambda: erg.mark(3, 1), lambda: erg.region("a\\0b")):
    try:
        make()
    except (TypeError, ValueError) as e:
        print(e)
""")], env=child_env)
    assert out == (b"the name of a region is a str, not NoneType\n"
                   b"the name of a mark is a str, not int\n"
                   b"the name of a region ends at its NUL character\n"), out


def a_region_that_outlives_its_recording_says_so():
    out = subprocess.check_output([sys.executable, "-W", "error", write("""
import erg
erg.start(sensors=["sim:plain"])
with erg.region("ended") as ended:
    pass
left = erg.region("open").__enter__()
erg.stop()
for r in (ended, left):
    try:
        r.energy
    except erg.Error as e:
        print(e)
print(left.hint(power_cap_w=275))
left.__exit__(None, None, None)
erg.start(sensors=["sim:plain"])
ended.__exit__(None, None, None)
try:
    ended.energy
except erg.Error as e:
    print("stopped" in str(e))
erg.stop()
""")], env=child_env)
    said = b"region %s is of a recording that was stopped: ask before erg.stop()\n"
    assert out == said % b"ended" + said % b"open" + said % b"open" + b"True\n", out


def a_child_that_stops_does_not_stop_its_parent():
    out = subprocess.check_output([sys.executable, write("""
import erg, os, time
erg.start(sensors=["sim:plain"])
child = os.fork()
if child == 0:
    with erg.region("child"):
        pass
    erg.stop()
    os._exit(0)
os.waitpid(child, 0)
with erg.region("own") as own:
    time.sleep(0.2)
print(own.energy.energy_j > 0)
erg.stop()
""")], env=child_env)
    assert out == b"True\n", out


def a_library_that_lacks_a_function_is_none_and_start_says_so():
    script = write("""
import erg
with erg.region("a") as a:
    erg.mark("m", 1)
print(erg.govern(), a.hint(power_cap_w=275)[:13])
try:
    erg.start()
except erg.Error as e:
    print(e)
""")
    found = ctypes.util.find_library("m")
    out = subprocess.check_output([sys.executable, "-W", "error", script],
                                  env=dict(child_env, ERG_LIBRARY=found))
    lines = out.decode().splitlines()
    assert lines[0] == "False nobody record", out
    assert lines[1].startswith(found + " has no erg_recorder_join") and "version" in lines[1], out


def what_is_measured_may_be_a_coroutine_or_a_generator():
    path = run_under_erg(write("""
import asyncio, erg, time
@erg.measured
async def served():
    await asyncio.sleep(0.1)
    return 1
@erg.measured
def tokens():
    yield 1
    time.sleep(0.1)
    yield 2
@erg.measured
async def stream():
    await asyncio.sleep(0.1)
    yield 3
async def main():
    assert await served() == 1 and list(tokens()) == [1, 2]
    assert [t async for t in stream()] == [3]
asyncio.run(main())
"""))
    shown = json.loads(subprocess.check_output([erg, "show", path, "--format", "json"]))
    lasted = {row["region"]: row["duration_s"] for row in shown["tables"]["regions"]}
    assert all(lasted[name] >= 0.1 for name in ("served", "tokens", "stream")), lasted


def every_name_is_told_and_there():
    out = subprocess.check_output([sys.executable, write("""
import erg
from erg import *
public = {n for n, what in vars(erg).items()
          if not n.startswith("_") and getattr(what, "__module__", "") == "erg"}
print(sorted(public ^ set(erg.__all__)))
""")], env=child_env)
    assert out == b"[]\n", out


def the_example_finds_the_package_beside_it():
    env = {name: value for name, value in child_env.items() if name != "PYTHONPATH"}
    script = os.path.join(os.environ["EXAMPLES"], "regions.py")
    subprocess.run([sys.executable, "-s", script], check=True, env=env, cwd=folder.name,
                   stdout=subprocess.DEVNULL)


tests = [the_example_marks_its_phases, the_example_asks_for_a_cap_and_runs_all_the_same,
         sync_is_called_before_both_stamps,
         alone_it_is_a_no_op_and_says_why_no_energy_is_known, started_a_region_knows_its_energy,
         a_hint_without_ergd_says_so_and_the_region_goes_on,
         a_power_trace_says_what_the_sensor_gave,
         a_name_that_is_no_text_is_a_type_error_with_a_sentence,
         a_region_that_outlives_its_recording_says_so,
         a_child_that_stops_does_not_stop_its_parent,
         a_library_that_lacks_a_function_is_none_and_start_says_so,
         what_is_measured_may_be_a_coroutine_or_a_generator, every_name_is_told_and_there,
         the_example_finds_the_package_beside_it]
print(f"1..{len(tests)}")
failed = 0
for number, test in enumerate(tests, 1):
    try:
        test()
        print(f"ok {number} - {test.__name__}")
    except Exception as reason:     # each failure is one line of TAP
        failed += 1
        print(f"not ok {number} - {test.__name__}\n# {reason!r}")
sys.exit(failed > 0)
