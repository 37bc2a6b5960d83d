/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node's configuration says to the tools beside its jobs: ergd only hands it out, so
 * that one file serves a node. A tool asks in the words of its own environment variable.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

static const erg_column setting_columns[] = {
    { "tool", ERG_TEXT, "whom it is for" },
    { "variable", ERG_TEXT, "the environment variable that would say the same" },
    { "settings", ERG_TEXT, "its value" },
};

/* Where jobs may read a GPU's counter themselves; else over our socket. */
static const char *sensor_of(const erg_govern_config *config)
{
    const erg_govern_list *sensors = &config->node.sensors;

    for (size_t i = 0; i < sensors->count; i++)
        if (strncmp(sensors->items[i], "nvml", 4) == 0)
            return "nvml";
    return sensors->count ? NULL : "nvml";
}

/* Of a cap of the node a GPU has its even share, beside what is no GPU's. 0: there is
 * none to hold. */
static double gate_w(const erg_governor *governor)
{
    const erg_govern_config *config = governor->config;
    double left_w = config->cap.limit_w;
    size_t gpus = 0;

    if (config->cap.scope && config->cap.scope[0] == 'g')
        return left_w;
    left_w -= isnan(governor->base_w) ? 0 : governor->base_w;
    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *item = &governor->items[i];
        gpus += item->is_gpu;
        if (!item->is_gpu && item->has_limit && !isnan(item->power_w))
            left_w -= item->power_w;
    }
    return gpus ? fmax(1, left_w / (double)gpus) : 0;
}

/* In the words of ERG_LAUNCH. */
static bool say_launch(const erg_governor *governor, char *to, size_t size)
{
    const erg_govern_config *config = governor->config;
    const char *sensor = sensor_of(config);
    double power_w = config->cap.by_gate ? gate_w(governor) : 0;

    int count = snprintf(to, size, "%s", config->offsets);
    if (!(power_w > 0))
        return count > 0;
    count += snprintf(to + count, size - (size_t)count, "%spower=%.9gW,", count ? "," : "",
                      power_w);
    if (config->cap.window_s > 0)
        count += snprintf(to + count, size - (size_t)count, "window=%.9gs,",
                          config->cap.window_s);
    snprintf(to + count, size - (size_t)count, "sensor=%s%s", sensor ? sensor : "ergd:",
             sensor ? "" : config->socket.path);
    return true;
}

static bool add(erg_table *table, const char *tool, const char *variable,
                const char *settings, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "tool", tool, err)
        && erg_table_text(table, "variable", variable, err)
        && erg_table_text(table, "settings", settings, err);
}

bool erg_govern_add_settings(const erg_governor *governor, erg_result *result,
                             erg_error *err)
{
    erg_table *table = erg_result_add(result, "settings", setting_columns,
                                      ERG_COUNT(setting_columns), err);
    const char *mpi = governor->config->mpi;
    char launch[400];

    return table && (!*mpi || add(table, "mpi", "ERG_MPI", mpi, err))
        && (!say_launch(governor, launch, sizeof(launch))
            || add(table, "launch", "ERG_LAUNCH", launch, err));
}

bool erg_govern_settings(const char *socket, const char *tool, char *to, size_t size,
                         erg_error *err)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    erg_result *result = erg_govern_ask(socket ? socket : ERG_GOVERN_SOCKET, &request, err);
    const erg_table *table = result ? erg_result_find(result, "settings") : NULL;
    const char *text = "";

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *name = erg_table_find(table, i, "tool").text;
        if (name && strcmp(name, tool) == 0)
            text = erg_table_find(table, i, "settings").text;
    }
    bool good = result && text && strlen(text) < size;
    if (good)
        erg_text_put(to, size, text);
    else if (result)
        erg_fail(err, ERG_BAD_INPUT, "ergd's settings of %.20s are not understood", tool);
    erg_result_free(result);
    return good;
}
