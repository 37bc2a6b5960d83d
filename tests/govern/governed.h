/* SPDX-License-Identifier: Apache-2.0 */
/* A governor over simulated silicon, its clock moved by hand. */
#ifndef ERG_TESTS_GOVERNED_H
#define ERG_TESTS_GOVERNED_H

#include "device/machine.h"
#include "erg/govern.h"

typedef struct governed {
    machine box;
    char state[ERG_PATH_MOST];
    erg_govern_config *config;
    erg_governor *governor;
} governed;

static inline void begin(governed *is, const char *text)
{
    char whole[4096];
    erg_error err = { 0 };
    machine_open(&is->box, NULL);
    snprintf(is->state, sizeof(is->state), "%s/state", is->box.root);
    int count =
        snprintf(whole, sizeof(whole), "version: 1\nstate: %s\n%s", is->state, text);
    is->config = erg_govern_config_parse("test", whole, (size_t)count, &err);
    CHECK_OK(is->config, err);
    is->governor = erg_governor_open(is->config, &is->box.env, &err);
    CHECK_OK(is->governor, err);
}

static inline void end(governed *is)
{
    erg_governor_free(is->governor);
    erg_govern_config_free(is->config);
}

static inline void run_for(governed *is, double seconds, double period_s)
{
    erg_error err = { 0 };
    for (double t_s = 0; t_s < seconds; t_s += period_s) {
        is->box.now_ns += erg_ns_from_s(period_s);
        CHECK_OK(erg_governor_step(is->governor, is->box.now_ns, &err), err);
    }
}

static inline erg_result *tables(const governed *is)
{
    erg_error err = { 0 };
    erg_result *result = erg_governor_tables(is->governor, &err);
    CHECK_OK(result, err);
    return result;
}

/* A cell of one of its tables. */
static inline double real_in(const governed *is, const char *table, size_t row,
                             const char *column)
{
    erg_result *result = tables(is);
    double value = erg_table_find(erg_result_find(result, table), row, column).real;
    erg_result_free(result);
    return value;
}

/* want NULL: there is none. */
static inline bool is_in(const governed *is, const char *table, size_t row,
                         const char *column, const char *want)
{
    erg_result *result = tables(is);
    const char *text = erg_table_find(erg_result_find(result, table), row, column).text;
    bool same = text ? want && strcmp(text, want) == 0 : !want;
    if (!same)
        print_message("# %s is %s, not %s\n", column, text ? text : "-", want ? want : "-");
    erg_result_free(result);
    return same;
}

static inline size_t rows_in(const governed *is, const char *table)
{
    erg_result *result = tables(is);
    size_t count = erg_table_row_count(erg_result_find(result, table));
    erg_result_free(result);
    return count;
}

/* Row 0 is the node, then its devices. */
static inline double grant(const governed *is, size_t row, const char *column)
{
    return real_in(is, "grants", row, column);
}

static inline bool says(const governed *is, size_t row, const char *column,
                        const char *want)
{
    return is_in(is, "grants", row, column, want);
}

static inline void ask(governed *is, erg_govern_verb verb, double cap_w, const char *device)
{
    erg_govern_request request = { .verb = verb, .cap_w = cap_w, .for_s = INFINITY };
    erg_error err = { 0 };
    snprintf(request.device, sizeof(request.device), "%s", device ? device : "");
    erg_result *result = erg_governor_answer(is->governor, &request, "test", &err);
    CHECK_OK(result, err);
    erg_result_free(result);
}

#endif
