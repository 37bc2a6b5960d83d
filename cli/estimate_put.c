/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate in the form that was asked for. */
#include <string.h>
#include <erg/report.h>
#include "estimate.h"

typedef struct form { const cli *call; bool detail; } form;

static bool put_text(const void *what, const void *how, FILE *out, erg_error *err)
{
    const form *as = how;
    erg_write_options write = { .color = cli_wants_color(as->call, out),
                                .width = cli_width_of(out) };

    return cli_estimate_text(what, as->detail || as->call->common.verbose, &write,
                             out, err);
}

int cli_estimate_put(const cli *call, bool detail, const erg_result *result)
{
    const cli_common *common = &call->common;
    const form as = { call, detail };
    bool is_text = !common->format || strcmp(common->format, "text") == 0;

    if (is_text && !common->table)
        return cli_put(call, put_text, result, &as, common->output, stdout);
    if (cli_wants_page(call) && erg_result_find(result, "summary"))
        return cli_put(call, cli_page, result, call->argv[0], common->output, stdout);
    return cli_write(call, result, common->output, stdout);
}
