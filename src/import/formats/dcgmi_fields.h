/* SPDX-License-Identifier: Apache-2.0 */
/* What dcgmi dmon prints: which fields erg keeps, and how a row is cut into cells. */
#ifndef ERG_IMPORT_FORMATS_DCGMI_FIELDS_H
#define ERG_IMPORT_FORMATS_DCGMI_FIELDS_H

#include "import/formats/importer.h"

enum { ERG_DCGMI_FIELDS = 26, ERG_DCGMI_WORDS = 128 };
/* Rows of the table that others refer to. */
enum { ERG_DCGMI_POWER, ERG_DCGMI_POWER_INSTANT, ERG_DCGMI_ENERGY };

typedef struct erg_dcgmi_field {
    int id;                 /* as given to dcgmi -e */
    const char *names[3];   /* in the header, by version */
    const char *channel;    /* or the name of a setting */
    const char *unit;       /* NULL: kept as a setting */
    erg_quantity quantity;
    double factor, shift;
    double most;            /* a greater number is of another unit; 0: any */
} erg_dcgmi_field;

extern const erg_dcgmi_field erg_dcgmi_fields[ERG_DCGMI_FIELDS];

typedef struct erg_dcgmi_layout {
    int columns[ERG_DCGMI_FIELDS];  /* of the values in a row; -1: not there */
    int count;              /* values in a row; 0: not known yet */
    int name;               /* the column of the board's name, which has blanks; -1 */
    char heads[1200];       /* the header's names, to tell a new table */
} erg_dcgmi_layout;

size_t erg_dcgmi_split(erg_field line, erg_field words[]);
/* "# Entity GRACT .." or "#Entity GRACT ..": how many words come before the names; 0: no
 * header. */
size_t erg_dcgmi_header(const erg_field words[], size_t count);
bool erg_dcgmi_take_ids(erg_dcgmi_layout *layout, const char *list, erg_error *err);
/* False: other names than before. */
bool erg_dcgmi_take_names(erg_dcgmi_layout *layout, const erg_field names[], size_t count);
bool erg_dcgmi_measures(const erg_dcgmi_layout *layout);
/* The values of a row without its entity, one a column; false: too few or too many. */
bool erg_dcgmi_cut(const erg_dcgmi_layout *layout, const erg_field words[], size_t count,
                   erg_field cells[]);

#endif
