/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sheet: CSV with a header, a stamp a row, a device a row or for all, and one
 * channel a column. An importer over it only says which columns mean what.
 */
#ifndef ERG_IMPORT_FORMATS_SHEET_H
#define ERG_IMPORT_FORMATS_SHEET_H

#include "import/formats/importer.h"

enum { ERG_SHEET_COLUMNS = 64 };

typedef struct erg_sheet_column {
    int index;              /* in the header */
    erg_channel_info info;
    double factor, shift;   /* SI = cell * factor + shift */
    int option;             /* erg_reading_option of a GPU's power; -1: none */
    const char *setting;    /* kept as a setting of this name, not as a channel */
    const char *device;     /* a device of its own; NULL: the row's */
    char part[32];          /* of the machine, where its name tells */
} erg_sheet_column;

typedef struct erg_sheet erg_sheet;
struct erg_sheet {
    const erg_source *source;
    erg_intake *in;
    erg_device_info device;     /* what its devices have in common */
    const char *prefix;         /* "gpu:" before the cell of the device column */
    int time, clock;            /* columns; clock: of the day, joined to time; -1: none */
    int device_column, model_column, driver_column;     /* -1: none */
    int host_column;            /* of which machine; found by its name */
    int slices_column;          /* "Enabled": several may use the board */
    int64_t tick_ns;            /* stamps are numbers of it since start_ns; 0: stamps */
    int64_t start_ns;
    bool skip_unstamped;        /* a row without a stamp is no torn row */
    bool tells_unit;            /* the name of its column of power does */
    bool any_sign;              /* power below 0 is power, no fault of a board's sensor */
    char separator;
    erg_sheet_column columns[ERG_SHEET_COLUMNS];
    size_t column_count;
    /* Fills the above from the header. */
    bool (*head)(erg_sheet *sheet, const erg_csv_row *header, erg_error *err);
};

/* A channel in the sheet; false without room: the column is then left out. */
erg_sheet_column *erg_sheet_add(erg_sheet *sheet, int index, erg_channel_info info,
                                double factor);
/* Of its columns and of its stamps, by their names. */
bool erg_sheet_take_units(erg_sheet *sheet, const erg_csv_row *header, erg_error *err);
bool erg_sheet_read(erg_trace *into, const erg_source *source, erg_sheet *sheet,
                    erg_error *err);

#endif
