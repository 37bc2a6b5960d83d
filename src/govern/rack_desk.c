/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinator's desk: who is there, what they hold, and the epoch kept in a file. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "govern/rack.h"

/* ---- the epoch, which must not go back ----------------------------------------------- */

static void epoch_path(const erg_rack *rack, char *to, size_t size)
{
    snprintf(to, size, "%s/rack-%s.epoch", rack->config->state_dir,
             rack->config->mqtt.rack);
}

/* 0: none is kept. Nodes tell theirs, too, so a lost file costs no more than a wait. */
static uint64_t load_epoch(const erg_rack *rack)
{
    char path[ERG_PATH_MOST], line[32];
    uint64_t epoch = 0;

    epoch_path(rack, path, sizeof(path));
    if (erg_file_line(path, line, sizeof(line), NULL))
        epoch = strtoull(line, NULL, 10);
    return epoch < (uint64_t)1 << 53 ? epoch : 0;
}

static void keep_epoch(erg_rack *rack)
{
    char path[ERG_PATH_MOST];
    erg_aside aside;
    erg_error fault = { 0 };

    if (rack->kept_epoch == rack->desk.epoch)
        return;
    rack->kept_epoch = rack->desk.epoch;
    epoch_path(rack, path, sizeof(path));
    bool good = erg_folder_make(rack->config->state_dir, &fault)
        && erg_aside_begin(&aside, path, &fault);
    if (good) {
        fprintf(aside.stream, "%" PRIu64 "\n", rack->desk.epoch);
        good = erg_aside_end(&aside, true, &fault);
    }
    if (!good)
        erg_env_log(&rack->env, ERG_WARNING, "%s", fault.text);
}

/* ---- begin and end ------------------------------------------------------------------- */

static bool make_room(erg_rack *rack, erg_error *err)
{
    size_t n = rack->config->rack.member_count;
    erg_lease_room *room = &rack->desk.room;

    *room = (erg_lease_room){
        .members = calloc(n, sizeof(*room->members)), .count = n,
        .claims = calloc(n, sizeof(*room->claims)),
        .order = calloc(n, sizeof(*room->order)),
        .who = calloc(n, sizeof(*room->who)),
        .grants_w = calloc(n, sizeof(*room->grants_w)),
        .bounds_w = calloc(n, sizeof(*room->bounds_w)),
        .cuts = calloc(n, sizeof(*room->cuts)),
        .job_of = calloc(n, sizeof(*room->job_of)),
        .ranks = calloc(n, sizeof(*room->ranks)),
        .settled_w = calloc(n, sizeof(*room->settled_w)),
        .jobs = calloc(n, sizeof(*room->jobs)),
    };
    rack->answers = calloc(n, sizeof(*rack->answers));
    rack->lent = calloc(n, sizeof(*rack->lent));
    if (room->members && room->claims && room->order && room->who && room->grants_w
        && room->bounds_w && room->cuts && room->job_of && room->ranks && room->settled_w
        && room->jobs && rack->answers && rack->lent)
        return true;
    return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu nodes", n);
}

void erg_rack_desk_end(erg_rack *rack)
{
    erg_lease_room *room = &rack->desk.room;

    free(room->members);
    free(room->claims);
    free(room->order);
    free(room->who);
    free(room->grants_w);
    free(room->bounds_w);
    free(room->cuts);
    free(room->job_of);
    free(room->ranks);
    free(room->settled_w);
    free(room->jobs);
    free(rack->answers);
    free(rack->lent);
}

bool erg_rack_desk_begin(erg_rack *rack, erg_error *err)
{
    const erg_govern_config *config = rack->config;
    double breaker_w = config->rack.margin * config->rack.breaker_w;

    if (config->rack.member_count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "role rack needs rack.nodes: "
                        "their ids and fallbacks");
    if (!make_room(rack, err))
        return false;
    rack->desk.terms = rack->terms;
    rack->desk.limit_w = config->rack.cap_w;
    rack->desk.raise_w_per_s = config->shaper.up_w_per_s;
    rack->desk.balances =
        config->rack.policy && strcmp(config->rack.policy, "balance") == 0;
    rack->desk.soft_start_s = config->rack.soft_start_s;
    rack->desk.late_s[0] = config->rack.jitter_s.low;
    rack->desk.late_s[1] = config->rack.jitter_s.high;
    rack->desk.random = erg_xoshiro_of((uint64_t)config->shaper.rng_key, 1);
    rack->desk.bands = (erg_bands){
        .limit_w = isnan(breaker_w)
            ? config->rack.cap_w : fmin(config->rack.cap_w, breaker_w),
        .hold_s = config->rack.hold_s, .slew_w_per_s = config->shaper.up_w_per_s,
        .cut_at = config->rack.cap_at, .target = config->rack.target,
        .raise_at = config->rack.uncap_at,
        .random = erg_xoshiro_of((uint64_t)config->shaper.rng_key, 0),
    };
    if (!isnan(config->rack.breaker_w))
        rack->breaker = config->rack.curve
            ? erg_breaker_of_curve(config->rack.breaker_w, config->rack.tau_s,
                                   config->rack.curve)
            : erg_breaker_of(config->rack.breaker_w, config->rack.tau_s, config->rack.trip,
                             0);
    for (size_t i = 0; i < config->rack.member_count; i++) {
        rack->desk.room.members[i].fallback_w = config->rack.members[i].fallback_w;
        rack->desk.room.members[i].weight = config->rack.members[i].weight;
    }
    rack->kept_epoch = load_epoch(rack);
    return erg_lease_rack_start(&rack->desk, rack->kept_epoch, erg_env_boot_ns(&rack->env),
                                err);
}

/* Whoever comes back to a broker cannot know who was there meanwhile. */
void erg_rack_desk_up(erg_rack *rack)
{
    erg_lease_rack_again(&rack->desk, 0, erg_env_boot_ns(&rack->env));
    keep_epoch(rack);
}

/* ---- what arrives -------------------------------------------------------------------- */

static bool take_status(erg_rack *rack, const char *id, size_t length, const char *bytes,
                        size_t size, erg_error *err)
{
    const erg_govern_member *members = rack->config->rack.members;
    erg_lease_status status;
    size_t i = 0;

    while (i < rack->config->rack.member_count
           && (strncmp(members[i].id, id, length) != 0 || members[i].id[length]))
        i++;
    if (i == rack->config->rack.member_count)
        return erg_fail(err, ERG_NOT_FOUND,
                        "node %.*s is not in rack.nodes: it gets no lease",
                        (int)length, id);
    if (!erg_rack_status_read(bytes, size, &status, err))
        return false;
    if (status.least_w > status.most_w)
        return erg_fail(err, ERG_BAD_INPUT, "status of %s: min_w is above max_w",
                        members[i].id);
    erg_lease_rack_hear(&rack->desk, i, &status, erg_env_boot_ns(&rack->env));
    return true;
}

/* What the broker kept of a coordinator: this one must count above it. */
static bool take_presence(erg_rack *rack, const char *bytes, size_t size, erg_error *err)
{
    erg_rack_presence presence;

    if (size == 0)
        return true;
    if (!erg_rack_presence_read(bytes, size, &presence, err))
        return false;
    if (presence.boot != rack->boot && presence.epoch >= rack->desk.epoch)
        erg_lease_rack_again(&rack->desk, presence.epoch, erg_env_boot_ns(&rack->env));
    return true;
}

bool erg_rack_desk_take(erg_rack *rack, const char *topic, const char *bytes, size_t size,
                        erg_error *err)
{
    const char *end = strrchr(topic, '/');

    if (strcmp(topic, "coord") == 0)
        return take_presence(rack, bytes, size, err);
    if (strncmp(topic, "node/", 5) == 0 && end > topic + 5 && strcmp(end, "/status") == 0)
        return take_status(rack, topic + 5, (size_t)(end - topic - 5), bytes, size, err);
    return erg_fail(err, ERG_BAD_INPUT, "%.100s: no such topic", topic);
}

/* ---- what goes out ------------------------------------------------------------------- */

static void post_grant(erg_rack *rack, const erg_rack_line *line,
                       const erg_lease_answer *answer)
{
    char topic[80];

    snprintf(topic, sizeof(topic), "node/%s/grant",
             rack->config->rack.members[answer->node].id);
    erg_rack_post_to(rack, line, topic,
                     &(erg_rack_post){ .size = erg_rack_grant_write(&answer->grant,
                                                                    rack->text),
                                       .qos = 1,
                                       .expiry_s = 1
                                           + (unsigned)rack->config->mqtt.lease_s });
}

/* Said again each period while it holds: a node lets go by itself after one lease. */
static void post_brake(erg_rack *rack, const erg_rack_line *line, bool is_on)
{
    if (!is_on && !rack->is_braked)
        return;
    rack->is_braked = is_on;
    const erg_rack_brake brake = { is_on, rack->desk.epoch };
    erg_rack_post_to(rack, line, "brake",
                     &(erg_rack_post){ .size = erg_rack_brake_write(&brake, rack->text),
                                       .qos = 1,
                                       .expiry_s = 1
                                           + (unsigned)rack->config->mqtt.lease_s });
}

static const char *state_of(const erg_rack *rack, const erg_lease_member *member,
                            int64_t now_ns)
{
    if (!member->heard || now_ns - member->heard_ns > 3 * rack->terms.period_ns)
        return member->held_count ? "silent" : "fallback";
    if (now_ns < rack->desk.wait_ns)
        return "hold";
    return member->held_count ? "leased" : "asking";
}

static void show(erg_rack *rack, erg_governor *governor, int64_t now_ns)
{
    size_t n = rack->desk.room.count;

    for (size_t i = 0; i < n; i++) {
        const erg_lease_member *member = &rack->desk.room.members[i];
        const erg_lease_held *last = member->held_count
            ? &member->held[member->held_count - 1]
            : NULL;
        rack->lent[i] = (erg_govern_lent){
            rack->config->rack.members[i].id,
            { .cap_w = erg_lease_rack_bound(&rack->desk, i, now_ns),
              .until_ns = last ? last->expires_ns : now_ns,
              .epoch = (int64_t)rack->desk.epoch,
              .number = last ? (int64_t)last->sequence : 0,
              .state = rack->desk.stands_by ? "standby" : state_of(rack, member, now_ns) },
            member->is_live ? member->last.job : "", member->last.epoch_s,
            isnan(member->balance_w) ? NAN : member->granted_w,
        };
    }
    erg_governor_lend(governor, rack->lent, n);
}

/* By what was drawn as of the last step. */
static double heat_of(erg_rack *rack)
{
    if (!(rack->breaker.rating_w > 0))
        return NAN;
    erg_breaker_step(&rack->breaker, rack->power_w, rack->config->mqtt.status_s);
    return rack->breaker.theta / rack->breaker.trip;
}

/* Once for each time that it passes. */
static void note_trip(erg_rack *rack, erg_governor *governor, double heat)
{
    char text[64];

    if (heat >= 1 && !rack->has_tripped) {
        snprintf(text, sizeof(text), "by its model the breaker trips, at %.4g W",
                 rack->power_w);
        erg_rack_event_note(governor, "trip", text);
    }
    rack->has_tripped = heat >= 1;
}

static void note_brake(const erg_rack *rack, erg_governor *governor, bool is_on,
                       double heat)
{
    char text[64];

    if (is_on == rack->is_braked)
        return;
    if (isnan(heat))
        snprintf(text, sizeof(text), "%s at %.4g W", is_on ? "on" : "off", rack->power_w);
    else
        snprintf(text, sizeof(text), "%s at %.4g W, breaker at %.2f of its trip",
                 is_on ? "on" : "off", rack->power_w, heat);
    erg_rack_event_note(governor, "brake", text);
}

/* Who does not lead admits no job. */
static void admit_within(const erg_rack *rack, erg_governor *governor)
{
    bool leads = rack->is_up && !rack->desk.stands_by;

    erg_governor_room(governor, &(erg_govern_room){ leads ? rack->desk.limit_w : 0,
                                                    leads ? rack->desk.bands.limit_w : 0,
                                                    rack->power_w });
}

void erg_rack_desk_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line)
{
    erg_lease_rack_in in = { erg_env_boot_ns(&rack->env), NAN, NAN };
    erg_lease_rack_out out;

    show(rack, governor, in.now_ns);
    admit_within(rack, governor);
    if (!rack->is_up || in.now_ns < rack->next_ns)
        return;
    rack->next_ns = in.now_ns + rack->terms.period_ns;
    in.heat = heat_of(rack);
    note_trip(rack, governor, in.heat);
    erg_lease_rack_step(&rack->desk, &in, rack->answers, &out);
    rack->power_w = out.power_w;
    keep_epoch(rack);
    for (size_t k = 0; k < out.count; k++)
        post_grant(rack, line, &rack->answers[k]);
    note_brake(rack, governor, out.brake, in.heat);
    post_brake(rack, line, out.brake);
}
