/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of ergd: docs/formats.md says what stands in it. All keys are read and
 * checked, those too that other parts of erg act upon, so that one file serves a node.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "govern/govern_keys.h"
#include "govern/trip_curve_read.h"

#define FILE_MOST ((size_t)1 << 20)

enum { MEMBERS_MOST = 1024 };

typedef erg_govern_draft draft;

#define AT(field) offsetof(draft, field)
#define OF(field) offsetof(draft, config.field)

static const struct { size_t at, list; const char *what; } lists[] = {
    { AT(sensors), OF(node.sensors), "sensors" },
    { AT(enforcement), OF(cap.enforcement), "enforcement" },
    { AT(filler), OF(shaper.filler), "filler" },
    { AT(users), OF(socket.read.users), "users" },
    { AT(groups), OF(socket.read.groups), "groups" },
    { AT(set_users), OF(socket.set.users), "users" },
    { AT(set_groups), OF(socket.set.groups), "groups" },
    { AT(work_users), OF(socket.work.users), "users" },
    { AT(work_groups), OF(socket.work.groups), "groups" },
};

/* ---- lists ------------------------------------------------------------------- */

static bool read_list(const draft *is, const erg_yaml *list, const char *what,
                      erg_govern_list *out, erg_error *err)
{
    if (list->kind != ERG_YAML_LIST || list->count > ERG_GOVERN_LIST_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s is a list of at most %d", is->name,
                        list->line, what, ERG_GOVERN_LIST_MOST);
    for (const erg_yaml *at = list->first; at; at = at->next) {
        if (at->kind != ERG_YAML_SCALAR || !at->text[0])
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: a word is expected in %s", is->name,
                            at->line, what);
        out->items[out->count++] = at->text;
    }
    return true;
}

static bool read_lists(draft *is, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(lists); i++) {
        const erg_yaml *list = erg_govern_node_at(is, lists[i].at);
        erg_govern_list *to = (void *)((char *)is + lists[i].list);
        if (list && !read_list(is, list, lists[i].what, to, err))
            return false;
    }
    return true;
}

/* A name is a part of topics. */
static bool is_name(const char *text)
{
    return text && text[0] && strlen(text) < 64 && strpbrk(text, "/+# \t$") == NULL;
}

static bool read_member(draft *is, const erg_yaml *at, erg_govern_member *to,
                        erg_error *err)
{
    is->member = (erg_govern_member){ .weight = 1 };
    if (!erg_yaml_read(at, is->name, erg_govern_member_keys, is, err))
        return false;
    if (!is_name(is->member.id))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: an id has up to 63 characters, none of "
                        "/ + # $ or blank", is->name, at->line);
    for (size_t i = 0; i < is->config.rack.member_count; i++)
        if (strcmp(is->config.rack.members[i].id, is->member.id) == 0)
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: node %s is there twice", is->name,
                            at->line, is->member.id);
    *to = is->member;
    is->config.rack.member_count++;
    return true;
}

static bool read_members(draft *is, erg_error *err)
{
    const erg_yaml *list = is->members;
    double sum_w = 0;

    if (!list)
        return true;
    if (list->kind != ERG_YAML_LIST || list->count > MEMBERS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: nodes is a list of at most %d",
                        is->name, list->line, MEMBERS_MOST);
    erg_govern_member *members = erg_arena_take(is->config.memory,
                                                (list->count + 1) * sizeof(*members), err);
    if (!members)
        return false;
    is->config.rack.members = members;
    for (const erg_yaml *at = list->first; at; at = at->next) {
        if (!read_member(is, at, &members[is->config.rack.member_count], err))
            return false;
        sum_w += is->member.fallback_w;
    }
    if (sum_w > is->config.rack.cap_w)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%d: the fallbacks of %zu nodes sum to %g W, above "
                        "the rack's cap of %g W",
                        is->name, list->line, list->count, sum_w, is->config.rack.cap_w);
    return true;
}

/* ---- what must fit together --------------------------------------------------- */

static const struct { size_t section, low, high; const char *key, *below; } orders[] = {
    { AT(node), OF(node.floor_w), OF(node.ceil_w), "floor", "ceil" },
    { AT(node), OF(node.floor_w), OF(node.fallback_w), "floor", "fallback" },
    { AT(node), OF(node.fallback_w), OF(node.ceil_w), "fallback", "ceil" },
    { AT(bands), OF(rack.uncap_at), OF(rack.target), "uncap", "target" },
    { AT(bands), OF(rack.target), OF(rack.cap_at), "target", "cap" },
};

static bool check_orders(const draft *is, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(orders); i++) {
        double low = *(const double *)(const void *)((const char *)is + orders[i].low);
        double high = *(const double *)(const void *)((const char *)is + orders[i].high);
        if (low > high)
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s (%g) is above %s (%g)", is->name,
                            erg_yaml_line_of(erg_govern_node_at(is, orders[i].section),
                                             orders[i].key),
                            orders[i].key, low, orders[i].below, high);
    }
    return true;
}

/* A rack's node must know what it may draw when nobody tells it. */
static bool check_rack(const draft *is, erg_error *err)
{
    const erg_govern_config *config = &is->config;

    if (is->mqtt && config->role == ERG_ROLE_NODE && isnan(config->node.fallback_w))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%d: a node with mqtt needs node.fallback, the "
                        "watts it may draw when nobody tells it",
                        is->name, is->mqtt->line);
    if (config->role == ERG_ROLE_RACK && !(config->rack.cap_w > 0))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: role rack needs rack.cap", is->name,
                        is->rack ? is->rack->line : 1);
    return true;
}

/* A floor that nothing lets go of burns for ever; a filler's name must be a program's. */
static bool check_floor(const draft *is, erg_error *err)
{
    const erg_govern_config *config = &is->config;
    const erg_govern_list *filler = &config->shaper.filler;

    if (config->shaper.floor_w > 0 && isnan(config->shaper.hold_s))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%d: a floor burns energy: say in ramp_down_hold for how long "
                        "it is held once the load is low",
                        is->name, erg_yaml_line_of(is->shaper, "floor"));
    if (config->shaper.floor_w > config->node.ceil_w)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: shaper.floor (%g) is above node.ceil "
                        "(%g)", is->name, erg_yaml_line_of(is->shaper, "floor"),
                        config->shaper.floor_w, config->node.ceil_w);
    if (is->filler && (filler->count == 0 || filler->items[0][0] != '/'))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: filler begins with the path of a "
                        "program, from / on", is->name, is->filler->line);
    return true;
}

/* A name would have to be looked up, over a network that may not be there yet. */
static bool check_http(const draft *is, erg_error *err)
{
    unsigned char address[sizeof(struct in6_addr)];
    const char *text = is->config.http.address;

    return !text || inet_pton(AF_INET, text, address) == 1
        || inet_pton(AF_INET6, text, address) == 1
        || erg_fail(err, ERG_BAD_INPUT, "%s:%d: http.address is an IP address, as in "
                    "127.0.0.1, not '%.60s'", is->name,
                    erg_yaml_line_of(is->http, "address"), text);
}

/* ---- all of it ------------------------------------------------------------------ */

static void begin(erg_govern_config *config)
{
    *config = (erg_govern_config){
        .period_s = 0.1,
        .state_dir = "/var/lib/ergd",
        .node = { .id = "node",
                  .floor_w = NAN,
                  .ceil_w = NAN,
                  .weight = 1,
                  .fallback_w = NAN,
                  .psu_ocp_w = NAN,
                  .base_w = NAN,
                  .priority = 1 },
        .gpu = { .limit_w = NAN, .slowdown_most = NAN },
        .cap = { .limit_w = NAN, .window_s = NAN },
        .shaper = { .psu_fraction = 0.85,
                    .up_w_per_s = 2000,
                    .down_w_per_s = INFINITY,
                    .hold_s = NAN },
        .rack = { .cap_w = NAN,
                  .breaker_w = NAN,
                  .margin = 0.8,
                  .tau_s = 666,
                  .trip = 1.21,
                  .period_s = 3,
                  .cap_at = 0.99,
                  .target = 0.95,
                  .uncap_at = 0.90,
                  .hold_s = 30,
                  .cooling_w = NAN },
        .mqtt = { .lease_s = 10, .status_s = 1, .actuation_s = 1 },
        .thermal = { .hot_k = 358.15,
                     .hysteresis_k = 5,
                     .inlet_k = 298.15,
                     .after_s = 60,
                     .cooldown_s = 600,
                     .moves_per_hour = 2 },
        .socket = { .path = ERG_GOVERN_SOCKET, .clients = 64 },
        .http = { .port = 9835 },
        .journal = { .most_bytes = 1 << 24 },
    };
}

/* Said in the file, but nothing in ergd acts on it. */
static void name_unused(draft *is)
{
    const char *dvfs = is->config.gpu.dvfs;
    bool is_auto = dvfs && strcmp(dvfs, "auto") == 0;
    bool is_node = is->config.role == ERG_ROLE_NODE;
    const struct { bool given; const char *key;
    } rows[] = {
        { is->phase && !is->job.staggers, "shaper.phase" },
        { !isnan(is->config.shaper.hold_s) && !(is->config.shaper.floor_w > 0),
          "shaper.ramp_down_hold" },
        { is->config.shaper.filler.count > 0 && !(is->config.shaper.floor_w > 0),
          "shaper.filler" },
        { is->config.rack.jitter_s.high > 0 && !(is->config.rack.soft_start_s > 0),
          "rack.jitter" },
        { is_node && is->config.rack.policy, "rack.policy" },
        { !is_node && erg_yaml_child(is->rack, "period"), "rack.period" },
        { is->config.node.weight != 1, "node.weight" },
        { erg_yaml_child(is->thermal, "redistribute") && !is->config.thermal.redistribute,
          "thermal.redistribute" },
        { !isnan(is->config.cap.window_s) && !is->config.cap.by_gate, "cap.window" },
        { erg_govern_has_gate(&is->config) && !is->config.cap.by_gate, "cap.enforcement" },
        { !is_auto && is->config.gpu.policy && strcmp(is->config.gpu.policy, "limit") != 0,
          "gpu.policy" },
        { !is_auto && is->config.gpu.objective, "gpu.objective" },
        { !is_auto && is->config.gpu.clock_hz.high > 0, "gpu.clock" },
        { !is_auto && is->config.gpu.sweep, "gpu.sweep" },
        { !is_auto && !isnan(is->config.gpu.slowdown_most), "gpu.slowdown_max" },
        { erg_govern_has_bucket(&is->config) && !is->config.cap.by_gate, "cap.policy" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        if (rows[i].given)
            is->config.unused[is->config.unused_count++] = rows[i].key;
}

static bool fill(draft *is, const erg_yaml *root, erg_error *err)
{
    if (!erg_yaml_read(root, is->name, erg_govern_file_keys, is, err))
        return false;
    for (size_t i = 0; i < ERG_GOVERN_SECTIONS; i++)
        if (erg_govern_node_at(is, erg_govern_sections[i].at)
            && !erg_yaml_read(erg_govern_node_at(is, erg_govern_sections[i].at), is->name,
                              erg_govern_sections[i].fields, is, err))
            return false;
    /* What an aisle can cool is one more cap of the rack in it. */
    is->config.rack.cap_w = fmin(is->config.rack.cap_w, is->config.rack.cooling_w);
    if (!erg_govern_job_take(is, err) || !read_lists(is, err)
        || !erg_govern_ops_take(is->ops, is->name, &is->config, err)
        || !erg_govern_hold_take(is->holds, is->name, &is->config, err)
        || !read_members(is, err) || !erg_govern_cap_take(is, err)
        || !erg_trip_curve_take(is->curve, is->name, is->config.memory,
                                &is->config.rack.curve, err)
        || !erg_govern_words_check(is, root, err))
        return false;
    if (is->http && !is->config.http.address)
        is->config.http.address = "127.0.0.1";
    if (is->mqtt && !is->config.mqtt.port)
        is->config.mqtt.port = is->config.mqtt.tls_ca ? 8883 : 1883;
    is->config.mode =
        is->mode && strcmp(is->mode, "enforce") == 0 ? ERG_ENFORCE : ERG_OBSERVE;
    is->config.role =
        is->role && strcmp(is->role, "rack") == 0 ? ERG_ROLE_RACK : ERG_ROLE_NODE;
    name_unused(is);
    return check_orders(is, err) && check_rack(is, err) && check_floor(is, err)
        && check_http(is, err);
}

erg_govern_config *erg_govern_config_parse(const char *name, const char *bytes, size_t size,
                                           erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    const erg_yaml *root = arena ? erg_yaml_parse(arena, name, bytes, size, err) : NULL;
    draft *is = root ? erg_arena_take(arena, sizeof(*is), err) : NULL;

    if (is) {
        begin(&is->config);
        is->job.after_s = 500e-6;
        is->job.every = 1;
        is->job.delay_s = NAN;
        is->job.exact = true;
        is->name = name;
        is->config.memory = arena;
        if (fill(is, root, err))
            return &is->config;
    }
    erg_arena_free(arena);
    return NULL;
}

erg_govern_config *erg_govern_config_load(const char *path, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);
    erg_govern_config *config =
        bytes ? erg_govern_config_parse(path, bytes, size, err) : NULL;

    free(bytes);
    return config;
}

void erg_govern_config_free(erg_govern_config *config)
{
    if (config)
        erg_arena_free(config->memory);
}
