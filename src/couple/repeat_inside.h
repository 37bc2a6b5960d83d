/* SPDX-License-Identifier: Apache-2.0 */
/* Several sessions on their way to one answer. */
#ifndef ERG_COUPLE_REPEAT_INSIDE_H
#define ERG_COUPLE_REPEAT_INSIDE_H

#include "base/sha256.h"
#include "erg/session.h"
#include "couple/couple_inside.h"
#include "couple/sessions.h"

enum { ERG_REPEAT_LEAST = 3, ERG_REPEAT_VERDICT = 220, ERG_REPEAT_REASON = 220 };

/* One session, studied. */
typedef struct erg_repeat_run {
    const erg_session *session;
    erg_joint joint;
} erg_repeat_run;

/* One pair of one session. */
typedef struct erg_repeat_member {
    const erg_repeat_run *of;
    const erg_joint_pair *pair;
    char key[ERG_SHA256_TEXT];
    bool is_twin;               /* of a member before it */
} erg_repeat_member;

/* One pair over all sessions. */
typedef struct erg_repeat_family {
    char x[32], y[32], device[32];
    erg_repeat_member *members;
    size_t count, effective, usable;
    erg_sessions whole;
    bool is_tested;
    double q_value;             /* NAN: too few runs to ask */
} erg_repeat_family;

typedef struct erg_repeat {
    erg_repeat_run *runs;
    size_t run_count;
    erg_repeat_family *families;
    size_t family_count, family_capacity;
    const erg_couple_options *options;
    erg_result *result;
    erg_error *err;
} erg_repeat;

/* It counts: a run of its own that no check refuses. */
bool erg_repeat_is_usable(const erg_repeat_member *of);
/* reason: which clauses of the rule failed, each with its figure; "": none did. */
typedef struct erg_repeat_answer {
    char verdict[ERG_REPEAT_VERDICT], reason[ERG_REPEAT_REASON];
} erg_repeat_answer;
void erg_repeat_judge(const erg_repeat *all, const erg_repeat_family *of,
                      erg_repeat_answer *to);
/* Tables reproducibility, sessions, lag_map, score, and the notes. */
bool erg_repeat_tables(const erg_repeat *all, const erg_session *const sessions[],
                       size_t count);

#endif
