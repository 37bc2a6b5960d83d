/* SPDX-License-Identifier: Apache-2.0 */
/* Which device a row of a sheet is of, and where its cells go. */
#ifndef ERG_IMPORT_FORMATS_SHEET_SEATS_H
#define ERG_IMPORT_FORMATS_SHEET_SEATS_H

#include "import/formats/sheet.h"

enum { ERG_SEAT_KEY_BYTES = 160 };

typedef struct erg_seat {   /* one device and its channels, in the columns' order */
    char key[ERG_SEAT_KEY_BYTES];
    int device;
    int channels[ERG_SHEET_COLUMNS];
} erg_seat;

typedef struct erg_seats {
    erg_seat *at;
    size_t count, capacity, last;
} erg_seats;

/* The row's; made at first sight. Good until the next. */
const erg_seat *erg_seat_of(erg_seats *seats, erg_sheet *sheet, const erg_csv_row *row,
                            erg_error *err);
void erg_seats_free(erg_seats *seats);

/* A cell, trimmed; empty where there is none. */
void erg_sheet_cell(char *to, size_t size, const erg_csv_row *row, int index);
/* Logs of several machines in one name theirs. */
void erg_sheet_find_host(erg_sheet *sheet, const erg_csv_row *header);

#endif
