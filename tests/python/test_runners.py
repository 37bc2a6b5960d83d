# SPDX-License-Identifier: Apache-2.0
"""Every runner on a tiny random network: phases, the closing line, answers that are scored.

What the real ones load (torch, transformers, diffusers, ultralytics, keras) is not in Debian,
but for torch: their loading code is not run here, and each says which module is missing.
"""
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile

erg = os.environ["ERG_COMMAND"]
folder = os.path.join(os.environ["EXAMPLES"], "runners")
work = tempfile.TemporaryDirectory()
quiet = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", OPENBLAS_NUM_THREADS="1")
names = ["llama", "lstm", "stable_diffusion", "vit", "whisper", "yolo"]
units = {"llama": "token", "lstm": "sample", "stable_diffusion": "image", "vit": "image",
         "whisper": "audio second", "yolo": "image"}


def with_numpy():
    """An interpreter that has numpy: Debian's, where ours is another."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import numpy"], env=quiet,
                          stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


python = with_numpy()
# Without liberg in the process: it may be built with a sanitizer.
plain = {k: v for k, v in quiet.items()
         if k not in ("ERG_LIBRARY", "LD_PRELOAD", "LD_LIBRARY_PATH")}


def run(name, *arguments, fails=False):
    done = subprocess.run([python or sys.executable, os.path.join(folder, name + ".py"),
                           *arguments], cwd=work.name, env=plain, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else json.loads(done.stdout.splitlines()[-1])


def contents(path):
    with open(os.path.join(work.name, path), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def each_runs_tiny_and_says_what_it_did():
    for name in names:
        line = run(name, "--tiny")
        assert line["unit"] == units[name] and line["units"] > 0 and line["load_s"] >= 0, line
        with open(os.path.join(work.name, line["outputs"])) as file:
            records = [json.loads(text) for text in file]
        assert records and all("setting" in r for r in records)
        first = contents(line["outputs"])
        run(name, "--tiny")
        assert contents(line["outputs"]) == first, name + " answers otherwise the second time"


def precision_changes_answers_and_is_scored():
    lines = {p: run("llama", "--tiny", "--precision", p, "--prompts", "mixed")["outputs"]
             for p in ("fp32", "int4")}
    out = subprocess.check_output(
        [erg, "quality", "--records", lines["int4"], "--baseline", lines["fp32"], "--metric",
         "perplexity,agreement", "--format", "json"], cwd=work.name, env=quiet)
    rows = {r["metric"]: r for r in json.loads(out)["tables"]["scores"]}
    assert rows["agreement"]["n"] == 8 and rows["agreement"]["value"] < 1, rows
    assert rows["perplexity"]["retention"] > 0, rows


def a_scheduler_that_calls_twice_says_so():
    one = run("stable_diffusion", "--tiny", "--steps", "4", "--scheduler", "ddim")
    two = run("stable_diffusion", "--tiny", "--steps", "4", "--scheduler", "heun")
    assert two["calls"] == 2 * one["calls"]


def the_lstm_has_76051_parameters():
    assert run("lstm", "--tiny", "--phase", "train", "--batch", "32")["parameters"] == 76051


def one_scorer_says_how_likely_answers_are():
    records = run("llama", "--tiny")["outputs"]
    line = run("score", "--tiny", "--records", records, "--outputs", "scored.jsonl")
    with open(os.path.join(work.name, "scored.jsonl")) as file:
        scored = [json.loads(text) for text in file]
    logs = [v for record in scored for v in record["logprobs"]]
    assert line["units"] == len(logs) and max(logs) < 0
    assert all(len(r["logprobs"]) == len(r["output"].encode()) for r in scored)
    assert all(r["setting"]["precision"] == "fp16" for r in scored), "settings of the answers"
    out = subprocess.check_output([erg, "quality", "--records", "scored.jsonl", "--metric",
                                   "perplexity", "--format", "json"], cwd=work.name, env=quiet)
    row = json.loads(out)["tables"]["scores"][0]
    assert abs(math.log(row["value"]) + sum(logs) / len(logs)) < 1e-9, row
    with open(os.path.join(work.name, "bad.jsonl"), "w") as file:
        file.write('{"output": "a"}\n{"x": 1}\n')
    assert "bad.jsonl:2" in run("score", "--tiny", "--records", "bad.jsonl", fails=True)


def what_is_missing_is_named():
    for name in names:
        said = run(name, fails=True)
        assert name in said and ("Python module" in said or "needs a GPU" in said), said


def regions_of(name, *options):
    path = os.path.join(work.name, name + ".erg")
    subprocess.run([erg, "run", "--sensor", "sim:a100-sxm4-80gb", "--quiet", "--output", path,
                    "--", "env", "LD_PRELOAD=" + os.environ.get("LIBASAN", ""),
                    python or sys.executable, os.path.join(folder, name + ".py"), *options],
                   check=True, env=quiet, cwd=work.name, stdout=subprocess.DEVNULL)
    shown = json.loads(subprocess.check_output([erg, "show", path, "--format", "json"]))
    return {row["region"] for row in shown["tables"]["regions"]}


def phases_arrive_in_the_run_file():
    found = regions_of("burn", "--seconds", "0.3", "--model", "any")
    assert {"load", "warmup", "work"} <= found, found
    if python:
        found = regions_of("llama", "--tiny")
        assert {"work", "prefill", "decode"} <= found, found


def a_burner_may_fail_or_be_silent():
    assert "out of memory" in run("burn", "--fail", fails=True)
    done = subprocess.run([sys.executable, os.path.join(folder, "burn.py"), "--silent"],
                          cwd=work.name, env=plain, capture_output=True)
    assert done.returncode == 0 and done.stdout == b""


def runners_stay_short():
    for name in names + ["burn", "score"]:
        with open(os.path.join(folder, name + ".py")) as file:
            assert len(file.readlines()) < 80, name


tests = [each_runs_tiny_and_says_what_it_did, precision_changes_answers_and_is_scored,
         a_scheduler_that_calls_twice_says_so, the_lstm_has_76051_parameters,
         one_scorer_says_how_likely_answers_are, what_is_missing_is_named,
         phases_arrive_in_the_run_file, a_burner_may_fail_or_be_silent, runners_stay_short]
numeric = tests[:5]
print(f"1..{len(tests)}")
for number, test in enumerate(tests, 1):
    if python is None and test in numeric:
        print(f"ok {number} - {test.__name__} # SKIP no python3 here has numpy")
        continue
    try:
        test()
        print(f"ok {number} - {test.__name__}")
    except Exception as problem:
        text = f"{type(problem).__name__}: {problem}".replace("\n", "\n# ")
        print(f"not ok {number} - {test.__name__}\n# {text}")
