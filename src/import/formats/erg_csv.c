/* SPDX-License-Identifier: Apache-2.0 */
/* The CSV of erg export: the first row of a channel carries its facts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/facts.h"
#include "import/formats/copy.h"
#include "import/formats/importer.h"

enum { TIME_UTC, MONO_NS, DEVICE, CHANNEL, VALUE, UNIT, HALF_WIDTH_NS, FACTS, COLUMNS };

static const char *const wanted[] = {
    "time_utc", "mono_ns", "device", "channel", "value", "unit", "half_width_ns", NULL,
};

typedef struct reader {
    const erg_source *source;
    erg_trace *into;
    bool begun, anchored;
    int channel;                /* in the trace; its rows follow each other */
    char device_name[32], channel_name[32];
} reader;

static bool sniff(const erg_source *source)
{
    return erg_header_has(source, wanted);
}

static void put_field(char *to, size_t size, erg_field field)
{
    size_t count = field.count < size - 1 ? field.count : size - 1;
    if (count)
        memcpy(to, field.text, count);
    to[count] = '\0';
}

static void take_facts(erg_field facts, erg_device_info *device, erg_channel_info *channel)
{
    const char *at = facts.text, *end = facts.text + facts.count;
    while (at < end) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        const char *is = memchr(at, '=', (size_t)((stop ? stop : end) - at));
        char name[40], value[128];
        if (!stop)
            return;
        if (is) {
            put_field(name, sizeof(name), (erg_field){ at, (size_t)(is - at) });
            put_field(value, sizeof(value), (erg_field){ is + 1, (size_t)(stop - is - 1) });
            const erg_fact *fact = erg_fact_find(erg_channel_facts, name);
            if (fact)
                erg_fact_parse(fact, channel, value);
            else if ((fact = erg_fact_find(erg_device_facts, name)) != NULL)
                erg_fact_parse(fact, device, value);
        }
        at = stop + 1;
    }
}

/* Without facts, as other tools would write it: power unless the unit is J. */
static bool new_channel(reader *to, const erg_csv_row *row, erg_error *err)
{
    erg_device_info device = { .driver = "import", .scope = ERG_SCOPE_BOARD };
    erg_channel_info channel = { .kind = ERG_INSTANT, .method = ERG_METHOD_INTEGRAL,
                                 .scope = ERG_SCOPE_BOARD, .update_s = NAN, .window_s = NAN,
                                 .gain = 1, .gain_u = 0.05 };
    put_field(channel.unit, sizeof(channel.unit), row->fields[UNIT]);
    channel.quantity = strcmp(channel.unit, "W") == 0 ? ERG_POWER : ERG_OTHER;
    if (strcmp(channel.unit, "J") == 0) {
        channel.quantity = ERG_ENERGY;
        channel.kind = ERG_COUNTER;
        channel.method = ERG_METHOD_COUNTER;
    }
    if (row->count > FACTS)
        take_facts(row->fields[FACTS], &device, &channel);
    put_field(device.name, sizeof(device.name), row->fields[DEVICE]);
    put_field(channel.name, sizeof(channel.name), row->fields[CHANNEL]);
    erg_text_put(to->device_name, sizeof(to->device_name), device.name);
    erg_text_put(to->channel_name, sizeof(to->channel_name), channel.name);

    channel.device = -1;
    for (int i = 0; i < (int)erg_trace_device_count(to->into); i++)
        if (strcmp(erg_trace_device(to->into, i)->name, device.name) == 0)
            channel.device = i;
    if (channel.device < 0)
        channel.device = erg_trace_add_device(to->into, &device, err);
    to->channel = channel.device < 0 ? -1 : erg_trace_add_channel(to->into, &channel, err);
    return to->channel >= 0;
}

static bool bad_cell(const reader *to, const erg_csv_row *row, const char *name,
                     erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: %s is missing or no number: "
                    "export the run again", to->source->name, row->line, name);
}

static bool add_anchor(reader *to, const erg_csv_row *row, int64_t mono_ns, erg_error *err)
{
    erg_stamp stamp;
    erg_stamp_style utc = { 0 };
    if (to->anchored || !row->fields[TIME_UTC].count)
        return true;
    if (!erg_stamp_parse(row->fields[TIME_UTC].text, row->fields[TIME_UTC].count,
                         &utc, &stamp))
        return bad_cell(to, row, "time_utc", err);
    erg_anchor anchor = { .mono_ns = mono_ns, .boot_ns = mono_ns, .utc_ns = stamp.utc_ns };
    to->anchored = true;
    return erg_trace_add_anchor(to->into, &anchor, err);
}

static bool on_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reader *to = self;
    erg_sample sample = { 0 };
    double value = NAN;

    if (!to->begun)
        return to->begun = true;
    if (row->count < FACTS)
        return bad_cell(to, row, "a column", err);
    if (!erg_stamp_count(row->fields[MONO_NS].text, row->fields[MONO_NS].count, 1, '.',
                         &sample.t_ns) && !(row->fields[MONO_NS].count == 19))
        return bad_cell(to, row, "mono_ns", err);
    if (row->fields[MONO_NS].count == 19) {     /* ns since 1970 has one digit more */
        erg_stamp stamp;
        erg_stamp_style plain = { 0 };
        if (!erg_stamp_parse(row->fields[MONO_NS].text, 19, &plain, &stamp))
            return bad_cell(to, row, "mono_ns", err);
        sample.t_ns = stamp.utc_ns;
    }
    if (!erg_stamp_count(row->fields[HALF_WIDTH_NS].text, row->fields[HALF_WIDTH_NS].count,
                         1, '.', &sample.half_width_ns))
        return bad_cell(to, row, "half_width_ns", err);
    erg_field cell = row->fields[VALUE];
    if (cell.count && !erg_number_parse(cell.text, cell.count, '.', &value))
        return bad_cell(to, row, "value", err);
    sample.value = value;
    bool same = to->channel >= 0 && erg_field_is(row->fields[DEVICE], to->device_name)
             && erg_field_is(row->fields[CHANNEL], to->channel_name);
    return add_anchor(to, row, sample.t_ns, err) && (same || new_channel(to, row, err))
        && erg_trace_add_samples(to->into, to->channel, &sample, 1, err);
}

static bool read_erg_csv(erg_trace *into, const erg_source *source, erg_error *err)
{
    erg_trace *own = erg_trace_new(err);
    reader to = { .source = source, .into = own, .channel = -1 };
    erg_csv csv = { .name = source->name, .row = on_row, .self = &to, .separator = ',' };
    bool torn = false;
    bool good = own && erg_csv_read(&csv, source->bytes, source->size, &torn, err);
    if (good && torn) {
        erg_flag flag = { .code = ERG_FLAG_TORN_INPUT, .channel = -1,
                          .span = erg_trace_span(own) };
        snprintf(flag.text, sizeof(flag.text), "%.80s: the last row was torn and dropped",
                 source->name);
        good = erg_trace_add_flag(own, &flag, err);
    }
    good = good && erg_trace_copy(own, into, NULL, err);
    erg_trace_free(own);
    return good;
}

const erg_importer erg_importer_erg_csv = {
    .name = "erg_csv",
    .about = "the CSV of erg export",
    .sniff = sniff,
    .read = read_erg_csv,
};
