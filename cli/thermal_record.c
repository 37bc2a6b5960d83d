/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration data sets: a plan, played by a load and recorded. */
#include <stdio.h>
#include <string.h>
#include <erg/plan.h>
#include <erg/quantity.h>
#include "cli.h"
#include "thermal.h"

static void say(void *self, const char *line)
{
    const cli *call = self;

    if (!call->common.quiet)
        fprintf(stderr, "erg %s: %s\n", call->command->name, line);
}

/* "70%", or auto: left as it is. */
static bool read_fan(const char *text, double *out, erg_error *err)
{
    *out = 0;
    if (!text)
        return true;
    if (strcmp(text, "auto") == 0) {
        *out = -1;
        return true;
    }
    return (erg_quantity_parse(text, "%", out, NULL) && *out > 0 && *out <= 1)
        || erg_fail(err, ERG_BAD_INPUT, "--fan is a share as in 70%%, or auto, not '%s'",
                    text);
}

static bool read_by(const char *text, bool *by_limit, erg_error *err)
{
    *by_limit = text && strcmp(text, "power_limit") == 0;
    return !text || *by_limit || strcmp(text, "duty") == 0
        || erg_fail(err, ERG_BAD_INPUT, "--by is duty or power_limit, not '%s'", text);
}

int thermal_record(const cli *call, const thermal_recording *how)
{
    const cli_list *sensors = &call->common.sensors;
    char *const *load = call->argv + how->load_at;
    erg_plan_options options = {
        .sensors = sensors->items, .sensor_count = sensors->count, .output = how->file,
        .rate_hz = how->rate_hz, .drive = how->drive, .device = how->device,
        .ambient_k = how->ambient_k, .shared = how->shared,
        .ask_stop = cli_watch_signals(), .say = say, .say_self = (void *)(uintptr_t)call,
    };
    bool has_load = call->argc > how->load_at;
    erg_plan plan;
    erg_error err = { 0 };

    if (!how->plan || !erg_plan_parse(how->plan, &plan, &err))
        return cli_misused(call, "%s", how->plan ? err.text : "--record needs --plan");
    if (!has_load && !how->drive)
        return cli_misused(call,
                           "--record needs a load: erg thermal fit --record cal.erg --plan "
                           "soak=300s,step=100W:200W -- ./load");
    if (!read_fan(how->fan, &options.fan, &err)
        || !read_by(how->by, &options.by_limit, &err))
        return cli_misused(call, "%s", err.text);
    if (erg_plan_record(&call->env, has_load ? load : NULL, &plan, &options, &err))
        return CLI_DONE;
    return *options.ask_stop ? CLI_NO : cli_failed(call, &err);
}
