/* SPDX-License-Identifier: Apache-2.0 */
/* erg couple over several sessions, as it was published, and how a study is written. */
#include <string.h>
#include <time.h>
#include "couple.h"

enum { SESSIONS_MOST = 256 };

int cli_couple_write(const cli *call, const erg_result *result, const char *output)
{
    const char *format = call->common.format ? call->common.format : "text";
    bool all = !call->common.table && !call->common.verbose;

    if (all && strcmp(format, "html") == 0)
        return cli_put(call, cli_page, result, "erg couple", output, stdout);
    return all && strcmp(format, "text") == 0
        ? cli_put(call, cli_couple_brief, result, call, output, stdout)
        : cli_write(call, result, output, stdout);
}

typedef struct session_list {
    erg_session *items[SESSIONS_MOST];
    size_t count;
} session_list;

static bool load_all(const cli *call, const erg_monitor_options *how, const char *log,
                     session_list *out, erg_error *err)
{
    for (int i = 0; i < call->argc && out->count < SESSIONS_MOST; i++) {
        erg_session *one = log ? erg_session_join(call->argv[i], log, how, err)
                               : erg_session_load(call->argv[i], how, err);
        if (!one)
            return false;
        out->items[out->count++] = one;
    }
    return true;
}

static void drop_all(session_list *of)
{
    for (size_t i = 0; i < of->count; i++)
        erg_session_free(of->items[i]);
}

static bool any_reproducible(const erg_result *result)
{
    const erg_table *table = erg_result_find(result, "reproducibility");

    for (size_t i = 0; table && i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "verdict").text, "reproducible") == 0)
            return true;
    return false;
}

int cli_couple_sessions(const cli *call, const erg_monitor_options *how,
                        const erg_couple_options *wish, bool gate)
{
    session_list list = { .count = 0 };
    erg_error err = { 0 };

    if (call->argc < 2 || call->argc > SESSIONS_MOST)
        return cli_misused(call, "--sessions needs two sessions or more");
    erg_result *result = load_all(call, how, NULL, &list, &err)
        ? erg_sessions_study((const erg_session *const *)list.items, list.count, wish, &err)
        : NULL;
    int status = result ? cli_couple_write(call, result, call->common.output)
                        : cli_refused(call, &err);
    if (status == CLI_DONE && gate && !any_reproducible(result))
        status = CLI_NO;
    erg_result_free(result);
    drop_all(&list);
    return status;
}

static int64_t now_ns(const cli *call)
{
    struct timespec now;

    if (call->env.clock)
        return call->env.clock->utc_ns(call->env.clock->self);
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int cli_couple_compat(const cli *call, const erg_monitor_options *how, const char *mode,
                      const char *log)
{
    erg_lag_mode which = erg_lag_mode_find(mode);
    session_list list = { .count = 0 };
    const erg_session *const *items = (const erg_session *const *)list.items;
    const char *folder = call->common.output;
    erg_error err = { 0 };

    if (which == ERG_LAG_MODES)
        return cli_misused(call, "--compat is steps, rows or suite, not '%s'", mode);
    if (call->argc < 1 || call->argc > SESSIONS_MOST)
        return cli_misused(call, "--compat needs a session or more");
    bool ok = load_all(call, how, log, &list, &err);
    erg_result *result = ok ? erg_lags_tables(items, list.count, which, &err) : NULL;
    ok = result
        && (!folder || erg_lags_save(items, list.count, which, folder, now_ns(call), &err));
    int status = ok ? cli_couple_write(call, result, NULL) : cli_refused(call, &err);
    erg_result_free(result);
    drop_all(&list);
    return status;
}

int cli_couple_blank(const cli *call)
{
    erg_error err = { 0 };
    erg_result *result = erg_data_sheet_blank(&err);
    int status = result ? cli_couple_write(call, result, call->common.output)
                        : cli_failed(call, &err);

    erg_result_free(result);
    return status;
}
