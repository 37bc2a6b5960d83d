/* SPDX-License-Identifier: Apache-2.0 */
/* The reference scenario, and scenarios played under a policy. */
#ifndef TEST_GOVERN_SHAPED_H
#define TEST_GOVERN_SHAPED_H

#include "govern/shape_sim.h"
#include "test.h"

#define LENGTH_S 25.0

static inline erg_scenario *load_reference(void)
{
    erg_error err = { 0 };
    erg_scenario *scenario = erg_scenario_load(ERG_TEST_SOURCE "/examples/ref64.yaml",
                                               &err);

    CHECK_OK(scenario != NULL, err);
    /* Of the two minutes of the table; tools/reference-shape plays them all. */
    scenario->duration_s = LENGTH_S;
    return scenario;
}

static inline erg_shaped shape(const erg_scenario *scenario, const char *policy,
                               uint64_t key)
{
    erg_policy_chain chain;
    erg_shaped shaped;
    erg_error err = { 0 };

    CHECK_OK(erg_policy_parse(policy, strlen(policy), &chain, &err), err);
    CHECK_OK(erg_shape_simulate(scenario, &chain, key, &shaped, &err), err);
    return shaped;
}

#endif
