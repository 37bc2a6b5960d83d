/* SPDX-License-Identifier: Apache-2.0 */
/* One trace into another, on the other's clock. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "import/formats/copy.h"
#include "import/formats/importer.h"
#include "trace/region_names.h"
#include "trace/stream.h"

typedef struct copying {
    const erg_trace *from;
    erg_trace *into;
    int *devices, first_channel;    /* devices: from's to into's */
    int64_t shift_ns;
    erg_turn turn;
    erg_error *err;
} copying;

/* Two boots share no monotonic clock: UTC joins them. */
int64_t erg_trace_copy_shift_ns(const erg_trace *from, const erg_trace *into)
{
    const erg_anchor *near = NULL;

    if (erg_trace_anchor_count(from) == 0)
        return 0;
    const erg_anchor *anchor = erg_trace_anchor(from, 0);
    for (size_t i = 0; i < erg_trace_anchor_count(into); i++) {
        const erg_anchor *one = erg_trace_anchor(into, i);
        if (!near
            || llabs(one->utc_ns - anchor->utc_ns) < llabs(near->utc_ns - anchor->utc_ns))
            near = one;
    }
    return near ? anchor->utc_ns + (near->mono_ns - near->utc_ns) - anchor->mono_ns : 0;
}

static int64_t moved_ns(int64_t t_ns, int64_t shift_ns, const erg_turn *turn)
{
    int64_t at_ns = t_ns + shift_ns;
    double off_ns = turn->drift * (double)(at_ns - turn->pivot_ns);
    return at_ns + turn->shift_ns + (int64_t)llround(off_ns);
}

static int64_t moved(const copying *c, int64_t t_ns)
{
    return moved_ns(t_ns, c->shift_ns, &c->turn);
}

static bool copy_anchors(copying *c)
{
    bool empty = erg_trace_anchor_count(c->into) == 0;

    c->shift_ns = erg_trace_copy_shift_ns(c->from, c->into);
    for (size_t i = 0; empty && i < erg_trace_anchor_count(c->from); i++)
        if (!erg_trace_add_anchor(c->into, erg_trace_anchor(c->from, i), c->err))
            return false;
    return true;
}

static bool copy_samples(copying *c, int from, int to)
{
    enum { AT_ONCE = 1 << 12 };
    size_t count, some;
    const erg_sample *samples = erg_trace_samples(c->from, from, &count);
    erg_sample *at = malloc(AT_ONCE * sizeof(*at));
    bool good = at || erg_fail(c->err, ERG_NO_MEMORY, "out of memory");

    for (size_t first = 0; good && first < count; first += some) {
        some = count - first < AT_ONCE ? count - first : AT_ONCE;
        for (size_t i = 0; i < some; i++) {
            at[i] = samples[first + i];
            at[i].t_ns = moved(c, at[i].t_ns);
        }
        erg_samples_rest(c->from, from);
        good = erg_trace_add_samples(c->into, to, at, some, c->err);
    }
    free(at);
    return good;
}

static int device_named(const erg_trace *trace, const char *name)
{
    for (int i = 0; i < (int)erg_trace_device_count(trace); i++)
        if (strcmp(erg_trace_device(trace, i)->name, name) == 0)
            return i;
    return -1;
}

static int channel_named(const erg_trace *trace, int device, const char *name)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++)
        if (erg_trace_channel(trace, i)->device == device
            && strcmp(erg_trace_channel(trace, i)->name, name) == 0)
            return i;
    return -1;
}

/* Two tapes may hold two channels of one device; two logs that both call theirs
 * gpu:0 are of two. */
static bool is_same_device(const copying *c, int from, int to)
{
    const erg_device_info *a = erg_trace_device(c->from, from);
    const erg_device_info *b = erg_trace_device(c->into, to);

    if (strcmp(a->driver, b->driver) != 0 || strcmp(a->uuid, b->uuid) != 0
        || strcmp(a->host_id, b->host_id) != 0 || strcmp(a->driver, "import") == 0)
        return false;
    for (int i = 0; i < (int)erg_trace_channel_count(c->from); i++)
        if (erg_trace_channel(c->from, i)->device == from
            && channel_named(c->into, to, erg_trace_channel(c->from, i)->name) >= 0)
            return false;
    return true;
}

static bool copy_device(copying *c, int from)
{
    const erg_device_info *info = erg_trace_device(c->from, from);
    int there = device_named(c->into, info->name);
    erg_device_info own = *info;

    if (there >= 0 && is_same_device(c, from, there)) {
        c->devices[from] = there;
        return true;
    }
    for (int i = 2; device_named(c->into, own.name) >= 0 && i < 1000; i++)
        snprintf(own.name, sizeof(own.name), "%.26s#%d", info->name, i);
    c->devices[from] = erg_trace_add_device(c->into, &own, c->err);
    return c->devices[from] >= 0;
}

static bool copy_channels(copying *c)
{
    bool good = true;
    c->first_channel = (int)erg_trace_channel_count(c->into);
    for (int i = 0; good && i < (int)erg_trace_device_count(c->from); i++)
        good = copy_device(c, i);
    for (int i = 0; good && i < (int)erg_trace_channel_count(c->from); i++) {
        erg_channel_info info = *erg_trace_channel(c->from, i);
        info.device = c->devices[info.device];
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
        region.begin_ns = moved(c, region.begin_ns);
        region.end_ns = region.end_ns == INT64_MAX ? INT64_MAX : moved(c, region.end_ns);
        good = erg_trace_add_region(c->into, &region, c->err);
    }
    return good;
}

static bool copy_rest(copying *c)
{
    bool good = true;
    for (size_t i = 0; good && i < erg_trace_mark_count(c->from); i++) {
        erg_mark_row mark = *erg_trace_mark(c->from, i);
        mark.t_ns = moved(c, mark.t_ns);
        good = erg_trace_add_mark(c->into, &mark, c->err);
    }
    for (size_t i = 0; good && i < erg_trace_setting_count(c->from); i++) {
        erg_setting setting = *erg_trace_setting(c->from, i);
        setting.t_ns = moved(c, setting.t_ns);
        bool is_known = setting.device >= 0
                     && setting.device < (int)erg_trace_device_count(c->from);
        setting.device = is_known ? c->devices[setting.device] : -1;
        good = erg_trace_add_setting(c->into, &setting, c->err);
    }
    for (size_t i = 0; good && i < erg_trace_flag_count(c->from); i++) {
        erg_flag flag = *erg_trace_flag(c->from, i);
        flag.channel += flag.channel < 0 ? 0 : c->first_channel;
        flag.span.begin_ns = moved(c, flag.span.begin_ns);
        flag.span.end_ns = moved(c, flag.span.end_ns);
        good = erg_trace_add_flag(c->into, &flag, c->err);
    }
    const char *key, *value;
    for (size_t i = 0; good && erg_trace_meta_at(c->from, i, &key, &value); i++)
        good = erg_trace_meta(c->into, key)
            || erg_trace_set_meta(c->into, key, value, c->err);
    return good;
}

/* Numbers of from's names and tracks as into counts them. */
typedef struct renumbering { int32_t *names, *tracks; } renumbering;

static bool renumber(copying *c, renumbering *to)
{
    int32_t names = erg_trace_event_name_count(c->from);
    int32_t tracks = erg_trace_track_count(c->from);

    to->names = calloc((size_t)names + 1, sizeof(*to->names));
    to->tracks = calloc((size_t)tracks + 1, sizeof(*to->tracks));
    if (!to->names || !to->tracks)
        return erg_fail(c->err, ERG_NO_MEMORY, "out of memory");
    for (int32_t i = 0; i < names; i++) {
        const char *name = erg_trace_event_name(c->from, i);
        if ((to->names[i] = erg_trace_add_event_name(c->into, name, c->err)) < 0)
            return false;
    }
    for (int32_t i = 0; i < tracks; i++) {
        const erg_track *track = erg_trace_track(c->from, i);
        if ((to->tracks[i] = erg_trace_add_track(c->into, track, c->err)) < 0)
            return false;
    }
    return true;
}

typedef struct moving { copying *c; const renumbering *with; } moving;

/* In parts: a copy of all of them would be half a gigabyte more. */
static bool move_part(void *self, const erg_trace_event events[], size_t count,
                      erg_error *err)
{
    enum { PART = 1 << 8 };
    const moving *by = self;
    erg_trace_event part[PART];

    for (size_t at = 0; at < count; at += PART) {
        size_t some = count - at < PART ? count - at : PART;
        for (size_t i = 0; i < some; i++) {
            part[i] = events[at + i];
            int64_t end_ns = moved(by->c, part[i].begin_ns + part[i].duration_ns);
            part[i].begin_ns = moved(by->c, part[i].begin_ns);
            part[i].duration_ns = end_ns - part[i].begin_ns;
            part[i].name = by->with->names[part[i].name];
            part[i].by = part[i].by < 0 ? part[i].by : by->with->names[part[i].by];
            part[i].track = by->with->tracks[part[i].track];
        }
        if (!erg_trace_add_events(by->c->into, part, some, err))
            return false;
    }
    return true;
}

static bool copy_events(copying *c)
{
    renumbering with = { 0 };
    bool good = renumber(c, &with)
             && erg_trace_each_event(c->from, move_part, &(moving){ c, &with }, c->err);

    free(with.names);
    free(with.tracks);
    return good;
}

bool erg_trace_copy(const erg_trace *from, erg_trace *into, const erg_turn *turn,
                    erg_error *err)
{
    copying c = { .from = from, .into = into, .err = err };

    if (turn)
        c.turn = *turn;
    c.devices = calloc(erg_trace_device_count(from) + 1, sizeof(*c.devices));
    bool good = c.devices ? copy_anchors(&c) && copy_channels(&c) && copy_regions(&c)
                                && copy_rest(&c) && copy_events(&c)
                          : erg_fail(err, ERG_NO_MEMORY, "out of memory");
    free(c.devices);
    return good;
}

/* ---- twice the same ------------------------------------------------------------- */

static bool has_samples(const erg_trace *into, const erg_trace *from, int channel,
                        const erg_turn *turn)
{
    int64_t shift_ns = erg_trace_copy_shift_ns(from, into);
    const char *name = erg_trace_channel(from, channel)->name;
    size_t count, other;
    const erg_sample *a = erg_trace_samples(from, channel, &count);

    for (int k = 0; k < (int)erg_trace_channel_count(into); k++) {
        const erg_sample *b = erg_trace_samples(into, k, &other);
        size_t i = 0;
        if (strcmp(erg_trace_channel(into, k)->name, name) != 0 || other != count)
            continue;
        while (i < count && moved_ns(a[i].t_ns, shift_ns, turn) == b[i].t_ns
               && (a[i].value == b[i].value || (isnan(a[i].value) && isnan(b[i].value)))) {
            erg_samples_pass(from, channel, i);
            erg_samples_pass(into, k, i++);
        }
        if (i == count)
            return true;
    }
    return false;
}

/* A region by the number of its name. */
typedef struct named_begin { int64_t begin_ns; int32_t name; } named_begin;

static int by_begin(const void *a, const void *b)
{
    const named_begin *x = a, *y = b;
    return x->begin_ns != y->begin_ns ? (x->begin_ns > y->begin_ns ? 1 : -1)
                                      : (x->name > y->name) - (x->name < y->name);
}

/* Those of into, sorted: a million are sought in a million. free() it; NULL: no memory. */
static named_begin *begins_of(const erg_trace *into, const erg_region_names *names)
{
    size_t count = erg_trace_region_count(into);
    named_begin *begins = malloc((count + 1) * sizeof(*begins));

    for (size_t i = 0; begins && i < count; i++)
        begins[i] = (named_begin){ erg_trace_region(into, i)->begin_ns, names->numbers[i] };
    if (begins)
        qsort(begins, count, sizeof(*begins), by_begin);
    return begins;
}

static bool has_regions(const erg_trace *into, const erg_trace *from, const erg_turn *turn)
{
    const erg_region_names *names = erg_region_names_of(into, NULL);
    named_begin *begins = names ? begins_of(into, names) : NULL;
    int64_t shift_ns = erg_trace_copy_shift_ns(from, into);
    bool all = begins != NULL;

    for (size_t i = 0; all && i < erg_trace_region_count(from); i++) {
        const erg_region *one = erg_trace_region(from, i);
        named_begin sought = { moved_ns(one->begin_ns, shift_ns, turn),
                               erg_region_name_number(names, one->name) };
        all = bsearch(&sought, begins, erg_trace_region_count(into), sizeof(sought),
                      by_begin) != NULL;
    }
    free(begins);
    return all;
}

static bool take_first(void *self, const erg_trace_event events[], size_t count,
                       erg_error *err)
{
    (void)count;
    (void)err;
    *(erg_trace_event *)self = events[0];
    return false;
}

typedef struct seeking {
    const erg_trace *from, *into;
    erg_trace_event first;      /* of from, on into's clock */
    bool found;
} seeking;

static bool seek(void *self, const erg_trace_event events[], size_t count, erg_error *err)
{
    seeking *of = self;

    (void)err;
    for (size_t i = 0; i < count && !of->found; i++)
        of->found = events[i].begin_ns == of->first.begin_ns
            && events[i].duration_ns == of->first.duration_ns
            && strcmp(erg_trace_event_name(of->into, events[i].name),
                      erg_trace_event_name(of->from, of->first.name)) == 0;
    return !of->found && events[count - 1].begin_ns <= of->first.begin_ns;
}

/* By the first one: nothing else of that name began on that track in that nanosecond. */
static bool has_events(const erg_trace *into, const erg_trace *from, const erg_turn *turn)
{
    seeking of = { .from = from, .into = into };

    if (erg_trace_event_count(from) == 0)
        return true;
    erg_trace_each_event(from, take_first, &of.first, NULL);
    of.first.begin_ns = moved_ns(of.first.begin_ns, erg_trace_copy_shift_ns(from, into),
                                 turn);
    erg_trace_each_event(into, seek, &of, NULL);
    return of.found;
}

bool erg_trace_holds(const erg_trace *into, const erg_trace *from, const erg_turn *turn)
{
    size_t channels = erg_trace_channel_count(from), regions = erg_trace_region_count(from);
    size_t events = erg_trace_event_count(from);

    for (size_t i = 0; i < channels; i++)
        if (!has_samples(into, from, (int)i, turn))
            return false;
    if (regions && !has_regions(into, from, turn))
        return false;
    return channels + regions + events > 0 && has_events(into, from, turn);
}
