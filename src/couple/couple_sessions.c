/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a coupling repeat? Each session is studied alone; runs with one x count once, and
 * runs that a check refuses do not count, for what one run cannot show many cannot either.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/contrast.h"
#include "math/stats.h"
#include "couple/repeat_inside.h"

/* ---- who is who ---------------------------------------------------------------------- */

static const char *device_of(const erg_repeat_run *of, const erg_joint_pair *pair)
{
    return pair->device < 0 ? "" : of->joint.devices[pair->device].log->name;
}

static erg_repeat_family *family_of(erg_repeat *all, const erg_repeat_run *of,
                                    const erg_joint_pair *pair)
{
    const erg_joint *joint = &of->joint;
    const char *x = joint->channels[pair->x].name, *y = joint->channels[pair->y].name;

    for (size_t i = 0; i < all->family_count; i++) {
        erg_repeat_family *at = &all->families[i];
        if (strcmp(at->x, x) == 0 && strcmp(at->y, y) == 0
            && strcmp(at->device, device_of(of, pair)) == 0)
            return at;
    }
    if (!erg_grow((void **)&all->families, &all->family_capacity, all->family_count,
                  sizeof(*all->families), all->err))
        return NULL;
    erg_repeat_family *fresh = &all->families[all->family_count];
    *fresh = (erg_repeat_family){ .members = calloc(all->run_count,
                                                    sizeof(*fresh->members)),
                       .q_value = NAN };
    if (!fresh->members) {
        erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    erg_text_put(fresh->x, sizeof(fresh->x), x);
    erg_text_put(fresh->y, sizeof(fresh->y), y);
    erg_text_put(fresh->device, sizeof(fresh->device), device_of(of, pair));
    all->family_count++;
    return fresh;
}

/* Finite values as they were sampled, little-endian. */
static void key_of(const erg_joint_channel *x, char key[ERG_SHA256_TEXT])
{
    uint8_t *bytes = malloc(8 * x->count + 1);

    key[0] = '\0';
    for (size_t i = 0; bytes && i < x->count; i++) {
        uint64_t bits;
        memcpy(&bits, &x->points[i].value, sizeof(bits));
        for (size_t b = 0; b < 8; b++)
            bytes[8 * i + b] = (uint8_t)(bits >> 8 * b);
    }
    if (bytes)
        erg_sha256(bytes, 8 * x->count, key);
    free(bytes);
}

static const erg_joint_channel *x_of(const erg_repeat_member *of)
{
    return &of->of->joint.channels[of->pair->x];
}

static bool is_same(const erg_repeat_member *a, const erg_repeat_member *b)
{
    return (a->key[0] && strcmp(a->key, b->key) == 0)
        || erg_joint_is_same(x_of(a), x_of(b));
}

static bool gather(erg_repeat *all)
{
    for (size_t i = 0; i < all->run_count; i++)
        for (size_t p = 0; p < all->runs[i].joint.pair_count; p++) {
            const erg_joint_pair *pair = &all->runs[i].joint.pairs[p];
            erg_repeat_family *to = pair->is_tested
                ? family_of(all, &all->runs[i], pair) : NULL;
            if (pair->is_tested && !to)
                return false;
            if (!to || (to->count && to->members[to->count - 1].of == &all->runs[i]))
                continue;
            erg_repeat_member *fresh = &to->members[to->count];
            *fresh = (erg_repeat_member){ .of = &all->runs[i], .pair = pair };
            key_of(x_of(fresh), fresh->key);
            for (size_t m = 0; m < to->count && !fresh->is_twin; m++)
                fresh->is_twin = is_same(&to->members[m], fresh);
            to->effective += !fresh->is_twin;
            to->usable += erg_repeat_is_usable(fresh);
            to->count++;
        }
    return true;
}

/* ---- over all ------------------------------------------------------------------------ */

/* Of usable runs; where they are too few, of all runs of their own: a description. */
static bool test_family(const erg_repeat *all, erg_repeat_family *of)
{
    erg_pair *pairs = calloc(of->count + 1, sizeof(*pairs));
    const erg_pair_options how = { .draws = all->options->draws, .key = all->options->key,
                                   .alpha = all->options->alpha };
    erg_error why = { 0 };
    size_t n = 0;

    if (!pairs)
        return erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < of->count; i++)
        if (of->usable >= ERG_REPEAT_LEAST
                ? erg_repeat_is_usable(&of->members[i]) : !of->members[i].is_twin)
            pairs[n++] = of->members[i].pair->test;
    of->is_tested = n >= 2 && erg_sessions_test(pairs, n, &how, &of->whole, &why);
    free(pairs);
    return true;
}

static bool test_families(erg_repeat *all)
{
    double *q = malloc((all->family_count + 1) * sizeof(*q));
    bool ok = q || erg_fail(all->err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < all->family_count; i++) {
        ok = test_family(all, &all->families[i]);
        q[i] = all->families[i].is_tested && all->families[i].usable >= ERG_REPEAT_LEAST
            ? all->families[i].whole.p_value : NAN;
    }
    if (ok)
        ok = erg_false_discovery(q, all->family_count, all->options->dependent)
          || erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; ok && i < all->family_count; i++)
        all->families[i].q_value = q[i];
    free(q);
    return ok;
}

/* ---- public -------------------------------------------------------------------------- */

static bool open_each(erg_repeat *all, const erg_session *const sessions[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        erg_repeat_run *fresh = &all->runs[all->run_count];
        if (!erg_session_monitor(sessions[i]) || !erg_session_training(sessions[i]))
            continue;
        fresh->session = sessions[i];
        fresh->joint = (erg_joint){ .monitor = erg_session_monitor(sessions[i]),
                                    .options = all->options, .edge_device = -1 };
        /* What is noted of one session does not stand under all of them. */
        fresh->joint.result = erg_result_new("couple", all->err);
        all->run_count++;
        if (!fresh->joint.result
            || !erg_joint_open(&fresh->joint, erg_session_training(sessions[i]), all->err))
            return false;
    }
    return true;
}

/* Each beside y of all the others. */
static bool study_each(erg_repeat *all)
{
    erg_joint_other *others = calloc(all->run_count + 1, sizeof(*others));
    bool ok = others || erg_fail(all->err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < all->run_count; i++) {
        erg_joint *joint = &all->runs[i].joint;
        size_t n = 0;
        for (size_t k = 0; k < all->run_count; k++)
            if (k != i)
                others[n++] = (erg_joint_other){ erg_session_name(all->runs[k].session),
                                                 &all->runs[k].joint };
        joint->others = others;
        joint->other_count = n;
        ok = erg_joint_decide(joint, all->err);
        joint->others = NULL;
        joint->other_count = 0;
    }
    free(others);
    return ok;
}

static void drop(erg_repeat *all)
{
    for (size_t i = 0; i < all->run_count; i++) {
        erg_result_free(all->runs[i].joint.result);
        erg_joint_free(&all->runs[i].joint);
    }
    for (size_t i = 0; i < all->family_count; i++)
        free(all->families[i].members);
    free(all->families);
    free(all->runs);
}

erg_result *erg_sessions_study(const erg_session *const sessions[], size_t count,
                               const erg_couple_options *options, erg_error *err)
{
    static const erg_couple_options none;
    erg_repeat all = { .runs = calloc(count + 1, sizeof(*all.runs)), .err = err,
                       .options = options ? options : &none };

    all.result = erg_result_new("couple", err);
    bool ok = all.runs && all.result && open_each(&all, sessions, count)
           && study_each(&all) && gather(&all) && test_families(&all)
           && erg_repeat_tables(&all, sessions, count);
    drop(&all);
    if (ok)
        return all.result;
    erg_result_free(all.result);
    return NULL;
}
