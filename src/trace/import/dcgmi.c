/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcgmi dmon: columns by name or by --fields, no stamps at all.
 *
 * Rows are numbered and the numbers times --period are the stamps, flagged as made
 * up. dcgmi sleeps the period between rows, so the true one is longer; where the
 * file has both counter and power, their ratio tells it: both come from one
 * sensor, so its gain cancels.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/import/importer.h"
#include "trace/import/named_clock.h"

typedef struct field_row {
    int id;                 /* DCGM field, as given to dcgmi -e */
    const char *names[3];   /* in the header, by version */
    const char *channel, *unit;
    erg_quantity quantity;
    double factor, shift;
} field_row;

static const field_row fields[] = {
    { 155, { "POWER", "POWR" }, "power", "W", ERG_POWER, 1, 0 },
    { 157, { "PWINS", "POWIN" }, "power_instant", "W", ERG_POWER, 1, 0 },
    { 156, { "TOTEC" }, "energy", "J", ERG_ENERGY, 1e-3, 0 },
    { 150, { "TMPTR" }, "temperature", "K", ERG_TEMPERATURE, 1, 273.15 },
    { 100, { "SMCLK" }, "sm_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0 },
    { 101, { "MMCLK" }, "memory_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0 },
    { 110, { "SACLK" }, "sm_app_clock", "Hz", ERG_CLOCK_RATE, 1e6, 0 },
    { 203, { "GPUTL" }, "use", "", ERG_USE, 0.01, 0 },
    { 204, { "MCUTL" }, "memory_use", "", ERG_USE, 0.01, 0 },
};

enum { WORDS_MOST = 128, ENTITIES_MOST = 64 };

typedef struct entity {
    char name[32];
    int64_t rows;
    int channels[ERG_COUNT(fields)];
} entity;

typedef struct dcgmi {
    const erg_source *source;
    erg_intake *in;
    int64_t start_ns;
    int columns[ERG_COUNT(fields)];     /* of the values in a row; -1: not there */
    int column_count;
    entity entities[ENTITIES_MOST];
    size_t entity_count;
    erg_field words[WORDS_MOST];
    size_t word_count, line;
} dcgmi;

static void split(dcgmi *at, erg_field line)
{
    const char *c = line.text, *end = c + line.count;
    at->word_count = 0;
    while (c < end && at->word_count < WORDS_MOST) {
        while (c < end && isspace((unsigned char)*c))
            c++;
        const char *word = c;
        while (c < end && !isspace((unsigned char)*c))
            c++;
        if (c > word)
            at->words[at->word_count++] = (erg_field){ word, (size_t)(c - word) };
    }
}

static bool sniff(const erg_source *source)
{
    erg_field line = erg_first_line(source->bytes, source->size);
    if (line.count && *line.text == '#')
        line = erg_field_trim((erg_field){ line.text + 1, line.count - 1 });
    return line.count > 6 && line.text > source->bytes && memcmp(line.text, "Entity", 6) == 0;
}

/* --fields 155,156 in the order given to -e. */
static bool columns_by_id(dcgmi *at, erg_error *err)
{
    const char *list = at->source->options->fields;
    for (at->column_count = 0; *list; at->column_count++) {
        char *end;
        long id = strtol(list, &end, 10);
        if (end == list || (*end && *end != ','))
            return erg_fail(err, ERG_BAD_INPUT, "--fields '%.60s' is no list of numbers, as "
                            "155,156", at->source->options->fields);
        for (size_t i = 0; i < ERG_COUNT(fields); i++)
            if (fields[i].id == id)
                at->columns[i] = at->column_count;
        list = end + (*end == ',');
    }
    return true;
}

static void columns_by_name(dcgmi *at, size_t first)
{
    at->column_count = (int)(at->word_count - first);
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        at->columns[i] = -1;
        for (size_t w = first; w < at->word_count; w++)
            for (size_t n = 0; n < ERG_COUNT(fields[i].names) && fields[i].names[n]; n++)
                if (erg_field_is(at->words[w], fields[i].names[n]))
                    at->columns[i] = (int)(w - first);
    }
}

/* The header repeats and may be another one after a restart. */
static bool take_header(dcgmi *at, erg_error *err)
{
    size_t first = erg_field_is(at->words[0], "#") ? 2 : 1;
    if (at->source->options->fields)
        return true;
    columns_by_name(at, first);
    for (size_t i = 0; i < ERG_COUNT(fields); i++)
        if (at->columns[i] >= 0 && i < 3)
            return true;
    return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: no column POWER, POWR or TOTEC: record fields 155 "
                    "and 156, or name the columns with --fields", at->source->name, at->line);
}

static entity *find_entity(dcgmi *at, erg_error *err)
{
    char name[32];
    const erg_field *kind = &at->words[0], *number = &at->words[1];
    bool gpu = erg_field_is(*kind, "GPU");
    snprintf(name, sizeof(name), "%.*s:%.*s", gpu ? 3 : (int)kind->count, gpu ? "gpu" : kind->text,
             (int)number->count, number->text);
    for (size_t i = 0; i < at->entity_count; i++)
        if (strcmp(at->entities[i].name, name) == 0)
            return &at->entities[i];
    if (at->entity_count == ENTITIES_MOST)
        return NULL;

    entity *one = &at->entities[at->entity_count];
    erg_device_info info = { .driver = "dcgmi", .scope = ERG_SCOPE_BOARD, .shared = !gpu };
    erg_text_put(info.name, sizeof(info.name), name);
    erg_text_put(one->name, sizeof(one->name), name);
    int device = erg_intake_device(at->in, &info, err);
    for (size_t i = 0; device >= 0 && i < ERG_COUNT(fields); i++) {
        erg_channel_info channel = erg_power_channel(device, fields[i].channel, ERG_SCOPE_BOARD);
        channel.quantity = fields[i].quantity;
        erg_text_put(channel.unit, sizeof(channel.unit), fields[i].unit);
        if (channel.quantity == ERG_ENERGY) {
            channel.kind = ERG_COUNTER;
            channel.method = ERG_METHOD_COUNTER;
        }
        one->channels[i] = erg_intake_channel(at->in, &channel, err);
        device = one->channels[i] < 0 ? -1 : device;
    }
    at->entity_count += device >= 0;
    return device >= 0 ? one : NULL;
}

static bool values_of(const dcgmi *at, double values[])
{
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        values[i] = NAN;
        if (at->columns[i] < 0)
            continue;
        size_t word = 2 + (size_t)at->columns[i];
        if (word >= at->word_count
            || !erg_cell_number(at->source, at->words[word], &values[i]))
            return false;
        values[i] = values[i] * fields[i].factor + fields[i].shift;
        if (fields[i].quantity == ERG_POWER && fabs(values[i]) > 1e6)
            values[i] = NAN;
    }
    return true;
}

static bool take_row(dcgmi *at, erg_error *err)
{
    double values[ERG_COUNT(fields)];
    if ((int)at->word_count != at->column_count + 2 || !isdigit((unsigned char)*at->words[1].text)
        || !values_of(at, values)) {
        erg_intake_torn(at->in, at->line);
        return true;
    }
    entity *one = find_entity(at, err);
    if (!one)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: more than %d entities", at->source->name,
                        at->line, ENTITIES_MOST);
    int64_t t_ns = at->start_ns
                 + erg_ns_from_s((double)one->rows * at->source->options->period_s);
    one->rows++;
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        bool measures = fields[i].quantity == ERG_POWER || fields[i].quantity == ERG_ENERGY;
        erg_sample sample = { .t_ns = t_ns, .value = values[i] };
        if (at->columns[i] >= 0 && (measures || !isnan(values[i]))
            && !erg_intake_push(at->in, one->channels[i], sample, at->line, err))
            return false;
    }
    return true;
}

static bool take_line(dcgmi *at, erg_field line, erg_error *err)
{
    bool nul = line.count && memchr(line.text, 0, line.count);
    split(at, line);
    if (at->word_count == 0)
        return true;
    erg_field first = at->words[0];
    bool blank_first = at->word_count > 1 && erg_field_is(first, "#")
                    && erg_field_is(at->words[1], "Entity");
    if (blank_first || erg_field_is(first, "#Entity"))
        return take_header(at, err);
    if (erg_field_is(first, "ID") || erg_field_is(first, "Id"))
        return true;
    if (at->word_count < 3 || nul || at->column_count == 0) {
        erg_intake_torn(at->in, at->line);
        return true;
    }
    return take_row(at, err);
}

static bool take_lines(dcgmi *at, erg_error *err)
{
    const char *c = at->source->bytes, *end = c + at->source->size;
    while (c < end) {
        const char *newline = memchr(c, '\n', (size_t)(end - c));
        at->line++;
        if (!newline) {
            erg_intake_torn(at->in, at->line);
            return true;
        }
        if (!take_line(at, (erg_field){ c, (size_t)(newline - c) }, err))
            return false;
        c = newline + 1;
    }
    return true;
}

/* ---- the true period ----------------------------------------------------------------- */

/* Joules by the counter over watts times rows; NAN where that says nothing. */
static double true_period_s(dcgmi *at, const entity *one, double *counter_j, double *mean_w)
{
    size_t power_count, energy_count;
    const erg_sample *power = erg_intake_samples(at->in, one->channels[0], &power_count);
    const erg_sample *energy = erg_intake_samples(at->in, one->channels[2], &energy_count);
    erg_sum sum = { 0 };

    if (power_count < 50 || energy_count < 50)
        return NAN;
    for (size_t i = 0; i < power_count; i++) {
        if (isnan(power[i].value))
            return NAN;
        erg_sum_add(&sum, power[i].value);
    }
    for (size_t i = 1; i < energy_count; i++)
        if (isnan(energy[i].value) || energy[i].value < energy[i - 1].value)
            return NAN;
    *counter_j = energy[energy_count - 1].value - energy[0].value;
    *mean_w = erg_sum_value(&sum) / (double)power_count;
    return *counter_j / (*mean_w * (double)(energy_count - 1));
}

static void restamp(dcgmi *at, const entity *one, double period_s)
{
    double ratio = period_s / at->source->options->period_s;
    for (size_t i = 0; i < ERG_COUNT(fields); i++) {
        size_t count;
        erg_sample *samples = erg_intake_samples(at->in, one->channels[i], &count);
        for (size_t k = 0; k < count; k++)
            samples[k].t_ns = at->start_ns
                + llround((double)(samples[k].t_ns - at->start_ns) * ratio);
    }
}

/* A counter step at each end is at most 2 rows of it: less is no mismatch. Beyond
 * a factor of 2 the two are not of one load, and the user's word stands. */
static void check_period(dcgmi *at, const entity *one)
{
    double counter_j = NAN, mean_w = NAN, stated_s = at->source->options->period_s;
    double period_s = true_period_s(at, one, &counter_j, &mean_w);
    double off = fabs(period_s / stated_s - 1);

    if (!(off > 0.005 && off > 2.0 / (double)one->rows))
        return;
    bool usable = period_s > stated_s / 2 && period_s < stated_s * 2;
    if (usable)
        restamp(at, one, period_s);
    erg_intake_flag(at->in, ERG_FLAG_PERIOD_MISMATCH, "%s: %.3f J by the counter, %.1f J by %.3f W "
                    "x %lld rows x %.6g ms: the true period is %.3f ms; the stamps %s", one->name,
                    counter_j, mean_w * (double)one->rows * stated_s, mean_w, (long long)one->rows,
                    1e3 * stated_s, 1e3 * period_s,
                    usable ? "were made with it" : "keep what --period says: check it");
}

static bool begin(dcgmi *at, erg_error *err)
{
    const erg_import_options *options = at->source->options;
    erg_stamp start = { 0 };
    if (!(options->period_s > 0) || options->period_s > 86400)
        return erg_fail(err, ERG_BAD_INPUT, "%s:1: dcgmi writes no stamps: say how far apart its "
                        "rows are with --period 50ms (and --start STAMP)", at->source->name);
    if (options->start
        && !erg_stamp_parse(options->start, strlen(options->start), &at->source->style, &start))
        return erg_fail(err, ERG_BAD_INPUT, "--start '%.60s' is no stamp", options->start);
    at->start_ns = start.utc_ns;
    for (size_t i = 0; i < ERG_COUNT(fields); i++)
        at->columns[i] = -1;
    erg_intake_relative(at->in, !options->start);
    return !options->fields || columns_by_id(at, err);
}

static bool finish(dcgmi *at, erg_trace *into, erg_error *err)
{
    int first = (int)erg_trace_channel_count(into);
    for (size_t i = 0; i < at->entity_count; i++)
        check_period(at, &at->entities[i]);
    erg_intake_flag(at->in, ERG_FLAG_MADE_UP_STAMPS, "%.80s: dcgmi writes no stamps; they are row "
                    "numbers times the period: record with erg run to have true ones",
                    at->source->name);
    return erg_intake_finish(at->in, into, err)
        && erg_check_named_clock(into, at->source->name, first, err);
}

static bool read_dcgmi(erg_trace *into, const erg_source *source, erg_error *err)
{
    dcgmi *at = calloc(1, sizeof(*at));
    if (!at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", source->name);
    at->source = source;
    at->in = erg_intake_new(source, err);
    bool good = at->in && begin(at, err) && take_lines(at, err) && finish(at, into, err);
    erg_intake_free(at->in);
    free(at);
    return good;
}

const erg_importer erg_importer_dcgmi = {
    .name = "dcgmi",
    .about = "dcgmi dmon output: --period 50ms [--start STAMP] [--fields 155,156]",
    .sniff = sniff,
    .read = read_dcgmi,
};
