/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates of zoo networks against a few measured passes: bf16, eager, 900 MHz.
 * Source of the figures: EnergAIzer (ISPASS 2026, MIT), energy/measured.csv. The
 * profiles were fitted to rows like these: `make accuracy` judges models left out,
 * this test only sees that nothing was lost on the way from the rows to a user.
 */
#include "estimate/estimate_room.h"

typedef struct pass {
    const char *hardware, *network;
    erg_head head;
    int64_t batch, seq;
    double time_s, energy_j;
} pass;

static const pass passes[] = {
    { "a100-pcie-40gb", "zoo:bert_large", ERG_HEAD_POOLER, 1, 128, 0.013206, 0.86325 },
    { "a100-pcie-40gb", "zoo:bert_large", ERG_HEAD_POOLER, 8, 512, 0.050035, 7.7171 },
    { "a100-pcie-40gb", "zoo:bert_large", ERG_HEAD_POOLER, 32, 256, 0.069612, 12.354 },
    { "a100-pcie-40gb", "zoo:gpt2", ERG_HEAD_NONE, 1, 512, 0.0093421, 0.69449 },
    { "a100-pcie-40gb", "zoo:gpt2", ERG_HEAD_NONE, 16, 1024, 0.10451, 17.995 },
    { "a100-pcie-40gb", "zoo:gpt2", ERG_HEAD_NONE, 32, 128, 0.015476, 2.3987 },
    { "a10", "zoo:bert_large", ERG_HEAD_POOLER, 2, 128, 0.013288, 1.0678 },
    { "a10", "zoo:bert_large", ERG_HEAD_POOLER, 8, 256, 0.043711, 4.9975 },
    { "a10", "zoo:bert_large", ERG_HEAD_POOLER, 32, 512, 0.37108, 47.01 },
    { "a10", "zoo:gpt2", ERG_HEAD_NONE, 2, 512, 0.013981, 1.4602 },
    { "a10", "zoo:gpt2", ERG_HEAD_NONE, 16, 128, 0.019498, 2.1641 },
    { "a10", "zoo:gpt2", ERG_HEAD_NONE, 32, 512, 0.16695, 21.634 },
};

static erg_estimation *estimate(const pass *p, erg_graph **graph, erg_hardware **hardware,
                                double time_s)
{
    erg_graph_options options = { .batch = p->batch, .seq = p->seq, .precision = ERG_BF16,
                                  .head = p->head };
    erg_estimate_options how = { .clock_hz = 900e6, .measured_latency_s = time_s };
    erg_error err = { 0 };

    *hardware = room_hardware(p->hardware);
    *graph = erg_graph_load(p->network, &options, &err);
    CHECK_OK(*graph != NULL, err);
    erg_profile *profile = erg_profile_load(&room_catalog, *hardware, NULL, &err);
    CHECK_OK(profile != NULL, err);
    erg_estimation *made = erg_estimate_run(*graph, *hardware, profile, &how, &err);
    CHECK_OK(made != NULL, err);
    erg_profile_free(profile);
    return made;
}

typedef struct errors { double energy, time; int inside; } errors;

static errors errors_of(bool time_given)
{
    errors sum = { 0 };

    for (size_t i = 0; i < ERG_COUNT(passes); i++) {
        const pass *p = &passes[i];
        erg_graph *graph;
        erg_hardware *hardware;
        erg_estimation *made = estimate(p, &graph, &hardware, time_given ? p->time_s : 0);

        CHECK(made->grade == ERG_CALIBRATED);
        sum.energy += fabs(made->total.total_j / p->energy_j - 1) / ERG_COUNT(passes);
        sum.time += fabs(made->latency_s / p->time_s - 1) / ERG_COUNT(passes);
        sum.inside += made->total.low_j <= p->energy_j && p->energy_j <= made->total.high_j;
        erg_estimation_free(made);
        erg_graph_free(graph);
        erg_hardware_free(hardware);
    }
    return sum;
}

static void energy_with_the_time_given_is_within_7_percent(void)
{
    errors e = errors_of(true);

    printf("# energy %.2f %%\n", 100 * e.energy);
    CHECK(e.energy < 0.07);
    CHECK(e.inside >= (int)ERG_COUNT(passes) - 1);
}

static void energy_end_to_end_is_within_11_percent(void)
{
    errors e = errors_of(false);

    printf("# energy %.2f %%, time %.2f %%\n", 100 * e.energy, 100 * e.time);
    CHECK(e.energy < 0.11);
    CHECK(e.time < 0.15);
    CHECK(e.inside >= (int)ERG_COUNT(passes) - 1);
}

int main(void)
{
    static const test tests[] = {
        TEST(energy_with_the_time_given_is_within_7_percent),
        TEST(energy_end_to_end_is_within_11_percent),
    };
    return test_run(tests, ERG_COUNT(tests));
}
