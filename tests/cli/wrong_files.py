#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are not what a command asks for: exit status 2 and one sentence, or a flag."""
import gzip
import itertools
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

ERG = os.path.realpath(sys.argv[1])
WORK = tempfile.mkdtemp()
ROWS = 40
NUMBERS = itertools.count(1)
SECONDS = 120               # of a command: far more than any of them takes
DISK_BYTES = 64 << 20       # that a command may write


def event(kind, name, at, length, **args):
    return {"ph": "X", "cat": kind, "name": name, "pid": 9, "tid": 9, "ts": at, "dur": length,
            "args": args}


def events():
    for i in range(ROWS):
        at = 1772445600000000 + 1000 * i
        yield event("cpu_op", 'aten::"mm', at, 500, **{"External id": i})
        yield event("kernel", f"sgemm_{i % 3}", at + 50, 300, device=0, stream=7, grid=[1, 1, 1],
                    block=[32, 1, 1], **{"External id": i})


def rows(head, row):
    return (head + "".join(row(f"2026-03-02 10:00:{i // 10:02d}.{i % 10}00", 100 + i % 7)
                           for i in range(ROWS))).encode()


KERNEL = {"name": "sgemm", "count": 3, "signature": {"grid": [1, 1, 1], "block": [32, 1, 1]}}
WHOLE = {"full_model_inference_us": 1500.5, "full_model_inference_ms": 1.5005, "num_runs": 1000,
         "energy_joules": 155.25, "start_timestamp": "2026-03-02 10:00:01.000",
         "end_timestamp": "2026-03-02 10:00:02.500"}
GOOD = {
    "power.csv": rows("timestamp,gpu,power_w\n", lambda t, w: f"{t},0,{w}.5\n"),
    "smi.csv": rows("timestamp, index, power.draw [W]\n",
                    lambda t, w: f"{t.replace('-', '/')}, 0, {w}.50 W\n"),
    "wattsup.csv": rows("time,id,pm1,sum\n", lambda t, w: f"{t},1,{w}.5,{w}.5\n"),
    "dcgmi.txt": rows("#Entity   POWER\nID\n", lambda t, w: f"GPU 0     {w}.500\n"),
    "trace.json": json.dumps({"traceEvents": list(events())}).encode(),
    "bare.json": ("[\n" + ",\n".join(map(json.dumps, events())) + "\n]\n").encode(),
    "whole.json": json.dumps(WHOLE, indent=1).encode(),
    "kernels.jsonl": (json.dumps(KERNEL) + "\n").encode() * 9,
    "signatures.json": json.dumps({"kernels": [KERNEL] * 9}, indent=1).encode(),
    "counts.csv": b"device,category,kernel_name,count\n" + b'0,kernel,"sgemm",3\n' * 9,
    "launches.csv": b"name,grid_x,grid_y,grid_z\n" + b'"sgemm",1,1,1\n' * 9,
    "onednn.log": b"onednn_verbose,exec,cpu,matmul,gemm:jit,undef,src_f32::blocked:ab:f0 "
                  b"wei_f32::blocked:ba:f0 dst_f32::blocked:ab:f0,,,128x256:256x512:128x512,"
                  b"0.427002\n" * 9,
}


def cut_at(mark):
    """In the middle of the file, just behind the next mark."""
    return lambda data: data[:data.index(mark, len(data) // 2) + len(mark)]


def cell(text):
    """Every eighth number with a fraction is another."""
    count = itertools.count(1)
    return lambda data: re.sub(rb"(?<![\w.:/-])\d+\.\d+(?![\w:/-])",
                               lambda m: m.group(0) if next(count) % 8 else text, data)


def backwards(data):
    lines = data.split(b"\n")
    return b"\n".join(lines[:2] + lines[12:18] + lines[2:12] + lines[18:])


DAMAGES = {
    "as it is": lambda data: data,
    "with CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "behind a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "in UTF-16": lambda data: b"\xff\xfe" + data.decode().encode("utf-16-le"),
    "with CR alone": lambda data: data.replace(b"\n", b"\r"),
    "cut in a row": lambda data: data[:len(data) // 2 - 1],
    "cut in a string": lambda data: cut_at(b'"')(data) + b"ab",
    "cut in an escape": cut_at(b"\\"),
    "cut in its last byte": lambda data: data.rstrip()[:-1],
    "of its first line": lambda data: data.split(b"\n")[0] + b"\n",
    "by gzip": gzip.compress,
    "by gzip, cut": lambda data: gzip.compress(data)[:-30],
    "with NaN": cell(b"NaN"),
    "with 1e400": cell(b"1e400"),
    "with 1e308": cell(b"1e308"),
    "with watts below 0": cell(b"-5.5"),
    "with words": cell(b"hello"),
    "with NULs": lambda data: data[:len(data) // 2] + bytes(100) + data[len(data) // 2:],
    "with times that go back": backwards,
    "with a number of 30 digits": lambda data: re.sub(rb"\b(1772445600\d{6}|3|1000)\b",
                                                      b"9" * 30, data),
}
READERS = {
    "import": ["import", "FILE", "--output", "NEW.erg"],
    "import --time": ["import", "FILE", "--time", "timestamp", "--power", "power_w"],
    "timeline": ["timeline", "FILE"],
    "timeline RUN": ["timeline", "run.erg", "FILE"],
    "timeline --align": ["timeline", "run.erg", "FILE", "--align"],
    "timeline --prior": ["timeline", "run.erg", "trace.json", "--prior", "FILE"],
    "plan": ["replay", "plan", "FILE", "-o", "NEW.jsonl"],
    "plan of two": ["replay", "plan", "kernels.jsonl", "FILE"],
    "audit": ["replay", "audit", "whole.json", "FILE"],
    "audit --power": ["replay", "audit", "whole.json", "--power", "FILE"],
    "recompose": ["replay", "recompose", "FILE", "--steps", "1"],
    "recompose --method nnls": ["replay", "recompose", "--method", "nnls", "FILE"],
    "estimate --against": ["estimate", "zoo:resnet18", "--on", "a100-pcie-40gb", "--against",
                           "FILE"],
}
EVERYBODY = tuple(READERS)
WHO_IMPORTS = ("import", "timeline RUN", "audit --power")
SAID = re.compile(r"erg (\w+): .{20,470}")
FINE = ""
LOGS = ["power.csv", "smi.csv", "wattsup.csv"]
TRACES = ["trace.json", "bare.json"]
PLANS = ["kernels.jsonl", "signatures.json", "counts.csv", "launches.csv", "onednn.log"]
# Who, files, damage, what is said. FINE: it is read as it is meant. "note: X": read, and X is
# printed. Else status 2, and one sentence that holds it.
EXPECTED = [
    (["import"], LOGS + TRACES, ["as it is", "with CRLF", "behind a byte order mark"], FINE),
    (["plan"], TRACES + PLANS, ["as it is", "with CRLF", "behind a byte order mark"], FINE),
    (["import", "plan"], ["trace.json"], ["by gzip"], FINE),
    (["import"], LOGS, ["cut in a row", "cut in its last byte"],
     "note: the last row is cut off and was dropped"),
    (["import"], LOGS, ["with words", "with 1e400"], "note: torn rows were dropped"),
    (["import"], LOGS, ["with NaN", "with 1e308", "with watts below 0"],
     "note: (5|10) of 40 readings of .* failed: they are gaps|5 torn rows were dropped"),
    (["import"], LOGS, ["with times that go back"], r":9: the stamp goes back by .*; sort"),
    (["import"], LOGS, ["of its first line"], "no sample could be read: is it complete"),
    (["import"], LOGS, ["by gzip", "by gzip, cut"], "is packed, .*: unpack it"),
    (["import"], LOGS, ["with CR alone"], "end in CR alone: write it with LF"),
    (["import"], ["smi.csv"], ["with NULs"], "a NUL byte, .*: a torn write"),
    (["import"], ["power.csv", "wattsup.csv"], ["with NULs"], "note: 1 torn row was dropped"),
    (["import"], TRACES, ["cut in a row", "cut in a string", "cut in an escape", "by gzip, cut"],
     "note: is cut off"),
    (["plan"], TRACES, ["cut in a row", "cut in a string", "cut in an escape", "by gzip, cut"],
     "note: is cut|cut off"),
    (["import", "timeline RUN"], TRACES, ["with a number of 30 digits"],
     "no event in it has a beginning and a duration: record"),
    (["import", "timeline RUN", "timeline --align", "plan", "audit --power"],
     LOGS + TRACES + PLANS, ["in UTF-16"], "UTF-16: save it as UTF-8"),
    (["import"], ["dcgmi.txt"], ["as it is"], "writes no stamps: say .* --period"),
    (["plan"], ["kernels.jsonl"], ["cut in a row", "cut in a string", "with CR alone"],
     ": mend the line, or write it again"),
    (["plan"], ["signatures.json"], ["cut in a row", "cut in a string"], ": mend the file there"),
    (["plan"], ["counts.csv", "launches.csv"], ["of its first line"], "no kernel is in it: name"),
    (["plan"], ["counts.csv"], ["with a number of 30 digits"], "no whole number from 0"),
    (["plan"], ["onednn.log"], ["cut in a row"], "note: 1 line was cut and left out"),
    (["plan"], ["onednn.log"], ["with CR alone"], "no kernel is in it|end in CR alone"),
    (["audit"], ["whole.json"], ["cut in a row", "cut in a string", "cut in its last byte",
                                 "with a number of 30 digits"], "mend the file there"),
    (["audit"], ["power.csv", "smi.csv"], ["as it is", "with CRLF"], FINE),
]
ANYTHING = {
    "empty": b"", "x": b"x", "brace": b"{", "bracket": b"[", "blank": b"  \n\n ",
    "binary": bytes(range(256)) * 20, "zeros": bytes(5000), "text": b"hello world\nthis is text\n",
    "object": b'{"a": 1}\n', "list": b"[1,2,3]", "number": b"3", "page": b"<!doctype html>\n",
    "long_line": b"a,b\n" + b"1" * 3000000, "deep": b"[" * 100000,
    "deep_trace": b'{"traceEvents":' + b"[" * 100000, "cut.gz": gzip.compress(b"x" * 900)[:15],
}
# What is said of a file that nobody knows, whoever reads it.
UNKNOWN = [
    (["plan"], "empty", "empty.any is empty: name a graph"),
    (["plan"], "object", r'without "traceEvents" .*"model_type" \(a config.json\): name a file'),
    (["plan"], "list", r'neither of events of a Chrome trace \("ph", "ts"\)'),
    (["plan"], "text", "holds no kernels that erg knows: name a graph"),
    (["audit", "audit --power", "recompose"], "text", "is no file of a replay: name a log of"),
    (["audit", "audit --power", "recompose"], "object", "is no file of a replay: name a log of"),
    (["import", "timeline RUN"], "text", "not a format that erg knows: erg import takes its name"),
    (["import"], "empty", "the file is empty: was the logger started"),
    (["timeline", "estimate --against"], "text", "is not a recording of erg"),
]


def limits():
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))


def erg(words, stdin=subprocess.DEVNULL, user=None):
    for name in os.listdir(WORK):
        if name.startswith("NEW"):
            os.remove(os.path.join(WORK, name))
    return subprocess.run([ERG, *words], capture_output=True, text=True, timeout=SECONDS, cwd=WORK,
                          stdin=stdin, preexec_fn=limits, check=False, user=user,
                          env={**os.environ, "HOME": WORK, "NO_COLOR": "1"})


def command(reader, path):
    return [path if word == "FILE" else word for word in READERS[reader]]


def judge(result, path, says):
    """None, or what is wrong with the answer."""
    told = result.stderr.strip().split("\n")
    if says == FINE or says.startswith("note: "):
        checks_fail = result.returncode == 1 and not result.stderr      # of an audit
        if result.returncode and not checks_fail:
            return f"status {result.returncode}: {result.stderr}"
        seen = re.search(says.removeprefix("note: "), result.stdout)
        return None if seen else f"printed is {result.stdout[-250:]}"
    if result.returncode != 2 or result.stdout:
        return f"status {result.returncode}: {result.stdout[:200]} {result.stderr[:900]}"
    if len(told) != 1 or not SAID.fullmatch(told[0]) or "/proc/self" in told[0]:
        return f"said is {result.stderr[:900]}"
    name = os.path.basename(path) if path != "-" else "standard input"
    if name.split(".")[0] not in told[0]:
        return f"{name} is not named: {told[0]}"
    return None if re.search(says, told[0]) else f"not '{says}': {told[0]}"


def report(name, faults):
    faults = [fault for fault in faults if fault]
    print(("not ok" if faults else "ok") + f" {next(NUMBERS)} - {name}", flush=True)
    for fault in faults:
        print("# " + fault.replace("\n", " "), flush=True)


def write(name, data):
    with open(os.path.join(WORK, name), "wb") as file:
        file.write(data)
    return name


def told(reader, path, says):
    fault = judge(erg(command(reader, path)), path, says)
    return fault and f"{reader} of {path}: {fault}"


def damaged_files():
    for number, (readers, names, damages, says) in enumerate(EXPECTED):
        faults = []
        for name, damage in itertools.product(names, damages):
            stem, ending = os.path.splitext(name)
            try:
                path = write(f"{stem}_{number}{ending}", DAMAGES[damage](GOOD[name]))
            except ValueError:
                continue        # nothing in it to be cut there
            faults += [told(reader, path, says) for reader in readers]
        report(f"{', '.join(readers)} of files {', '.join(damages)}: {says or 'as meant'}", faults)


def anything_else():
    for name, data in ANYTHING.items():
        write(f"{name}.any", data)
    for reader in EVERYBODY:
        report(f"{reader} refuses what it cannot read in one sentence",
               [told(reader, f"{name}.any", ".") for name in ANYTHING])
    for readers, name, says in UNKNOWN:
        report(f"{', '.join(readers)} of {name}: {says}",
               [told(reader, f"{name}.any", says) for reader in readers])


def no_files():
    os.mkdir(os.path.join(WORK, "folder"))
    write("shut.csv", GOOD["power.csv"])
    os.chmod(os.path.join(WORK, "shut.csv"), 0)
    with open(os.path.join(WORK, "huge.csv"), "wb") as file:
        file.truncate(1 << 40)
    for path in ("folder", "none", "/dev/null", "/dev/zero", "huge.csv"):
        report(f"{path} is refused by everybody at once",
               [told(reader, path, ".") for reader in EVERYBODY])
    user = 65534 if os.getuid() == 0 else None
    os.chmod(WORK, 0o755)
    for reader in EVERYBODY:
        result = erg(command(reader, "shut.csv"), user=user)
        report(f"{reader} says who may let it read", [judge(
            result, "shut.csv", "Permission denied: ask its owner|Permission denied")])


def pipes():
    for reader, name in (("import", "power.csv"), ("import", "trace.json"), ("plan", "trace.json"),
                         ("plan", "kernels.jsonl"), ("audit --power", "power.csv"),
                         ("timeline RUN", "trace.json")):
        fifo = os.path.join(WORK, f"fifo_{name.split('.')[0]}")
        if not os.path.exists(fifo):
            os.mkfifo(fifo)
        with subprocess.Popen(["cp", name, fifo], cwd=WORK) as writer:
            by_name = judge(erg(command(reader, fifo)), fifo, FINE)
            writer.wait(SECONDS)
        with open(os.path.join(WORK, name), "rb") as file:
            by_stdin = judge(erg(command(reader, "-"), stdin=file), "-", FINE)
        report(f"{reader} reads {name} through a pipe", [by_name, by_stdin])
    with subprocess.Popen(["yes", "hello"], stdout=subprocess.PIPE) as endless:
        result = erg(command("plan", "-"), stdin=endless.stdout)
        endless.terminate()
    report("what never ends and is no plan is not read on",
           [judge(result, "-", "holds no kernels that erg knows")])


def logs_of_power():
    write("text.log", b"hello world\n")
    for path, says in (("text.log", "is no log of power .*: name one, or a new file"),
                       ("folder", "is no file: name the one that a logger writes"),
                       ("dcgmi.txt", "rows of dcgmi have no stamps"),
                       ("trace.json", "is no log of power")):
        result = erg(["replay", "run", "zoo:resnet18", "--output", "new", "--only", "whole",
                      "--warmup", "2000000000", "--power-log", path])
        has_engine = "no engine" not in result.stderr
        report(f"replay run --power-log of {path} is refused before it measures"
               + ("" if has_engine else " # SKIP no engine is built"),
               [has_engine and judge(result, path, says)])


def main():
    for name, data in GOOD.items():
        write(name, data)
    assert erg(["import", "power.csv", "--output", "run.erg", "--quiet"]).returncode == 0
    damaged_files()
    anything_else()
    no_files()
    pipes()
    logs_of_power()
    print(f"1..{next(NUMBERS) - 1}")
    shutil.rmtree(WORK, ignore_errors=True)


main()
