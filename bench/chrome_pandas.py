# SPDX-License-Identifier: Apache-2.0
"""What bench_chrome asks of a trace, as one would in a notebook: json, then pandas."""
import json
import sys

import pandas

with open(sys.argv[1], encoding="utf-8") as file:
    frame = pandas.DataFrame(json.load(file)["traceEvents"])
kernels = frame[frame["cat"] == "kernel"]
ids = frame["args"].dropna().map(lambda args: args.get("External id", 0)).sum()
print(int(round(1000 * kernels["dur"].sum())), int(ids), file=sys.stderr)
