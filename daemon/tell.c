/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "tell.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define KELVIN_AT_0_C 273.15

/* ---- tables -------------------------------------------------------------------------- */

static bool copy_cell(erg_table *to, const erg_column *column, erg_cell cell,
                      erg_error *err)
{
    switch (column->type) {
    case ERG_TEXT: return erg_table_text(to, column->name, cell.text, err);
    case ERG_REAL: return erg_table_real(to, column->name, cell.real, err);
    case ERG_INTEGER: return erg_table_integer(to, column->name, cell.integer, err);
    case ERG_TRUTH:
        return cell.integer == ERG_NONE
            || erg_table_truth(to, column->name, cell.integer != 0, err);
    }
    return true;
}

/* The last rows of a table of the snapshot; a table that it lacks is passed over. */
static bool copy_table(erg_result *to, const erg_result *snapshot, const char *name,
                       size_t most, erg_error *err)
{
    const erg_table *from = erg_result_find(snapshot, name);
    size_t columns = from ? erg_table_column_count(from) : 0;
    size_t rows = from ? erg_table_row_count(from) : 0;

    if (!from)
        return true;
    /* The columns of a table are static, and lie in one piece. */
    erg_table *table = erg_result_add(to, name, erg_table_column(from, 0), columns, err);
    bool ok = table != NULL;
    for (size_t r = rows > most ? rows - most : 0; ok && r < rows; r++) {
        ok = erg_table_row(table, err);
        for (size_t c = 0; ok && c < columns; c++)
            ok = copy_cell(table, erg_table_column(from, c), erg_table_cell(from, r, c),
                           err);
    }
    return ok;
}

static const erg_column device_columns[] = {
    { "device", ERG_TEXT, "name of the device" },
    { "channel", ERG_TEXT, "name of the channel" },
    { "method", ERG_TEXT, "counter, integral, model or simulated" },
    { "power_w", ERG_REAL, "Power as the sensor gives it" },
    { "energy_total_j", ERG_REAL, "Energy as the sensor counts it" },
    { "temperature_c", ERG_REAL, "Temperature" },
    { "clock_hz", ERG_REAL, "Clock" },
    { "use", ERG_REAL, "Share of the time in use, 0 to 1" },
    { "size_bytes", ERG_REAL, "Bytes, as of memory in use" },
    { "time_total_s", ERG_REAL, "Time counted, as below full clock" },
    { "setting_w", ERG_REAL, "A limit that the device tells" },
    { "value", ERG_REAL, "A reading of another unit" },
};

/* Which column a reading goes to; NULL: of any unit. */
typedef struct reading { const char *quantity, *unit, *column; double offset; } reading;

static const reading readings[] = {
    { "power", NULL, "power_w", 0 }, { "energy", NULL, "energy_total_j", 0 },
    { "temperature", NULL, "temperature_c", -KELVIN_AT_0_C },
    { "clock", NULL, "clock_hz", 0 }, { "use", NULL, "use", 0 },
    { "bytes", NULL, "size_bytes", 0 }, { "duration", NULL, "time_total_s", 0 },
    { "other", "W", "setting_w", 0 }, { NULL, NULL, "value", 0 },
};

static bool is_of(const char *wanted, const char *word)
{
    return !wanted || (word && strcmp(wanted, word) == 0);
}

static bool add_device(erg_table *table, const erg_table *sensors, size_t row,
                       erg_error *err)
{
    const char *quantity = erg_table_find(sensors, row, "quantity").text;
    const char *unit = erg_table_find(sensors, row, "unit").text;
    const char *const names[] = { "device", "channel", "method" };
    const reading *is = readings;
    bool ok = erg_table_row(table, err);

    while (!is_of(is->quantity, quantity) || !is_of(is->unit, unit))
        is++;
    for (size_t i = 0; ok && i < COUNT(names); i++)
        ok = erg_table_text(table, names[i], erg_table_find(sensors, row, names[i]).text,
                            err);
    double value = erg_table_find(sensors, row, "value").real + is->offset;
    return ok && erg_table_real(table, is->column, value, err);
}

static bool add_devices(erg_result *to, const erg_result *snapshot, erg_error *err)
{
    const erg_table *sensors = erg_result_find(snapshot, "sensors");
    erg_table *table = erg_result_add(to, "devices", device_columns,
                                      COUNT(device_columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && sensors && i < erg_table_row_count(sensors); i++)
        ok = add_device(table, sensors, i, err);
    return ok;
}

static const erg_column loop_columns[] = {
    { "steps_total", ERG_INTEGER, "Steps of the governor" },
    { "late_total", ERG_INTEGER, "Steps begun more than half a period late" },
    { "period_s", ERG_REAL, "Period of the loop" },
    { "busy_s", ERG_REAL, "Length of the last step" },
};

static bool add_loop(erg_result *to, const ergd_beat *beat, erg_error *err)
{
    erg_table *table = erg_result_add(to, "loop", loop_columns, COUNT(loop_columns), err);

    return table && erg_table_row(table, err)
        && erg_table_integer(table, "steps_total", beat->steps, err)
        && erg_table_integer(table, "late_total", beat->late, err)
        && erg_table_real(table, "period_s", beat->period_s, err)
        && erg_table_real(table, "busy_s", beat->busy_s, err);
}

static bool copy_notes(erg_result *to, const erg_result *snapshot, erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < erg_result_note_count(snapshot); i++)
        ok = erg_result_note(to, err, "%s", erg_result_note_at(snapshot, i));
    return ok;
}

/* Nothing simulated or modelled is shown as measured. */
static bool note_methods(erg_result *to, const erg_result *snapshot, erg_error *err)
{
    const erg_table *sensors = erg_result_find(snapshot, "sensors");
    bool ok = true;

    for (size_t i = 0; ok && sensors && i < erg_table_row_count(sensors); i++) {
        const char *method = erg_table_find(sensors, i, "method").text;
        const char *device = erg_table_find(sensors, i, "device").text;
        if (method && (strcmp(method, "simulated") == 0 || strcmp(method, "model") == 0))
            ok = erg_result_note(to, err, "%s: %s is not measured", method, device);
    }
    return ok;
}

/* ---- bytes --------------------------------------------------------------------------- */

static ergd_bytes write_as(const erg_result *result, const char *format)
{
    ergd_bytes out = { 0 };
    FILE *file = result ? open_memstream(&out.bytes, &out.size) : NULL;
    bool ok = file && erg_write(result, format, NULL, file, NULL);

    if (file && fclose(file) == 0 && ok)
        return out;
    free(out.bytes);
    return (ergd_bytes){ 0 };
}

ergd_bytes ergd_tell_metrics(const erg_result *snapshot, const ergd_beat *beat,
                             const char *format)
{
    enum { ALL = 1 << 16 };
    erg_result *result = erg_result_new("govern", NULL);
    bool ok = result && copy_table(result, snapshot, "grants", ALL, NULL)
        && copy_table(result, snapshot, "clocks", ALL, NULL)
        && copy_table(result, snapshot, "held", ALL, NULL)
        && copy_table(result, snapshot, "phases", ALL, NULL)
        && copy_table(result, snapshot, "epochs", ALL, NULL)
        && copy_table(result, snapshot, "rules", ALL, NULL)
        && copy_table(result, snapshot, "floor", ALL, NULL)
        && copy_table(result, snapshot, "leases", ALL, NULL)
        && add_devices(result, snapshot, NULL) && add_loop(result, beat, NULL)
        && copy_notes(result, snapshot, NULL) && note_methods(result, snapshot, NULL);
    ergd_bytes out = ok ? write_as(result, format) : (ergd_bytes){ 0 };

    erg_result_free(result);
    return out;
}

/* A line break ends a field of an event; inside of JSON it is white space. */
static ergd_bytes event_of(ergd_bytes json)
{
    ergd_bytes out = { 0 };
    FILE *file = json.bytes ? open_memstream(&out.bytes, &out.size) : NULL;

    for (size_t i = 0; file && i < json.size; i++)
        if (json.bytes[i] == '\n')
            json.bytes[i] = ' ';
    if (file) {
        fprintf(file, "data: %s\n\n", json.bytes);
        if (fclose(file) != 0) {
            free(out.bytes);
            out = (ergd_bytes){ 0 };
        }
    }
    free(json.bytes);
    return out;
}

ergd_bytes ergd_tell_event(const erg_result *snapshot)
{
    enum { CHANGES = 12 };
    erg_result *result = erg_result_new("govern", NULL);
    bool ok = result && copy_table(result, snapshot, "grants", 1024, NULL)
        && copy_table(result, snapshot, "leases", 64, NULL)
        && copy_table(result, snapshot, "journal", CHANGES, NULL)
        && copy_notes(result, snapshot, NULL) && note_methods(result, snapshot, NULL);
    ergd_bytes out = ok ? event_of(write_as(result, "json")) : (ergd_bytes){ 0 };

    erg_result_free(result);
    return out;
}

/* ---- health -------------------------------------------------------------------------- */

/* States of a grant in which the governor does not do what it was told to. */
static const char *const ills[] = { "unread", "refused", "short", "floor" };

static bool is_ill(const char *state)
{
    for (size_t i = 0; state && i < COUNT(ills); i++)
        if (strcmp(state, ills[i]) == 0)
            return true;
    return false;
}

static void put_ills(FILE *out, const erg_table *grants)
{
    for (size_t i = 0; grants && i < erg_table_row_count(grants); i++) {
        const char *state = erg_table_find(grants, i, "state").text;
        const char *reason = erg_table_find(grants, i, "reason").text;
        const char *node = erg_table_find(grants, i, "node").text;
        if (is_ill(state))
            fprintf(out, "%s: %s%s%s\n", node ? node : "?", state, reason ? ": " : "",
                    reason ? reason : "");
    }
}

/* Clocks, or knobs that are held. One that is not told (unread) is usual. */
static void put_ill_knobs(FILE *out, const erg_table *table)
{
    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *state = erg_table_find(table, i, "state").text;
        const char *reason = erg_table_find(table, i, "reason").text;
        const char *node = erg_table_find(table, i, "node").text;
        const char *knob = erg_table_find(table, i, "knob").text;
        if (state && (strcmp(state, "refused") == 0 || strcmp(state, "not_taken") == 0))
            fprintf(out, "%s: %s %s: %s\n", node ? node : "?", knob ? knob : "clock",
                    state, reason ? reason : "");
    }
}

static void put_ill_filler(FILE *out, const erg_table *floor)
{
    const char *state = floor ? erg_table_find(floor, 0, "state").text : NULL;
    const char *reason = floor ? erg_table_find(floor, 0, "reason").text : NULL;

    if (state && strcmp(state, "refused") == 0)
        fprintf(out, "floor: %s\n", reason ? reason : "the filler does not run");
}

/* A sensor of power that gave no value in the last step. */
static void put_silent(FILE *out, const erg_table *sensors)
{
    for (size_t i = 0; sensors && i < erg_table_row_count(sensors); i++) {
        const char *quantity = erg_table_find(sensors, i, "quantity").text;
        const char *device = erg_table_find(sensors, i, "device").text;
        const char *channel = erg_table_find(sensors, i, "channel").text;
        double value = erg_table_find(sensors, i, "value").real;
        if (quantity && strcmp(quantity, "power") == 0 && !isfinite(value))
            fprintf(out, "%s: no value from %s\n", device ? device : "?",
                    channel ? channel : "?");
    }
}

static void put_lost_leases(FILE *out, const erg_table *leases)
{
    for (size_t i = 0; leases && i < erg_table_row_count(leases); i++) {
        double left_s = erg_table_find(leases, i, "left_s").real;
        if (left_s < 0)
            fprintf(out, "lease: ran out %.1f s ago\n", -left_s);
    }
}

/* Who cannot say what was done for whom governs on. */
static void put_journal(FILE *out, const erg_result *snapshot)
{
    for (size_t i = 0; snapshot && i < erg_result_note_count(snapshot); i++) {
        const char *note = erg_result_note_at(snapshot, i);
        if (strncmp(note, "journal: ", 9) == 0)
            fprintf(out, "%s\n", note);
    }
}

ergd_bytes ergd_tell_health(const erg_result *snapshot)
{
    static const char head[] = "degraded\n";
    ergd_bytes out = { 0 };
    FILE *file = open_memstream(&out.bytes, &out.size);

    if (!file)
        return out;
    fputs(head, file);
    if (!snapshot)
        fputs("no snapshot: out of memory\n", file);
    put_ills(file, snapshot ? erg_result_find(snapshot, "grants") : NULL);
    put_ill_knobs(file, snapshot ? erg_result_find(snapshot, "clocks") : NULL);
    put_ill_knobs(file, snapshot ? erg_result_find(snapshot, "held") : NULL);
    put_ill_filler(file, snapshot ? erg_result_find(snapshot, "floor") : NULL);
    put_silent(file, snapshot ? erg_result_find(snapshot, "sensors") : NULL);
    put_lost_leases(file, snapshot ? erg_result_find(snapshot, "leases") : NULL);
    put_journal(file, snapshot);
    if (fclose(file) != 0) {
        free(out.bytes);
        return (ergd_bytes){ 0 };
    }
    if (out.size == sizeof(head) - 1) {
        memcpy(out.bytes, "ok\n", 4);
        out.size = 3;
    }
    return out;
}
