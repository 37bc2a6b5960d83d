/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a GPU's power reading before anybody measures it.
 *
 * One call, two meanings: NVML's PowerUsage (nvidia-smi's power.draw) is a mean over
 * 1 s on Ampere and later, but instant on GA100 (A100, A30) and everything older, and
 * instant everywhere under driver 530. Boards of one name differ: medians are given.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/sensor_facts.h"

enum { NAME_MOST = 80, WORDS_MOST = 12, BOARDS_MOST = 32 };

#define NA NAN

/* First match wins. Names as in_words makes them, between blanks. mean_ms NA: there
 * is but one reading, the instant one. The figures are those of the table's boards
 * of the family; a window of NA differs within it, or nobody has measured it. */
typedef struct family {
    const char *pattern;
    double update_ms, mean_ms, instant_ms;
} family;

static const family families[] = {
    { "* A100[ X]*", 101, NA, 25 }, /* GA100 */
    { "* A800 *", 101, NA, 25 },
    { "* A30 *", 101, NA, 25 },
    { "* GH200 *", 100, 1000, 20 }, /* Hopper */
    { "* H[128]00 *", 100, 1000, 23 },
    { "* H20 *", 100, 1000, 23 },
    { "* B[123]00 *", 100, 1000, NA }, /* Blackwell */
    { "* GB[123]00 *", 100, 1000, NA },
    { "* BLACKWELL *", 100, 1000, NA },
    { "* RTX 50[5-9]0 *", 100, 1000, NA },
    { "* ADA *", 100, 1000, 100 }, /* Ada */
    { "* L4 *", 100, 1000, 100 },
    { "* L[24]0 *", 100, 1000, 100 },
    { "* L40[GS] *", 100, 1000, 100 },
    { "* RTX 40[5-9]0 *", 100, 1000, 109 },
    { "* RTX 30[5-9]0 *", 100, 1000, 100 }, /* Ampere but GA100 */
    { "* RTX A[1-6]*", 100, 1000, 100 },
    { "* A10 *", 100, 1000, 100 },
    { "* A10G *", 100, 1000, 100 },
    { "* A[246] *", 100, 1000, 100 },
    { "* A16 *", 100, 1000, 100 },
    { "* A40 *", 100, 1000, 100 },
    { "* RTX 20[5-8]0 *", 101, NA, 101 }, /* Turing */
    { "* GTX 16[5-6]0 *", 102, NA, 101 },
    { "* QUADRO RTX *", 100, NA, NA },
    { "* TITAN RTX *", 101, NA, 101 },
    { "* T4 *", 100, NA, NA },
    { "* V100* *", 20, NA, 10.6 }, /* Volta */
    { "* TITAN V *", 20, NA, 10.6 },
    { "* QUADRO GV100 *", 20, NA, 10.6 },
    { "* GTX 10[5-8]0 *", 20, NA, 10 }, /* Pascal */
    { "* TITAN XP *", 20, NA, 10 },
    { "* TITAN X PASCAL *", 20, NA, 10 },
    { "* P100 *", 20, NA, 10 },
    { "* P40 *", 20, NA, 10 },
    { "* P4 *", 20, NA, 10 },
    { "* QUADRO P[0-9]*", 20, NA, 10 },
};

/* "NVIDIA A100-PCIE-40GB" to " A100 PCIE 40GB ": the maker's and the series' names
 * come and go between drivers. */
static void in_words(const char *model, char to[NAME_MOST])
{
    static const char *const noise[] = { "NVIDIA", "GEFORCE", "TESLA" };
    char word[NAME_MOST];
    size_t used = 0, length = 0;

    to[used++] = ' ';
    for (const char *at = model;; at++) {
        if (isalnum((unsigned char)*at) && length + 1 < sizeof(word)) {
            word[length++] = (char)toupper((unsigned char)*at);
            continue;
        }
        word[length] = '\0';
        bool dropped = length == 0;
        for (size_t i = 0; i < ERG_COUNT(noise); i++)
            dropped |= strcmp(word, noise[i]) == 0;
        if (!dropped && used + length + 2 < NAME_MOST) {
            memcpy(to + used, word, length);
            used += length;
            to[used++] = ' ';
        }
        length = 0;
        if (*at == '\0')
            break;
    }
    to[used] = '\0';
}

/* Every word of few is among those of many. */
static bool has_words(const char *many, const char *few)
{
    char word[NAME_MOST];

    for (const char *at = few + 1; *at; at = strchr(at, ' ') + 1) {
        snprintf(word, sizeof(word), " %.*s ", (int)strcspn(at, " "), at);
        if (!strstr(many, word))
            return false;
    }
    return true;
}

/* "A100 PCIE 40GB" is "A100 40GB PCIE". */
static bool same_model(const char *name, const char *row)
{
    char words[NAME_MOST];

    in_words(row, words);
    return has_words(name, words) && has_words(words, name);
}

static const family *find_family(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(families); i++)
        if (fnmatch(families[i].pattern, name, 0) == 0)
            return &families[i];
    return NULL;
}

/* A reading is the 1 s mean or the instant value, whatever it is called. */
static bool is_mean(const family *kin, unsigned reads, int driver)
{
    if (!kin || isnan(kin->mean_ms))
        return false;
    return (reads & ERG_READS_AVERAGE) || ((reads & ERG_READS_DRAW) && driver != 530);
}

static double window_ms_of(const erg_sensor_row *row, const family *kin, bool mean)
{
    /* 10 to 90 % of an exponential takes ln 9 = 2.197 time constants; the window
     * that lags as much as it is two of them. */
    if (row->reads & ERG_READS_LIKE_CAPACITOR)
        return 2 * row->rise_ms / log(9);
    return mean ? kin->mean_ms : row->window_ms;
}

typedef struct boards {
    double update_ms[BOARDS_MOST], window_ms[BOARDS_MOST], error[BOARDS_MOST];
    size_t updates, windows, errors;
} boards;

static void put(double to[], size_t *count, double value)
{
    if (!isnan(value) && *count < BOARDS_MOST)
        to[(*count)++] = value;
}

/* driver 0: any. */
static void gather(const char *name, const family *kin, bool mean, int driver, boards *out)
{
    *out = (boards){ 0 };
    for (size_t i = 0; i < erg_sensor_row_count; i++) {
        const erg_sensor_row *row = &erg_sensor_rows[i];

        if (!same_model(name, row->model) || is_mean(kin, row->reads, row->driver) != mean)
            continue;
        if (driver != 0 && row->driver != driver)
            continue;
        put(out->update_ms, &out->updates, row->update_ms);
        put(out->window_ms, &out->windows, window_ms_of(row, kin, mean));
        put(out->error, &out->errors, fabs(row->error_percent) / 100);
    }
}

static erg_kind kind_of(double window_s, double update_s)
{
    if (isnan(window_s) || window_s <= 0.5 * update_s)
        return ERG_INSTANT;
    return window_s <= 1.5 * update_s ? ERG_AVG_PREV : ERG_SMOOTHED;
}

bool erg_sensor_lookup(const char *model, const char *driver_version,
                       erg_reading_option option, erg_sensor_facts *out)
{
    static const unsigned reads[] = {
        [ERG_POWER_DRAW] = ERG_READS_DRAW,
        [ERG_POWER_AVERAGE] = ERG_READS_AVERAGE,
        [ERG_POWER_INSTANT] = ERG_READS_INSTANT,
    };
    char name[NAME_MOST];
    boards found;

    in_words(model ? model : "", name);
    int driver = driver_version ? atoi(driver_version) : 0;
    const family *kin = find_family(name);
    bool mean = is_mean(kin, reads[option], driver);

    gather(name, kin, mean, driver, &found);
    if (found.updates == 0)
        gather(name, kin, mean, 0, &found);
    if (found.updates == 0 && !kin)
        return false;

    double update_ms = kin ? kin->update_ms : NAN;
    double window_ms = !kin ? NAN : mean ? kin->mean_ms : kin->instant_ms;
    if (found.updates > 0) {
        update_ms = erg_median(found.update_ms, found.updates);
        window_ms = erg_median(found.window_ms, found.windows);
    }
    double error = erg_median(found.error, found.errors);
    *out = (erg_sensor_facts){
        .update_s = 1e-3 * update_ms,
        .window_s = 1e-3 * window_ms,
        .delay_s = NAN,
        .kind = kind_of(window_ms, update_ms),
        /* Where the boards of a model were far off, 5 % would be a lie. */
        .gain_u = error > 0.05 ? error : 0.05,
    };
    return true;
}
