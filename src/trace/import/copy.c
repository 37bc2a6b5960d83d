/* SPDX-License-Identifier: Apache-2.0 */
/* One trace into another, on the other's clock. */
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "trace/import/copy.h"
#include "trace/import/importer.h"

typedef struct copying {
    const erg_trace *from;
    erg_trace *into;
    int first_device, first_channel;
    int64_t shift_ns;
    erg_error *err;
} copying;

/* Two boots share no monotonic clock: UTC joins them. */
static bool find_shift(copying *c)
{
    bool empty = erg_trace_anchor_count(c->into) == 0;
    size_t anchors = erg_trace_anchor_count(c->from);
    for (size_t i = 0; empty && i < anchors; i++)
        if (!erg_trace_add_anchor(c->into, erg_trace_anchor(c->from, i), c->err))
            return false;
    if (empty || anchors == 0)
        return true;
    const erg_anchor *anchor = erg_trace_anchor(c->from, 0);
    int64_t shift_ns;
    if (!erg_import_clock(c->into, anchor->utc_ns, &shift_ns, c->err))
        return false;
    c->shift_ns = anchor->utc_ns + shift_ns - anchor->mono_ns;
    return true;
}

static bool copy_samples(copying *c, int from, int to)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(c->from, from, &count);
    if (c->shift_ns == 0)
        return erg_trace_add_samples(c->into, to, samples, count, c->err);
    erg_sample *moved = malloc((count + 1) * sizeof(*moved));
    bool good = moved || erg_fail(c->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; good && i < count; i++) {
        moved[i] = samples[i];
        moved[i].t_ns += c->shift_ns;
    }
    good = good && erg_trace_add_samples(c->into, to, moved, count, c->err);
    free(moved);
    return good;
}

static bool copy_channels(copying *c)
{
    bool good = true;
    c->first_device = (int)erg_trace_device_count(c->into);
    c->first_channel = (int)erg_trace_channel_count(c->into);
    for (int i = 0; good && i < (int)erg_trace_device_count(c->from); i++)
        good = erg_trace_add_device(c->into, erg_trace_device(c->from, i), c->err) >= 0;
    for (int i = 0; good && i < (int)erg_trace_channel_count(c->from); i++) {
        erg_channel_info info = *erg_trace_channel(c->from, i);
        info.device += c->first_device;
        int channel = erg_trace_add_channel(c->into, &info, c->err);
        good = channel >= 0 && copy_samples(c, i, channel);
    }
    return good;
}

/* Ids of regions are moved past those that are there already. */
static bool copy_regions(copying *c)
{
    int64_t most = 0;
    bool good = true;
    for (size_t i = 0; i < erg_trace_region_count(c->into); i++)
        if (erg_trace_region(c->into, i)->id > most)
            most = erg_trace_region(c->into, i)->id;
    for (size_t i = 0; good && i < erg_trace_region_count(c->from); i++) {
        erg_region region = *erg_trace_region(c->from, i);
        region.id += most;
        region.parent += region.parent ? most : 0;
        region.begin_ns += c->shift_ns;
        region.end_ns += region.end_ns == INT64_MAX ? 0 : c->shift_ns;
        good = erg_trace_add_region(c->into, &region, c->err);
    }
    return good;
}

static bool copy_rest(copying *c)
{
    bool good = true;
    for (size_t i = 0; good && i < erg_trace_mark_count(c->from); i++) {
        erg_mark_row mark = *erg_trace_mark(c->from, i);
        mark.t_ns += c->shift_ns;
        good = erg_trace_add_mark(c->into, &mark, c->err);
    }
    for (size_t i = 0; good && i < erg_trace_setting_count(c->from); i++) {
        erg_setting setting = *erg_trace_setting(c->from, i);
        setting.t_ns += c->shift_ns;
        setting.device += setting.device < 0 ? 0 : c->first_device;
        good = erg_trace_add_setting(c->into, &setting, c->err);
    }
    for (size_t i = 0; good && i < erg_trace_flag_count(c->from); i++) {
        erg_flag flag = *erg_trace_flag(c->from, i);
        flag.channel += flag.channel < 0 ? 0 : c->first_channel;
        flag.span.begin_ns += c->shift_ns;
        flag.span.end_ns += c->shift_ns;
        good = erg_trace_add_flag(c->into, &flag, c->err);
    }
    const char *key, *value;
    for (size_t i = 0; good && erg_trace_meta_at(c->from, i, &key, &value); i++)
        good = erg_trace_meta(c->into, key) || erg_trace_set_meta(c->into, key, value, c->err);
    return good;
}

bool erg_trace_copy(const erg_trace *from, erg_trace *into, erg_error *err)
{
    copying c = { .from = from, .into = into, .err = err };
    return find_shift(&c) && copy_channels(&c) && copy_regions(&c) && copy_rest(&c);
}
