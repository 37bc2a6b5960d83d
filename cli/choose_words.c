/* SPDX-License-Identifier: Apache-2.0 */
/* Words of erg choose that are more than a quantity: temperatures and weights. */
#include <string.h>
#include "choose.h"

bool cli_parse_temp(const char *text, double *out, erg_error *err)
{
    char number[32];
    size_t count = text ? strlen(text) : 0;

    if (!text)
        return true;
    char unit = count ? text[count - 1] : '\0';
    if (count >= sizeof(number) || (unit != 'C' && unit != 'K'))
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is no temperature as in 80C or 353K",
                        text);
    memcpy(number, text, count - 1);
    number[count - 1] = '\0';
    if (!erg_quantity_parse(number, "", out, err))
        return false;
    *out -= unit == 'K' ? 273.15 : 0;
    return true;
}

bool cli_weigh(const cli_list *wanted, const erg_choice *choice, const erg_points *points,
               double weights[], erg_error *err)
{
    for (size_t i = 0; i < choice->pick_count; i++)
        weights[i] = 1;
    for (size_t k = 0; k < wanted->count; k++) {
        const char *text = wanted->items[k], *equals = strrchr(text, '=');
        size_t length = equals ? (size_t)(equals - text) : 0, found = 0;
        double weight = -1;
        for (size_t i = 0; equals && i < choice->pick_count; i++) {
            const char *name =
                erg_points_application_at(points, choice->picks[i].application)->name;
            size_t whole = strlen(name);
            if (whole < length || strncmp(name + whole - length, text, length))
                continue;
            if (!erg_quantity_parse(equals + 1, "", &weight, err))
                return false;
            weights[i] = weight;
            found++;
        }
        if (found == 0 || !(weight >= 0))
            return erg_fail(err, ERG_BAD_INPUT, "--weight '%s' is not APPLICATION=N", text);
    }
    return true;
}
