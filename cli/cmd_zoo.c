/* SPDX-License-Identifier: Apache-2.0 */
/* erg zoo: the built-in workloads. */
#include "cli.h"

static int run(const cli *call)
{
    erg_error err = { 0 };

    if (call->argc > 1)
        return cli_misused(call, "takes one name at most: '%s'", call->argv[1]);
    erg_result *result = erg_zoo_table(call->argc ? call->argv[0] : NULL, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_refused(call, &err);

    erg_result_free(result);
    return status;
}

const cli_command cmd_zoo = {
    .name = "zoo",
    .usage = "erg zoo [options] [NAME]",
    .summary = "list the built-in workloads",
    .about = "Networks written as parametric graphs; wherever a workload is asked for, "
             "zoo:NAME\n"
             "is one. Counts are at batch 1 and the default length.\n",
    .examples = "erg zoo\nerg zoo resnet18\nerg zoo --format csv\n",
    .run = run,
};
