/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue for a person: a line a device in the units of data sheets. The full
 * table, in SI, is in --verbose, json and csv.
 */
#include <math.h>
#include "cli.h"

typedef struct brief_column {
    const char *column, *head;
    double unit;                    /* how much of SI one of it is */
    int width;
} brief_column;

static const brief_column columns[] = {
    { "fp32_flop_per_s", "fp32 TF/s", 1e12, 9 },
    { "fp16_flop_per_s", "fp16 TF/s", 1e12, 9 },
    { "int8_flop_per_s", "int8 TO/s", 1e12, 9 },
    { "memory_bytes", "GB", 1e9, 5 },
    { "memory_bytes_per_s", "GB/s", 1e9, 6 },
    { "cap_w", "W", 1, 5 },
};

enum { NAME_WIDTH = 20 };

static void put_line(const erg_table *table, size_t row, FILE *out)
{
    fprintf(out, "  %-*s  %-4s", NAME_WIDTH, erg_table_find(table, row, "name").text,
            erg_table_find(table, row, "kind").text);
    for (size_t i = 0; i < CLI_COUNT(columns); i++) {
        double value = erg_table_find(table, row, columns[i].column).real / columns[i].unit;
        if (isnan(value))
            fprintf(out, "  %*s", columns[i].width, "-");
        else
            fprintf(out, "  %*.*f", columns[i].width,
                    value < 99.95 && value != floor(value), value);
    }
    fputc('\n', out);
}

bool cli_hardware_brief(const void *what, const void *how, FILE *out, erg_error *err)
{
    const erg_table *table = erg_result_find(what, "hardware");

    (void)how;
    (void)err;
    fprintf(out, "  %-*s  %-4s", NAME_WIDTH, "device", "kind");
    for (size_t i = 0; i < CLI_COUNT(columns); i++)
        fprintf(out, "  %*s", columns[i].width, columns[i].head);
    fputc('\n', out);
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        put_line(table, i, out);
    fputs(
        "\nDense peaks of the faster units (fp32: of the vector units). A name shows every "
        "number\nand its source; --verbose all columns.\n",
        out);
    return true;
}
