/* SPDX-License-Identifier: Apache-2.0 */
/* The whole run as one JSON object, schema erg.run.v1. Unmeasured is null. */
#include <inttypes.h>
#include "erg/version.h"
#include "report/export/exporter.h"
#include "trace/facts.h"
#include "trace/stream.h"

static void put_facts(FILE *out, const erg_fact *facts, const void *info)
{
    char text[128];
    for (const erg_fact *fact = facts; fact->name; fact++) {
        erg_fact_text(fact, info, text, sizeof(text));
        fprintf(out, "%s\"%s\": ", fact == facts ? "" : ", ", fact->name);
        if (fact->type == ERG_FACT_REAL)
            fputs(*text ? text : "null", out);
        else
            erg_json_text(out, text);
    }
}

static const char *comma(size_t index)
{
    return index ? ",\n  " : "\n  ";
}

static void put_meta(FILE *out, const erg_trace *trace)
{
    const char *key, *value;
    fputs("{", out);
    for (size_t i = 0; erg_trace_meta_at(trace, i, &key, &value); i++) {
        fputs(comma(i), out);
        erg_json_text(out, key);
        fputs(": ", out);
        erg_json_text(out, value);
    }
    fputs("}", out);
}

static void put_anchors(FILE *out, const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_anchor_count(trace); i++) {
        const erg_anchor *anchor = erg_trace_anchor(trace, i);
        fprintf(out,
                "%s{\"mono_ns\": %" PRId64 ", \"boot_ns\": %" PRId64
                ", \"utc_ns\": %" PRId64 ", \"half_width_ns\": %" PRId64 "}",
                comma(i), anchor->mono_ns, anchor->boot_ns, anchor->utc_ns,
                anchor->half_width_ns);
    }
}

static void put_devices(FILE *out, const erg_trace *trace)
{
    for (int i = 0; i < (int)erg_trace_device_count(trace); i++) {
        fprintf(out, "%s{", comma((size_t)i));
        put_facts(out, erg_device_facts, erg_trace_device(trace, i));
        fputc('}', out);
    }
}

static void put_channels(FILE *out, const erg_trace *trace)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        size_t count;
        const erg_sample *samples = erg_trace_samples(trace, i, &count);
        fprintf(out, "%s{\"device\": %d, ", comma((size_t)i), info->device);
        put_facts(out, erg_channel_facts, info);
        if (erg_has_joules(info->quantity)) {
            erg_figure figure = erg_figure_of(trace, i, erg_trace_span(trace));
            fputs(", \"energy\": ", out);
            erg_json_figure(out, &figure);
        }
        fputs(", \"samples\": [", out);
        for (size_t k = 0; k < count; k++) {
            fprintf(out, "%s[%" PRId64 ",%" PRId64 ",", k ? "," : "", samples[k].t_ns,
                    samples[k].half_width_ns);
            erg_json_number(out, samples[k].value);
            fputc(']', out);
            erg_samples_pass(trace, i, k);
        }
        fputs("]}", out);
    }
}

static void put_regions(FILE *out, const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        fprintf(out, "%s{\"id\": %" PRId64 ", \"parent\": %" PRId64 ", \"thread\": %" PRId64
                ", \"name\": ", comma(i), region->id, region->parent, region->thread);
        erg_json_text(out, region->name);
        fprintf(out, ", \"begin_ns\": %" PRId64 ", \"end_ns\": ", region->begin_ns);
        if (region->end_ns == INT64_MAX)
            fputs("null", out);
        else
            fprintf(out, "%" PRId64, region->end_ns);
        fputs(", \"runs\": ", out);
        erg_json_number(out, region->runs);
        fputc('}', out);
    }
}

static void put_marks(FILE *out, const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_mark_count(trace); i++) {
        const erg_mark_row *mark = erg_trace_mark(trace, i);
        fprintf(out, "%s{\"t_ns\": %" PRId64 ", \"name\": ", comma(i), mark->t_ns);
        erg_json_text(out, mark->name);
        fputs(", \"value\": ", out);
        erg_json_number(out, mark->value);
        fputc('}', out);
    }
}

static void put_settings(FILE *out, const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_setting_count(trace); i++) {
        const erg_setting *setting = erg_trace_setting(trace, i);
        fprintf(out, "%s{\"t_ns\": %" PRId64 ", \"device\": %d, \"key\": ", comma(i),
                setting->t_ns, setting->device);
        erg_json_text(out, setting->key);
        fputs(", \"value\": ", out);
        erg_json_text(out, setting->value);
        fputc('}', out);
    }
}

static void put_flags(FILE *out, const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++) {
        const erg_flag *flag = erg_trace_flag(trace, i);
        fprintf(out, "%s{\"code\": \"%s\", \"channel\": %d, \"begin_ns\": %" PRId64
                ", \"end_ns\": %" PRId64 ", \"text\": ", comma(i),
                erg_flag_describe(flag->code)->name, flag->channel, flag->span.begin_ns,
                flag->span.end_ns);
        erg_json_text(out, flag->text);
        fputc('}', out);
    }
}

typedef struct list_row { const char *name; void (*put)(FILE *out,
                                                        const erg_trace *trace); } list_row;

static const list_row lists[] = {
    { "anchors", put_anchors }, { "devices", put_devices }, { "channels", put_channels },
    { "regions", put_regions }, { "marks", put_marks },     { "settings", put_settings },
    { "flags", put_flags },
};

static bool write_json(const erg_trace *trace, const erg_export_options *options, FILE *out,
                       erg_error *err)
{
    (void)options, (void)err;
    fprintf(out, "{\"schema\": \"erg.run.v1\", \"erg\": \"%s\",\n \"meta\": ",
            erg_version());
    put_meta(out, trace);
    for (size_t i = 0; i < ERG_COUNT(lists); i++) {
        fprintf(out, ",\n \"%s\": [", lists[i].name);
        lists[i].put(out, trace);
        fputc(']', out);
    }
    fputs("}\n", out);
    return true;
}

const erg_exporter erg_exporter_json = { "json", write_json };
