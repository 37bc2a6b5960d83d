/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of one load, told in many ways: each gives its joules, or a sentence. */
#ifndef ERG_TEST_ODD_LOG_H
#define ERG_TEST_ODD_LOG_H

#include "trace/imported.h"

enum { ROWS = 12 };
#define AT "2026-02-06T18:32:%02dZ"

/* A header and ROWS rows; each %02d of the row is its number. */
static inline char *log_of(const char *header, const char *row)
{
    erg_text text = { 0 };

    erg_text_add(&text, "%s\n", header);
    for (int i = 0; i < ROWS; i++) {
        for (const char *c = row; *c; c++)
            if (strncmp(c, "%02d", 4) == 0) {
                erg_text_add(&text, "%02d", i);
                c += 3;
            } else
                erg_text_add(&text, "%c", *c);
        erg_text_add(&text, "\n");
    }
    return text.data;
}

static inline double joules_of(const erg_trace *trace)
{
    erg_error err = { 0 };
    erg_result *result = erg_trace_summary(trace, &(erg_summary_options){ 0 }, &err);

    CHECK_OK(result, err);
    double joules = erg_table_find(erg_result_find(result, "summary"), 0, "energy_j").real;
    erg_result_free(result);
    return joules;
}

typedef struct odd_log {
    const char *header, *row;
    erg_import_options options;
    double watts;           /* 0: it is refused with a sentence that holds this word */
    const char *word;
} odd_log;

static inline void check_logs(const odd_log logs[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        erg_error err = { 0 };
        char *text = log_of(logs[i].header, logs[i].row);
        erg_trace *trace = import_text(text, &logs[i].options, &err);
        bool good = trace ? logs[i].watts > 0
            && fabs(joules_of(trace) / ((ROWS - 1) * logs[i].watts) - 1) < 1e-9
            : logs[i].watts == 0 && strstr(err.text, logs[i].word);

        if (!good)
            print_error("%zu: %s: %s, %g J\n", i, logs[i].header, err.text,
                        trace ? joules_of(trace) : NAN);
        CHECK(good);
        erg_trace_free(trace);
        free(text);
    }
}

#endif
