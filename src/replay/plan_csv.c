/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV files of the benchmark guide: counts by name (rows of device `unknown` are runtime
 * calls and are never added), and a row for each launch.
 */
#include <math.h>
#include <string.h>
#include "format/csv.h"
#include "replay/plan_read.h"

typedef enum column {
    DEVICE, NAME, COUNT, STREAM, GRID_X, GRID_Y, GRID_Z, BLOCK_X, BLOCK_Y, BLOCK_Z,
    SHARED, DTYPE, COLLECTIVE, BYTES, COLUMNS
} column;

/* Both files' words for each; the first that is there. */
static const char *const heads[COLUMNS][2] = {
    [DEVICE] = { "device" }, [NAME] = { "kernel_name", "name" }, [COUNT] = { "count" },
    [STREAM] = { "stream" },
    [GRID_X] = { "grid_x" }, [GRID_Y] = { "grid_y" }, [GRID_Z] = { "grid_z" },
    [BLOCK_X] = { "block_x" }, [BLOCK_Y] = { "block_y" }, [BLOCK_Z] = { "block_z" },
    [SHARED] = { "shared_memory", "shared memory" }, [DTYPE] = { "dtype" },
    [COLLECTIVE] = { "collective_name" }, [BYTES] = { "bytes" },
};

typedef struct csv_reading {
    const char *path, *name, *source;
    const erg_replay_plan_options *options;
    erg_replay_plan *plan;
    size_t at[COLUMNS];         /* of a column in a row, plus 1; 0: not there */
    int64_t runtime_rows;
    bool has_heads;
} csv_reading;

static erg_field cell(const csv_reading *reading, const erg_csv_row *row, column which)
{
    size_t at = reading->at[which];
    return at > 0 && at <= row->count ? erg_field_trim(row->fields[at - 1])
                                      : (erg_field){ "", 0 };
}

static bool find_heads(csv_reading *reading, const erg_csv_row *row, erg_error *err)
{
    for (int which = 0; which < COLUMNS; which++)
        for (size_t word = 2; word-- > 0;)
            for (size_t i = 0; heads[which][word] && i < row->count; i++)
                if (erg_field_is(erg_field_trim(row->fields[i]), heads[which][word]))
                    reading->at[which] = i + 1;
    reading->has_heads = true;
    return (reading->at[NAME] && (reading->at[COUNT] || reading->at[GRID_X]))
        || erg_fail(err, ERG_BAD_INPUT, "%s:%zu: no columns for names and counts",
                    reading->path, row->line);
}

/* Empty: to stays. */
static bool whole(const csv_reading *reading, const erg_csv_row *row, column which,
                  int64_t *to, erg_error *err)
{
    const erg_field text = cell(reading, row, which);
    double value = 0;

    if (text.count == 0) return true;
    if (!erg_number_parse(text.text, text.count, '.', &value) || value < 0 || value > 0x1p53
        || value != floor(value))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: \"%s\" is no whole number from 0",
                        reading->path, row->line, heads[which][0]);
    *to = (int64_t)value;
    return true;
}

static bool read_sizes(const csv_reading *reading, const erg_csv_row *row,
                       erg_replay_kernel *kernel, erg_error *err)
{
    erg_signature *s = &kernel->signature;
    int64_t *const to[COLUMNS] = {
        [COUNT] = &kernel->count, [STREAM] = &kernel->stream, [SHARED] = &s->shared_bytes,
        [GRID_X] = &s->grid[0], [GRID_Y] = &s->grid[1], [GRID_Z] = &s->grid[2],
        [BLOCK_X] = &s->block[0], [BLOCK_Y] = &s->block[1], [BLOCK_Z] = &s->block[2],
    };
    const erg_field type = cell(reading, row, DTYPE);
    int64_t bytes = -1;

    for (int which = 0; which < COLUMNS; which++)
        if (to[which] && !whole(reading, row, (column)which, to[which], err)) return false;
    if (!whole(reading, row, BYTES, &bytes, err)) return false;
    if (type.count) erg_plan_precision(type.text, type.count, &s->precision);
    if (bytes >= 0 && s->grid[0] == 0) erg_plan_move(kernel, bytes);
    if (cell(reading, row, COLLECTIVE).count) kernel->tier = ERG_TIER_COLLECTIVE;
    return true;
}

static bool take_row(void *self, const erg_csv_row *row, erg_error *err)
{
    csv_reading *reading = self;
    erg_replay_kernel kernel;
    char device[40] = "";

    if (!reading->has_heads) return find_heads(reading, row, err);
    const erg_field name = cell(reading, row, NAME), on = cell(reading, row, DEVICE);
    if (row->count == 1 && row->fields[0].count == 0) return true;
    if (name.count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a row without a name", reading->path,
                        row->line);
    erg_replay_kernel_init(&kernel, "", reading->source);
    erg_replay_name_put(kernel.name, name.text, name.count);
    if (!read_sizes(reading, row, &kernel, err)) return false;
    if (erg_field_is(on, "unknown")) {
        reading->runtime_rows++;
        erg_plan_leave_out(reading->plan, kernel.count);
        return true;
    }
    snprintf(device, sizeof device, "%.*s", (int)(on.count < 39 ? on.count : 39), on.text);
    return !erg_plan_takes(reading->options, reading->plan, &kernel,
                           on.count ? device : NULL)
        || erg_replay_plan_add(reading->plan, &kernel, NULL, err);
}

static bool read_csv(csv_reading *reading, erg_error *err)
{
    const erg_csv csv = { .name = reading->path, .separator = ',', .keep_last = true,
                          .row = take_row, .self = reading };

    return erg_csv_read_file(&csv, reading->path, NULL, err)
        && (reading->runtime_rows == 0
            || erg_replay_plan_note(reading->plan, err,
                                    "%s: rows without a device: %lld; calls left "
                                    "out, of the runtime and of other devices: %lld",
                                    erg_plan_base(reading->name),
                                    (long long)reading->runtime_rows,
                                    (long long)reading->plan->left_out));
}

static bool read_counts(const erg_plan_input *input, const erg_replay_plan_options *options,
                        erg_replay_plan *plan, erg_error *err)
{
    return read_csv(&(csv_reading){ .path = input->path, .name = input->name,
                                    .source = "counts_csv", .options = options,
                                    .plan = plan }, err);
}

static bool read_launches(const erg_plan_input *input,
                          const erg_replay_plan_options *options, erg_replay_plan *plan,
                          erg_error *err)
{
    return read_csv(&(csv_reading){ .path = input->path, .name = input->name,
                                    .source = "launch_csv", .options = options,
                                    .plan = plan }, err);
}

static bool in_first_line(const erg_plan_input *input, const char *word)
{
    const char *end = strchr(input->head, '\n'), *at = strstr(input->head, word);
    return at && (!end || at < end);
}

static bool is_counts(const erg_plan_input *input)
{
    return in_first_line(input, "kernel_name") && in_first_line(input, "count")
        && in_first_line(input, ",") && input->head[0] != '{';
}

static bool is_launches(const erg_plan_input *input)
{
    return in_first_line(input, "name") && in_first_line(input, "grid_x")
        && in_first_line(input, ",") && input->head[0] != '{';
}

const erg_plan_reader erg_plan_counts_csv = { .name = "counts_csv", .sniff = is_counts,
                                              .read = read_counts, .streams = true };
const erg_plan_reader erg_plan_launch_csv = { .name = "launch_csv", .sniff = is_launches,
                                              .read = read_launches, .streams = true };
