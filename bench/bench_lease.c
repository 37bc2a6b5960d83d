/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The coordinator's step for a rack of 10,000 nodes: every node has asked, all caps are
 * shared anew, and once more with the watts of jobs of 16 nodes balanced, and with a node
 * that has another job each time; the floor reads what the step must read and writes what
 * it must answer.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "math/xoshiro.h"
#include "shape/lease.h"

enum { NODES = 10000, ROUNDS = 201, JOB_NODES = 16 };

typedef struct desk {
    erg_lease_rack rack;
    erg_lease_answer *answers;
    erg_xoshiro random;
    bool changes;               /* the job of the first node, each time */
} desk;

static void *room(size_t size)
{
    void *made = calloc(NODES, size);

    if (!made)
        exit(1);
    return made;
}

static void hear_all(desk *d, uint64_t request, int64_t now_ns)
{
    for (size_t i = 0; i < NODES; i++) {
        double demand_w = 300 + 700 * erg_xoshiro_uniform(&d->random);
        erg_lease_status status = {
            .boot = 1, .request = request, .epoch = d->rack.epoch,
            .sequence = d->rack.sequence, .enforced_w = 500, .power_w = demand_w,
            .demand_w = demand_w, .least_w = 100, .most_w = 1200, .fallback_w = 200,
            .rank = (int)(i % 3), .steps = 10 * request, .epoch_s = 0.5 + demand_w / 1000,
        };
        size_t job = d->changes && i == 0 ? NODES + request : i % (NODES / JOB_NODES);
        snprintf(status.job, sizeof(status.job), "1000/%zu", job);
        erg_lease_rack_hear(&d->rack, i, &status, now_ns);
    }
}

static double floor_s(const desk *d)
{
    double sum_w = 0, begin_s = bench_now_s(CLOCK_THREAD_CPUTIME_ID);

    for (size_t i = 0; i < NODES; i++) {
        const erg_lease_member *member = &d->rack.room.members[i];
        sum_w += member->last.demand_w + member->fallback_w;
        d->answers[i] = (erg_lease_answer){ i, { .boot = 1, .cap_w = sum_w } };
    }
    return bench_now_s(CLOCK_THREAD_CPUTIME_ID) - begin_s;
}

static bool measure(bool balances, bool changes, const char *name)
{
    desk d = { .answers = room(sizeof(erg_lease_answer)), .random = erg_xoshiro_of(1, 1),
               .changes = changes };
    double times_s[ROUNDS], floors_s[ROUNDS];

    d.rack = (erg_lease_rack){
        .terms = erg_lease_terms_usual(), .limit_w = 500.0 * NODES, .balances = balances,
        .room = { room(sizeof(erg_lease_member)), NODES, room(sizeof(erg_claim)),
                  room(sizeof(size_t)), room(sizeof(size_t)), room(sizeof(double)),
                  room(sizeof(double)), room(sizeof(erg_cut_node)), room(sizeof(size_t)),
                  room(sizeof(erg_balance_rank)), room(sizeof(double)),
                  room(sizeof(erg_lease_job)) },
    };
    if (!erg_lease_rack_start(&d.rack, 0, -100 * ERG_NS_PER_S, NULL))
        return false;
    for (int round = 0; round < ROUNDS; round++) {
        const erg_lease_rack_in in = { round * ERG_NS_PER_S, NAN, NAN };
        erg_lease_rack_out out;
        hear_all(&d, (uint64_t)round + 1, in.now_ns);
        double begin_s = bench_now_s(CLOCK_THREAD_CPUTIME_ID);
        erg_lease_rack_step(&d.rack, &in, d.answers, &out);
        times_s[round] = bench_now_s(CLOCK_THREAD_CPUTIME_ID) - begin_s;
        floors_s[round] = floor_s(&d);
        if (out.count != NODES)
            return false;
    }
    bench_print(&(bench_row){ .name = name, .unit = "ms",
                              .value = 1e3 * bench_median(times_s, ROUNDS),
                              .floor = 1e3 * bench_median(floors_s, ROUNDS), .limit = 1,
                              .n = ROUNDS });
    return !balances || d.rack.shares > 0;
}

int main(void)
{
    return measure(false, false, "governor step, 10,000 nodes")
        && measure(true, false, "the same, jobs balanced")
        && measure(true, true, "the same, a node's job changed") ? 0 : 1;
}
