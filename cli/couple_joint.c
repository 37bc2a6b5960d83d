/* SPDX-License-Identifier: Apache-2.0 */
/* A training program runs under erg, its steps and the sensors on one clock. */
#include <math.h>
#include <unistd.h>
#include "couple_joint.h"

static const double usual_off_s = 30, usual_hz = 10;

/* ---- what arrives --------------------------------------------------------------- */

static bool has(const erg_devices *devices, size_t device, erg_quantity quantity,
                erg_quantity other)
{
    for (size_t i = 0; i < erg_devices_channel_count(devices, device); i++) {
        erg_quantity is = erg_devices_channel(devices, device, i)->quantity;
        if (is == quantity || is == other)
            return true;
    }
    return false;
}

/* True: it has power. What else a study needs and it lacks is said. */
static bool look_at(const cli *call, const erg_devices *devices, size_t device)
{
    bool power = has(devices, device, ERG_POWER, ERG_ENERGY);
    bool temp = has(devices, device, ERG_TEMPERATURE, ERG_TEMPERATURE);
    bool use = has(devices, device, ERG_USE, ERG_USE);

    if ((power || temp) && !(power && temp && use) && !call->common.quiet)
        fprintf(stderr, "erg couple: %s gives no%s%s%s: pairs that need it drop out\n",
                erg_devices_info(devices, device)->name, power ? "" : " power",
                temp ? "" : " temperature", use ? "" : " use");
    return power;
}

static bool sensors_arrive(const cli *call, erg_error *err)
{
    const cli_list *sensors = &call->common.sensors;
    erg_devices *devices = erg_devices_find(&call->env, sensors->items,
                                            sensors->count, err);
    bool any = false;

    for (size_t i = 0; devices && i < erg_devices_count(devices); i++)
        if (erg_devices_state(devices, i) == ERG_PRESENT)
            any |= look_at(call, devices, i);
    erg_devices_free(devices);
    return any || !devices
        || erg_fail(err, ERG_NOT_FOUND, "no power can be read here: erg devices says why, "
                    "and what to do");
}

/* ---- a joint run ------------------------------------------------------------------ */

int cli_joint_record(const cli *call, const cli_joint_options *joint, const char *log,
                     double ambient_k)
{
    erg_error err = { 0 };
    erg_measure_outcome outcome = { 0 };
    const erg_measure_options measure = {
        .sensors = call->common.sensors.items,
        .sensor_count = call->common.sensors.count,
        .output = joint->record,
        .rate_hz = joint->rate_hz > 0 ? joint->rate_hz : usual_hz,
        .all_at_rate = true,
        .log = log,
        .for_s = joint->for_s,
        .idle_s = joint->off_s > 0 ? joint->off_s : usual_off_s,
        .idle_as_run = !(joint->off_s > 0),
        .ambient_k = ambient_k,
        .quiet = call->common.quiet,
        .ask_stop = cli_watch_signals(),
        .progress = cli_talks(call) ? cli_progress : NULL,
    };

    if (!call->argc)
        return cli_misused(call, "--record needs the command that trains, after --");
    if (!sensors_arrive(call, &err))
        return cli_failed(call, &err);
    bool good = erg_measure(&call->env, call->argv, &measure, &outcome, &err);
    cli_progress_end(call);
    if (!good)
        return cli_failed(call, &err);
    if (outcome.exit_status)
        fprintf(stderr, "erg couple: the command ended with status %d\n",
                outcome.exit_status);
    return CLI_DONE;
}

/* ---- an intervention ---------------------------------------------------------------- */

static erg_result *study(const cli_joint_options *joint, const char *file,
                         const erg_couple_options *wish, erg_error *err)
{
    const erg_intervention_options how = {
        .drop_s = joint->drop_s,
        .tau_s = joint->tau_s,
        .alpha = wish->alpha,
        .smallest = wish->smallest,
        .key = wish->key,
    };
    erg_trace *trace = erg_trace_load(file, err);
    erg_result *result = trace ? erg_intervention_study(trace, &how, err) : NULL;

    erg_trace_free(trace);
    return result;
}

static const int usual_blocks = 20;

/* Before an hour goes into it: what so many blocks could show. */
static void tell_reach(const cli_joint_options *joint, const erg_couple_options *wish)
{
    size_t blocks = (size_t)(joint->blocks > 0 ? joint->blocks : usual_blocks);
    erg_intervention_reach reach =
        erg_intervention_reach_of((blocks + 1) / 2, wish->alpha, wish->smallest);
    char text[240];

    erg_intervention_reach_text(&reach, text, sizeof(text));
    fprintf(stderr, "erg couple: %s\n", text);
}

int cli_joint_intervene(const cli *call, const cli_joint_options *joint, const char *log,
                        const erg_couple_options *wish)
{
    erg_error err = { 0 };
    erg_intervene_outcome outcome;
    const erg_intervene_options how = {
        .sensors = call->common.sensors.items,
        .sensor_count = call->common.sensors.count,
        .change = joint->intervene,
        .device = wish->device,
        .log = log,
        .output = joint->record,
        .block_s = joint->block_s,
        .blocks = joint->blocks,
        .rate_hz = joint->rate_hz,
        .key = wish->key,
        .shared = joint->shared,
        .ask_stop = cli_watch_signals(),
        .progress = cli_talks(call) ? cli_progress : NULL,
    };

    if (!call->argc)
        return cli_misused(call, "--intervene needs the command that trains, after --");
    if (!call->common.quiet)
        tell_reach(joint, wish);
    bool good = erg_intervene(&call->env, call->argv, &how, &outcome, &err);
    cli_progress_end(call);
    if (good && outcome.exit_status)
        fprintf(stderr, "erg couple: the command ended with status %d after %d blocks\n",
                outcome.exit_status, outcome.blocks);
    erg_result *result = good ? study(joint, outcome.file, wish, &err) : NULL;
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);
    erg_result_free(result);
    return status;
}
