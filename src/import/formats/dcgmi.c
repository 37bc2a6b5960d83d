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
#include <strings.h>
#include "math/stats.h"
#include "import/formats/dcgmi_fields.h"
#include "import/formats/named_clock.h"

enum { ENTITIES_MOST = 64 };

typedef struct entity {
    char name[32];
    int device;
    int64_t rows;
    int channels[ERG_DCGMI_FIELDS];     /* -1: a setting */
} entity;

typedef struct dcgmi {
    const erg_source *source;
    erg_intake *in;
    int64_t start_ns;
    erg_dcgmi_layout layout;
    entity entities[ENTITIES_MOST];
    size_t entity_count;
    erg_field words[ERG_DCGMI_WORDS];
    size_t word_count, line;
    size_t odd_columns, odd_line;       /* of the first row that the layout does not fit */
} dcgmi;

/* An empty line may come first. */
static bool sniff(const erg_source *source)
{
    size_t blank = 0;
    while (blank < source->size && isspace((unsigned char)source->bytes[blank]))
        blank++;
    erg_field line = erg_first_line(source->bytes + blank, source->size - blank);
    erg_field words[ERG_DCGMI_WORDS];
    size_t count = line.count && *line.text == '#' ? erg_dcgmi_split(line, words) : 0;
    size_t first = erg_dcgmi_header(words, count);
    return first > 0 && count > first;
}

/* The header recurs; one with other names would make its rows lie. */
static bool take_header(dcgmi *at, size_t first, erg_error *err)
{
    if (!erg_dcgmi_take_names(&at->layout, at->words + first, at->word_count - first))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%zu: a header with other columns: a new table "
                        "starts here: cut the file in two", at->source->name, at->line);
    return erg_dcgmi_measures(&at->layout)
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s:%zu: no column POWER, POWR or TOTEC: record fields "
                    "155 and 156, or name the columns with --fields", at->source->name,
                    at->line);
}

static bool add_channels(dcgmi *at, entity *one, erg_error *err)
{
    for (size_t i = 0; i < ERG_DCGMI_FIELDS; i++) {
        const erg_dcgmi_field *field = &erg_dcgmi_fields[i];
        one->channels[i] = -1;
        if (!field->unit)
            continue;
        erg_channel_info info = erg_power_channel(one->device, field->channel,
                                                  ERG_SCOPE_BOARD);
        info.quantity = field->quantity;
        erg_text_put(info.unit, sizeof(info.unit), field->unit);
        if (info.quantity == ERG_ENERGY) {
            info.kind = ERG_COUNTER;
            info.method = ERG_METHOD_COUNTER;
        }
        one->channels[i] = erg_intake_channel(at->in, &info, err);
        if (one->channels[i] < 0)
            return false;
    }
    return true;
}

static entity *find_entity(dcgmi *at, const erg_field cells[], erg_error *err)
{
    char name[32];
    const erg_field *kind = &at->words[0], *number = &at->words[1];
    bool gpu = erg_field_is(*kind, "GPU");
    snprintf(name, sizeof(name), "%.*s:%.*s", gpu ? 3 : (int)kind->count,
             gpu ? "gpu" : kind->text, (int)number->count, number->text);
    for (size_t i = 0; i < at->entity_count; i++)
        if (strcmp(at->entities[i].name, name) == 0)
            return &at->entities[i];
    if (at->entity_count == ENTITIES_MOST)
        return NULL;

    entity *one = &at->entities[at->entity_count];
    erg_device_info info = { .driver = "dcgmi", .scope = ERG_SCOPE_BOARD, .shared = !gpu };
    erg_text_put(info.name, sizeof(info.name), name);
    erg_text_put(one->name, sizeof(one->name), name);
    if (at->layout.name >= 0)
        snprintf(info.model, sizeof(info.model), "%.*s", (int)cells[at->layout.name].count,
                 cells[at->layout.name].text);
    one->device = erg_intake_device(at->in, &info, err);
    if (one->device < 0 || !add_channels(at, one, err))
        return NULL;
    at->entity_count++;
    return one;
}

/* False with *err unset: the row is torn. */
static bool values_of(const dcgmi *at, const erg_field cells[], double values[],
                      erg_error *err)
{
    for (size_t i = 0; i < ERG_DCGMI_FIELDS; i++) {
        const erg_dcgmi_field *field = &erg_dcgmi_fields[i];
        int column = at->layout.columns[i];
        values[i] = NAN;
        if (column >= 0 && !erg_cell_number(at->source, cells[column], &values[i]))
            return false;
        if (field->most > 0 && values[i] > field->most)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s:%zu: %s is %g, and DCGM gives a share of 1: "
                            "was the file rewritten in percent?", at->source->name,
                            at->line, field->names[0], values[i]);
        values[i] = values[i] * field->factor + field->shift;
        if (field->quantity == ERG_POWER && !(values[i] >= 0 && values[i] <= 1e6))
            values[i] = NAN;
    }
    /* Before the first reading both are 0, which no board in use has. */
    if (values[ERG_DCGMI_ENERGY] == 0 && values[ERG_DCGMI_POWER] == 0)
        values[ERG_DCGMI_ENERGY] = values[ERG_DCGMI_POWER] = NAN;
    return true;
}

static bool keep_setting(dcgmi *at, const entity *one, size_t field, erg_sample sample,
                         erg_error *err)
{
    erg_setting setting = { .t_ns = sample.t_ns, .device = one->device };

    erg_text_put(setting.key, sizeof(setting.key), erg_dcgmi_fields[field].channel);
    snprintf(setting.value, sizeof(setting.value), "%.9g", sample.value);
    return isnan(sample.value) || erg_intake_setting(at->in, &setting, err);
}

static bool push_values(dcgmi *at, entity *one, const double values[], erg_error *err)
{
    int64_t t_ns = at->start_ns
                 + erg_ns_from_s((double)one->rows * at->source->options->period_s);
    bool good = true;

    one->rows++;
    for (size_t i = 0; good && i < ERG_DCGMI_FIELDS; i++) {
        erg_quantity quantity = erg_dcgmi_fields[i].quantity;
        bool measures = erg_has_joules(quantity);
        erg_sample sample = { .t_ns = t_ns, .value = values[i] };
        if (at->layout.columns[i] < 0)
            continue;
        if (one->channels[i] < 0)
            good = keep_setting(at, one, i, sample, err);
        else if (measures || !isnan(values[i]))     /* a missing watt is a gap */
            good = erg_intake_push(at->in, one->channels[i], sample, at->line, err);
    }
    return good;
}

static bool cut(dcgmi *at, erg_field cells[])
{
    size_t columns = at->word_count - 2;
    bool fits = erg_dcgmi_cut(&at->layout, at->words + 2, columns, cells);

    if (!fits && !at->odd_columns) {
        at->odd_columns = columns;
        at->odd_line = at->line;
    }
    return fits;
}

static bool take_row(dcgmi *at, erg_error *err)
{
    double values[ERG_DCGMI_FIELDS];
    erg_field cells[ERG_DCGMI_WORDS];
    erg_error fault = { 0 };

    if (!isdigit((unsigned char)*at->words[1].text)
        || !cut(at, cells)
        || !values_of(at, cells, values, &fault)) {
        if (fault.code != ERG_OK)
            return erg_fail(err, fault.code, "%s", fault.text);
        erg_intake_torn(at->in, at->line);
        return true;
    }
    entity *one = find_entity(at, cells, err);
    if (!one)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: more than %d entities",
                        at->source->name, at->line, ENTITIES_MOST);
    return push_values(at, one, values, err);
}

static bool take_line(dcgmi *at, erg_field line, erg_error *err)
{
    at->word_count = erg_dcgmi_split(line, at->words);
    if (at->word_count == 0)
        return true;
    size_t first = erg_dcgmi_header(at->words, at->word_count);
    if (first)
        return take_header(at, first, err);
    if (at->words[0].count == 2 && strncasecmp(at->words[0].text, "id", 2) == 0)
        return true;            /* the row of units */
    if (at->word_count < 3 || at->layout.count == 0) {
        erg_intake_torn(at->in, at->line);
        return true;
    }
    return take_row(at, err);
}

static bool visit_line(void *self, const erg_log_line *line, erg_error *err)
{
    dcgmi *at = self;

    at->line = line->number;
    if (line->is_whole)
        return take_line(at, line->text, err);
    erg_intake_torn(at->in, 0);
    return true;
}

/* ---- the true period ----------------------------------------------------------------- */

/* Joules by the counter over watts times rows; NAN where that says nothing. */
static double true_period_s(dcgmi *at, const entity *one, double *counter_j, double *mean_w)
{
    size_t power_count, energy_count;
    const erg_sample *power = erg_intake_samples(at->in, one->channels[ERG_DCGMI_POWER],
                                                 &power_count);
    const erg_sample *energy = erg_intake_samples(at->in, one->channels[ERG_DCGMI_ENERGY],
                                                   &energy_count);
    erg_sum sum = { 0 };

    if (power_count < 50 || energy_count < 50)
        return NAN;
    for (size_t i = 0; i < power_count; i++) {
        if (isnan(power[i].value))
            return NAN;
        erg_sum_add(&sum, power[i].value);
        erg_intake_pass(at->in, one->channels[ERG_DCGMI_POWER], i);
    }
    for (size_t i = 1; i < energy_count; i++) {
        if (isnan(energy[i].value) || energy[i].value < energy[i - 1].value)
            return NAN;
        erg_intake_pass(at->in, one->channels[ERG_DCGMI_ENERGY], i);
    }
    *counter_j = energy[energy_count - 1].value - energy[0].value;
    *mean_w = erg_sum_value(&sum) / (double)power_count;
    return *counter_j / (*mean_w * (double)(energy_count - 1));
}

static void restamp(dcgmi *at, const entity *one, double period_s)
{
    double ratio = period_s / at->source->options->period_s;
    for (size_t i = 0; i < ERG_DCGMI_FIELDS; i++) {
        size_t count = 0;
        erg_sample *samples = one->channels[i] < 0 ? NULL
            : erg_intake_samples(at->in, one->channels[i], &count);
        for (size_t k = 0; k < count; k++) {
            samples[k].t_ns = at->start_ns
                + llround((double)(samples[k].t_ns - at->start_ns) * ratio);
            erg_intake_pass(at->in, one->channels[i], k);
        }
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
    erg_intake_flag(at->in, ERG_FLAG_PERIOD_MISMATCH,
                    "%s: %.3f J by the counter, %.1f J by %.3f W "
                    "x %lld rows x %.6g ms: the true period is %.3f ms; the stamps %s",
                    one->name, counter_j, mean_w * (double)one->rows * stated_s, mean_w,
                    (long long)one->rows, 1e3 * stated_s, 1e3 * period_s,
                    usable ? "were made with it" : "keep what --period says: check it");
}

static bool begin(dcgmi *at, erg_error *err)
{
    const erg_import_options *options = at->source->options;
    erg_stamp start = { 0 };
    if (!(options->period_s > 0) || options->period_s > 86400)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:1: dcgmi writes no stamps: say how far apart its "
                        "rows are with --period 50ms (and --start STAMP)",
                        at->source->name);
    if (options->start
        && !erg_stamp_parse(options->start, strlen(options->start),
                            &at->source->style, &start))
        return erg_fail(err, ERG_BAD_INPUT, "--start '%.60s' is no stamp", options->start);
    at->start_ns = start.utc_ns;
    erg_intake_relative(at->in, !options->start);
    return !options->fields || erg_dcgmi_take_ids(&at->layout, options->fields, err);
}

static bool finish(dcgmi *at, erg_trace *into, erg_error *err)
{
    int first = (int)erg_trace_channel_count(into);
    if (at->entity_count == 0 && at->odd_columns && at->source->options->fields)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a row of %zu columns, where --fields "
                        "names %d: name all, in the order given to dcgmi -e",
                        at->source->name, at->odd_line, at->odd_columns, at->layout.count);
    for (size_t i = 0; i < at->entity_count; i++)
        check_period(at, &at->entities[i]);
    erg_intake_flag(at->in, ERG_FLAG_MADE_UP_STAMPS,
                    "%.80s: dcgmi writes no stamps; they are row "
                    "numbers times the period: record with erg run to have true ones",
                    at->source->name);
    erg_intake_find_periods(at->in);
    return erg_intake_finish(at->in, into, err)
        && erg_check_named_clock(into, at->source->name, first, err);
}

/* What nvidia-smi writes: stamps and commas. */
static bool is_foreign(erg_field line)
{
    return line.count > 10 && memchr(line.text, ',', line.count)
        && (isdigit((unsigned char)*line.text) || strncmp(line.text, "timestamp", 9) == 0);
}

static bool read_dcgmi(erg_trace *into, const erg_source *source, erg_error *err)
{
    dcgmi *at = calloc(1, sizeof(*at));
    if (!at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", source->name);
    at->source = source;
    at->in = erg_intake_new(source, err);
    bool good = at->in && erg_one_format(source, is_foreign, err) && begin(at, err)
             && erg_log_lines_each(source, visit_line, at, err) && finish(at, into, err);
    erg_intake_free(at->in);
    free(at);
    return good;
}

const erg_importer erg_importer_dcgmi = {
    .name = "dcgmi",
    .about = "dcgmi dmon output: --period 50ms [--start STAMP] [--fields 155,156]",
    .streams = true,
    .sniff = sniff,
    .read = read_dcgmi,
};
