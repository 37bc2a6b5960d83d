/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "format/json.h"
#include "govern/rack_message.h"

#define MOST_W 1e9
#define MOST_S 86400.0
#define MOST_NUMBER ((json_int_t)1 << 53)   /* others read JSON into doubles */

typedef enum kind {
    NUMBER, WATTS, WATTS_OR_NULL, SECONDS, CLASS, TRUTH, FALSE_IF_NONE, WORDS,
    /* may be missing, as what nodes of older versions say is */
    NUMBER_OR_NONE, TIME_OR_NONE, WORDS_OR_NONE
} kind;
/* size: of words, with the NUL. */
typedef struct field { const char *key; kind kind; size_t at, size; } field;

#define AT(type, member) offsetof(erg_lease_##type, member)

static const field status_fields[] = {
    { "boot", NUMBER, AT(status, boot) },
    { "req", NUMBER, AT(status, request) },
    { "epoch", NUMBER, AT(status, epoch) },
    { "seq", NUMBER, AT(status, sequence) },
    { "epoch_seen", NUMBER, AT(status, epoch_seen) },
    { "enforced_w", WATTS_OR_NULL, AT(status, enforced_w) },
    { "power_w", WATTS_OR_NULL, AT(status, power_w) },
    { "demand_w", WATTS_OR_NULL, AT(status, demand_w) },
    { "min_w", WATTS, AT(status, least_w) },
    { "max_w", WATTS, AT(status, most_w) },
    { "fallback_w", WATTS, AT(status, fallback_w) },
    { "class", CLASS, AT(status, rank) },
    { "job", WORDS_OR_NONE, AT(status, job), ERG_LEASE_JOB_MOST },
    { "steps", NUMBER_OR_NONE, AT(status, steps) },
    { "epoch_s", TIME_OR_NONE, AT(status, epoch_s) },
};

static const field grant_fields[] = {
    { "boot", NUMBER, AT(grant, boot) },
    { "req", NUMBER, AT(grant, request) },
    { "epoch", NUMBER, AT(grant, epoch) },
    { "seq", NUMBER, AT(grant, sequence) },
    { "cap_w", WATTS, AT(grant, cap_w) },
    { "lease_s", SECONDS, AT(grant, lease_ns) },
    { "hold", FALSE_IF_NONE, AT(grant, hold) },
};

static const field presence_fields[] = {
    { "up", TRUTH, offsetof(erg_rack_presence, is_up) },
    { "boot", NUMBER, offsetof(erg_rack_presence, boot) },
    { "epoch", NUMBER, offsetof(erg_rack_presence, epoch) },
};

static const field brake_fields[] = {
    { "on", TRUTH, offsetof(erg_rack_brake, is_on) },
    { "epoch", NUMBER, offsetof(erg_rack_brake, epoch) },
};

static const field event_fields[] = {
    { "kind", WORDS, offsetof(erg_rack_event, kind), 16 },
    { "node", WORDS, offsetof(erg_rack_event, node), 64 },
    { "device", WORDS, offsetof(erg_rack_event, device), 32 },
    { "text", WORDS, offsetof(erg_rack_event, text), 64 },
};

/* ---- reading ------------------------------------------------------------------------- */

static bool read_whole(const json_t *value, json_int_t most, json_int_t *out)
{
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 0 && *out < most;
}

static bool read_real(const json_t *value, double most, double *out)
{
    *out = json_number_value(value);
    return json_is_number(value) && *out >= 0 && *out <= most;
}

/* They are shown to people: no line breaks, nothing that steers a terminal. */
static bool read_words(const json_t *value, size_t room, char *to)
{
    const char *text = json_string_value(value);
    size_t length = text ? json_string_length(value) : room;

    for (size_t i = 0; text && i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    if (length >= room)
        return false;
    memcpy(to, text, length + 1);
    return true;
}

static bool read_field(const json_t *value, const field *of, void *to)
{
    const kind is = of->kind;
    json_int_t whole;
    double real;
    bool good = false;

    switch (is) {
    case NUMBER:
    case NUMBER_OR_NONE:
        good = read_whole(value, MOST_NUMBER, &whole);
        *(uint64_t *)to = good ? (uint64_t)whole : 0;
        return good || (!value && is == NUMBER_OR_NONE);
    case CLASS:
        good = read_whole(value, 1001, &whole);
        *(int *)to = good ? (int)whole : 0;
        return good;
    case WATTS_OR_NULL:
        if (json_is_null(value)) {
            *(double *)to = NAN;
            return true;
        }
        return read_real(value, MOST_W, to);
    case WATTS:
        return read_real(value, MOST_W, to);
    case SECONDS:
        good = read_real(value, MOST_S, &real);
        *(int64_t *)to = good ? erg_ns_from_s(real) : 0;
        return good;
    case TIME_OR_NONE:
        *(double *)to = NAN;
        return !value || json_is_null(value)
            || (read_real(value, MOST_S, to) && *(double *)to > 0);
    case FALSE_IF_NONE:
    case TRUTH:
        *(bool *)to = json_is_true(value);
        return json_is_boolean(value) || (!value && is == FALSE_IF_NONE);
    case WORDS:
        return read_words(value, of->size, to);
    case WORDS_OR_NONE:
        return !value || read_words(value, of->size, to);
    }
    return false;
}

typedef struct form { const char *what; const field *fields; size_t count; } form;

static const form status_form = { "status", status_fields, ERG_COUNT(status_fields) };
static const form grant_form = { "grant", grant_fields, ERG_COUNT(grant_fields) };
static const form presence_form = { "presence", presence_fields,
                                    ERG_COUNT(presence_fields) };
static const form brake_form = { "brake", brake_fields, ERG_COUNT(brake_fields) };
static const form event_form = { "event", event_fields, ERG_COUNT(event_fields) };

static bool read_fields(const json_t *root, const form *as, void *out, erg_error *err)
{
    if (!json_is_object(root) || json_integer_value(json_object_get(root, "schema")) != 1)
        return erg_fail(err, ERG_BAD_INPUT, "%s: it is no object of schema 1", as->what);
    for (size_t i = 0; i < as->count; i++)
        if (!read_field(json_object_get(root, as->fields[i].key), &as->fields[i],
                        (char *)out + as->fields[i].at))
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s: '%s' is missing, of another kind, or beyond "
                            "its range", as->what, as->fields[i].key);
    return true;
}

static bool read_form(const char *bytes, size_t size, const form *as, void *out,
                      erg_error *err)
{
    if (size >= ERG_RACK_MESSAGE_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: it has %zu bytes, more than %d",
                        as->what, size, ERG_RACK_MESSAGE_MOST - 1);
    json_t *root = erg_json_parse(as->what, bytes, size, err);
    bool good = root && read_fields(root, as, out, err);

    json_decref(root);
    return good;
}

bool erg_rack_status_read(const char *bytes, size_t size, erg_lease_status *out,
                          erg_error *err)
{
    *out = (erg_lease_status){ 0 };
    return read_form(bytes, size, &status_form, out, err);
}

bool erg_rack_grant_read(const char *bytes, size_t size, erg_lease_grant *out,
                         erg_error *err)
{
    *out = (erg_lease_grant){ 0 };
    return read_form(bytes, size, &grant_form, out, err);
}

bool erg_rack_presence_read(const char *bytes, size_t size, erg_rack_presence *out,
                            erg_error *err)
{
    *out = (erg_rack_presence){ 0 };
    return read_form(bytes, size, &presence_form, out, err);
}

bool erg_rack_brake_read(const char *bytes, size_t size, erg_rack_brake *out,
                         erg_error *err)
{
    *out = (erg_rack_brake){ 0 };
    return read_form(bytes, size, &brake_form, out, err);
}

bool erg_rack_event_read(const char *bytes, size_t size, erg_rack_event *out,
                         erg_error *err)
{
    *out = (erg_rack_event){ 0 };
    return read_form(bytes, size, &event_form, out, err);
}

/* ---- writing ------------------------------------------------------------------------- */

static json_t *field_of(kind is, const void *from)
{
    switch (is) {
    case NUMBER:
    case NUMBER_OR_NONE: return json_integer((json_int_t)*(const uint64_t *)from);
    case CLASS: return json_integer(*(const int *)from);
    case WATTS:
    case TIME_OR_NONE:
    case WATTS_OR_NULL: return erg_json_real(*(const double *)from);
    case SECONDS: return erg_json_real(erg_s_from_ns(*(const int64_t *)from));
    case TRUTH:
    case FALSE_IF_NONE: return json_boolean(*(const bool *)from);
    case WORDS:
    case WORDS_OR_NONE: return json_string(from);
    }
    return NULL;
}

static size_t write_form(const form *as, const void *from, const char *state, char *to)
{
    json_t *root = json_object();
    size_t size = 0;

    json_object_set_new(root, "schema", json_integer(1));
    for (size_t i = 0; i < as->count; i++)
        json_object_set_new(root, as->fields[i].key,
                            field_of(as->fields[i].kind,
                                     (const char *)from + as->fields[i].at));
    if (state)
        json_object_set_new(root, "state", json_string(state));
    if (root)
        size = json_dumpb(root, to, ERG_RACK_MESSAGE_MOST, JSON_COMPACT);
    json_decref(root);
    return size < ERG_RACK_MESSAGE_MOST ? size : 0;
}

size_t erg_rack_status_write(const erg_lease_status *status, const char *state, char *to)
{
    return write_form(&status_form, status, state, to);
}

size_t erg_rack_grant_write(const erg_lease_grant *grant, char *to)
{
    return write_form(&grant_form, grant, NULL, to);
}

size_t erg_rack_presence_write(const erg_rack_presence *presence, char *to)
{
    return write_form(&presence_form, presence, NULL, to);
}

size_t erg_rack_brake_write(const erg_rack_brake *brake, char *to)
{
    return write_form(&brake_form, brake, NULL, to);
}

size_t erg_rack_event_write(const erg_rack_event *event, char *to)
{
    return write_form(&event_form, event, NULL, to);
}
