/* SPDX-License-Identifier: Apache-2.0 */
/* The folder and the files of a replay, as recompose and audit are told of them. */
#include "replay.h"

static void add(replay_files *to, const char *path)
{
    if (path)
        to->paths[to->count++] = path;
}

bool replay_source_of(const cli *call, int first, replay_files *files,
                      erg_replay_source *out)
{
    const replay_options *typed = call->options;
    const char *const named[] = { typed->full, typed->timing, typed->kernels, typed->power,
                                  typed->report };

    if (typed->power_log)
        return cli_misused(call, "--power-log is of erg replay run: name the log with "
                                 "--power"), false;
    *files = (replay_files){ .count = 0 };
    *out = (erg_replay_source){ .files = files->paths,
                                .steps = typed->steps,
                                .tz = typed->tz };
    if (call->argc + (int)CLI_COUNT(named) > (int)CLI_COUNT(files->paths))
        return cli_misused(call, "too many files"), false;
    for (size_t i = 0; i < CLI_COUNT(named); i++)
        add(files, named[i]);
    for (int i = first; i < call->argc; i++)
        if (cli_is_folder(call->argv[i]) && !out->folder)
            out->folder = call->argv[i];
        else
            add(files, call->argv[i]);
    out->file_count = files->count;
    return true;
}
