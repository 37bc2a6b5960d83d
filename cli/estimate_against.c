/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate beside what was measured: a recording, or the folder of a replay. */
#include "estimate.h"

static int hold_against_replay(const cli *call, const char *folder, erg_result *result)
{
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_load(&(erg_replay_source){ .folder = folder }, &err);
    bool ok = replay && erg_study_reconcile_replay(result, replay, &err);

    erg_replay_free(replay);
    return ok ? CLI_DONE : cli_refused(call, &err);
}

int cli_estimate_against(const cli *call, const char *path, erg_result *result)
{
    erg_error err = { 0 };
    int status = CLI_DONE;

    if (path && result && cli_is_folder(path))
        return hold_against_replay(call, path, result);
    erg_trace *trace = path && result ? cli_load(call, path, &status) : NULL;

    if (trace && !erg_study_reconcile(result, trace, &err))
        status = cli_failed(call, &err);
    erg_trace_free(trace);
    return status;
}
