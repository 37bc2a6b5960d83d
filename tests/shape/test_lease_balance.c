/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts between the nodes of one synchronous job, by leases: nodes, hardware that obeys
 * within a tenth of a second, and a job whose work on a node takes
 * full/((cap - 60 W)/290 W)^(1/2.4).
 */
#include "shape/lease_desk.h"

#define LIMIT_W 900.0
#define LEAST_W 120.0

typedef struct rank {
    erg_lease_node core;
    double enforced_w, full_s;
    char job[ERG_LEASE_JOB_MOST];
    double recent_s[ERG_BALANCE_EPOCHS];
    uint64_t steps;
    bool is_cut;
} rank;

typedef struct world {
    desk d;
    rank ranks[LEASE_NODES];
    size_t count;
    double now_s, left_s;       /* of the present step of the job */
    double begun_s[LEASE_NODES];
} world;

static double epoch_of(const rank *of)
{
    return of->full_s / pow(fmin(1, (of->enforced_w - 60) / 290), 1 / 2.4);
}

static double slowest_s(const world *w)
{
    double out = 0;

    for (size_t i = 0; i < w->count; i++)
        if (w->ranks[i].job[0])
            out = fmax(out, epoch_of(&w->ranks[i]));
    return out;
}

/* The caps that make the first n as slow as each other, for sum_w. */
static double best_s(const world *w, size_t n, double sum_w)
{
    double above = 0;

    for (size_t i = 0; i < n; i++)
        above += pow(w->ranks[i].full_s, 2.4);
    return pow((sum_w - 60 * (double)n) / 290 / above, -1 / 2.4);
}

static void begin(world *w, size_t count, const double full_s[], bool balances)
{
    *w = (world){ .count = count };
    desk_start(&w->d, count, LEAST_W, LIMIT_W);
    w->d.rack.balances = balances;
    CHECK(erg_lease_rack_start(&w->d.rack, 0, s(-20), NULL));
    for (size_t i = 0; i < count; i++) {
        const erg_lease_node_setup setup = { erg_lease_terms_usual(), LEAST_W, 100, 700, 0,
                                             i + 1 };
        w->ranks[i] = (rank){ .enforced_w = LEAST_W, .full_s = full_s[i],
                              .job = "7/train" };
        erg_lease_node_start(&w->ranks[i].core, &setup, 0);
    }
}

/* All wait for the slowest; what a step took is what its cap was when it began. */
static void work(world *w, double dt_s)
{
    w->left_s -= dt_s;
    if (w->left_s > 0)
        return;
    for (size_t i = 0; i < w->count; i++) {
        rank *of = &w->ranks[i];
        if (of->job[0] && w->now_s > 0)
            of->recent_s[of->steps++ % ERG_BALANCE_EPOCHS] = w->begun_s[i];
        w->begun_s[i] = epoch_of(of);
    }
    w->left_s = slowest_s(w);
}

static void step_rank(world *w, size_t i)
{
    rank *of = &w->ranks[i];
    erg_lease_node_out out;
    const erg_lease_node_in in = { s(w->now_s), of->enforced_w, of->enforced_w,
                                   fmin(700, 1.1 * of->enforced_w) };

    erg_lease_node_step(&of->core, &in, &out);
    of->enforced_w = out.want_w;
    if (!out.send || of->is_cut)
        return;
    erg_text_put(out.status.job, sizeof(out.status.job), of->job);
    out.status.steps = of->steps;
    bool is_known = of->job[0] && of->steps >= ERG_BALANCE_EPOCHS;
    out.status.epoch_s = is_known ? erg_balance_epoch(of->recent_s) : NAN;
    erg_lease_rack_hear(&w->d.rack, i, &out.status, in.now_ns);
}

static void run(world *w, double seconds)
{
    for (double until_s = w->now_s + seconds; w->now_s < until_s; w->now_s += 0.1) {
        double sum_w = 0;
        for (size_t i = 0; i < w->count; i++) {
            step_rank(w, i);
            sum_w += w->ranks[i].enforced_w;
        }
        CHECK(sum_w <= LIMIT_W + 1e-6);
        work(w, 0.1);
        desk_step(&w->d, w->now_s, NAN);
        for (size_t k = 0; k < w->d.out.count; k++) {
            rank *to = &w->ranks[w->d.answers[k].node];
            if (!to->is_cut)
                erg_lease_node_take(&to->core, &w->d.answers[k].grant, s(w->now_s));
        }
    }
}

static double sum_of(const world *w, size_t n)
{
    double sum_w = 0;

    for (size_t i = 0; i < n; i++)
        sum_w += w->ranks[i].enforced_w;
    return sum_w;
}

static const double unlike_s[] = { 1.0, 0.8, 0.7, 0.9, 1.0 };

static void nodes_of_a_job_end_where_all_are_as_slow(void)
{
    for (size_t n = 2; n <= 4; n++) {
        world even, w;
        begin(&even, n, unlike_s, false);
        begin(&w, n, unlike_s, true);
        run(&even, 300);
        run(&w, 300);
        double best = best_s(&w, n, LIMIT_W);
        print_message("# %zu nodes: %.4f s a step, %.4f s at even shares, %.4f s at best\n",
                      n, slowest_s(&w), slowest_s(&even), best);
        CHECK(even.d.rack.shares == 0 && w.d.rack.shares > 3);
        CHECK(slowest_s(&w) <= slowest_s(&even) * (1 + 1e-9));
        CHECK(best > 1 ? slowest_s(&w) < 1.03 * best : slowest_s(&w) < 1.001);
        run(&w, 60);
        CHECK(best <= 1 || slowest_s(&w) < 1.03 * best);        /* and stays there */
    }
}

static void the_late_one_never_loses_watts_to_another(void)
{
    world w;
    double before_w = 0;

    begin(&w, 3, unlike_s, true);
    run(&w, 20);
    before_w = w.ranks[0].enforced_w;
    for (int k = 0; k < 400; k++) {
        run(&w, 0.5);
        bool is_late = epoch_of(&w.ranks[0]) >= slowest_s(&w) - 1e-9;
        CHECK(!is_late || w.ranks[0].enforced_w >= before_w - 1e-6);
        before_w = w.ranks[0].enforced_w;
    }
}

/* What a job has it has of its own: the others are as if nobody balanced. */
static void who_is_in_no_job_keeps_what_it_had(void)
{
    world even, w;

    for (int k = 0; k < 2; k++) {
        world *at = k ? &w : &even;
        begin(at, 3, unlike_s, k);
        at->ranks[1].job[0] = '\0';
        erg_text_put(at->ranks[2].job, sizeof(at->ranks[2].job), "8/train");
        run(at, 120);
    }
    CHECK(w.d.rack.shares == 0);
    for (size_t i = 0; i < 3; i++)
        CHECK(w.ranks[i].enforced_w == even.ranks[i].enforced_w);
    erg_text_put(w.ranks[2].job, sizeof(w.ranks[2].job), "7/train");
    run(&w, 120);
    CHECK(w.d.rack.shares > 0 && w.ranks[2].enforced_w < w.ranks[0].enforced_w - 20);
    CHECK_NEAR(w.ranks[1].enforced_w, even.ranks[1].enforced_w, 6);
    CHECK_NEAR(w.ranks[0].enforced_w + w.ranks[2].enforced_w,
               even.ranks[0].enforced_w + even.ranks[2].enforced_w, 12);
}

static void when_the_job_is_over_shares_are_even_again(void)
{
    world w;

    begin(&w, 3, unlike_s, true);
    run(&w, 200);
    CHECK(w.ranks[0].enforced_w > w.ranks[2].enforced_w + 50);
    for (size_t i = 0; i < 3; i++)
        w.ranks[i].job[0] = '\0';
    run(&w, 60);
    CHECK_NEAR(w.ranks[0].enforced_w, w.ranks[2].enforced_w, 10);
}

static void who_is_cut_off_falls_back_and_comes_back(void)
{
    world w;

    begin(&w, 3, unlike_s, true);
    run(&w, 200);
    double before_w = w.ranks[0].enforced_w;
    w.ranks[0].is_cut = true;
    run(&w, 12);
    CHECK(w.ranks[0].enforced_w == LEAST_W);
    run(&w, 60);
    CHECK(w.ranks[0].enforced_w == LEAST_W && sum_of(&w, 3) <= LIMIT_W);
    w.ranks[0].is_cut = false;
    run(&w, 200);
    CHECK_NEAR(w.ranks[0].enforced_w, before_w, 25);
}

/* It starts with what each has: nothing is even for a while. */
static void a_coordinator_that_comes_back_goes_on_where_it_was(void)
{
    world w;

    begin(&w, 3, unlike_s, true);
    run(&w, 200);
    double before_s = slowest_s(&w), late_w = w.ranks[0].enforced_w;
    for (size_t i = 0; i < 3; i++)
        w.d.memory.members[i] = (erg_lease_member){ .fallback_w = LEAST_W };
    CHECK(erg_lease_rack_start(&w.d.rack, w.d.rack.epoch, s(w.now_s), NULL));
    for (int k = 0; k < 60; k++) {
        run(&w, 0.5);
        CHECK_NEAR(w.ranks[0].enforced_w, late_w, 20);
        CHECK(slowest_s(&w) <= 1.02 * before_s);
    }
}

/* Only steps that began under the caps of the last share count. */
static void an_epoch_of_other_caps_is_no_epoch(void)
{
    desk d;
    erg_lease_status status[2];

    desk_start(&d, 2, 100, 1000);
    d.rack.balances = true;
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    for (int t = 0; t <= 8; t++) {
        for (size_t i = 0; i < 2; i++) {
            status[i] = said(&d, (uint64_t)t + 1, t ? d.rack.sequence : 0, 500, 700);
            erg_text_put(status[i].job, sizeof(status[i].job), "7/a");
            status[i].steps = 100 + (uint64_t)t;
            status[i].epoch_s = i ? 1 : 0.5;
            desk_hear(&d, i, status[i], t);
        }
        desk_step(&d, t, NAN);
        CHECK(d.rack.shares == (t > 6));    /* in force at 101; then one more, and five */
    }
}

static void numbers_that_are_no_times_share_nothing(void)
{
    static const double wrong_s[] = { NAN, 0, -1 };

    for (size_t k = 0; k < ERG_COUNT(wrong_s); k++) {
        desk d;
        desk_start(&d, 2, 100, 1000);
        d.rack.balances = true;
        CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
        for (int t = 0; t <= 20; t++) {
            for (size_t i = 0; i < 2; i++) {
                erg_lease_status status = said(&d, (uint64_t)t + 1, t ? d.rack.sequence : 0,
                                               500, 700);
                erg_text_put(status.job, sizeof(status.job), "7/a");
                status.steps = (uint64_t)t;
                status.epoch_s = i ? 1 : wrong_s[k];
                desk_hear(&d, i, status, t);
            }
            desk_step(&d, t, NAN);
        }
        CHECK(d.rack.shares == 0 && answered_w(&d, 0) == 500 && answered_w(&d, 1) == 500);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(nodes_of_a_job_end_where_all_are_as_slow),
        TEST(the_late_one_never_loses_watts_to_another),
        TEST(who_is_in_no_job_keeps_what_it_had),
        TEST(when_the_job_is_over_shares_are_even_again),
        TEST(who_is_cut_off_falls_back_and_comes_back),
        TEST(a_coordinator_that_comes_back_goes_on_where_it_was),
        TEST(an_epoch_of_other_caps_is_no_epoch),
        TEST(numbers_that_are_no_times_share_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
