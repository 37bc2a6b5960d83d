/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/csv.h"
#include "govern/phase_table.h"

enum { FILE_MOST = 1 << 20 };
#define CLOCK_MOST_HZ 1e11

static const struct { const char *name; double per_unit; } clocks[] = {
    { "sm_clock_mhz", 1e6 }, { "sm_clock_hz", 1 },
};

typedef struct reader {
    const char *name;
    erg_phase_table *to;
    int phase_at, clock_at;     /* columns; -1 before the header */
    double per_unit;
} reader;

static bool read_header(reader *own, const erg_csv_row *row, erg_error *err)
{
    own->phase_at = erg_csv_column(row, "phase");
    for (size_t i = 0; own->clock_at < 0 && i < ERG_COUNT(clocks); i++) {
        own->clock_at = erg_csv_column(row, clocks[i].name);
        own->per_unit = clocks[i].per_unit;
    }
    if (own->phase_at >= 0 && own->clock_at >= 0)
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: the columns phase and sm_clock_mhz are "
                    "needed: erg choose s.erg --phases --table phases --format csv has "
                    "them",
                    own->name, row->line);
}

static bool is_plain(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return false;
    return *text != '\0';
}

static bool read_row(reader *own, const erg_csv_row *row, erg_error *err)
{
    erg_phase_table *to = own->to;
    size_t most = (size_t)(own->phase_at > own->clock_at ? own->phase_at : own->clock_at);
    double clock;

    if (row->count <= most || row->has_nul)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a phase and its clock are expected",
                        own->name, row->line);
    erg_field name = erg_field_trim(row->fields[own->phase_at]);
    erg_field text = erg_field_trim(row->fields[own->clock_at]);
    if (!erg_number_parse(text.text, text.count, '.', &clock)
        || !(clock > 0 && clock * own->per_unit < CLOCK_MOST_HZ))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: '%.*s' is no clock", own->name,
                        row->line, (int)(text.count < 40 ? text.count : 40), text.text);
    if (to->count == ERG_PHASE_TABLE_MOST || name.count >= ERG_PHASE_TABLE_NAME)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a table has at most %d phases, with "
                        "names of at most %d bytes", own->name, row->line,
                        ERG_PHASE_TABLE_MOST, ERG_PHASE_TABLE_NAME - 1);
    char *at = to->rows[to->count].name;
    memcpy(at, name.text, name.count);
    at[name.count] = '\0';
    if (!is_plain(at) || strlen(at) != name.count)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a phase needs a name", own->name,
                        row->line);
    for (size_t i = 0; i < to->count; i++)
        if (strcmp(to->rows[i].name, at) == 0)
            return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: the phase %.60s is there twice",
                            own->name, row->line, at);
    to->rows[to->count++].clock_hz = clock * own->per_unit;
    return true;
}

static bool take_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reader *own = self;

    return own->phase_at < 0 ? read_header(own, row, err) : read_row(own, row, err);
}

bool erg_phase_table_parse(const char *name, const char *bytes, size_t size,
                           erg_phase_table *out, erg_error *err)
{
    reader own = { .name = name, .to = out, .phase_at = -1, .clock_at = -1 };
    const erg_csv csv = { .name = name, .keep_last = true, .row = take_row, .self = &own };

    *out = (erg_phase_table){ 0 };
    if (!erg_csv_read(&csv, bytes, size, NULL, err))
        return false;
    return out->count
        || erg_fail(err, ERG_BAD_INPUT, "%s: there is no phase in it", name);
}

bool erg_phase_table_load(const char *path, erg_phase_table *out, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);
    bool good = bytes && erg_phase_table_parse(path, bytes, size, out, err);

    free(bytes);
    return good;
}

double erg_phase_table_find(const erg_phase_table *table, const char *phase)
{
    double found_hz = NAN;
    int count = 0;

    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->rows[i].name, *slash = strrchr(name, '/');
        if (strcmp(name, phase) == 0)
            return table->rows[i].clock_hz;
        if (!slash || strcmp(slash + 1, phase) != 0)
            continue;
        found_hz = table->rows[i].clock_hz;
        count++;
    }
    return count == 1 ? found_hz : NAN;
}
