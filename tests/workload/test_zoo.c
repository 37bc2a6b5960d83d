/* SPDX-License-Identifier: Apache-2.0 */
/* The zoo against what the papers' own code counts: exact integers. */
#include "erg/workload.h"
#include "test.h"

static const struct { const char *spec; int64_t parameters, macs; } oracles[] = {
    { "zoo:resnet18",  11689512,  1814073344 },
    { "zoo:resnet34",  21797672,  3663761408 },
    { "zoo:resnet50",  25557032,  4089184256 },
    { "zoo:resnet101", 44549160,  7801405440 },
    { "zoo:resnet152", 60192808, 11513626624 },
};

static void parameters_and_macs_are_the_published_integers(void)
{
    for (size_t i = 0; i < sizeof(oracles) / sizeof(oracles[0]); i++) {
        erg_error err = { 0 };
        erg_graph *graph = erg_graph_load(oracles[i].spec, NULL, &err);
        if (!graph)
            fail_msg("%s: %s", oracles[i].spec, err.text);
        if (graph->parameters != oracles[i].parameters || graph->macs != oracles[i].macs)
            fail_msg("%s: %lld parameters, %lld macs", oracles[i].spec,
                     (long long)graph->parameters, (long long)graph->macs);
        erg_graph_free(graph);
    }
}

static void an_unknown_name_is_refused_with_where_to_look(void)
{
    erg_error err = { 0 };

    assert_null(erg_graph_load("zoo:nonesuch", NULL, &err));
    assert_int_equal(err.code, ERG_BAD_INPUT);
    assert_non_null(strstr(err.text, "erg zoo"));
}

int main(void)
{
    static const test tests[] = {
        TEST(parameters_and_macs_are_the_published_integers),
        TEST(an_unknown_name_is_refused_with_where_to_look),
    };
    return test_run(tests, ERG_COUNT(tests));
}
