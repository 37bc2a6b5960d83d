/* SPDX-License-Identifier: Apache-2.0 */
/* erg replay: a workload as unique kernels, each to be timed and metered alone. */
#include <string.h>
#include "replay.h"

#define AT(field) offsetof(replay_options, field)

static const cli_option option_rows[] = {
    { 'o', "output", CLI_TEXT, AT(output), "FILE",
      "plan: where plan.jsonl goes, - is stdout; run, recompose: a folder for its files" },
    { 0, "steps", CLI_NUMBER, AT(steps), "N", "steps that the input holds", true },
    { 0, "step-mark", CLI_TEXT, AT(step_mark), "NAME",
      "plan: a kernel or mark that comes once a step, as in argmax" },
    { 0, "step-kind", CLI_WHOLE, AT(step_kind), "N",
      "plan: of a trace's unlike steps these alone: 1 is the commonest", true },
    { 0, "comm", CLI_TEXT, AT(comm), "keep|drop", "plan: collectives (keep)" },
    { 0, "keep-stream", CLI_FLAG, AT(keep_stream), NULL,
      "plan: a kernel on two streams is two" },
    { 0, "device", CLI_TEXT, AT(device), "N", "plan: kernels of this device alone (all)" },
    { 'b', "batch", CLI_WHOLE, AT(batch), "N", "plan: of a graph (1)", true },
    { 0, "seq", CLI_WHOLE, AT(seq), "N", "plan: tokens, of a graph (512)", true },
    { 'p', "precision", CLI_TEXT, AT(precision), "NAME", "plan: of a graph (fp32)" },
    { 0, "dim", CLI_LIST, AT(dims), "NAME=N",
      "plan: a symbolic dimension of an ONNX graph; may be repeated" },
    { 'e', "engine", CLI_TEXT, AT(engine), "NAME", "run: who computes (onednn)" },
    { 0, "state", CLI_TEXT, AT(state), "hot|cold|both", "run: of the caches (both)" },
    { 0, "only", CLI_TEXT, AT(only), "whole|kernels", "run: leave the other out" },
    { 0, "preset", CLI_TEXT, AT(preset), "NAME",
      "run: warm-up and runs: quick 10/50, normal 20/100, high 50/1000, "
      "production 100/10000" },
    { 0, "warmup", CLI_WHOLE, AT(warmup), "N", "run: passes and runs before (10)", true },
    { 0, "runs", CLI_NUMBER, AT(runs), "N", "run: at least so many (100)", true },
    { 0, "interval", CLI_RATIO, AT(half_width), "RATIO",
      "run: half-width that each kernel's time should reach (1%)", true },
    { 0, "no-energy", CLI_FLAG, AT(no_energy), NULL,
      "run: windows only as long as times need, and no joules" },
    { 0, "by-tier", CLI_FLAG, AT(by_tier), NULL,
      "run: joules of tiers, a long window each, for slow meters; recompose: of those" },
    { 0, "clock", CLI_HERTZ, AT(clock_hz), "FREQUENCY",
      "run: lock the clock of the processor, or of the GPU's SMs, meanwhile", true },
    { 0, "idle", CLI_SECONDS, AT(idle_s), "TIME",
      "run: idle before and after (5s with energy)", true },
    { 0, "rate", CLI_HERTZ, AT(rate_hz), "FREQUENCY",
      "run: polls of sensors, as in erg run", true },
    { 0, "threads", CLI_WHOLE, AT(threads), "N",
      "run: of the processor (all cores but one, left to the sampler)", true },
    { 0, "power-log", CLI_TEXT, AT(power_log), "FILE",
      "run: joules from this log: one made by hand if it is there, else by nvidia-smi" },
    { 0, "seed", CLI_NUMBER, AT(seed), "N", "run: of the order of kernels (1)", true },
    { 0, "full", CLI_TEXT, AT(full), "FILE", "timing of the whole model" },
    { 0, "kernels", CLI_TEXT, AT(kernels), "FILE",
      "timings of the kernels alone; audit: a list of them with their shapes too" },
    { 0, "timing", CLI_TEXT, AT(timing), "FILE", "timings of the kernels alone" },
    { 0, "report", CLI_TEXT, AT(report), "FILE", "energies that another tool found" },
    { 0, "power", CLI_TEXT, AT(power), "FILE", "log of power, or a recording" },
    { 0, "tz", CLI_TEXT, AT(tz), "ZONE", "of stamps without a zone (UTC, and flagged)" },
    { 0, "base", CLI_TEXT, AT(base), "POWER|auto",
      "recompose: of the idle device (auto: its idle record)" },
    { 0, "base-policy", CLI_TEXT, AT(base_policy), "NAME",
      "recompose: which idle that is, as in clocks_locked_idle" },
    { 0, "method", CLI_TEXT, AT(method), "sum|nnls|time_share",
      "recompose: sum of kernels (default), regression over windows, or the whole's joules "
      "to tiers by time (needs equal power)" },
    { 0, "top", CLI_WHOLE, AT(top), "N", "recompose: kernels to list (20)", true },
    { 0, "on", CLI_TEXT, AT(on), "HARDWARE", "audit: peaks of this device" },
    { 0, "peak-bandwidth", CLI_BYTES, AT(peak_bytes_per_s), "BYTES",
      "audit: of the memory, a second, as in 484GB", true },
    { 0, "peak-flop", CLI_NUMBER, AT(peak_flop_per_s), "N", "audit: FLOP a second", true },
    { 0 },
};

/* In the order of the work. */
static const replay_verb verbs[] = {
    { "plan", replay_plan },
    { "run", replay_run },
    { "recompose", replay_recompose },
    { "audit", replay_audit },
};

static int run(const cli *call)
{
    for (size_t i = 0; call->argc > 0 && i < CLI_COUNT(verbs); i++)
        if (strcmp(call->argv[0], verbs[i].name) == 0)
            return verbs[i].run(call);
    return call->argc > 0 ? cli_misused(
               call, "there is no verb '%s'; see erg replay --help", call->argv[0])
                          : cli_misused(call, "needs a verb; see erg replay --help");
}

static const char about[] =
"plan reads a graph (ONNX, config.json, zoo:NAME), a kernel list (JSONL, JSON, CSV) or\n"
"a oneDNN log into unique kernels with counts per step. Several files of one run are\n"
"joined by name and checked against each other. Shapes that were not recorded are not\n"
"invented: such a kernel is listed, and not replayable.\n"
"run times and meters the whole and each kernel alone, hot and cold, and leaves\n"
"run.erg and the files of the benchmark guide in a folder. Stopped, it leaves no\n"
"report.\n"
"recompose puts measured kernels together: times by counts; energy as what each draws\n"
"over the base power, and the base for the whole time. Table totals holds the sum to\n"
"the measured whole: agreement_en at most 1 agrees. Where a check forbids a verdict it\n"
"is refused. --method nnls WINDOWS finds joules by regression over windows of the\n"
"running model; --method time_share gives tiers joules of the whole by their time, as\n"
"if all drew the same power. --table data_set has what was metered alone, for learning.\n"
"Exit status 1: no agreement, or no verdict.\n"
"audit makes every check of what can go wrong between kernels and a whole, a row\n"
"each: passed, failed with the figures, or not assessable and why. A failed one of\n"
"severity refuse forbids a verdict. Exit status 1: a check failed.\n";

const cli_command cmd_replay = {
    .name = "replay",
    .usage = "erg replay plan|run|recompose|audit [options] INPUT..",
    .summary = "a workload as unique kernels, to be timed and metered one by one",
    .about = about,
    .examples = "erg replay plan zoo:resnet18 --output plan.jsonl\n"
                "erg replay plan unique_kernels.jsonl kernel_counts.csv --steps 25\n"
                "erg replay run zoo:resnet18 --engine onednn --output resnet18\n"
                "erg replay recompose results --steps 25 --base 57.6W\n"
                "erg replay recompose --method nnls windows.csv --base 60W\n"
                "erg replay audit results --on a100-sxm4-80gb\n"
                "erg replay audit --kernels k.jsonl --timing t.json --power p.csv\n",
    .options = option_rows,
    .options_size = sizeof(replay_options),
    .run = run,
};
