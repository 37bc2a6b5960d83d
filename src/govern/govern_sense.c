/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensors say: watts and kelvin of each device, and watts of the node. */
#include <math.h>
#include <string.h>
#include "govern/govern.h"
#include "govern/rack.h"

#define SLOW_S 1.0          /* channels that no rule needs */
#define STALE_S 5.0         /* a value this old says nothing of now */
#define BASE_S 10.0         /* of the mean of what no knob holds */

static bool is_gpu(const erg_device_info *info)
{
    return info->scope == ERG_SCOPE_BOARD || info->scope == ERG_SCOPE_MODULE
        || info->scope == ERG_SCOPE_CHIP;
}

/* Scopes that do not contain each other: a core is in its package, a psys is the node. */
static bool is_part(const erg_device_info *info)
{
    return info->scope == ERG_SCOPE_BOARD || info->scope == ERG_SCOPE_MODULE
        || info->scope == ERG_SCOPE_PACKAGE || info->scope == ERG_SCOPE_DRAM;
}

static void find_channels(const erg_governor *governor, erg_governed *item)
{
    size_t count = erg_devices_channel_count(governor->devices, item->index);

    item->power_at = item->energy_at = item->heat_at = item->use_at = -1;
    for (size_t i = 0; i < count && i < ERG_GOVERN_CHANNELS_MOST; i++) {
        const erg_channel_info *channel =
            erg_devices_channel(governor->devices, item->index, i);
        int at = (int)i;
        item->values[i] = (erg_govern_value){ NAN, 0 };
        if (channel->quantity == ERG_POWER && item->power_at < 0)
            item->power_at = at;
        if (channel->quantity == ERG_ENERGY && item->energy_at < 0)
            item->energy_at = at;
        if (channel->quantity == ERG_TEMPERATURE && item->heat_at < 0)
            item->heat_at = at;
        if (strcmp(channel->name, "use") == 0 && channel->quantity == ERG_USE)
            item->use_at = at;
    }
}

static void begin_item(erg_governor *governor, erg_governed *item, size_t index)
{
    const erg_device_info *info = erg_devices_info(governor->devices, index);
    const erg_device_knob *knob = erg_devices_find_knob(governor->devices, index,
                                                        ERG_POWER_LIMIT);

    *item = (erg_governed){
        .index = index,
        .is_gpu = is_gpu(info),
        .is_part = is_part(info),
        .is_node = info->scope == ERG_SCOPE_NODE || info->scope == ERG_SCOPE_PSYS,
        .has_limit = knob && knob->high > 0,
        .power_w = NAN,
        .temp_k = NAN,
        .lagged_w = NAN,
        .heat_cap_w = INFINITY,
        .set.cap_w = INFINITY,
        .rest.least_w = NAN,
        .requested_w = NAN,
        .enforced_w = NAN,
        .work.phase = -1,
        .epochs.epoch_s = NAN,
        .epochs.cap_w = NAN,
        .demand_w = NAN,
        .grant_w = NAN,
        .least_w = NAN,
        .most_w = NAN,
    };
    find_channels(governor, item);
    erg_govern_clock_begin(governor, item);
    erg_govern_ops_begin(item);
    item->is_node &= !governor->has_meter && (item->power_at >= 0 || item->energy_at >= 0);
    governor->has_meter |= item->is_node;       /* the first one: two would count twice */
}

void erg_govern_sense_begin(erg_governor *governor)
{
    size_t count = erg_devices_count(governor->devices);

    governor->power_w = governor->base_w = governor->rest.least_w = NAN;
    for (size_t i = 0; i < count && governor->count < ERG_GOVERN_DEVICES_MOST; i++)
        if (erg_devices_state(governor->devices, i) == ERG_PRESENT)
            begin_item(governor, &governor->items[governor->count++], i);
}

/* ---- reading ------------------------------------------------------------------ */

static void read_channel(erg_governor *governor, erg_governed *item, int at)
{
    erg_reading reading;

    if (at < 0
        || !erg_devices_read(governor->devices, item->index, (size_t)at, &reading, NULL)
        || reading.count == 0)
        return;
    const erg_sample *last = &reading.at[reading.count - 1];
    item->values[at] = (erg_govern_value){ last->value, last->t_ns };
}

static void read_all(erg_governor *governor, erg_governed *item, bool slow)
{
    size_t count = erg_devices_channel_count(governor->devices, item->index);

    for (int i = 0; i < (int)count && i < ERG_GOVERN_CHANNELS_MOST; i++)
        if (slow || i == item->power_at || i == item->heat_at || i == item->energy_at
            || (item->clock.is_turned && i == item->clock.seen_at))
            read_channel(governor, item, i);
}

/* Watts from a counter, over a span that is long beside its updates. */
static void difference(const erg_governor *governor, erg_governed *item)
{
    const erg_channel_info *channel = erg_devices_channel(governor->devices, item->index,
                                                          (size_t)item->energy_at);
    const erg_govern_value *now = &item->values[item->energy_at];
    double least_s = fmax(0.05, 10 * (channel->update_s > 0 ? channel->update_s : 0));
    double span_s = erg_s_from_ns(now->t_ns - item->counted_ns);

    if (isnan(now->value) || (item->counted_ns && span_s < least_s))
        return;
    double used_j = now->value - item->counted_j;
    if (used_j < 0 && channel->range_j > 0)
        used_j += channel->range_j;
    if (item->counted_ns && used_j >= 0) {
        item->power_w = used_j / span_s;
        item->seen_ns = now->t_ns;
    }
    item->counted_ns = now->t_ns;
    item->counted_j = now->value;
}

static void settle(const erg_governor *governor, erg_governed *item)
{
    if (item->power_at >= 0) {
        item->power_w = item->values[item->power_at].value;
        item->seen_ns = item->values[item->power_at].t_ns;
    } else if (item->energy_at >= 0) {
        difference(governor, item);
    }
    if (erg_s_from_ns(governor->now_ns - item->seen_ns) > STALE_S)
        item->power_w = NAN;
    if (item->heat_at >= 0)
        item->temp_k = item->values[item->heat_at].value;
}

/* Its use is that of some time before the reading: 0 at both ends is rest between. */
static bool is_idle(const erg_governor *governor, const erg_governed *item)
{
    const erg_govern_value *use = item->use_at < 0 ? NULL : &item->values[item->use_at];

    return use && use->value == 0
        && erg_s_from_ns(governor->now_ns - use->t_ns) < 2 * SLOW_S;
}

static void look_for_rest(erg_governed_rest *rest, double power_w, bool ends, bool idle)
{
    rest->sum_w += power_w;
    rest->count++;
    if (!ends)
        return;
    rest->is_seen |= idle && rest->was_idle;
    rest->was_idle = idle;
    rest->least_w = fmin(rest->least_w, rest->sum_w / rest->count);
    rest->sum_w = rest->count = 0;
}

/* ---- of the node ------------------------------------------------------------------ */

static double sum_of(const erg_governor *governor,
                     bool (*is_wanted)(const erg_governed *item))
{
    double sum_w = 0;

    for (size_t i = 0; i < governor->count; i++)
        if (is_wanted(&governor->items[i]))
            sum_w += governor->items[i].power_w;
    return sum_w;
}

static bool is_meter(const erg_governed *item) { return item->is_node; }
static bool is_held(const erg_governed *item) { return item->has_limit && item->is_part; }
static bool is_any_part(const erg_governed *item) { return item->is_part; }

static bool is_free(const erg_governed *item)
{
    return item->is_part && !item->has_limit && !isnan(item->power_w);
}

static void node_power(erg_governor *governor, double dt_s)
{
    double stated_w = governor->config->node.base_w, base_w;

    if (governor->has_meter) {
        governor->power_w = sum_of(governor, is_meter);
        base_w = fmax(0, governor->power_w - sum_of(governor, is_held));
    } else {
        governor->power_w =
            sum_of(governor, is_any_part) + (isnan(stated_w) ? 0 : stated_w);
        base_w = sum_of(governor, is_free) + (isnan(stated_w) ? 0 : stated_w);
    }
    if (isnan(base_w))
        return;         /* as it was */
    if (isnan(governor->base_w))
        governor->base_w = base_w;
    governor->base_w += (base_w - governor->base_w) * -expm1(-dt_s / BASE_S);
}

/* In the journal, and so to the rack. */
static void hear(erg_governor *governor)
{
    erg_device_event told;

    while (erg_devices_event(governor->devices, &told))
        erg_rack_event_note(governor, "meter", told.name);
}

void erg_govern_sense(erg_governor *governor, double dt_s)
{
    bool slow = !governor->is_started
        || erg_s_from_ns(governor->now_ns - governor->slow_ns) >= SLOW_S;

    if (slow)
        governor->slow_ns = governor->now_ns;
    for (size_t i = 0; i < governor->count; i++) {
        read_all(governor, &governor->items[i], slow);
        settle(governor, &governor->items[i]);
        look_for_rest(&governor->items[i].rest, governor->items[i].power_w, slow,
                      slow && is_idle(governor, &governor->items[i]));
    }
    hear(governor);
    node_power(governor, dt_s);
    look_for_rest(&governor->rest, governor->power_w, slow, false);
}
