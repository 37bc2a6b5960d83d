/* SPDX-License-Identifier: Apache-2.0 */
/* An engine whose times are known, on a clock that is set by hand, and plans for it. */
#ifndef ERG_TESTS_REPLAY_FAKE_H
#define ERG_TESTS_REPLAY_FAKE_H

#include <string.h>
#include "manual.h"
#include "run/replay_bench.h"
#include "test.h"

static const int64_t floor_ns = 4000;       /* of a launch */
static const double drift = 0.04, session_s = 15;

/* ---- an engine: a kernel of N elements takes N nanoseconds --------------------------- */

struct erg_engine_session { manual_clock *clock; bool drifts; };
struct erg_engine_job { erg_engine_session *session; int64_t time_ns; double owed_ns; };

static manual_clock clock_of_all;
static bool machine_drifts;
static double scatter;              /* of kernels of an odd length, every 20 ms anew */
static const void *seen[4096];      /* first operands of launches, for rotations */
static size_t seen_count;

static inline bool fake_find(char *why, size_t size)
{
    snprintf(why, size, "always");
    return true;
}

static inline erg_engine_session *fake_open(const erg_engine_options *options,
                                            erg_error *err)
{
    erg_engine_session *session = calloc(1, sizeof(*session));

    (void)options;
    (void)err;
    *session = (erg_engine_session){ &clock_of_all, machine_drifts };
    return session;
}

static inline void fake_close(erg_engine_session *session)
{
    free(session);
}

static inline void *fake_take(erg_engine_session *session,
                              const erg_signature_tensor *tensor,
                              uint64_t seed, erg_error *err)
{
    (void)session;
    (void)seed;
    (void)err;
    return malloc(erg_stage_bytes(tensor) + 1);
}

static inline void fake_give(erg_engine_session *session, void *memory)
{
    (void)session;
    free(memory);
}

/* Convolutions want blocks, linear layers none; the others take what comes. */
static inline bool fake_settle(erg_engine_session *session, erg_signature *signature,
                               erg_error *err)
{
    (void)session;
    (void)err;
    for (int i = 0; i < signature->input_count + signature->output_count; i++) {
        char *layout = signature->tensors[i].layout;

        if (signature->op == ERG_OP_CONV)
            strcpy(layout, "aBcd8b");
        else if (signature->op == ERG_OP_LINEAR)
            layout[0] = '\0';
        else if (i > 0)
            strcpy(layout, signature->tensors[0].layout);
    }
    return true;
}

static inline erg_engine_job *fake_prepare(erg_engine_session *session,
                                           const erg_signature *signature, erg_error *err)
{
    erg_engine_job *job;

    if (signature->op == ERG_OP_LSTM) {
        erg_fail(err, ERG_UNSUPPORTED, "no lstm");
        return NULL;
    }
    job = calloc(1, sizeof(*job));
    int64_t time_ns = signature->tensors[0].rank ? signature->tensors[0].dims[0] : 1;
    *job = (erg_engine_job){ session, time_ns > floor_ns ? time_ns : floor_ns, 0 };
    return job;
}

static inline double scattered(const erg_engine_job *job)
{
    test_random random = { (uint64_t)(job->session->clock->now_ns / 20000000) + 1 };

    return 1 + (scatter > 0 && job->time_ns % 2 ? scatter * test_normal(&random) : 0);
}

static inline bool fake_launch(erg_engine_job *job,
                               void *const memory[ERG_SIGNATURE_TENSORS],
                               erg_error *err)
{
    double share = (double)job->session->clock->now_ns * 1e-9 / session_s;

    (void)err;
    job->owed_ns += (double)job->time_ns * (1 + (job->session->drifts ? drift * share : 0))
                  * scattered(job);
    job->session->clock->now_ns += (int64_t)job->owed_ns;
    job->owed_ns -= floor(job->owed_ns);
    seen[seen_count++ % ERG_COUNT(seen)] = memory[0];
    return true;
}

static inline bool fake_wait(erg_engine_session *session, erg_error *err)
{
    (void)session;
    (void)err;
    return true;
}

static inline const char *fake_implementation(const erg_engine_job *job)
{
    (void)job;
    return "fake";
}

static inline void fake_free(erg_engine_job *job)
{
    free(job);
}

static const erg_engine fake = {
    .name = "fake", .about = "", .find = fake_find, .open = fake_open, .close = fake_close,
    .take = fake_take, .give = fake_give, .settle = fake_settle, .prepare = fake_prepare,
    .launch = fake_launch, .wait = fake_wait, .implementation = fake_implementation,
    .free = fake_free,
};

/* ---- plans and replays --------------------------------------------------------------- */

static inline erg_replay_kernel kernel_of(erg_op_kind op, const char *name, int64_t time_ns)
{
    erg_replay_kernel kernel;

    erg_replay_kernel_init(&kernel, name, "test");
    kernel.signature.op = op;
    kernel.signature.shape_known = true;
    kernel.signature.input_count = kernel.signature.output_count = 1;
    kernel.signature.tensors[0] = (erg_signature_tensor){ .rank = 1, .dims = { time_ns } };
    kernel.signature.tensors[1] = kernel.signature.tensors[0];
    return kernel;
}

/* A chain: each kernel reads what the one before it wrote. */
static inline void append(erg_replay_plan *plan, erg_replay_kernel kernel)
{
    erg_replay_launch launch =
        { .tensors = { plan->tensor_count, plan->tensor_count + 1, -1,
                       -1, -1, -1 } };
    erg_error err = { 0 };

    plan->tensor_count += plan->launch_count == 0 ? 2 : 1;
    launch.tensors[0] = plan->tensor_count - 2;
    launch.tensors[1] = plan->tensor_count - 1;
    CHECK_OK(erg_replay_plan_add(plan, &kernel, &launch.kernel, &err), err);
    CHECK_OK(erg_replay_plan_launch(plan, &launch, &err), err);
}

typedef struct played {
    erg_env env;
    erg_replay_run_options options;
    erg_replay_bench bench;
} played;

static inline void play(played *p, const erg_replay_plan *plan)
{
    erg_error err = { 0 };

    p->env.clock = manual_start(&clock_of_all, 0);
    p->env.root = "/nowhere";
    p->bench = (erg_replay_bench){ .env = &p->env, .options = &p->options, .engine = &fake,
                                   .references = { -1, -1 }, .empty_s = NAN };
    p->bench.replay = erg_replay_new(&err);
    p->bench.stage = erg_stage_open(&fake, &(erg_engine_options){ 0 }, plan, &err);
    CHECK_OK(p->bench.stage != NULL, err);
    CHECK_OK(erg_replay_measure(&p->bench, &err), err);
}

static inline void end(played *p)
{
    erg_stage_close(p->bench.stage);
    erg_replay_free(p->bench.replay);
}

static inline const erg_kernel_timing *timing_of(const played *p, const char *name,
                                                 erg_replay_state state)
{
    for (size_t i = 0; i < p->bench.replay->kernel_count; i++) {
        const erg_kernel_timing *row = &p->bench.replay->kernels[i];

        if (row->state == state && strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

static inline erg_replay_plan *many(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    char name[16];

    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), "kernel%d", i);
        append(plan, kernel_of(ERG_OP_RELU, name, 20000 + 7000 * i));
    }
    return plan;
}

#endif
