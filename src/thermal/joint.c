/* SPDX-License-Identifier: Apache-2.0 */
/* A training log as marks of a run file, and files of a joint run by what they hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "erg/joint.h"
#include "thermal/joint_inside.h"
#include "thermal/training_inside.h"

enum { FILE_MOST = 1 << 30 };

size_t erg_training_row_marks(const erg_training *training, size_t row,
                              erg_mark_row out[ERG_TRAINING_VALUES])
{
    size_t count, made = 0;
    const erg_training_row *of = &erg_training_rows(training, &count)[row];

    for (int v = 0; v < ERG_TRAINING_VALUES; v++) {
        bool is_derived =
            v == ERG_TRAINING_STEP_S && erg_training_has_derived_step_s(training);
        if (isnan(of->value[v]) || is_derived)
            continue;
        out[made] = (erg_mark_row){ .t_ns = of->t_ns, .value = of->value[v] };
        erg_text_put(out[made++].name, sizeof(out[0].name),
                     erg_training_value_name((erg_training_value)v));
    }
    return made;
}

/* ---- a log into a run -------------------------------------------------------- */

/* On UTC, moved by *by_ns, or a sentence about what is missing. */
static bool bring_to_utc(erg_training *training, const erg_trace *into, int64_t *by_ns,
                         erg_error *err)
{
    erg_span span = erg_trace_span(into);
    erg_span run = { erg_trace_utc_ns(into, span.begin_ns),
                     erg_trace_utc_ns(into, span.end_ns) };

    switch (erg_training_clock_of(training)) {
    case ERG_TRAINING_UTC:
        return true;
    case ERG_TRAINING_LOCAL:
        return erg_training_guess_zone(training, run, by_ns)
               || erg_fail(err, ERG_BAD_INPUT,
                           "the training log's stamps have no zone, and none "
                           "lays it on the run: name it with --tz");
    case ERG_TRAINING_SINCE_START:
        break;
    }
    return erg_fail(err, ERG_BAD_INPUT,
                    "the training log's stamps count from some start: log "
                    "the Unix time of each step");
}

static bool flag_local(erg_trace *into, int64_t by_ns, erg_error *err)
{
    erg_flag flag = { .code = ERG_FLAG_LOCAL_TIME, .channel = -1,
                      .span = erg_trace_span(into) };

    snprintf(flag.text, sizeof(flag.text),
             "the training log's stamps have no zone and were moved by %g h, to where the "
             "run was; name it with --tz", erg_s_from_ns(by_ns) / 3600);
    return erg_trace_add_flag(into, &flag, err);
}

bool erg_joint_add_training(erg_training *training, erg_trace *into, erg_error *err)
{
    bool is_local = erg_training_clock_of(training) == ERG_TRAINING_LOCAL;
    erg_mark_row marks[ERG_TRAINING_VALUES];
    int64_t shift_ns, by_ns = 0;
    size_t count;

    if (!bring_to_utc(training, into, &by_ns, err)
        || (is_local && !flag_local(into, by_ns, err)))
        return false;
    const erg_training_row *rows = erg_training_rows(training, &count);
    if (erg_trace_channel_count(into) > 0 && erg_trace_anchor_count(into) == 0)
        return erg_fail(err, ERG_BAD_INPUT, "the training log has a date, and the files "
                        "before it count from nowhere: say when they began with --start");
    if (!erg_import_clock(into, rows[0].t_ns, &shift_ns, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t made = erg_training_row_marks(training, i, marks);
        for (size_t m = 0; m < made; m++) {
            marks[m].t_ns += shift_ns;
            if (!erg_trace_add_mark(into, &marks[m], err))
                return false;
        }
    }
    return true;
}

/* ---- which it is ---------------------------------------------------------------- */

/* Any CSV with a time parses; only one with values of a step is a training log. */
static bool is_training(const erg_training *training)
{
    erg_mark_row marks[ERG_TRAINING_VALUES];
    size_t count;

    erg_training_rows(training, &count);
    for (size_t i = 0; i < count; i++)
        if (erg_training_row_marks(training, i, marks) > 0)
            return true;
    return false;
}

static bool try_training(erg_trace *into, const erg_source *source, bool *added,
                         erg_error *err)
{
    erg_error why = { 0 };
    erg_training *training = erg_training_parse(source->name, source->bytes, source->size,
                                                source->options->tz, &why);

    /* What is no training log may be another file; a machine out of memory is neither. */
    if (!erg_can_do_without(&why, err))
        return false;
    *added = training && is_training(training);
    bool good = !*added || erg_joint_add_training(training, into, err);
    erg_training_free(training);
    return good;
}

static bool has_one_writer(const erg_monitor *monitor, const char *name, erg_error *err)
{
    erg_error why = { 0 };

    for (size_t i = 0; i < erg_monitor_devices(monitor); i++)
        if (!erg_monitor_one_writer(erg_monitor_device_at(monitor, i), 0, 0, &why))
            return erg_fail(err, why.code, "%s: %s", name, why.text);
    return true;
}

static bool try_monitor(erg_trace *into, const erg_source *source, bool *added,
                        erg_error *err)
{
    const erg_monitor_options options = { .zone = source->options->tz,
                                          .writer = source->options->writer };
    erg_error why = { 0 };
    erg_monitor *monitor =
        erg_monitor_parse(source->name, source->bytes, source->size, &options, &why);

    if (!erg_can_do_without(&why, err))
        return false;
    *added = monitor != NULL;
    bool good = !monitor || (has_one_writer(monitor, source->name, err)
                             && erg_joint_add_monitor(monitor, source->name,
                                                      source->options, into, err));
    erg_monitor_free(monitor);
    return good;
}

static bool look_for_values(void *self, const erg_csv_row *header, erg_error *err)
{
    (void)err;
    for (size_t i = 0; i < header->count; i++)
        *(bool *)self |= erg_training_is_value(erg_field_trim(header->fields[i]));
    return true;
}

/* Neither known to an importer nor a training log: only a monitor's, if any. */
static bool may_be_monitor(const char *path, const erg_import_options *options)
{
    char *head = malloc(ERG_HEAD_BYTES);
    erg_source source = { .name = path, .bytes = head, .options = options };
    bool has_values = false;
    const erg_csv csv = { .name = path, .row = look_for_values, .self = &has_values,
                          .keep_last = true };

    source.size = head ? erg_head_read(path, head) : 0;
    erg_field line = erg_first_line(head, source.size);
    bool may = line.count > 0 && *line.text != '{' && *line.text != '['
        && !erg_import_format(head, source.size) && !erg_is_table_of_points(&source)
        && erg_csv_read(&csv, line.text, line.count, NULL, NULL) && !has_values;
    free(head);
    return may;
}

static bool is_told(const erg_import_options *options)
{
    return options->format || options->time_column || options->power_columns;
}

/* A file that no importer knows: a training log, or a monitor's. */
static bool try_whole(erg_trace *into, const char *path, erg_source *source, bool *added,
                      erg_error *err)
{
    char *bytes = erg_file_read(path, FILE_MOST, &source->size, err);
    bool good = bytes;

    source->bytes = bytes;
    if (good && source->size > 0 && !erg_import_format(bytes, source->size)
        && !erg_is_table_of_points(source)) {
        good = try_training(into, source, added, err);
        if (good && !*added)
            good = try_monitor(into, source, added, err);
    }
    free(bytes);
    return good;
}

static bool import_any(erg_trace *into, const char *path, const char *name,
                       const erg_import_options *options, erg_error *err)
{
    static const erg_import_options unset;
    erg_source source = { .name = name, .options = options ? options : &unset,
                          .joins = into };
    bool added = false, good = true;

    if (is_told(source.options) || erg_import_streams(path, NULL))
        return erg_import_as(into, path, name, options, err);
    if (!source.options->writer && may_be_monitor(path, source.options))
        good = erg_joint_stream_monitor(path, &source, into, &added, err);
    if (good && !added)
        good = try_whole(into, path, &source, &added, err);
    return good && !added ? erg_import_as(into, path, name, options, err) : good;
}

bool erg_joint_import(erg_trace *into, const char *path, const erg_import_options *options,
                      erg_error *err)
{
    return erg_import_any(import_any, into, path, options, err);
}
