/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timing JSON of a benchmark: when it began and ended, how often it ran.
 *
 * The time of one run becomes the mark "single_s" in its region, so that the window
 * can be checked against runs times time (TIME_MISMATCH).
 */
#include <math.h>
#include <string.h>
#include "format/json.h"
#include "import/formats/importer.h"

/* It is held whole, at some ten times its size. */
enum { SIZE_MOST = 64 << 20 };

typedef struct reader {
    const erg_source *source;
    erg_trace *into;
    bool zoneless;
    erg_span recorded;          /* what was there before; empty: nothing */
    bool recorded_in_utc;       /* its stamps are not those of an unnamed zone */
    int64_t last_ns;            /* the last end in this file */
    erg_error *err;
} reader;

static bool sniff(const erg_source *source)
{
    size_t at = 0;
    while (at < source->size && strchr(" \t\r\n\xef\xbb\xbf", source->bytes[at])
           && source->bytes[at])
        at++;
    return at < source->size && source->bytes[at] == '{'
        && memmem(source->bytes, source->size, "\"start_timestamp\"", 17)
        && !memmem(source->bytes, source->size, "\"erg.run.v1\"", 12);
}

static bool stamp_of(reader *to, const json_t *object, const char *key, int64_t *ns)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    char number[40] = "";
    erg_stamp stamp;

    if (json_is_number(value))
        snprintf(number, sizeof(number), json_is_integer(value) ? "%.0f" : "%.6f",
                 json_number_value(value));
    if (!text)
        text = number;
    if (!erg_stamp_parse(text, strlen(text), &to->source->style, &stamp))
        return erg_fail(to->err, ERG_BAD_INPUT,
                        "%s:1: %s is '%.60s', which is no stamp: write it "
                        "as 2026-02-06 18:32:23.532", to->source->name, key, text);
    to->zoneless = to->zoneless || !stamp.has_zone;
    *ns = stamp.utc_ns;
    return true;
}

/* Kernel names are whole signatures: a cut one gets its number to stay apart. */
static void put_name(char *to, size_t size, const char *name, size_t index)
{
    erg_text_put(to, size, name);
    if (strlen(name) >= size) {
        char number[16];
        int count = snprintf(number, sizeof(number), "#%zu", index);
        erg_text_put(to, size - (size_t)count, name);
        strcat(to, number);
    }
}

/* Counted twice, the same runs would halve the energy of each. */
static bool is_there_already(const erg_trace *trace, const erg_region *region)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *old = erg_trace_region(trace, i);
        if (old->begin_ns == region->begin_ns && old->end_ns == region->end_ns
            && strcmp(old->name, region->name) == 0)
            return true;
    }
    return false;
}

static bool add_region(reader *to, const json_t *object, const char *name, double runs,
                       double single_s)
{
    erg_region region = { .runs = runs };
    int64_t shift_ns;

    erg_text_put(region.name, sizeof(region.name), name);
    if (!stamp_of(to, object, "start_timestamp", &region.begin_ns)
        || !stamp_of(to, object, "end_timestamp", &region.end_ns)
        || !erg_import_clock(to->into, region.begin_ns, &shift_ns, to->err))
        return false;
    if (region.end_ns < region.begin_ns)
        return erg_fail(to->err, ERG_BAD_INPUT,
                        "%s:1: %s ends before it begins: check its stamps "
                        "and their zone", to->source->name, region.name);
    region.begin_ns += shift_ns;
    region.end_ns += shift_ns;
    if (is_there_already(to->into, &region))
        return erg_fail(to->err, ERG_BAD_INPUT,
                        "%s:1: its region %s is in the run already: "
                        "import each timing file once", to->source->name, region.name);
    if (region.end_ns > to->last_ns)
        to->last_ns = region.end_ns;
    if (!erg_trace_add_region(to->into, &region, to->err))
        return false;
    erg_mark_row mark = { region.begin_ns, "single_s", single_s };
    return isnan(single_s) || erg_trace_add_mark(to->into, &mark, to->err);
}

static bool add_kernels(reader *to, const json_t *kernels)
{
    char name[sizeof(((erg_region *)0)->name)];
    size_t index;
    json_t *kernel;

    json_array_foreach(kernels, index, kernel) {
        const char *full = json_string_value(json_object_get(kernel, "name"));
        if (!json_object_get(kernel, "start_timestamp"))
            continue;       /* estimated, not run */
        put_name(name, sizeof(name), full ? full : "kernel", index);
        if (!add_region(to, kernel, name, erg_json_number_of(kernel, "benchmark_runs"),
                        1e-6 * erg_json_number_of(kernel, "single_time_us")))
            return false;
    }
    return true;
}

static bool add_local_time(reader *to)
{
    erg_flag flag = { .code = ERG_FLAG_LOCAL_TIME, .channel = -1,
                      .span = erg_trace_span(to->into) };
    snprintf(flag.text, sizeof(flag.text),
             "%.80s: the stamps have no zone and were taken as UTC; "
             "name it with --tz", to->source->name);
    return !to->zoneless || to->source->style.zone
        || erg_trace_add_flag(to->into, &flag, to->err);
}

/* What a recording holds that has readings. */
static void look_at_recording(reader *to)
{
    to->recorded_in_utc = true;
    for (size_t i = 0; i < erg_trace_flag_count(to->source->joins); i++)
        to->recorded_in_utc &= erg_trace_flag(to->source->joins, i)->code
            != ERG_FLAG_LOCAL_TIME;
    for (int i = 0; i < (int)erg_trace_channel_count(to->source->joins); i++) {
        size_t count;
        erg_trace_samples(to->source->joins, i, &count);
        if (count)
            to->recorded = erg_trace_span(to->source->joins);
    }
}

/* An old result picked up by name: written, or ended, before the recording began. */
static bool add_stale(reader *to)
{
    int64_t written_ns = to->source->modified_utc_ns;
    int64_t begin_utc_ns = erg_trace_utc_ns(to->source->joins, to->recorded.begin_ns);
    bool is_old = written_ns && begin_utc_ns && to->recorded_in_utc
               && written_ns < begin_utc_ns;
    bool ended = erg_trace_utc_ns(to->into, to->last_ns)
              <= erg_trace_utc_ns(to->source->joins, to->recorded.begin_ns);
    erg_flag flag = { .code = ERG_FLAG_STALE_RESULT, .channel = -1 };

    if (to->recorded.end_ns <= to->recorded.begin_ns || (!is_old && !ended))
        return true;
    snprintf(flag.text, sizeof(flag.text),
             "%.80s %s before the recording began: it belongs to "
             "an earlier run%s; no energy per run is given", to->source->name,
             is_old ? "was written" : "ended",
             !is_old && to->zoneless ? ", or name its zone with --tz" : "");
    return erg_trace_add_flag(to->into, &flag, to->err);
}

static bool add_all(reader *to, const json_t *root)
{
    const json_t *kernels = json_object_get(root, "kernels");
    double single_s = 1e-6 * erg_json_number_of(root, "full_model_inference_us");

    if (json_is_array(kernels))
        return add_kernels(to, kernels) && add_local_time(to) && add_stale(to);
    return add_region(to, root, "full_model", erg_json_number_of(root, "num_runs"),
                      single_s)
        && add_local_time(to) && add_stale(to);
}

static bool read_timing(erg_trace *into, const erg_source *source, erg_error *err)
{
    reader to = { .source = source, .into = into, .last_ns = INT64_MIN, .err = err };
    size_t skip = source->size >= 3 && memcmp(source->bytes, "\xef\xbb\xbf", 3)
        == 0 ? 3 : 0;

    if (source->size > SIZE_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s is larger than %d MiB: split it",
                        source->name, SIZE_MOST >> 20);
    look_at_recording(&to);
    json_t *root =
        erg_json_parse(source->name, source->bytes + skip, source->size - skip, err);

    if (!root)
        return false;
    bool good = json_is_object(root) ? add_all(&to, root)
        : erg_fail(err, ERG_BAD_INPUT, "%s:1: an object with start_timestamp was expected",
                   source->name);
    json_decref(root);
    return good;
}

const erg_importer erg_importer_timing_json = {
    .name = "timing_json",
    .about = "timing of a benchmark: start_timestamp, end_timestamp, num_runs",
    .sniff = sniff,
    .read = read_timing,
};
