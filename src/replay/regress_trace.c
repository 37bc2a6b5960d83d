/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "erg/energy.h"
#include "replay/regress.h"

typedef struct intake {
    const erg_trace *trace;
    const erg_region **regions;         /* the outer before the inner */
    int64_t *parents;                   /* sorted */
    size_t count;
    int channel;
    erg_regress_set *to;
} intake;

static int outer_first(const void *a, const void *b)
{
    const erg_region *x = *(const erg_region *const *)a, *y = *(const erg_region *const *)b;

    if (x->begin_ns != y->begin_ns)
        return x->begin_ns < y->begin_ns ? -1 : 1;
    if (x->end_ns != y->end_ns)
        return x->end_ns > y->end_ns ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool sort(intake *in, erg_error *err)
{
    size_t count = erg_trace_region_count(in->trace);

    in->regions = calloc(count + 1, sizeof(void *));
    in->parents = calloc(count + 1, sizeof(in->parents[0]));
    if (!in->regions || !in->parents)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu regions", count);
    for (size_t i = 0; i < count; i++) {
        const erg_region *region = erg_trace_region(in->trace, i);
        if (region->end_ns == INT64_MAX)
            continue;
        in->parents[in->count] = region->parent;
        in->regions[in->count++] = region;
    }
    qsort(in->regions, in->count, sizeof(void *), outer_first);
    qsort(in->parents, in->count, sizeof(in->parents[0]), by_value);
    return true;
}

static bool is_parent(const intake *in, const erg_region *region)
{
    return bsearch(&region->id, in->parents, in->count, sizeof(in->parents[0]), by_value)
           != NULL;
}

static bool open_window(intake *in, const erg_region *region, size_t *at, erg_error *err)
{
    char name[sizeof(in->to->windows->name)];
    erg_energy seen;

    snprintf(name, sizeof(name), "%s#%lld", region->name, (long long)region->id);
    if (!erg_trace_energy(in->trace, in->channel,
                          (erg_span){ region->begin_ns, region->end_ns }, &seen, err))
        return false;
    *at = erg_regress_window_of(in->to, name, err);
    if (*at == SIZE_MAX)
        return false;
    in->to->windows[*at].energy_j = seen.energy_j;
    in->to->windows[*at].time_s = seen.window_s;
    return true;
}

/* A region that holds none is no window: it is opened by its first kernel. */
static bool take(intake *in, erg_error *err)
{
    const erg_region *outer = NULL;
    size_t at = SIZE_MAX;
    bool ok = true;

    for (size_t i = 0; i < in->count && ok; i++) {
        const erg_region *region = in->regions[i];
        if (!outer || region->end_ns > outer->end_ns) {
            outer = region;
            at = SIZE_MAX;
            continue;
        }
        if (is_parent(in, region))
            continue;
        double runs = isnan(region->runs) ? 1 : region->runs;
        ok = (at != SIZE_MAX || open_window(in, outer, &at, err))
            && erg_regress_add(in->to, at, erg_regress_kernel_of(in->to, region->name, err),
                               runs, err);
    }
    return ok;
}

/* The first of a device, else of all the machine, else of a model. */
static int first_channel(const erg_trace *trace)
{
    int device = -1, node = -1, model = -1;

    for (int i = (int)erg_trace_channel_count(trace); i-- > 0;) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        if (info->quantity != ERG_POWER && info->quantity != ERG_ENERGY)
            continue;
        *(info->method == ERG_METHOD_MODEL       ? &model
          : erg_replay_sees_node(trace, i)       ? &node
                                                 : &device) = i;
    }
    return device >= 0 ? device : node >= 0 ? node : model;
}

erg_regress_set *erg_regress_of_trace(const erg_trace *trace, int channel, erg_error *err)
{
    intake in = { .trace = trace, .channel = channel < 0 ? first_channel(trace) : channel,
                  .to = erg_regress_set_new("the recording", err) };
    bool ok = in.to != NULL;

    if (ok && in.channel < 0)
        ok = erg_fail(err, ERG_NO_DATA, "the recording has no power");
    if (ok && erg_trace_channel(trace, in.channel)->method == ERG_METHOD_MODEL)
        ok = erg_fail(err, ERG_NO_DATA,
                      "the recording has no power but that of a model: a regression would "
                      "find the model; record with a sensor (erg devices)");
    ok = ok && sort(&in, err) && take(&in, err);
    if (ok)
        in.to->is_system = erg_replay_sees_node(trace, in.channel);
    free(in.regions);
    free(in.parents);
    if (!ok)
        erg_regress_set_free(in.to);
    return ok ? in.to : NULL;
}
