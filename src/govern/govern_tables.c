/* SPDX-License-Identifier: Apache-2.0 */
/* What a governor tells: tables of its last step. */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

static const erg_column grant_columns[] = {
    { "node", ERG_TEXT, "the node, then each of its devices as node/device" },
    { "demand_w", ERG_REAL, "what it would draw, by what it draws" },
    { "grant_w", ERG_REAL, "what the governor gives it" },
    { "cap_w", ERG_REAL,
      "the node's limit by its rules; a device's limit as it says itself" },
    { "state", ERG_TEXT,
      "observe, free, enforced, unread, refused, sensor, floor (its own is above its "
      "grant), short or braked" },
    { "requested_w", ERG_REAL, "what was last asked of the device" },
    { "enforced_w", ERG_REAL, "what the device said when it was read back" },
    { "rule", ERG_TEXT, "what holds it down; none: nothing does" },
    { "power_w", ERG_REAL, "what it draws" },
    { "temp_c", ERG_REAL, "its temperature" },
    { "reason", ERG_TEXT, "why it is in that state" },
};

static const erg_column rule_columns[] = {
    { "rule", ERG_TEXT, "a limit of the node" },
    { "limit_w", ERG_REAL, "at most; none: it does not bite" },
    { "binds", ERG_TRUTH, "it is the least of all" },
    { "about", ERG_TEXT, "where it comes from" },
};

static const erg_column sensor_columns[] = {
    { "device", ERG_TEXT, "name of the device" },
    { "channel", ERG_TEXT, "name of the channel" },
    { "value", ERG_REAL, "the last reading, in SI" },
    { "unit", ERG_TEXT, "of the value" },
    { "t_ns", ERG_INTEGER, "when it was read, CLOCK_MONOTONIC" },
    { "quantity", ERG_TEXT,
      "power, energy, temperature, clock, use, bytes, duration or other" },
    { "kind", ERG_TEXT, "instant, average, smoothed or counter" },
    { "method", ERG_TEXT, "counter, integral, model or simulated" },
    { "scope", ERG_TEXT, "what its joules cover" },
    { "update_period_s", ERG_REAL, "of the sensor" },
    { "window_s", ERG_REAL, "the value is a mean of so long" },
    { "delay_s", ERG_REAL, "of the value" },
    { "gain", ERG_REAL, "true = (value - offset)/gain" },
    { "offset", ERG_REAL, "see gain" },
    { "gain_u", ERG_REAL, "relative standard uncertainty" },
    { "offset_u", ERG_REAL, "standard uncertainty, W" },
    { "range_j", ERG_REAL, "a counter is back at 0 after this" },
    { "resolution", ERG_REAL, "step of the reading" },
    { "max_w", ERG_REAL, "plausible peak" },
    { "uuid", ERG_TEXT, "of the device" },
    { "model", ERG_TEXT, "of the device" },
};

static const erg_column lease_columns[] = {
    { "node", ERG_TEXT, "who holds it" },
    { "cap_w", ERG_REAL, "what is lent" },
    { "left_s", ERG_REAL, "until it runs out; below 0: it has" },
    { "epoch", ERG_INTEGER, "of the coordinator" },
    { "number", ERG_INTEGER, "of the grant" },
    { "state", ERG_TEXT, "as the rack has it" },
};

static const erg_column journal_columns[] = {
    { "t_ns", ERG_INTEGER, "CLOCK_MONOTONIC" },
    { "utc", ERG_TEXT, "the same moment" },
    { "device", ERG_TEXT, "what was changed" },
    { "rule", ERG_TEXT, "why" },
    { "old_w", ERG_REAL, "before" },
    { "requested_w", ERG_REAL, "asked for" },
    { "clamped_w", ERG_REAL, "the supported value nearest to it" },
    { "enforced_w", ERG_REAL, "as read back" },
    { "old_hz", ERG_REAL, "of a clock: before" },
    { "requested_hz", ERG_REAL, "of a clock: asked for" },
    { "clamped_hz", ERG_REAL, "of a clock: the supported value nearest to it" },
    { "enforced_hz", ERG_REAL, "of a clock: as read back" },
    { "who", ERG_TEXT, "for whom" },
    { "text", ERG_TEXT, "more, for people" },
};

/* INFINITY, as a rule that does not bite, is no number of a table. */
static double shown(double value)
{
    return isfinite(value) ? value : NAN;
}

static bool put_reals(erg_table *table, size_t count, const char *const names[],
                      const double values[], erg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!erg_table_real(table, names[i], shown(values[i]), err))
            return false;
    return true;
}

/* ---- grants -------------------------------------------------------------------------- */

static const char *const grant_reals[] = {
    "demand_w", "grant_w", "cap_w", "requested_w", "enforced_w", "power_w", "temp_c",
};

static bool node_row(const erg_governor *governor, erg_table *table, erg_error *err)
{
    erg_govern_claim sum = erg_governor_claim(governor);
    bool enforces = governor->config->mode == ERG_ENFORCE;
    bool braked = governor->is_braked || governor->bands.is_braked;
    const double values[] = { sum.demand_w, governor->budget_w, governor->limit_w, NAN,
                              enforces ? sum.enforced_w : NAN, governor->power_w, NAN };
    const char *state = governor->is_short      ? "short"
                        : braked                ? "braked"
                        : !enforces             ? "observe"
                        : isnan(sum.enforced_w) ? "unread"
                                                : "enforced";

    return erg_table_row(table, err)
        && erg_table_text(table, "node", governor->config->node.id, err)
        && erg_table_text(table, "state", state, err)
        && erg_table_text(table, "rule", governor->rule, err)
        && put_reals(table, ERG_COUNT(grant_reals), grant_reals, values, err);
}

static bool item_row(const erg_governor *governor, const erg_governed *item,
                     erg_table *table, erg_error *err)
{
    const erg_device_knob *knob = erg_govern_knob(governor, item);
    char name[128], why[200];
    bool is_floored = erg_govern_is_floored(governor, item, why, sizeof(why));
    const char *reason = is_floored ? why : item->reason;
    const double values[] = { item->demand_w, item->grant_w, knob ? knob->now : NAN,
                              item->requested_w, item->enforced_w, item->power_w,
                              item->temp_k - 273.15 };

    snprintf(name, sizeof(name), "%.60s/%s", governor->config->node.id,
             erg_devices_info(governor->devices, item->index)->name);
    return erg_table_row(table, err) && erg_table_text(table, "node", name, err)
        && erg_table_text(table, "state", is_floored ? "floor" : item->state, err)
        && erg_table_text(table, "rule", item->rule, err)
        && erg_table_text(table, "reason", reason[0] ? reason : NULL, err)
        && put_reals(table, ERG_COUNT(grant_reals), grant_reals, values, err);
}

static bool add_grants(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "grants", grant_columns, ERG_COUNT(grant_columns), err);
    bool good = table && node_row(governor, table, err);

    for (size_t i = 0; good && i < governor->count; i++)
        good = item_row(governor, &governor->items[i], table, err);
    return good;
}

/* ---- rules --------------------------------------------------------------------------- */

static bool rule_row(erg_table *table, const erg_govern_rule *rule, double limit_w,
                     bool binds, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "rule", rule->name, err)
        && erg_table_real(table, "limit_w", shown(limit_w), err)
        && erg_table_truth(table, "binds", binds, err)
        && erg_table_text(table, "about", rule->about, err);
}

static bool add_rules(const erg_governor *governor, erg_result *result, erg_error *err)
{
    static const erg_govern_rule bands = { .name = "bands",
                                           .about =
                                               "the limit less what the bands take off" };
    erg_table *table =
        erg_result_add(result, "rules", rule_columns, ERG_COUNT(rule_columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < ERG_GOVERN_RULES; i++)
        good = rule_row(table, &erg_govern_rules[i], governor->limits_w[i],
                        governor->rule == erg_govern_rules[i].name, err);
    return good && rule_row(table, &bands, governor->trim_w < 0 ? governor->budget_w : NAN,
                            governor->trim_w < 0, err);
}

/* ---- sensors ------------------------------------------------------------------------- */

static const char *const sensor_reals[] = {
    "value",  "update_period_s", "window_s", "delay_s",    "gain",  "offset",
    "gain_u", "offset_u",        "range_j",  "resolution", "max_w",
};

static bool sensor_row(const erg_governor *governor, const erg_governed *item, size_t at,
                       erg_table *table, erg_error *err)
{
    const erg_device_info *info = erg_devices_info(governor->devices, item->index);
    const erg_channel_info *is = erg_devices_channel(governor->devices, item->index, at);
    const erg_govern_value *last = &item->values[at];
    const double values[] = { last->value, is->update_s,   is->window_s, is->delay_s,
                              is->gain,    is->offset,     is->gain_u,   is->offset_u,
                              is->range_j, is->resolution, is->max_w };

    return erg_table_row(table, err) && erg_table_text(table, "device", info->name, err)
        && erg_table_text(table, "channel", is->name, err)
        && erg_table_text(table, "unit", is->unit, err)
        && erg_table_integer(table, "t_ns", last->t_ns ? last->t_ns : ERG_NONE, err)
        && erg_table_text(table, "quantity", erg_quantity_name(is->quantity), err)
        && erg_table_text(table, "kind", erg_kind_name(is->kind), err)
        && erg_table_text(table, "method", erg_method_name(is->method), err)
        && erg_table_text(table, "scope", erg_scope_name(is->scope), err)
        && erg_table_text(table, "uuid", info->uuid, err)
        && erg_table_text(table, "model", info->model, err)
        && put_reals(table, ERG_COUNT(sensor_reals), sensor_reals, values, err);
}

static bool add_sensors(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "sensors", sensor_columns,
                                      ERG_COUNT(sensor_columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < governor->count; i++) {
        const erg_governed *item = &governor->items[i];
        size_t count = erg_devices_channel_count(governor->devices, item->index);
        for (size_t c = 0; good && c < count && c < ERG_GOVERN_CHANNELS_MOST; c++)
            good = sensor_row(governor, item, c, table, err);
    }
    return good;
}

/* ---- leases, journal ----------------------------------------------------------------- */

static bool lease_row(const erg_governor *governor, erg_table *table, const char *node,
                      const erg_govern_lease *lease, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "node", node, err)
           && erg_table_real(table, "cap_w", shown(lease->cap_w), err)
           && erg_table_real(
               table, "left_s",
               erg_s_from_ns(lease->until_ns - erg_env_boot_ns(&governor->env)), err)
           && erg_table_integer(table, "epoch", lease->epoch, err)
           && erg_table_integer(table, "number", lease->number, err)
           && erg_table_text(table, "state", lease->state, err);
}

static bool add_leases(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table =
        erg_result_add(result, "leases", lease_columns, ERG_COUNT(lease_columns), err);
    bool good = table != NULL;

    if (good && governor->has_lease)
        good = lease_row(governor, table, governor->config->node.id, &governor->lease, err);
    for (size_t i = 0; good && i < governor->lent_count; i++)
        good = lease_row(governor, table, governor->lent[i].node, &governor->lent[i].lease,
                         err);
    return good;
}

/* Most lines are about no clock. */
static double clock_of(double hz)
{
    return hz > 0 ? hz : NAN;
}

static bool journal_row(erg_table *table, const erg_journal_entry *entry, erg_error *err)
{
    static const char *const names[] = {
        "old_w",  "requested_w",  "clamped_w",  "enforced_w",
        "old_hz", "requested_hz", "clamped_hz", "enforced_hz",
    };
    const double values[] = {
        entry->old_w, entry->requested_w, entry->clamped_w, entry->enforced_w,
        clock_of(entry->old_hz), clock_of(entry->requested_hz),
        clock_of(entry->clamped_hz), clock_of(entry->enforced_hz),
    };
    char utc[40];

    erg_utc_format(entry->utc_ns, 3, utc, sizeof(utc));
    return erg_table_row(table, err) && erg_table_integer(table, "t_ns", entry->t_ns, err)
        && erg_table_text(table, "utc", utc, err)
        && erg_table_text(table, "device", entry->device, err)
        && erg_table_text(table, "rule", entry->rule, err)
        && erg_table_text(table, "who", entry->who, err)
        && erg_table_text(table, "text", entry->text[0] ? entry->text : NULL, err)
        && put_reals(table, ERG_COUNT(names), names, values, err);
}

static bool add_journal(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "journal", journal_columns,
                                      ERG_COUNT(journal_columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < erg_journal_count(governor->journal); i++)
        good = journal_row(table, erg_journal_at(governor->journal, i), err);
    return good;
}

/* ---- all of it ----------------------------------------------------------------------- */

/* The usual ones, section 5.3: firmware lets excursions of milliseconds through. */
static bool add_margins(const erg_govern_config *config, erg_result *result, erg_error *err)
{
    const double target = 0.95, margin = 0.8;

    if (config->rack.target > target
        && !erg_result_note(result, err, "rack.bands.target is %g: above %g there is "
                            "little room for what firmware lets through for milliseconds",
                            config->rack.target, target))
        return false;
    return !(config->rack.breaker_w > 0) || config->rack.margin <= margin
        || erg_result_note(result, err, "rack.breaker.margin is %g: a breaker carries %g "
                           "of its rating for hours", config->rack.margin, margin);
}

/* A line that could not be written is tried once. */
static bool add_fault(const erg_governor *governor, erg_result *result, erg_error *err)
{
    double ago_s = erg_s_from_ns(governor->now_ns - governor->fault_ns);

    return governor->fault.code == ERG_OK || ago_s > 60
        || erg_result_note(result, err, "journal: %s: lines of the last minute are lost",
                           governor->fault.text);
}

static bool add_notes(const erg_governor *governor, erg_result *result, erg_error *err)
{
    if (!add_margins(governor->config, result, err) || !add_fault(governor, result, err))
        return false;
    if (governor->config->mode == ERG_OBSERVE
        && !erg_result_note(result, err, "mode is observe: grants are what would be given, "
                            "nothing is turned"))
        return false;
    for (size_t i = 0; i < governor->config->unused_count; i++)
        if (!erg_result_note(result, err,
                             "'%s' of the configuration is checked, but ergd does "
                             "not act on it",
                             governor->config->unused[i]))
            return false;
    return true;
}

typedef bool (*part)(const erg_governor *, erg_result *, erg_error *);

/* parts end with NULL. */
static erg_result *make(const erg_governor *governor, const part parts[], erg_error *err)
{
    erg_result *result = erg_result_new("govern", err);

    for (size_t i = 0; result && parts[i]; i++) {
        if (parts[i](governor, result, err))
            continue;
        erg_result_free(result);
        return NULL;
    }
    return result;
}

erg_result *erg_governor_tables(const erg_governor *governor, erg_error *err)
{
    static const part all[] = { add_grants, erg_govern_add_clocks, erg_govern_add_held,
                                erg_govern_add_work, erg_govern_add_epochs, add_rules,
                                erg_govern_add_floor, add_sensors, add_leases, add_journal,
                                erg_govern_add_jobs, erg_govern_add_hints, add_notes,
                                NULL };

    return make(governor, all, err);
}

erg_result *erg_govern_tables_for(const erg_governor *governor, erg_govern_verb verb,
                                  erg_error *err)
{
    static const part status[] = { add_grants, erg_govern_add_clocks, erg_govern_add_held,
                                   erg_govern_add_work, erg_govern_add_epochs, add_rules,
                                   erg_govern_add_floor, add_leases,
                                   erg_govern_add_jobs, erg_govern_add_hints,
                                   erg_govern_add_budgets, add_notes, NULL };
    static const part sensors[] = { add_sensors, NULL }, why[] = { add_journal, NULL };
    static const part work[] = { erg_govern_add_work, erg_govern_add_epochs, NULL };
    static const part settings[] = { erg_govern_add_settings,
                                     erg_govern_add_budgets, NULL };

    return make(governor,
                verb == ERG_GOVERN_SENSORS    ? sensors
                : verb == ERG_GOVERN_WHY      ? why
                : verb == ERG_GOVERN_SETTINGS ? settings
                : verb == ERG_GOVERN_WORK     ? work
                                              : status,
                err);
}
