# SPDX-License-Identifier: Apache-2.0
"""What the runners share: arguments, regions, answers, and the line that says what was done.

Every runner marks `load`, `warmup` and `work`, writes its answers as JSON Lines and ends with
one JSON line: {"units": 24, "unit": "token", "load_s": 1.5, "outputs": "llama-1f0c.jsonl"}.
With --tiny it runs a tiny network with random weights: nothing is downloaded.
"""
import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import sys
import time

try:
    import erg
except ImportError:     # in a source tree, not installed
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
    import erg


def have(*modules):
    """The first of the modules that is missing, or None."""
    return next((m for m in modules if importlib.util.find_spec(m) is None), None)


class Run:
    """One run of a workload: Run("llama", "token", model="..", batch=1)."""

    def __init__(self, name, unit, **defaults):
        parser = argparse.ArgumentParser(prog=name)
        for key, value in defaults.items():
            parser.add_argument("--" + key.replace("_", "-"), type=type(value), default=value)
        parser.add_argument("--tiny", action="store_true", help="a tiny random network")
        parser.add_argument("--outputs", help="where the answers go")
        self.args = parser.parse_args()
        self.name, self.unit, self.seconds, self.sync = name, unit, {}, None
        self.settings = {key: getattr(self.args, key) for key in defaults}
        text = json.dumps(self.settings, sort_keys=True) + ("tiny" if self.args.tiny else "")
        stem = name + "-" + hashlib.sha256(text.encode()).hexdigest()[:8]
        self.outputs = self.args.outputs or stem + ".jsonl"

    def need(self, *modules):
        """Ends with a sentence where a module is missing."""
        missing = have(*modules)
        if missing:
            sys.exit(f"{self.name}: the Python module {missing} is missing; --tiny runs a tiny "
                     "network without it")

    @contextlib.contextmanager
    def region(self, name):
        """GPU work is asynchronous: sync is called before both stamps."""
        with erg.region(name, sync=self.sync):
            begin = time.perf_counter()
            yield
            if self.sync:
                self.sync()
            self.seconds[name] = time.perf_counter() - begin

    @contextlib.contextmanager
    def phases(self, first, second):
        """Two regions, the second from when what comes is first called; it returns False,
        as a criterion by which a text is not to end."""
        with contextlib.ExitStack() as now:
            now.enter_context(erg.region(first, sync=self.sync))
            calls = iter([True])

            def over(*_, **__):
                if next(calls, False):
                    now.close()
                    now.enter_context(erg.region(second, sync=self.sync))
                return False
            yield over

    def mark(self, name, value):
        erg.mark(name, value)

    def finish(self, units, records, **more):
        """Writes the answers, says what was done. more: other units, notes."""
        with open(self.outputs, "w", encoding="utf-8") as out:
            for i, record in enumerate(records):
                record = {"id": i, **record, "setting": self.settings}
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
        print(json.dumps({"units": units, "unit": self.unit,
                          "load_s": round(self.seconds.get("load", 0), 6),
                          "outputs": self.outputs, **more}))


def torch_device(run, precision):
    """(torch, device, element type); float16 and bfloat16 of a CPU are refused where slow."""
    import torch
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        run.sync = torch.cuda.synchronize
    kinds = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
    if precision not in kinds:
        sys.exit(f"{run.name}: {precision} is no element type of torch: it needs a quantised "
                 "loader, which this runner does not have")
    if device == "cpu" and precision == "fp16":
        sys.exit(f"{run.name}: fp16 needs a GPU here; use fp32 or bf16")
    return torch, device, kinds[precision]
