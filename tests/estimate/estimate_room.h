/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of estimates need: the shipped records, networks of the zoo. */
#ifndef ERG_TESTS_ESTIMATE_ROOM_H
#define ERG_TESTS_ESTIMATE_ROOM_H

#include "erg/estimate.h"
#include "test.h"

static const erg_catalog room_catalog = { .data_dir = ERG_TEST_SOURCE "/data" };

static inline erg_hardware *room_hardware(const char *name)
{
    erg_error err = { 0 };
    erg_hardware *hardware = erg_hardware_load(&(erg_env){ 0 }, &room_catalog, name, &err);

    CHECK_OK(hardware != NULL, err);
    return hardware;
}

static inline erg_graph *room_graph(const char *spec, int64_t batch,
                                    erg_precision precision)
{
    erg_graph_options options = { .batch = batch, .seq = 128, .precision = precision };
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load(spec, &options, &err);

    CHECK_OK(graph != NULL, err);
    return graph;
}

#endif
