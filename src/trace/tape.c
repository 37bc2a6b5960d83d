/* SPDX-License-Identifier: Apache-2.0 */
/* Tapes: one channel as text. Numbers obey no locale: programs that load us may. */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/stream.h"
#include "trace/tape.h"

enum { SAMPLES_AT_ONCE = 512 };

typedef struct tape {
    erg_device_info device;
    erg_channel_info channel;
    erg_anchor anchor;
    bool has_anchor, has_method, has_quantity, has_unit;
} tape;

typedef struct line { const char *at; size_t count; } line;

/* ---- the keys ------------------------------------------------------------------- */

typedef enum key_type { KEY_TEXT, KEY_NS, KEY_REAL, KEY_WORD, KEY_TRUTH } key_type;

typedef struct key_row {
    const char *name;
    key_type type;
    size_t offset, size;                /* in struct tape; size of a text */
    const char *(*word)(int index);     /* KEY_WORD: the names of an enum of ints */
} key_row;

static const char *scope_word(int index) { return erg_scope_name((erg_scope)index); }
static const char *kind_word(int index) { return erg_kind_name((erg_kind)index); }
static const char *method_word(int index) { return erg_method_name((erg_method)index); }
static const char *quantity_word(int index)
{
    return erg_quantity_name((erg_quantity)index);
}

#define AT(field) offsetof(tape, field)
#define TEXT_AT(field) KEY_TEXT, AT(field), sizeof(((tape *)0)->field)

static const key_row keys[] = {
    { "device", TEXT_AT(device.name) },
    { "driver", TEXT_AT(device.driver) },
    { "uuid", TEXT_AT(device.uuid) },
    { "model", TEXT_AT(device.model) },
    { "host_id", TEXT_AT(device.host_id) },
    { "wired_to", TEXT_AT(device.wired_to) },
    { "shared", KEY_TRUTH, AT(device.shared) },
    { "channel", TEXT_AT(channel.name) },
    { "unit", TEXT_AT(channel.unit) },
    { "scope", KEY_WORD, AT(channel.scope), .word = scope_word },
    { "quantity", KEY_WORD, AT(channel.quantity), .word = quantity_word },
    { "kind", KEY_WORD, AT(channel.kind), .word = kind_word },
    { "method", KEY_WORD, AT(channel.method), .word = method_word },
    { "update_ns", KEY_NS, AT(channel.update_s) },
    { "window_ns", KEY_NS, AT(channel.window_s) },
    { "delay_ns", KEY_NS, AT(channel.delay_s) },
    { "gain", KEY_REAL, AT(channel.gain) },
    { "offset", KEY_REAL, AT(channel.offset) },
    { "gain_u", KEY_REAL, AT(channel.gain_u) },
    { "offset_u", KEY_REAL, AT(channel.offset_u) },
    { "range_j", KEY_REAL, AT(channel.range_j) },
    { "resolution", KEY_REAL, AT(channel.resolution) },
    { "max_w", KEY_REAL, AT(channel.max_w) },
    { "calibration", TEXT_AT(channel.calibration) },
};

/* ---- reading -------------------------------------------------------------------- */

static bool parse_i64(const char *text, size_t count, int64_t *out)
{
    bool negative = count && text[0] == '-';
    uint64_t number = 0;

    text += negative;
    count -= negative;
    if (count == 0 || count > 19)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    if (number > INT64_MAX)
        return false;
    *out = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool parse_word(const key_row *key, const char *word, tape *to)
{
    for (int i = 0; key->word(i); i++)
        if (strcmp(key->word(i), word) == 0) {
            memcpy((char *)to + key->offset, &i, sizeof(i));
            return true;
        }
    return false;
}

static bool parse_key(const key_row *key, const char *value, tape *to)
{
    char *place = (char *)to + key->offset;
    size_t count = strlen(value);
    int64_t whole;

    switch (key->type) {
    case KEY_TEXT:
        erg_text_put(place, key->size, value);
        return true;
    case KEY_NS:
        if (!parse_i64(value, count, &whole))
            return false;
        *(double *)(void *)place = (double)whole / 1e9;
        return true;
    case KEY_REAL:
        return erg_number_parse(value, count, '.', (double *)(void *)place);
    case KEY_WORD:
        return parse_word(key, value, to);
    case KEY_TRUTH:
        *(bool *)place = strcmp(value, "1") == 0;
        return count == 1 && (value[0] == '0' || value[0] == '1');
    }
    return false;
}

static bool parse_anchor(const char *value, erg_anchor *out)
{
    int64_t *const parts[] = { &out->mono_ns, &out->boot_ns, &out->utc_ns,
                               &out->half_width_ns };
    for (size_t i = 0; i < ERG_COUNT(parts); i++) {
        size_t count = strcspn(value, ",");
        if (!parse_i64(value, count, parts[i]) || (value[count] == ',') != (i < 3))
            return false;
        value += count + 1;
    }
    return true;
}

/* An unknown key is a remark. */
static bool read_key(tape *to, line one)
{
    char text[256];
    size_t skip = 1;

    while (skip < one.count && one.at[skip] == ' ')
        skip++;
    if (one.count - skip >= sizeof(text))
        return true;
    memcpy(text, one.at + skip, one.count - skip);
    text[one.count - skip] = '\0';
    char *value = strchr(text, '=');
    if (!value)
        return true;
    *value++ = '\0';

    if (strcmp(text, "anchor") == 0)
        return to->has_anchor = parse_anchor(value, &to->anchor);
    to->has_method = to->has_method || strcmp(text, "method") == 0;
    to->has_quantity = to->has_quantity || strcmp(text, "quantity") == 0;
    to->has_unit = to->has_unit || strcmp(text, "unit") == 0;
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        if (strcmp(keys[i].name, text) == 0)
            return parse_key(&keys[i], value, to);
    return true;
}

static bool read_sample(line one, erg_sample *out)
{
    const char *second = memchr(one.at, ',', one.count);
    const char *end = one.at + one.count;
    const char *third = second ? memchr(second + 1, ',', (size_t)(end - second - 1)) : NULL;

    if (!third || !parse_i64(one.at, (size_t)(second - one.at), &out->t_ns)
        || !parse_i64(second + 1, (size_t)(third - second - 1), &out->half_width_ns)
        || out->half_width_ns < 0)
        return false;
    size_t count = (size_t)(end - third - 1);
    if (count == 3 && memcmp(third + 1, "nan", 3) == 0) {
        out->value = NAN;
        return true;
    }
    return erg_number_parse(third + 1, count, '.', &out->value);
}

static bool next_line(const char **at, const char *end, line *out)
{
    if (*at >= end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    size_t count = (size_t)((stop ? stop : end) - *at);

    *out = (line){ *at, count };
    *at += count + (stop != NULL);
    if (out->count && out->at[out->count - 1] == '\r')
        out->count--;
    return true;
}

static int device_in(erg_trace *into, const erg_device_info *info, erg_error *err)
{
    for (size_t i = 0; i < erg_trace_device_count(into); i++) {
        const erg_device_info *there = erg_trace_device(into, (int)i);
        if (strcmp(there->name, info->name) == 0
            && strcmp(there->host_id, info->host_id) == 0)
            return (int)i;
    }
    return erg_trace_add_device(into, info, err);
}

/* What the keys left unsaid follows from the kind. */
static int add_channel(erg_trace *into, tape *from, erg_error *err)
{
    bool counts = from->channel.kind == ERG_COUNTER;

    if (!from->has_quantity)
        from->channel.quantity = counts ? ERG_ENERGY : ERG_POWER;
    if (!from->has_method)
        from->channel.method = counts ? ERG_METHOD_COUNTER : ERG_METHOD_INTEGRAL;
    if (!from->has_unit)
        erg_text_put(from->channel.unit, sizeof(from->channel.unit), counts ? "J" : "W");
    if (!from->channel.name[0])
        erg_text_put(from->channel.name, sizeof(from->channel.name),
                     counts ? "energy" : "power");
    from->device.scope = from->channel.scope;
    from->channel.device = device_in(into, &from->device, err);
    if (from->channel.device < 0)
        return -1;
    if (from->has_anchor && !erg_trace_add_anchor(into, &from->anchor, err))
        return -1;
    return erg_trace_add_channel(into, &from->channel, err);
}

typedef struct sink {
    erg_trace *into;
    tape facts;
    int channel;                        /* -1: no sample has come yet */
    size_t count;
    int64_t last_ns;
    erg_sample samples[SAMPLES_AT_ONCE];
} sink;

static bool flush(sink *to, erg_error *err)
{
    if (to->channel < 0 && (to->channel = add_channel(to->into, &to->facts, err)) < 0)
        return false;
    bool good = erg_trace_add_samples(to->into, to->channel, to->samples, to->count, err);
    to->count = 0;
    return good;
}

static bool take_line(sink *to, line one, const char *where, erg_error *err)
{
    erg_sample *next = &to->samples[to->count];

    if (one.count == 0)
        return true;
    if (one.at[0] == '#')
        return to->channel >= 0 || to->count || read_key(&to->facts, one)
            || erg_fail(err, ERG_BAD_INPUT, "%s: this key has no such value", where);
    if (!read_sample(one, next))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: expected mono_ns,half_width_ns,value as in 1000,20,57.3",
                        where);
    if ((to->channel >= 0 || to->count) && next->t_ns < to->last_ns)
        return erg_fail(err, ERG_BAD_INPUT, "%s: the stamp goes back: sort the lines",
                        where);
    to->last_ns = next->t_ns;
    return ++to->count < SAMPLES_AT_ONCE || flush(to, err);
}

static bool read_lines(sink *to, const char *name, line all, erg_error *err)
{
    const char *at = all.at, *end = all.at + all.count;
    char where[160];
    size_t number = 1;
    line one;

    for (; next_line(&at, end, &one); number++) {
        snprintf(where, sizeof(where), "%.100s line %zu", name, number);
        if (number == 1 && (one.count < 12 || memcmp(one.at, "# erg tape 1", 12) != 0))
            return erg_fail(err, ERG_BAD_INPUT, "%s: a tape begins with '# erg tape 1'",
                            where);
        if (!take_line(to, one, where, err))
            return false;
    }
    if (number == 1)
        return erg_fail(err, ERG_BAD_INPUT, "%.100s is empty: a tape begins with "
                        "'# erg tape 1'", name);
    return flush(to, err);
}

bool erg_tape_read(erg_trace *into, const char *name, const char *bytes, size_t size,
                   erg_error *err)
{
    sink *to = calloc(1, sizeof(*to));
    if (!to)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");

    to->into = into;
    to->channel = -1;
    to->facts.channel.gain = 1;
    to->facts.device.scope = to->facts.channel.scope = ERG_SCOPE_BOARD;
    erg_text_put(to->facts.device.name, sizeof(to->facts.device.name), "tape:0");
    erg_text_put(to->facts.device.driver, sizeof(to->facts.device.driver), "tape");
    bool good = read_lines(to, name, (line){ bytes, size }, err);
    free(to);
    return good;
}

/* ---- writing -------------------------------------------------------------------- */

static void write_key(FILE *out, const key_row *key, const tape *from)
{
    const char *place = (const char *)from + key->offset;
    double number = 0;
    int word = 0;

    if (key->type == KEY_NS || key->type == KEY_REAL)
        memcpy(&number, place, sizeof(number));
    else if (key->type == KEY_WORD)
        memcpy(&word, place, sizeof(word));

    switch (key->type) {
    case KEY_TEXT:
        if (place[0])
            fprintf(out, "# %s=%.*s\n", key->name, (int)strcspn(place, "\r\n"), place);
        break;
    case KEY_NS:
        if (fabs(number) < 9e9)
            fprintf(out, "# %s=%lld\n", key->name, llround(number * 1e9));
        break;
    case KEY_REAL:
        if (isfinite(number))
            fprintf(out, "# %s=%.17g\n", key->name, number);
        break;
    case KEY_WORD:
        fprintf(out, "# %s=%s\n", key->name, key->word(word));
        break;
    case KEY_TRUTH:
        fprintf(out, "# %s=%d\n", key->name, *(const bool *)place);
        break;
    }
}

static void write_samples(FILE *out, const erg_trace *trace, int channel)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);

    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%" PRId64 ",%" PRId64 ",", samples[i].t_ns, samples[i].half_width_ns);
        /* The sign of a NAN is noise that printf would show. */
        if (isnan(samples[i].value))
            fputs("nan\n", out);
        else
            fprintf(out, "%.17g\n", samples[i].value);
        erg_samples_pass(trace, channel, i);
    }
}

bool erg_tape_write(const erg_trace *trace, int channel, FILE *out, erg_error *err)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    if (!info)
        return erg_fail(err, ERG_NOT_FOUND, "the recording has no channel %d", channel);

    tape from = { .channel = *info, .device = *erg_trace_device(trace, info->device) };
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    locale_t before = uselocale(plain);

    fputs("# erg tape 1\n", out);
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        write_key(out, &keys[i], &from);
    const erg_anchor *anchor = erg_trace_anchor(trace, 0);
    if (anchor)
        fprintf(out, "# anchor=%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n",
                anchor->mono_ns, anchor->boot_ns, anchor->utc_ns, anchor->half_width_ns);
    write_samples(out, trace, channel);

    uselocale(before);
    freelocale(plain);
    return !ferror(out)
        || erg_fail(err, ERG_IO, "cannot write the tape: is the disk full?");
}
