/* SPDX-License-Identifier: Apache-2.0 */
/* erg compare: is one run different from another, and by how much? */
#include "cli.h"

static const char *const verdicts[] = {
    [CLI_DONE] = "Equal: no difference is larger than its 95 % interval.",
    [CLI_NO] = "Different: a difference is larger than its 95 % interval, see significant.",
};

static bool note_verdict(erg_result *result, int verdict, erg_error *err)
{
    /* The library has said why two runs cannot be compared. */
    return verdict < 0 || verdict >= (int)CLI_COUNT(verdicts)
        || erg_result_note(result, err, "%s", verdicts[verdict]);
}

static int run(const cli *call)
{
    erg_error err = { 0 };
    int verdict = CLI_USAGE, status = CLI_DONE;

    if (call->argc != 2)
        return cli_misused(call, "needs two RUN files");
    erg_trace *a = cli_load(call, call->argv[0], &status);
    erg_trace *b = a ? cli_load(call, call->argv[1], &status) : NULL;
    erg_result *result = b ? erg_trace_compare(a, b, &verdict, &err) : NULL;
    bool ok = result && note_verdict(result, verdict, &err);
    if (b)
        status = ok ? cli_write(call, result, call->common.output, stdout)
                    : cli_failed(call, &err);
    erg_result_free(result);
    erg_trace_free(a);
    erg_trace_free(b);
    return status == CLI_DONE ? verdict : status;
}

const cli_command cmd_compare = {
    .name = "compare",
    .usage = "erg compare [options] RUN RUN",
    .summary = "difference and ratio of two runs, with interval",
    .about =
        "Exit status 0 equal within the interval, 1 different, 2 not comparable: another\n"
        "scope, idle policy or device.\n",
    .examples = "erg compare a.erg b.erg\n",
    .run = run,
};
