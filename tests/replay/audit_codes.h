/* SPDX-License-Identifier: Apache-2.0 */
/* What an audit says, as one line of codes. */
#ifndef ERG_TEST_AUDIT_CODES_H
#define ERG_TEST_AUDIT_CODES_H

#include "replay/audit.h"
#include "test.h"

/* "RUNS_MISMATCH COUNT_UNIT" of those in this state. */
static void codes_in(const erg_finding findings[], erg_audit_state state, erg_text *to)
{
    for (size_t i = 0; i < ERG_AUDIT_CHECKS; i++)
        if (findings[i].state == state)
            erg_text_add(to, "%s%s", to->count ? " " : "", erg_audit_checks[i].code);
}

static void check_codes(erg_replay *replay, const erg_replay_audit_options *options,
                        erg_audit_state state, const char *want)
{
    erg_error err = { 0 };
    erg_finding findings[ERG_AUDIT_CHECKS];
    erg_text got = { 0 };

    CHECK_OK(erg_audit_run(replay, options, findings, &err), err);
    codes_in(findings, state, &got);
    CHECK_TEXT(got.data ? got.data : "", want);
    erg_text_free(&got);
}

#endif
