/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of an .erg file as rows of a trace. A file may come from anywhere: each
 * number, word and index in it is checked here.
 */
#include <math.h>
#include <string.h>
#include "trace/load_inside.h"
#include "trace/schema.h"

bool erg_load_fail_row(const erg_reader *from, const char *table, const char *what,
                       erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s is damaged (table %s: %s): take a copy of it "
                    "from elsewhere, or record again", from->path, table, what);
}

/* ---- cells --------------------------------------------------------------------- */

static double seconds_of(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
        ? NAN : (double)sqlite3_column_int64(row, column) / 1e9;
}

/* The index of a word among the names that name() gives; -1: unknown. */
static int word_of(sqlite3_stmt *row, int column, const char *(*name)(int index))
{
    const char *word = (const char *)sqlite3_column_text(row, column);
    for (int i = 0; word && name(i); i++)
        if (strcmp(name(i), word) == 0)
            return i;
    return -1;
}

static const char *scope_name(int index) { return erg_scope_name((erg_scope)index); }
static const char *kind_name(int index) { return erg_kind_name((erg_kind)index); }
static const char *method_name(int index) { return erg_method_name((erg_method)index); }

static const char *quantity_name(int index)
{
    return erg_quantity_name((erg_quantity)index);
}

static const char *flag_name(int index)
{
    return index < ERG_FLAG_COUNT_OF ? erg_flag_describe((erg_flag_code)index)->name : NULL;
}

/* ---- rows ------------------------------------------------------------------------ */

static bool take_meta(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    const char *key = (const char *)sqlite3_column_text(row, 0);
    const char *value = (const char *)sqlite3_column_text(row, 1);

    if (!key || !value)
        return erg_load_fail_row(from, "meta", "an empty cell", err);
    if (strcmp(key, ERG_META_ENDED) == 0)
        return from->ended = true;
    return erg_trace_set_meta(from->trace, key, value, err);
}

static bool take_anchor(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_anchor anchor = {
        .mono_ns = sqlite3_column_int64(row, 0),
        .boot_ns = sqlite3_column_int64(row, 1),
        .utc_ns = sqlite3_column_int64(row, 2),
        .half_width_ns = sqlite3_column_int64(row, 3),
    };
    return erg_trace_add_anchor(from->trace, &anchor, err);
}

static bool take_device(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_device_info info = { .shared = sqlite3_column_int(row, 8) != 0 };
    int scope = word_of(row, 5, scope_name);

    if (scope < 0)
        return erg_load_fail_row(from, "device", "an unknown scope", err);
    info.scope = (erg_scope)scope;
    erg_load_text(row, 1, info.driver, sizeof(info.driver));
    erg_load_text(row, 2, info.name, sizeof(info.name));
    erg_load_text(row, 3, info.uuid, sizeof(info.uuid));
    erg_load_text(row, 4, info.model, sizeof(info.model));
    erg_load_text(row, 6, info.host_id, sizeof(info.host_id));
    erg_load_text(row, 7, info.wired_to, sizeof(info.wired_to));
    int index = erg_trace_add_device(from->trace, &info, err);
    return index >= 0
        && (index == sqlite3_column_int64(row, 0)
            || erg_load_fail_row(from, "device", "a row is missing", err));
}

static bool take_channel(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    int quantity = word_of(row, 4, quantity_name), kind = word_of(row, 5, kind_name);
    int method = word_of(row, 6, method_name), scope = word_of(row, 7, scope_name);
    if (quantity < 0 || kind < 0 || method < 0 || scope < 0)
        return erg_load_fail_row(from, "channel", "an unknown word", err);

    erg_channel_info info = {
        .device = sqlite3_column_int(row, 1),
        .quantity = (erg_quantity)quantity, .kind = (erg_kind)kind,
        .method = (erg_method)method, .scope = (erg_scope)scope,
        .update_s = seconds_of(row, 8), .window_s = seconds_of(row, 9),
        .delay_s = seconds_of(row, 10), .gain = erg_load_real(row, 11),
        .offset = erg_load_real(row, 12), .gain_u = erg_load_real(row, 13),
        .offset_u = erg_load_real(row, 14), .range_j = erg_load_real(row, 15),
        .resolution = erg_load_real(row, 16), .max_w = erg_load_real(row, 17),
    };
    erg_load_text(row, 2, info.name, sizeof(info.name));
    erg_load_text(row, 3, info.unit, sizeof(info.unit));
    erg_load_text(row, 18, info.calibration, sizeof(info.calibration));
    int index = erg_trace_add_channel(from->trace, &info, err);
    return index >= 0
        && (index == sqlite3_column_int64(row, 0)
            || erg_load_fail_row(from, "channel", "a row is missing", err));
}

static bool take_block(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    const unsigned char *bytes = sqlite3_column_blob(row, 3);
    size_t size = (size_t)sqlite3_column_bytes(row, 3);
    int64_t channel = sqlite3_column_int64(row, 0);
    size_t count = bytes ? erg_block_decode(from->codec, bytes, size, from->samples) : 0;

    if (channel < 0 || (size_t)channel >= erg_trace_channel_count(from->trace))
        return erg_load_fail_row(from, "block", "samples of no channel", err);
    if (count == 0 || (int64_t)count != sqlite3_column_int64(row, 2)
        || from->samples[0].t_ns != sqlite3_column_int64(row, 1))
        return erg_load_fail_row(from, "block", "samples that cannot be decoded", err);
    return erg_trace_add_samples(from->trace, (int)channel, from->samples, count, err);
}

static bool take_region(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_region region = {
        .id = sqlite3_column_int64(row, 0), .parent = sqlite3_column_int64(row, 1),
        .thread = sqlite3_column_int64(row, 2), .begin_ns = sqlite3_column_int64(row, 4),
        .end_ns = sqlite3_column_int64(row, 5), .runs = erg_load_real(row, 6),
    };
    erg_load_text(row, 3, region.name, sizeof(region.name));
    return erg_trace_add_region(from->trace, &region, err);
}

static bool take_mark(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_mark_row mark = { .t_ns = sqlite3_column_int64(row, 0),
                          .value = erg_load_real(row, 2) };
    erg_load_text(row, 1, mark.name, sizeof(mark.name));
    return erg_trace_add_mark(from->trace, &mark, err);
}

static bool take_setting(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_setting setting = {
        .t_ns = sqlite3_column_int64(row, 0), .device = sqlite3_column_int(row, 1),
    };
    erg_load_text(row, 2, setting.key, sizeof(setting.key));
    erg_load_text(row, 3, setting.value, sizeof(setting.value));
    return erg_trace_add_setting(from->trace, &setting, err);
}

static bool take_flag(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    int code = word_of(row, 0, flag_name);
    if (code < 0)
        return erg_load_fail_row(from, "flag", "an unknown code", err);

    erg_flag flag = {
        .code = (erg_flag_code)code, .channel = sqlite3_column_int(row, 1),
        .span = { sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3) },
    };
    erg_load_text(row, 4, flag.text, sizeof(flag.text));
    return erg_trace_add_flag(from->trace, &flag, err);
}

/* Devices before channels before blocks: each names the one before. */
const erg_load_table erg_load_tables[] = {
    { "SELECT key, value FROM meta", take_meta },
    { "SELECT mono_ns, boot_ns, utc_ns, half_width_ns FROM anchor", take_anchor },
    { "SELECT id, driver, name, uuid, model, scope, host_id, wired_to, shared FROM device"
      " ORDER BY id", take_device },
    { "SELECT id, device_id, name, unit, quantity, kind, method, scope, update_ns,"
      " window_ns, delay_ns, gain, offset, gain_u, offset_u, range_j, resolution, max_w,"
      " calibration FROM channel ORDER BY id", take_channel },
    { "SELECT channel_id, first_ns, count, data FROM block ORDER BY id", take_block },
    { "SELECT id, parent, thread, name, begin_ns, end_ns, runs FROM region ORDER BY id",
      take_region },
    { "SELECT ns, name, value FROM mark ORDER BY rowid", take_mark },
    { "SELECT ns, device_id, key, value FROM setting ORDER BY rowid", take_setting },
    { "SELECT code, channel_id, begin_ns, end_ns, text FROM flag ORDER BY rowid",
      take_flag },
};

const size_t erg_load_table_count = ERG_COUNT(erg_load_tables);
