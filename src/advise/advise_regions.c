/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of the regions of a run, by what their names say and
 * by what erg show measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise_look.h"

enum { REGIONS_TOLD = 3, ROWS_MOST = 4096 };
static const double wait_told = 0.02, region_told = 0.1, updates_needed = 10;

typedef struct kind {
    const char *word, *what, *advice;
} kind;

/* Parts of names, small letters; the first that fits. */
static const kind kinds[] = {
    { "wait", "waiting", "wait asleep, or let work overlap it" },
    { "barrier", "waiting",
      "wait asleep (COUNTDOWN), or balance the ranks: erg advise map" },
    { "sync", "waiting", "wait asleep, or let work overlap it" },
    { "idle", "waiting", "hand the device back, or fill it: erg advise place" },
    { "bubble", "waiting", "more, smaller microbatches" },
    { "allreduce", "a collective",
      "overlap it with the way back; fewer hops: erg advise map" },
    { "all_reduce", "a collective",
      "overlap it with the way back; fewer hops: erg advise map" },
    { "allgather", "a collective", "overlap it; fewer hops: erg advise map" },
    { "all_gather", "a collective", "overlap it; fewer hops: erg advise map" },
    { "nccl", "a collective", "overlap it; fewer hops: erg advise map" },
    { "mpi_", "a collective", "overlap it; fewer hops: erg advise map" },
    { "h2d", "copying", "fewer, larger copies from pinned memory, ahead of need" },
    { "d2h", "copying", "fewer, larger copies to pinned memory" },
    { "load_data", "waiting for data",
      "more loaders, read ahead: erg sweep --knob env:DEPTH=1,2,4" },
    { "dataload", "waiting for data",
      "more loaders, read ahead: erg sweep --knob env:DEPTH=1,2,4" },
};

static const char *const counted_apart[] = { "run", "warmup", "idle_before", "idle_after" };

static bool is_apart(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(counted_apart); i++)
        if (strcmp(name, counted_apart[i]) == 0)
            return true;
    return false;
}

static const kind *kind_of(const char *name)
{
    char small[64];
    size_t i = 0;

    for (; name[i] && i + 1 < sizeof(small); i++)
        small[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    small[i] = '\0';
    for (size_t k = 0; k < ERG_COUNT(kinds); k++)
        if (strstr(small, kinds[k].word))
            return &kinds[k];
    return NULL;
}

/* Joules of the device that the region was measured on. */
static double device_j(const erg_look *from, erg_look_row region)
{
    const erg_table *table = erg_result_find(from->figures, "devices");

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        erg_look_row one = { table, i };
        if (strcmp(erg_look_text(one, "source"), erg_look_text(region, "source")) == 0)
            return erg_look_real(one, "energy_j");
    }
    return NAN;
}

/* ---- where the joules are ------------------------------------------------------------ */

static int by_energy(const void *a, const void *b)
{
    double x = erg_look_real(*(const erg_look_row *)a, "energy_j");
    double y = erg_look_real(*(const erg_look_row *)b, "energy_j");

    x = isnan(x) ? -INFINITY : x;
    y = isnan(y) ? -INFINITY : y;
    return (x < y) - (x > y);
}

static void tell_region(erg_look *to, erg_look_row of, double share)
{
    erg_finding *one =
        erg_look_tell(to, of, 1, "begin here; what an operator costs: erg estimate");

    one->share = share;
    erg_look_say(one, "region %s takes %.0f %% of the joules", erg_look_text(of, "region"),
                 100 * share);
}

static void tell_kind(erg_look *to, erg_look_row of, double share, const kind *is)
{
    erg_finding *one = erg_look_tell(to, of, 1, is->advice);

    one->share = share;
    erg_look_say(one, "region %s is %s: %.0f %% of the joules", erg_look_text(of, "region"),
                 is->what, 100 * share);
}

/* A figure needs about ten updates of its sensor inside. */
static void tell_too_short(erg_look *to, erg_look_row of)
{
    int channel = erg_trace_find_channel(to->trace, erg_look_text(of, "source"));
    double update_s = channel < 0 ? NAN : erg_trace_channel(to->trace, channel)->update_s;
    double one_s = erg_look_real(of, "time_mean_s");
    erg_finding *one = erg_look_tell(to, of, NAN,
                                     "repeat it within the region and state the "
                                     "runs, or take a faster sensor or a counter");

    if (update_s > 0)
        erg_look_say(
            one, "region %s lasts %.3g s; the sensor, new every %.3g s, needs %.3g s",
            erg_look_text(of, "region"), one_s, update_s, updates_needed * update_s);
    else
        erg_look_say(one, "region %s lasts %.3g s, too short for its sensor",
                     erg_look_text(of, "region"), one_s);
}

static void look_at_region(erg_look *to, erg_look_row of, size_t *told)
{
    double share = erg_look_real(of, "energy_j") / device_j(to, of);
    const kind *is = kind_of(erg_look_text(of, "region"));

    if (strcmp(erg_look_text(of, "quality"), "too_short") == 0)
        tell_too_short(to, of);
    else if (is && share >= wait_told)
        tell_kind(to, of, share, is);
    else if (!is && share >= region_told && (*told)++ < REGIONS_TOLD)
        tell_region(to, of, share);
}

void erg_look_at_regions(erg_look *to)
{
    const erg_table *table = erg_result_find(to->figures, "regions");
    size_t rows = table ? erg_table_row_count(table) : 0, count = 0, told = 0;
    erg_look_row *order = malloc((rows + 1) * sizeof(*order));

    for (size_t i = 0; order && i < rows; i++)
        if (!is_apart(erg_table_find(table, i, "region").text))
            order[count++] = (erg_look_row){ table, i };
    if (order)
        qsort(order, count, sizeof(*order), by_energy);
    for (size_t i = 0; i < count; i++)
        look_at_region(to, order[i], &told);
    free(order);
}
