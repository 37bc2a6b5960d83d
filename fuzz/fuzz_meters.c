/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as --meters and --coolant: columns, or a sentence; then the balance of a log. */
#include <stdlib.h>
#include <string.h>
#include "erg/thermal.h"

static const char log_text[] = "time,device,power_w,energy_j\n"
                               "1,a,5,\n2,a,5,\n3,a,5,\n1,b,,1\n2,b,,3\n3,b,,2\n";

static void balance(const char *text)
{
    erg_error err = { 0 };
    erg_balance of;
    erg_monitor *log =
        erg_monitor_parse("fuzz", log_text, sizeof(log_text) - 1, NULL, &err);

    if (!log)
        abort();
    if (!erg_meters_balance(log, text, &(erg_thermal_options){ 0 }, &of, &err)
        && !err.text[0])
        abort();
    erg_monitor_free(log);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    char *text = malloc(size + 1);
    erg_error err = { 0 };
    erg_monitor_columns columns;

    if (!text)
        return 0;
    memcpy(text, bytes, size);
    text[size] = '\0';
    const erg_thermal_options coolant = { .coolant = text }, meters = { .meters = text };
    if (!erg_balance_columns(&coolant, &columns, &err) && !err.text[0])
        abort();
    err = (erg_error){ 0 };
    if (!erg_balance_columns(&meters, &columns, &err) && !err.text[0])
        abort();
    balance(text);
    free(text);
    return 0;
}
