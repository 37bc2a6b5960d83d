/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of erg export, schema erg.run.v1. */
#include <math.h>
#include <string.h>
#include "format/json.h"
#include "trace/facts.h"
#include "import/formats/copy.h"
#include "import/formats/importer.h"

static bool sniff(const erg_source *source)
{
    return source->size > 12 && source->bytes[0] == '{'
        && memmem(source->bytes, source->size, "\"erg.run.v1\"", 12);
}

static int64_t integer_of(const json_t *row, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(row, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static void text_of(const json_t *row, const char *key, char *to, size_t size)
{
    erg_text_put(to, size, json_string_value(json_object_get(row, key)));
}

static void take_facts(const json_t *row, const erg_fact *facts, void *info)
{
    for (const erg_fact *fact = facts; fact->name; fact++) {
        const json_t *value = json_object_get(row, fact->name);
        if (fact->type == ERG_FACT_REAL) {
            double real = json_is_number(value) ? json_number_value(value) : NAN;
            memcpy((char *)info + fact->offset, &real, sizeof(real));
        } else if (json_is_string(value)) {
            erg_fact_parse(fact, info, json_string_value(value));
        }
    }
}

static bool take_device(erg_trace *into, const json_t *row, erg_error *err)
{
    erg_device_info info = { 0 };
    take_facts(row, erg_device_facts, &info);
    return erg_trace_add_device(into, &info, err) >= 0;
}

static bool take_channel(erg_trace *into, const json_t *row, erg_error *err)
{
    erg_channel_info info = { .device = (int)integer_of(row, "device", -1) };
    const json_t *samples = json_object_get(row, "samples");
    size_t index;
    const json_t *one;

    take_facts(row, erg_channel_facts, &info);
    int channel = info.device < 0 || info.device >= (int)erg_trace_device_count(into) ? -1
                : erg_trace_add_channel(into, &info, err);
    if (channel < 0)
        return erg_fail(err, ERG_BAD_INPUT, "channel '%s' has no device", info.name);
    json_array_foreach((json_t *)samples, index, one) {
        const json_t *value = json_array_get(one, 2);
        erg_sample sample = { json_integer_value(json_array_get(one, 0)),
                              json_integer_value(json_array_get(one, 1)),
                              json_is_number(value) ? json_number_value(value) : NAN };
        if (!json_is_integer(json_array_get(one, 0)))
            return erg_fail(err, ERG_BAD_INPUT, "sample %zu of channel '%s' has no stamp",
                            index, info.name);
        if (!erg_trace_add_samples(into, channel, &sample, 1, err))
            return false;
    }
    return true;
}

static bool take_region(erg_trace *into, const json_t *row, erg_error *err)
{
    erg_region region = {
        .id = integer_of(row, "id", 0), .parent = integer_of(row, "parent", 0),
        .thread = integer_of(row, "thread", 0), .begin_ns = integer_of(row, "begin_ns", 0),
        .end_ns = integer_of(row, "end_ns", INT64_MAX),
        .runs = erg_json_number_of(row, "runs"),
    };
    text_of(row, "name", region.name, sizeof(region.name));
    return erg_trace_add_region(into, &region, err);
}

static bool take_mark(erg_trace *into, const json_t *row, erg_error *err)
{
    erg_mark_row mark = { .t_ns = integer_of(row, "t_ns", 0),
                          .value = erg_json_number_of(row, "value") };
    text_of(row, "name", mark.name, sizeof(mark.name));
    return erg_trace_add_mark(into, &mark, err);
}

static bool take_setting(erg_trace *into, const json_t *row, erg_error *err)
{
    erg_setting setting = { .t_ns = integer_of(row, "t_ns", 0),
                            .device = (int)integer_of(row, "device", -1) };
    text_of(row, "key", setting.key, sizeof(setting.key));
    text_of(row, "value", setting.value, sizeof(setting.value));
    return erg_trace_add_setting(into, &setting, err);
}

static bool take_anchor(erg_trace *into, const json_t *row, erg_error *err)
{
    erg_anchor anchor = { integer_of(row, "mono_ns", 0), integer_of(row, "boot_ns", 0),
                          integer_of(row, "utc_ns", 0),
                          integer_of(row, "half_width_ns", 0) };
    return erg_trace_add_anchor(into, &anchor, err);
}

static bool take_flag(erg_trace *into, const json_t *row, erg_error *err)
{
    erg_flag flag = { .channel = (int)integer_of(row, "channel", -1),
                      .span = { integer_of(row, "begin_ns", 0),
                                integer_of(row, "end_ns", 0) } };
    const char *code = json_string_value(json_object_get(row, "code"));
    text_of(row, "text", flag.text, sizeof(flag.text));
    for (int i = 0; code && i < ERG_FLAG_COUNT_OF; i++)
        if (strcmp(erg_flag_describe((erg_flag_code)i)->name, code) == 0) {
            flag.code = (erg_flag_code)i;
            return erg_trace_add_flag(into, &flag, err);
        }
    return true;        /* a flag of a later version */
}

typedef struct list_row {
    const char *name;
    bool (*take)(erg_trace *into, const json_t *row, erg_error *err);
} list_row;

static const list_row lists[] = {
    { "anchors", take_anchor }, { "devices", take_device }, { "channels", take_channel },
    { "regions", take_region }, { "marks", take_mark },     { "settings", take_setting },
    { "flags", take_flag },
};

static bool take_all(erg_trace *into, json_t *root, erg_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(root, "meta"), key, value)
        if (json_is_string(value)
            && !erg_trace_set_meta(into, key, json_string_value(value), err))
            return false;
    for (size_t i = 0; i < ERG_COUNT(lists); i++) {
        size_t index;
        json_t *row;
        json_array_foreach(json_object_get(root, lists[i].name), index, row)
            if (!lists[i].take(into, row, err))
                return false;
    }
    return true;
}

static bool read_erg_json(erg_trace *into, const erg_source *source, erg_error *err)
{
    json_t *root = erg_json_parse(source->name, source->bytes, source->size, err);
    if (!root)
        return false;

    erg_error own_err = { 0 };
    erg_trace *own = erg_trace_new(&own_err);
    bool good = own && take_all(own, root, &own_err)
        && erg_trace_copy(own, into, NULL, &own_err);
    if (!good)
        erg_fail(err, own_err.code ? own_err.code : ERG_BAD_INPUT,
                 "%s:1: %.300s: export the run again", source->name, own_err.text);
    erg_trace_free(own);
    json_decref(root);
    return good;
}

const erg_importer erg_importer_erg_json = {
    .name = "erg_json",
    .about = "the JSON of erg export, schema erg.run.v1",
    .sniff = sniff,
    .read = read_erg_json,
};
