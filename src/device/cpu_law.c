/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power law of CPUs without a sensor.
 *
 *   P = TDP (0.10 + 0.60 u^0.9)     u: use of the machine, 0..1
 *
 * Over 75 rows of four machines the truth lay within a factor 2.2 of it for 73;
 * idle is 8-24 % of TDP and full load 51-93 %. A table of three measured points
 * brings that to 25 %.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/cpu_law.h"

static const double idle_share = 0.10, load_share = 0.60, exponent = 0.9;
static const double law_factor = 2.2, table_factor = 1.25;

/* Watts of one socket; the makers' pages: ark.intel.com, amd.com/en/products. */
static const struct { const char *name; double tdp_w; } sockets[] = {
    { "EPYC 7302", 155 },        { "EPYC 7402", 180 },        { "EPYC 7452", 155 },
    { "EPYC 7502", 180 },        { "EPYC 7543", 225 },        { "EPYC 7702", 200 },
    { "EPYC 7713", 225 },        { "EPYC 7742", 225 },        { "EPYC 7763", 280 },
    { "EPYC 8024P", 90 },        { "EPYC 9354", 280 },        { "EPYC 9554", 360 },
    { "EPYC 9654", 360 },        { "Threadripper 1950X", 180 },
    { "Ryzen 5 5600X", 65 },     { "Ryzen 7 5800X", 105 },    { "Ryzen 9 3950X", 105 },
    { "Ryzen 9 5950X", 105 },    { "Ryzen 9 7950X", 170 },
    { "E3-1240 V2", 69 },        { "E5-2620 v3", 85 },        { "E5-2650 v4", 105 },
    { "E5-2680 v4", 120 },       { "E5-2690 v4", 135 },       { "E5-2699 v4", 145 },
    { "Gold 6130", 125 },        { "Gold 6148", 150 },        { "Gold 6248", 150 },
    { "Gold 6338", 205 },        { "Platinum 8280", 205 },    { "Platinum 8358", 250 },
    { "Platinum 8380", 270 },    { "Platinum 8480+", 350 },
    { "i5-8500", 65 },           { "i7-8700K", 95 },          { "i7-12700", 65 },
    { "i9-9900K", 95 },          { "i9-13900K", 125 },
};

double erg_cpu_tdp_w(const char *model_name)
{
    for (size_t i = 0; i < ERG_COUNT(sockets); i++) {
        const char *at = strstr(model_name, sockets[i].name);
        /* "i7-12700" is not "i7-12700K": the name must end there. */
        char next = at ? at[strlen(sockets[i].name)] : 'x';
        if (next == '\0' || next == ' ')
            return sockets[i].tdp_w;
    }
    return NAN;
}

erg_cpu_law erg_cpu_law_of_tdp(double tdp_w)
{
    return (erg_cpu_law){ .tdp_w = tdp_w, .factor = law_factor };
}

/* One "use:watts" of the table; *text moves behind it and its comma. */
static bool point_parse(const char **text, erg_cpu_law *law)
{
    size_t count = strcspn(*text, ","), left = strcspn(*text, ":,");
    double use_percent, power_w;

    if (law->count == ERG_CPU_POINTS_MOST || left >= count
        || !erg_number_parse(*text, left, '.', &use_percent)
        || !erg_number_parse(*text + left + 1, count - left - 1, '.', &power_w))
        return false;
    double use = use_percent / 100;
    if (use < 0 || use > 1 || !(power_w > 0)
        || (law->count && use <= law->points[law->count - 1].use))
        return false;
    law->points[law->count].use = use;
    law->points[law->count++].power_w = power_w;
    *text += count + ((*text)[count] == ',');
    return true;
}

bool erg_cpu_law_parse(const char *text, erg_cpu_law *out, erg_error *err)
{
    const char *rest = text;

    if (strncmp(text, "tdp=", 4) == 0) {
        double tdp_w;
        if (!erg_quantity_parse(text + 4, "W", &tdp_w, err))
            return false;
        if (!(tdp_w > 0))
            return erg_fail(err, ERG_BAD_INPUT, "cpu_model: tdp must be above 0 W: %.60s",
                            text);
        *out = erg_cpu_law_of_tdp(tdp_w);
        return true;
    }
    *out = (erg_cpu_law){ .factor = table_factor };
    if (strncmp(text, "table=", 6) == 0)
        for (rest += 6; *rest && point_parse(&rest, out);)
            continue;
    return (out->count >= 2 && !*rest)
        || erg_fail(err, ERG_BAD_INPUT,
                    "cpu_model takes tdp=90W or table=0:20,50:60,100:90 "
                    "(per cent of use rising, watts), not \"%.60s\"", text);
}

double erg_cpu_law_power_w(const erg_cpu_law *law, double use)
{
    if (isnan(use))
        return NAN;
    use = use < 0 ? 0 : use > 1 ? 1 : use;
    if (law->count == 0)
        return law->tdp_w * (idle_share + load_share * pow(use, exponent));
    if (use <= law->points[0].use)
        return law->points[0].power_w;
    for (size_t i = 1; i < law->count; i++) {
        if (use > law->points[i].use)
            continue;
        double left = law->points[i - 1].use, width = law->points[i].use - left;
        double from_w = law->points[i - 1].power_w, to_w = law->points[i].power_w;
        return from_w + (to_w - from_w) * (use - left) / width;
    }
    return law->points[law->count - 1].power_w;
}
