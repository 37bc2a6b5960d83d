/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "device/drivers/exec_line.h"
#include "format/json.h"

/* The first whose end fits. What it is worth in SI: scale * number + zero. */
static const struct ending {
    const char *suffix, *unit;
    double scale, zero;
} endings[] = {
    { "_kwh", "J", 3.6e6, 0 }, { "_wh", "J", 3600, 0 },   { "_kw", "W", 1e3, 0 },
    { "_mw", "W", 1e-3, 0 },   { "_w", "W", 1, 0 },       { "_j", "J", 1, 0 },
    { "_k", "K", 1, 0 },       { "_c", "K", 1, 273.15 },  { "_v", "V", 1, 0 },
    { "_a", "A", 1, 0 },       { "_mhz", "Hz", 1e6, 0 },  { "_hz", "Hz", 1, 0 },
    { "_ratio", "", 1, 0 },
};

/* Only these add up to joules of a run: a second meter is a second command. */
static const struct known {
    const char *name, *unit;
    erg_quantity quantity;
} knowns[] = {
    { "power", "W", ERG_POWER },
    { "energy", "J", ERG_ENERGY },
    { "use", "", ERG_USE },
};

static erg_quantity quantity_of(const char *name, const char *unit)
{
    for (size_t i = 0; i < ERG_COUNT(knowns); i++)
        if (strcmp(knowns[i].name, name) == 0 && strcmp(knowns[i].unit, unit) == 0)
            return knowns[i].quantity;
    if (strcmp(unit, "K") == 0)
        return ERG_TEMPERATURE;
    return strcmp(unit, "Hz") == 0 ? ERG_CLOCK_RATE : ERG_OTHER;
}

static const struct ending *ending_of(const char *key, size_t *name_size)
{
    size_t size = strlen(key);

    for (size_t i = 0; i < ERG_COUNT(endings); i++) {
        size_t tail = strlen(endings[i].suffix);
        if (size > tail && strcmp(key + size - tail, endings[i].suffix) == 0) {
            *name_size = size - tail;
            return &endings[i];
        }
    }
    return NULL;
}

static bool is_name(const char *text, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

    return size < ERG_EXEC_NAME && strspn(text, letters) >= size;
}

static bool take_value(const char *key, const json_t *json, erg_exec_line *out,
                       erg_error *err)
{
    size_t size = 0;
    const struct ending *as = ending_of(key, &size);

    if (!as || !is_name(key, size))
        return erg_fail(err, ERG_BAD_INPUT,
                        "\"%.40s\" is no key of a meter: its end is the "
                        "unit, as in power_w, energy_j, inlet_c, and "
                        "before it come up to %d small letters, digits and _",
                        key, ERG_EXEC_NAME - 1);
    if (!json_is_number(json) && !json_is_null(json))
        return erg_fail(err, ERG_BAD_INPUT, "\"%.40s\" is a number, or null", key);
    if (out->count == ERG_EXEC_VALUES)
        return erg_fail(err, ERG_BAD_INPUT, "a line has at most %d values",
                        ERG_EXEC_VALUES);
    erg_exec_value *to = &out->values[out->count];
    *to = (erg_exec_value){ .unit = as->unit };
    memcpy(to->name, key, size);
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->values[i].name, to->name) == 0)
            return erg_fail(err, ERG_BAD_INPUT, "\"%s\" is there twice", to->name);
    out->count++;
    to->quantity = quantity_of(to->name, to->unit);
    to->value = json_is_null(json) ? NAN : as->scale * json_number_value(json) + as->zero;
    return true;
}

/* ---- what it says of the meter ------------------------------------------------------ */

static bool take_fact(const char *key, const json_t *json, erg_exec_line *out)
{
    const struct { const char *key; double *to; } facts[] = {
        { "update_s", &out->update_s }, { "window_s", &out->window_s },
        { "gain_u", &out->gain_u },     { "range_j", &out->range_j },
    };

    for (size_t i = 0; i < ERG_COUNT(facts); i++)
        if (strcmp(facts[i].key, key) == 0) {
            *facts[i].to = json_number_value(json);
            return true;
        }
    return false;
}

static bool take_scope(const json_t *json, erg_exec_line *out, erg_error *err)
{
    const char *text = json_string_value(json), *name;

    for (int i = 0; text && (name = erg_scope_name((erg_scope)i)); i++)
        if (strcmp(name, text) == 0) {
            out->scope = (erg_scope)i;
            return true;
        }
    return erg_fail(err, ERG_BAD_INPUT, "\"scope\" is node, board, package or another "
                    "of docs/formats.md");
}

/* It becomes the name of a mark, and is shown on terminals. */
static bool take_event(const json_t *json, erg_exec_line *out, erg_error *err)
{
    const char *text = json_string_value(json);
    size_t size = text ? json_string_length(json) : 0;
    bool good = size > 0 && size < sizeof(out->event);

    for (size_t i = 0; good && i < size; i++)
        good = text[i] >= ' ' && text[i] < 127;
    if (!good)
        return erg_fail(err, ERG_BAD_INPUT, "\"event\" is a text of 1 to %zu plain "
                        "characters", sizeof(out->event) - 1);
    erg_text_put(out->event, sizeof(out->event), text);
    return true;
}

static bool take(const char *key, const json_t *json, erg_exec_line *out, erg_error *err)
{
    if (strcmp(key, "event") == 0)
        return take_event(json, out, err);
    if (strcmp(key, "scope") == 0)
        return take_scope(json, out, err);
    if (strcmp(key, "model") == 0) {
        const char *text = json_string_value(json);
        erg_text_put(out->model, sizeof(out->model), text ? text : "");
        return true;
    }
    if (strcmp(key, "t_ns") == 0) {
        out->t_ns = json_integer_value(json);
        return out->t_ns > 0
            || erg_fail(err, ERG_BAD_INPUT, "\"t_ns\" is CLOCK_MONOTONIC in nanoseconds");
    }
    return take_fact(key, json, out) || take_value(key, json, out, err);
}

static bool check(const erg_exec_line *line, erg_error *err)
{
    if (line->update_s < 0 || line->window_s < 0 || line->gain_u < 0 || line->range_j < 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "\"update_s\", \"window_s\", \"gain_u\" and "
                        "\"range_j\" are not below 0");
    return true;
}

bool erg_exec_line_parse(const char *text, size_t size, erg_exec_line *out, erg_error *err)
{
    json_t *root = erg_json_parse("line", text, size, NULL), *json;
    const char *key;
    bool good = json_is_object(root);

    *out = (erg_exec_line){ .scope = ERG_SCOPE_NODE };
    if (!good)
        erg_fail(err, ERG_BAD_INPUT,
                 "a line is one JSON object, as in {\"power_w\": 412.5}, not '%.*s'",
                 (int)(size < 60 ? size : 60), text);
    else
        json_object_foreach(root, key, json)
            good = good && take(key, json, out, err);
    json_decref(root);
    return good && check(out, err);
}
