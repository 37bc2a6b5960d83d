/* SPDX-License-Identifier: Apache-2.0 */
/* The log's stamps are UTC, the recording's are monotonic: one look at both joins them. */
#include "erg/joint.h"
#include "run/training_log.h"

static bool bring_to_utc(erg_training *training, erg_span run_utc, const char *path,
                         erg_error *err)
{
    int64_t by_ns;

    if (erg_training_clock_of(training) == ERG_TRAINING_UTC
        || (erg_training_clock_of(training) == ERG_TRAINING_LOCAL
            && erg_training_guess_zone(training, run_utc, &by_ns)))
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s: its stamps lie on no clock that is known here: log "
                    "the Unix time of each step",
                    path);
}

static size_t put_marks(erg_recording *rec, const erg_training *training, erg_span run,
                        int64_t off_ns)
{
    erg_mark_row marks[ERG_TRAINING_VALUES];
    size_t count, kept = 0;
    const erg_training_row *rows = erg_training_rows(training, &count);

    for (size_t i = 0; i < count; i++) {
        int64_t at_ns = rows[i].t_ns - off_ns;
        if (at_ns < run.begin_ns || at_ns > run.end_ns)
            continue;
        size_t made = erg_training_row_marks(training, i, marks);
        for (size_t m = 0; m < made; m++) {
            marks[m].t_ns = at_ns;
            erg_recording_mark(rec, &marks[m]);
        }
        kept++;
    }
    return kept;
}

bool erg_record_training_log(erg_recording *rec, const erg_env *env, const char *path,
                             erg_span run, erg_error *err)
{
    int64_t off_ns = erg_env_utc_ns(env) - erg_env_now_ns(env);
    const erg_span run_utc = { run.begin_ns + off_ns, run.end_ns + off_ns };
    erg_training *training = erg_training_load(path, NULL, err);
    bool good = training && bring_to_utc(training, run_utc, path, err);

    if (good && put_marks(rec, training, run, off_ns) == 0)
        good = erg_fail(err, ERG_NO_DATA,
                        "%s: none of its records was written while the command "
                        "ran: does it log where --log says?",
                        path);
    erg_training_free(training);
    return good;
}
