/* SPDX-License-Identifier: Apache-2.0 */
/* erg replay audit: every way in which a sum of kernels goes wrong, looked for. */
#include "replay.h"

static int judge(const cli *call, erg_replay *replay, const erg_hardware *hardware)
{
    const replay_options *typed = call->options;
    erg_error err = { 0 };
    size_t failed = 0;
    erg_result *result = erg_replay_audit(
        replay,
        &(erg_replay_audit_options){ .hardware = hardware,
                                     .peak_bytes_per_s = typed->peak_bytes_per_s,
                                     .peak_flop_per_s = typed->peak_flop_per_s },
        &failed, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_refused(call, &err);

    erg_result_free(result);
    return status == CLI_DONE && failed ? CLI_NO : status;
}

int replay_audit(const cli *call)
{
    const replay_options *typed = call->options;
    replay_files files;
    erg_replay_source source;
    cli_folders folders;
    erg_error err = { 0 };

    if (!replay_source_of(call, 1, &files, &source))
        return CLI_USAGE;
    if (!source.folder && !source.file_count)
        return cli_misused(call,
                           "audit needs a folder of a replay, or --timing, --kernels and "
                           "--power");
    erg_replay *replay = erg_replay_load(&source, &err);
    if (!replay)
        return cli_refused(call, &err);
    const char *on = typed->on;
    erg_hardware *hardware =
        on ? erg_hardware_load(&call->env, cli_catalog(call, &folders), on, &err) : NULL;
    int status = on && !hardware ? cli_refused(call, &err) : judge(call, replay, hardware);
    erg_hardware_free(hardware);
    erg_replay_free(replay);
    return status;
}
