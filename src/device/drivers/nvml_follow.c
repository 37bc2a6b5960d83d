/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child prints carries no monotonic stamp, so a line is placed in the time since
 * the last look at the pipe, with that time as its doubt.
 */
#include <math.h>
#include <poll.h>
#include <string.h>
#include "device/drivers/nvml_follow.h"

size_t nvml_split(char *line, bool is_table, char *cells[], size_t most)
{
    const char *between = is_table ? " \t\r" : ",\r";
    size_t count = 0;
    char *rest = line, *cell;

    while (count < most && (cell = strsep(&rest, between))) {
        cell += strspn(cell, " ");
        if (*cell || !is_table)
            cells[count++] = cell;
    }
    return count;
}

/* N/A, [Not Supported] and their kin are no numbers: a gap. */
static double value_of(const char *cell, const nvml_scale *scale)
{
    double value;
    return erg_number_parse(cell, strlen(cell), '.', &value)
               ? scale->unit * value + scale->zero
               : NAN;
}

static void take_line(void *self, char *line)
{
    nvml_follow *own = self;
    char *cells[NVML_COLUMNS_MOST + 2];
    size_t count = nvml_split(line, own->is_table, cells, ERG_COUNT(cells));
    size_t skip = own->is_table ? 2 : 0;

    if (own->line_count == NVML_LINES_MOST || count <= skip
        || (skip && strcmp(cells[0], "GPU") != 0))
        return;
    for (size_t i = 0; i < own->columns; i++)
        own->lines[own->line_count][i] =
            skip + i < count ? value_of(cells[skip + i], &own->scales[i]) : NAN;
    own->line_count++;
}

/* The lines of one look lie evenly in the time since the look before. */
static void look(nvml_follow *own, const erg_env *env)
{
    own->line_count = 0;
    own->has_ended = own->has_ended || !erg_child_lines(&own->child, take_line, own);
    if (own->line_count == 0)
        return;

    int64_t now_ns = erg_env_now_ns(env);
    int64_t half_ns = (now_ns - own->looked_ns) / (int64_t)(2 * own->line_count);
    for (size_t i = 0; i < own->line_count; i++)
        for (size_t k = 0; k < own->columns; k++) {
            erg_reading *waiting = &own->waiting[k];
            if (waiting->count == ERG_READ_MOST)
                continue;
            waiting->at[waiting->count++] = (erg_sample){
                .t_ns = own->looked_ns + (int64_t)(2 * i + 1) * half_ns,
                .half_width_ns = half_ns,
                .value = own->lines[i][k],
            };
        }
    own->looked_ns = now_ns;
}

bool nvml_follow_start(nvml_follow *own, const erg_env *env, const char *const arguments[],
                       erg_error *err)
{
    own->looked_ns = erg_env_now_ns(env);
    return erg_child_start(&own->child, arguments, err);
}

static bool has_number(const nvml_follow *own)
{
    for (size_t i = 0; i < own->line_count; i++)
        for (size_t k = 0; k < own->columns; k++)
            if (!isnan(own->lines[i][k]))
                return true;
    return false;
}

bool nvml_follow_wait(nvml_follow *own, const erg_env *env, double wait_s)
{
    const erg_env real = { 0 };
    int64_t until_ns = erg_env_now_ns(&real) + erg_ns_from_s(wait_s);

    for (;;) {
        look(own, env);
        int64_t left_ns = until_ns - erg_env_now_ns(&real);
        if (has_number(own)) {
            memset(own->waiting, 0, sizeof(own->waiting)); /* was before anyone asked */
            return true;
        }
        if (own->has_ended || left_ns <= 0)
            return false;
        poll(&(struct pollfd){ .fd = own->child.out, .events = POLLIN }, 1,
             (int)(left_ns / ERG_NS_PER_MS) + 1);
    }
}

void nvml_follow_read(nvml_follow *own, const erg_env *env, size_t column, erg_reading *out)
{
    look(own, env);
    *out = own->waiting[column];
    own->waiting[column].count = 0;
}

void nvml_follow_stop(nvml_follow *own) { erg_child_stop(&own->child); }
