/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several files of one run: what says most about a launch is the plan, the others must
 * agree with it on every count. Steps: stated, marked by a kernel, or not known.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/plan_read.h"

/* ---- counts by name ------------------------------------------------------------------ */

typedef struct named { const char *name; int64_t count; } named;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

/* Sorted, one a name. *count is 0 and NULL is given for a plan without kernels. */
static named *counts_of(const erg_replay_plan *plan, size_t *count, erg_error *err)
{
    named *rows = calloc(plan->kernel_count + 1, sizeof *rows);

    *count = 0;
    if (!rows) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu kernels", plan->kernel_count);
        return NULL;
    }
    for (size_t i = 0; i < plan->kernel_count; i++)
        rows[i] = (named){ plan->kernels[i].name, plan->kernels[i].count };
    qsort(rows, plan->kernel_count, sizeof *rows, by_name);
    for (size_t i = 0; i < plan->kernel_count; i++)
        if (*count > 0 && strcmp(rows[*count - 1].name, rows[i].name) == 0)
            rows[*count - 1].count += rows[i].count;
        else
            rows[(*count)++] = rows[i];
    return rows;
}

static bool apart(const char *const paths[2], const char *name, int64_t a, int64_t b,
                  erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "%.100s has %lld launches of %.120s, %.100s has %lld: these "
                    "are not files of one run", erg_plan_base(paths[0]), (long long)a, name,
                    erg_plan_base(paths[1]), (long long)b);
}

static bool compare(const named *a, size_t a_count, const named *b, size_t b_count,
                    const char *const paths[2], erg_error *err)
{
    for (size_t i = 0, j = 0; i < a_count || j < b_count;) {
        int order = i == a_count ? 1 : j == b_count ? -1 : strcmp(a[i].name, b[j].name);
        if (order < 0) return apart(paths, a[i].name, a[i].count, 0, err);
        if (order > 0) return apart(paths, b[j].name, 0, b[j].count, err);
        if (a[i].count != b[j].count)
            return apart(paths, a[i].name, a[i].count, b[j].count, err);
        i++;
        j++;
    }
    return true;
}

static bool check_names(const erg_replay_plan *a, const erg_replay_plan *b,
                        const char *const paths[2], erg_error *err)
{
    size_t a_count = 0, b_count = 0;
    named *of_a = counts_of(a, &a_count, err),
          *of_b = of_a ? counts_of(b, &b_count, err) : NULL;
    bool good = of_b && compare(of_a, a_count, of_b, b_count, paths, err);

    free(of_a);
    free(of_b);
    return good;
}

/* ---- totals -------------------------------------------------------------------------- */

static int64_t launches_of(const erg_replay_plan *plan)
{
    int64_t count = 0;

    for (size_t i = 0; i < plan->kernel_count; i++) count += plan->kernels[i].count;
    return count;
}

/* A summary counts what its own tool left out;
 * a list that left out nothing says nothing. */
static bool check_totals(const erg_replay_plan *plan, const erg_replay_plan *said,
                         const char *const paths[2], erg_error *err)
{
    const char *list = erg_plan_base(paths[0]), *summary = erg_plan_base(paths[1]);
    int64_t launches = launches_of(plan);

    if (said->said_launches != ERG_NONE && said->said_launches != launches)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%.100s says %lld launches, %.100s holds %lld: these are "
                        "not files of one run", summary, (long long)said->said_launches,
                        list, (long long)launches);
    return said->said_kernels == ERG_NONE
        || (size_t)said->said_kernels == plan->kernel_count
        || erg_fail(err, ERG_BAD_INPUT,
                    "%.100s says %lld unique kernels, %.100s holds %zu: these are "
                    "not files of one run", summary, (long long)said->said_kernels, list,
                    plan->kernel_count);
}

static bool take_notes(erg_replay_plan *plan, const erg_replay_plan *other, erg_error *err)
{
    for (size_t i = 0; i < other->note_count; i++)
        if (!erg_replay_plan_note(plan, err, "%s", other->notes[i])) return false;
    return true;
}

bool erg_plan_agrees(erg_replay_plan *plan, const erg_replay_plan *other,
                     const char *const paths[2], bool is_whole, erg_error *err)
{
    bool good = !is_whole
        || (other->kernel_count > 0 ? check_names(plan, other, paths, err)
                                    : check_totals(plan, other, paths, err));

    if (other->left_out > plan->left_out) plan->left_out = other->left_out;
    if (isnan(plan->steps) && !isnan(other->steps)) {
        plan->steps = other->steps;
        memcpy(plan->steps_from, other->steps_from, sizeof plan->steps_from);
    }
    return good && take_notes(plan, other, err);
}

/* More of the same: files of one format are parts of a run, as of two ranks. */
bool erg_plan_append(erg_replay_plan *plan, const erg_replay_plan *other, erg_error *err)
{
    for (size_t i = 0; i < other->kernel_count; i++) {
        erg_replay_kernel more = other->kernels[i];
        more.id[0] = '\0';
        if (!erg_replay_plan_add(plan, &more, NULL, err)) return false;
    }
    erg_plan_leave_out(plan, other->left_out);
    /* Launches of two inputs have no common order. */
    free(plan->launches);
    plan->launches = NULL;
    plan->launch_count = plan->launch_capacity = 0;
    plan->tensor_count = 0;
    return take_notes(plan, other, err);
}

/* ---- steps --------------------------------------------------------------------------- */

static bool is_in(const char *name, const char *word)
{
    for (; *name; name++) {
        size_t i = 0;
        while (word[i]
               && tolower((unsigned char)name[i]) == tolower((unsigned char)word[i])) i++;
        if (!word[i]) return true;
    }
    return false;
}

static int64_t launches_named(const erg_replay_plan *plan, const char *word)
{
    int64_t count = 0;

    for (size_t i = 0; i < plan->kernel_count; i++)
        if (is_in(plan->kernels[i].name, word)) count += plan->kernels[i].count;
    return count;
}

static void set_steps(erg_replay_plan *plan, double steps, const char *from)
{
    plan->steps = steps;
    erg_text_put(plan->steps_from, sizeof plan->steps_from, from);
}

/* What comes once a token or once a pass in programs that we know. */
static const char *const step_words[] = { "argmax", "multinomial" };

static bool hint(erg_replay_plan *plan, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(step_words); i++) {
        int64_t count = launches_named(plan, step_words[i]);
        if (count > 0)
            return erg_replay_plan_note(plan, err, "%s comes %lld times: if once a step, "
                                        "--step-mark %s says so", step_words[i],
                                        (long long)count, step_words[i]);
    }
    return true;
}

/* Counts that no whole number of launches a step explains: steps are of unlike kinds. */
static bool note_unlike(erg_replay_plan *plan, erg_error *err)
{
    size_t unlike = 0;

    for (size_t i = 0; i < plan->kernel_count; i++)
        unlike += fmod((double)plan->kernels[i].count, plan->steps) != 0;
    return unlike == 0
        || erg_replay_plan_note(plan, err,
                                "%zu of %zu counts are no multiples of %.17g steps: steps "
                                "are not all alike (a prompt and then tokens?)", unlike,
                                plan->kernel_count, plan->steps);
}

bool erg_plan_steps(erg_replay_plan *plan, const erg_replay_plan_options *options,
                    erg_error *err)
{
    const char *mark = options->step_mark;
    char from[40];

    if (mark) snprintf(from, sizeof from, "--step-mark %.20s", mark);
    if (strcmp(plan->steps_from, "graph") == 0 && (options->steps > 0 || mark))
        return erg_fail(err, ERG_BAD_INPUT,
                        "a graph is one step: --steps and --step-mark are for "
                        "what was recorded");
    if (options->steps > 0) set_steps(plan, options->steps, "--steps");
    else if (mark && strcmp(plan->steps_from, from) != 0) {
        int64_t count = launches_named(plan, mark);
        if (count == 0)
            return erg_fail(err, ERG_BAD_INPUT,
                            "--step-mark: no kernel is called like '%.100s'", mark);
        set_steps(plan, (double)count, from);
    }
    return isnan(plan->steps) ? hint(plan, err) : note_unlike(plan, err);
}
