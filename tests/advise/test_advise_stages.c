/* SPDX-License-Identifier: Apache-2.0 */
/* Stages of one job against brute force over all their times; cuts against all cuts. */
#include "advise/min_cut.h"
#include "advise/stages.h"
#include "test.h"

enum { STAGES = 5, TIMES = 4, LONGEST = STAGES * (TIMES + 3) + 1 };

typedef struct front {
    const erg_stage_problem *is;
    double energy_j[LONGEST];
    int64_t shortest, longest;
} front;

static bool keep(void *self, int64_t length, const int64_t times[], erg_error *err)
{
    front *to = self;

    (void)err;
    CHECK(length >= 0 && length < LONGEST && length < to->shortest);
    to->longest = to->longest ? to->longest : length;
    to->shortest = length;
    to->energy_j[length] = erg_stages_energy_j(to->is, times);
    return true;
}

static front solve(const erg_stage_problem *is, int64_t times[])
{
    front found = { .is = is, .shortest = INT64_MAX };
    erg_error err = { 0 };

    CHECK_OK(erg_stages_solve(is, times, keep, &found, &err), err);
    return found;
}

/* Two chains side by side, 3 s and 2 s: the second may be 1.5 x slower for nothing. */
static void the_shorter_chain_is_slowed_for_nothing(void)
{
    const double first_j[] = { 300 }, second_j[] = { 200, 150, 130 };
    const erg_stage stages[] = { { 30, 30, first_j }, { 20, 22, second_j } };
    const double long_j[11] = { 200, 190, 181, 173, 166, 160, 155, 151, 148, 146, 145 };
    const erg_stage wide[] = { { 30, 30, first_j }, { 20, 30, long_j } };
    const erg_stage_problem is = { wide, 2, NULL, 0 }, narrow = { stages, 2, NULL, 0 };
    int64_t times[2];
    front found = solve(&is, times);

    CHECK(found.shortest == 30 && found.longest == 30);
    CHECK(times[0] == 30 && times[1] == 30);        /* 1.5 x */
    CHECK_NEAR(found.energy_j[30], 445, 1e-9);
    found = solve(&narrow, times);
    CHECK(times[1] == 22);
    CHECK_NEAR(found.energy_j[30], 430, 1e-9);
}

typedef struct draw {
    erg_stage stages[STAGES];
    double energies_j[STAGES][TIMES];
    erg_stage_edge edges[STAGES * STAGES];
    erg_stage_problem is;
} draw;

static void make(draw *to, test_random *random)
{
    size_t edges = 0;

    for (size_t i = 0; i < STAGES; i++) {
        int64_t least = (int64_t)(test_uniform(random) * 3);
        double energy_j = 100, slope_j = 8 + 10 * test_uniform(random);
        int64_t choices = 1 + (int64_t)(test_uniform(random) * TIMES);
        for (int64_t t = 0; t < choices; t++) {
            to->energies_j[i][t] = energy_j;
            energy_j -= slope_j;
            slope_j *= 0.9 * test_uniform(random);
        }
        to->stages[i] = (erg_stage){ least, least + choices - 1, to->energies_j[i] };
        for (size_t from = 0; from < i; from++)
            if (test_uniform(random) < 0.4)
                to->edges[edges++] = (erg_stage_edge){ from, i };
    }
    to->is = (erg_stage_problem){ to->stages, STAGES, to->edges, edges };
}

static int64_t length_of(const erg_stage_problem *is, const int64_t times[])
{
    int64_t end[STAGES], longest = 0;

    for (size_t i = 0; i < is->count; i++) {
        int64_t begin = 0;
        for (size_t e = 0; e < is->edge_count; e++)
            if (is->edges[e].to == i && end[is->edges[e].from] > begin)
                begin = end[is->edges[e].from];
        end[i] = begin + times[i];
        longest = end[i] > longest ? end[i] : longest;
    }
    return longest;
}

/* Least energy of all times of all stages, for each length of the whole. */
static front try_all(const erg_stage_problem *is)
{
    front best = { .shortest = INT64_MAX };
    int64_t times[STAGES];

    for (int64_t k = 0; k < LONGEST; k++)
        best.energy_j[k] = INFINITY;
    for (size_t i = 0; i < STAGES; i++)
        times[i] = is->stages[i].least;
    for (size_t i = 0; i < STAGES;) {
        int64_t length = length_of(is, times);
        best.shortest = length < best.shortest ? length : best.shortest;
        best.energy_j[length] = fmin(best.energy_j[length], erg_stages_energy_j(is, times));
        for (i = 0; i < STAGES && times[i] == is->stages[i].most; i++)
            times[i] = is->stages[i].least;
        if (i < STAGES)
            times[i]++;
    }
    for (int64_t k = 1; k < LONGEST; k++)
        best.energy_j[k] = fmin(best.energy_j[k], best.energy_j[k - 1]);
    return best;
}

static void every_point_of_the_front_is_the_least_energy_there_is(void)
{
    test_random random = { 12 };

    for (int trial = 0; trial < 400; trial++) {
        draw it;
        int64_t times[STAGES];
        make(&it, &random);
        front best = try_all(&it.is), found = solve(&it.is, times);
        CHECK(found.shortest == best.shortest);
        for (int64_t k = found.shortest; k <= found.longest; k++)
            CHECK_NEAR(found.energy_j[k], best.energy_j[k], 1e-9);
        CHECK(length_of(&it.is, times) == found.shortest);
        CHECK(erg_stages_shortest(&it.is, NULL) == found.shortest);
    }
}

/* Node 0 always is, node 1 never. */
static bool is_in(unsigned set, size_t node)
{
    return node == 0 || (node > 1 && (set >> (node - 2) & 1));
}

/* No lower bounds: the flow through random networks against all 2^(n-2) cuts. */
static void a_cut_is_the_least_of_all_cuts(void)
{
    enum { NODES = 7 };
    test_random random = { 13 };

    for (int trial = 0; trial < 300; trial++) {
        erg_cut_arc arcs[NODES * NODES];
        size_t count = 0;
        bool is_near[NODES];
        double cost, least = INFINITY;
        erg_error err = { 0 };
        for (size_t a = 0; a < NODES; a++)
            for (size_t b = 0; b < NODES; b++)
                if (a != b && test_uniform(&random) < 0.4)
                    arcs[count++] = (erg_cut_arc){
                        a, b, 0,
                        test_uniform(&random) < 0.1 ? INFINITY : test_uniform(&random)
                    };
        CHECK_OK(erg_min_cut(arcs, count, NODES, 0, 1, is_near, &cost, &err), err);
        for (unsigned set = 0; set < 1u << (NODES - 2); set++) {
            double sum = 0;
            for (size_t i = 0; i < count; i++) {
                bool from = is_in(set, arcs[i].from), to = is_in(set, arcs[i].to);
                sum += from && !to ? arcs[i].capacity : 0;
            }
            least = fmin(least, sum);
        }
        if (isinf(least))
            CHECK(isinf(cost));
        else
            CHECK_NEAR(cost, least, 1e-9);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_shorter_chain_is_slowed_for_nothing),
        TEST(every_point_of_the_front_is_the_least_energy_there_is),
        TEST(a_cut_is_the_least_of_all_cuts),
    };
    return test_run(tests, ERG_COUNT(tests));
}
