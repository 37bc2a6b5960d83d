/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic between ranks and hops between slots, as erg advise map reads them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "format/rows.h"

enum { ROWS_MOST = 1 << 20 };

typedef struct traffic_row {
    double from, to, bytes;
} traffic_row;
typedef struct hops_row {
    char from[ERG_SLOT_NAME], to[ERG_SLOT_NAME];
    double hops;
} hops_row;

#define AT(field) offsetof(traffic_row, field)
static const erg_row_field traffic_fields[] = {
    { "from", AT(from), 0, 0, false },
    { "to", AT(to), 0, 0, false },
    { "bytes", AT(bytes), 0, 0, false },
};
#undef AT
#define AT(field) offsetof(hops_row, field)
static const erg_row_field hops_fields[] = {
    { "from", AT(from), ERG_SLOT_NAME, 0, false },
    { "to", AT(to), ERG_SLOT_NAME, 0, false },
    { "hops", AT(hops), 0, 0, false },
};
static const erg_row_layout traffic_layout = { traffic_fields, ERG_COUNT(traffic_fields),
                                               sizeof(traffic_row), ROWS_MOST };
static const erg_row_layout hops_layout = { hops_fields, ERG_COUNT(hops_fields),
                                            sizeof(hops_row), ROWS_MOST };

/* ---- traffic ------------------------------------------------------------------------ */

static bool is_rank(double x) { return x == floor(x) && x < ERG_RANKS_MOST; }

static double *matrix_of(const char *name, const traffic_row *rows, size_t count,
                         size_t *ranks, erg_error *err)
{
    *ranks = 0;
    for (size_t i = 0; i < count; i++) {
        double last = fmax(rows[i].from, rows[i].to);
        if (!is_rank(rows[i].from) || !is_rank(rows[i].to)) {
            erg_fail(err, ERG_BAD_INPUT, "%s: row %zu: a rank is a whole number below %d",
                     name, i + 1, ERG_RANKS_MOST);
            return NULL;
        }
        *ranks = (size_t)last >= *ranks ? (size_t)last + 1 : *ranks;
    }
    double *bytes = calloc(*ranks * *ranks + 1, sizeof(*bytes));
    if (!bytes)
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu ranks", *ranks);
    for (size_t i = 0; bytes && i < count; i++)
        if (rows[i].from != rows[i].to)
            bytes[(size_t)rows[i].from * *ranks + (size_t)rows[i].to] += rows[i].bytes;
    return bytes;
}

double *erg_map_traffic_parse(const char *name, const char *bytes, size_t size,
                              size_t *ranks, erg_error *err)
{
    size_t count = 0;
    traffic_row *rows = erg_rows_parse(&traffic_layout, name, bytes, size, &count, err);
    double *matrix = rows ? matrix_of(name, rows, count, ranks, err) : NULL;

    free(rows);
    return matrix;
}

/* ---- hops --------------------------------------------------------------------------- */

/* In the order in which they are first named; SIZE_MAX: too many. */
static size_t slot_of(erg_slots *to, const char *name)
{
    for (size_t i = 0; i < to->count; i++)
        if (strcmp(to->names[i], name) == 0)
            return i;
    if (to->count == ERG_SLOTS_MOST)
        return SIZE_MAX;
    erg_text_put(to->names[to->count], ERG_SLOT_NAME, name);
    return to->count++;
}

/* "n1" and "n1:3" are on n1. */
static bool is_same_host(const char *a, const char *b)
{
    size_t count = strcspn(a, ":");

    return count == strcspn(b, ":") && strncmp(a, b, count) == 0;
}

static bool fill_hops(const char *name, const hops_row *rows, size_t count, erg_slots *to,
                      erg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t a = slot_of(to, rows[i].from), b = slot_of(to, rows[i].to);
        double *there = &to->hops[a * to->count + b], *back = &to->hops[b * to->count + a];
        if ((!isnan(*there) && *there != rows[i].hops) || (a == b && rows[i].hops > 0))
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s: row %zu: %s to %s has other hops before", name, i + 1,
                            rows[i].from, rows[i].to);
        *there = *back = rows[i].hops;
    }
    for (size_t a = 0; a < to->count; a++)
        for (size_t b = 0; b < to->count; b++) {
            double *there = &to->hops[a * to->count + b];
            if (isnan(*there) && is_same_host(to->names[a], to->names[b]))
                *there = 0;
            if (isnan(*there))
                return erg_fail(err, ERG_BAD_INPUT, "%s: no hops from %s to %s", name,
                                to->names[a], to->names[b]);
        }
    return true;
}

static bool slots_of(const char *name, const hops_row *rows, size_t count, erg_slots *to,
                     erg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (slot_of(to, rows[i].from) == SIZE_MAX || slot_of(to, rows[i].to) == SIZE_MAX)
            return erg_fail(err, ERG_BAD_INPUT, "%s: more than %d slots", name,
                            ERG_SLOTS_MOST);
    to->hops = calloc(to->count * to->count + 1, sizeof(*to->hops));
    if (!to->hops)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu slots", to->count);
    for (size_t i = 0; i < to->count * to->count; i++)
        to->hops[i] = NAN;
    return fill_hops(name, rows, count, to, err);
}

erg_slots *erg_map_slots_parse(const char *name, const char *bytes, size_t size,
                               erg_error *err)
{
    size_t count = 0;
    hops_row *rows = erg_rows_parse(&hops_layout, name, bytes, size, &count, err);
    erg_slots *slots = rows ? calloc(1, sizeof(*slots)) : NULL;
    bool ok = slots != NULL;

    if (rows && !slots)
        erg_fail(err, ERG_NO_MEMORY, "no memory for slots");
    ok = ok && slots_of(name, rows, count, slots, err);
    free(rows);
    if (ok)
        return slots;
    erg_slots_free(slots);
    return NULL;
}

void erg_slots_free(erg_slots *slots)
{
    if (slots)
        free(slots->hops);
    free(slots);
}
