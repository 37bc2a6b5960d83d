/* SPDX-License-Identifier: Apache-2.0 */
/* Which runs count, and what all of them together show. */
#include <stdio.h>
#include "couple/repeat_inside.h"

enum { CODES_SIZE = 160 };

static const double spread_most = 0.20, i2_most = 0.5, smallest_r = 0.30,
                    usual_alpha = 0.05;

static bool is_refused(const erg_joint_pair *pair)
{
    for (int code = 0; code < ERG_CHECK_CODES; code++)
        if (pair->hits[code] && erg_check_refuses((erg_check_code)code))
            return true;
    return false;
}

bool erg_repeat_is_usable(const erg_repeat_member *of)
{
    return !of->is_twin && of->pair->is_tested && !is_refused(of->pair);
}

/* What forbids an answer: identical runs first, then the checks that refused runs. */
static void codes_of(const erg_repeat_family *of, char to[CODES_SIZE])
{
    size_t at = 0;

    to[0] = '\0';
    if (of->effective < of->count)
        at = (size_t)snprintf(to, CODES_SIZE, "IDENTICAL_RUNS");
    for (int code = 0; code < ERG_CHECK_CODES; code++) {
        bool hit = false;
        for (size_t i = 0; i < of->count; i++)
            hit = hit || of->members[i].pair->hits[code];
        if (hit && erg_check_refuses((erg_check_code)code) && at < CODES_SIZE)
            at += (size_t)snprintf(to + at, CODES_SIZE - at, "%s%s", at ? ", " : "",
                                   erg_check_describe((erg_check_code)code)->name);
    }
    if (!at)
        snprintf(to, CODES_SIZE, "FEW_RUNS");
}

/* The clauses that failed, each with its figure. "": none did. */
static void say_why(const erg_sessions *whole, double q, double alpha,
                    char to[ERG_REPEAT_REASON])
{
    enum { CLAUSES = 5, WORDS = 64 };
    char words[CLAUSES][WORDS];
    const bool failed[CLAUSES] = {
        !(q < alpha), !whole->is_one_sign, !(whole->low > 0 || whole->high < 0),
        !(whole->i2 < i2_most), !(whole->spread <= spread_most),
    };
    size_t at = 0;

    snprintf(words[0], WORDS, "q %.2g is not below %g", q, alpha);
    snprintf(words[1], WORDS, "r changes its sign between runs");
    snprintf(words[2], WORDS, "0 is in the interval %.2f .. %.2f", whole->low, whole->high);
    snprintf(words[3], WORDS, "I2 %.0f %% is not below %.0f %%", 100 * whole->i2,
             100 * i2_most);
    snprintf(words[4], WORDS, "spread %.2f is above %.2f", whole->spread, spread_most);
    to[0] = '\0';
    for (size_t i = 0; i < CLAUSES; i++)
        if (failed[i] && at < ERG_REPEAT_REASON)
            at += (size_t)snprintf(to + at, ERG_REPEAT_REASON - at, "%s%s",
                                   at ? "; " : "", words[i]);
}

void erg_repeat_judge(const erg_repeat *all, const erg_repeat_family *of,
                      erg_repeat_answer *to)
{
    double alpha = all->options->alpha > 0 ? all->options->alpha : usual_alpha;
    double smallest = all->options->smallest > 0 ? all->options->smallest : smallest_r;
    const erg_sessions *whole = &of->whole;
    char codes[CODES_SIZE];

    *to = (erg_repeat_answer){ .reason = "" };
    if (of->usable < ERG_REPEAT_LEAST || !of->is_tested) {
        codes_of(of, codes);
        snprintf(to->verdict, sizeof(to->verdict), "cannot be decided: %s", codes);
        snprintf(to->reason, sizeof(to->reason), "%zu of %zu runs count, it takes %d",
                 of->usable, of->count, ERG_REPEAT_LEAST);
        return;
    }
    bool is_found = of->q_value < alpha && (whole->low > 0 || whole->high < 0);
    bool is_small = whole->low > -smallest && whole->high < smallest;
    say_why(whole, of->q_value, alpha, to->reason);
    erg_text_put(to->verdict, sizeof(to->verdict), !to->reason[0] ? "reproducible"
                 : is_found || is_small ? "not reproducible"
                                        : "cannot be decided: inconclusive");
}
