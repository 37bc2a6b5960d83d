/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to limits when the daemon is gone. Alone, a node gets back what it had. In a
 * rack it must not: a node that nobody governs may draw its fallback and no more. So before
 * anything else limits go down to the least of what they were and the fallback, and that is
 * what is then put back by whoever finds them turned; what they were stands in a file of
 * its own until the rack lets the node go.
 *
 *   Source   docs/govern.md, docs/rack.md.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "format/json.h"
#include "govern/govern.h"

enum { FILE_MOST = 1 << 16 };

/* ---- putting back ------------------------------------------------------------------- */

static bool note_rows(const erg_table *rows, const erg_env *env, const char *who,
                      erg_journal *journal)
{
    bool is_busy = false;

    for (size_t i = 0; rows && i < erg_table_row_count(rows); i++) {
        const char *device = erg_table_find(rows, i, "device").text;
        const char *state = erg_table_find(rows, i, "state").text;
        const erg_journal_words words = { device ? device : "", "recover", who,
                                          state ? state : "" };
        is_busy |= state && strcmp(state, "busy") == 0;
        erg_journal_say(journal, env, &words, NULL);
    }
    return is_busy;
}

bool erg_govern_put_back(const erg_env *env, const char *who, erg_journal *journal,
                         bool *is_busy, erg_error *err)
{
    erg_result *result = erg_devices_recover(env, err);

    *is_busy = result
        && note_rows(erg_result_find(result, "restored"), env, who, journal);
    erg_result_free(result);
    return result != NULL;
}

bool erg_governor_recover(const erg_govern_config *config, const erg_env *env,
                          const char *who, erg_error *err)
{
    erg_env own = env ? *env : (erg_env){ 0 };
    bool is_busy = false;

    own.state_dir = config->state_dir;
    erg_journal *journal =
        erg_journal_open(config->journal.path, config->journal.most_bytes, err);
    bool good = journal && erg_govern_put_back(&own, who, journal, &is_busy, err);
    erg_journal_free(journal);
    return good
        && (!is_busy || erg_fail(err, ERG_REFUSED, "another process still turns a device"));
}

/* ---- what limits were before the rack ------------------------------------------------ */

static bool path_of(const erg_governor *governor, char to[ERG_PATH_MOST], erg_error *err)
{
    int count =
        snprintf(to, ERG_PATH_MOST, "%s/before-rack.json", governor->config->state_dir);

    return (count > 0 && count < ERG_PATH_MOST)
        || erg_fail(err, ERG_BAD_INPUT, "state is too long a path");
}

static const char *name_of(const erg_governor *governor, const erg_governed *item)
{
    return erg_devices_info(governor->devices, item->index)->name;
}

static double now_of(const erg_governor *governor, const erg_governed *item)
{
    const erg_device_knob *knob = erg_govern_knob(governor, item);
    return isnan(knob->now) ? knob->high : knob->now;
}

/* A file that is there is of a daemon before this one, and truer. */
static bool write_before(const erg_governor *governor, const char *path, erg_error *err)
{
    erg_aside aside;

    if (access(path, F_OK) == 0)
        return true;
    json_t *root = json_object();
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].has_limit)
            json_object_set_new(root, name_of(governor, &governor->items[i]),
                                erg_json_real(now_of(governor, &governor->items[i])));
    bool good = erg_folder_make(governor->config->state_dir, err)
        && erg_aside_begin(&aside, path, err);
    if (good) {
        good = json_dumpf(root, aside.stream, JSON_INDENT(1)) == 0
            && fflush(aside.stream) == 0 && fsync(fileno(aside.stream)) == 0;
        if (!good)
            erg_fail(err, ERG_IO, "cannot write %s: %s", path, strerror(errno));
        good = erg_aside_end(&aside, good, good ? err : NULL) && good;
    }
    json_decref(root);
    return good;
}

static void turn_and_note(erg_governor *governor, erg_governed *item, double want_w,
                          const char *rule)
{
    erg_turn turn = { .knob = ERG_POWER_LIMIT, .requested = want_w };
    double old_w = now_of(governor, item);
    erg_error fault = { 0 };
    bool good = erg_devices_turn(governor->devices, item->index, &turn, &fault);

    erg_text_put(item->reason, sizeof(item->reason), fault.text);
    erg_govern_note(governor,
                    &(erg_govern_change){ item, rule, good ? "ergd" : "refused", old_w,
                                          want_w, turn.clamped, turn.enforced });
}

static size_t share_fallback(const erg_governor *governor, size_t owners[],
                             double grants_w[])
{
    const erg_govern_config *config = governor->config;
    erg_claim claims[ERG_GOVERN_DEVICES_MOST];
    size_t order[ERG_GOVERN_DEVICES_MOST], n = 0;

    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *item = &governor->items[i];
        if (!item->has_limit)
            continue;
        const erg_device_knob *knob = erg_govern_knob(governor, item);
        double least_w = erg_govern_least_w(knob);
        double most_w = fmax(least_w, now_of(governor, item));
        claims[n] = (erg_claim){ least_w, most_w, most_w, 1, 0 };
        owners[n++] = i;
    }
    double base_w = isnan(config->node.base_w) ? 0 : config->node.base_w;
    erg_water_fill(claims, n, config->node.fallback_w - base_w, order, grants_w);
    return n;
}

bool erg_govern_fall_back(erg_governor *governor, erg_error *err)
{
    double grants_w[ERG_GOVERN_DEVICES_MOST];
    size_t owners[ERG_GOVERN_DEVICES_MOST];
    char path[ERG_PATH_MOST];

    if (!path_of(governor, path, err) || !write_before(governor, path, err))
        return false;
    size_t n = share_fallback(governor, owners, grants_w);
    for (size_t i = 0; i < n; i++) {
        erg_governed *item = &governor->items[owners[i]];
        if (grants_w[i] < now_of(governor, item))
            turn_and_note(governor, item, grants_w[i], "fallback");
    }
    return erg_devices_keep(governor->devices, err);
}

bool erg_governor_give_back(erg_governor *governor, erg_error *err)
{
    char path[ERG_PATH_MOST];
    json_t *root =
        path_of(governor, path, err) ? erg_json_load(path, FILE_MOST, err) : NULL;

    bool good = root && erg_govern_clocks_back(governor, err);
    for (size_t i = 0; good && i < governor->count; i++) {
        erg_governed *item = &governor->items[i];
        double was_w =
            item->has_limit ? erg_json_number_of(root, name_of(governor, item)) : NAN;
        if (was_w > 0)
            turn_and_note(governor, item, was_w, "release");
    }
    if (good)
        erg_govern_holds_end(governor);
    good = good && erg_devices_keep(governor->devices, err);
    json_decref(root);
    governor->is_let_go |= good;
    return good
           && (unlink(path) == 0
               || erg_fail(err, ERG_IO, "cannot remove %s: %s", path, strerror(errno)));
}
