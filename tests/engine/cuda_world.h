/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fakes of CUDA's libraries for tests: once opened by its path, a fake is what its
 * plain name finds from then on. Tests that want none of them run first.
 */
#ifndef ERG_TESTS_ENGINE_CUDA_WORLD_H
#define ERG_TESTS_ENGINE_CUDA_WORLD_H

#include "../fake/fake_cuda.h"
#include "engine/cuda.h"

extern const erg_engine erg_engine_cuda;

/* Skips where they are not built. No fault is set afterwards. */
const fake_cuda *cuda_world_driver(void);
const fake_cuda *cuda_world(void);
/* Is there a real library of this name? Asked in a child, so that none is loaded here. */
bool cuda_world_has(const char *library);
erg_engine_session *cuda_world_open(void);
/* C = A B of dense matrices in fp32. */
erg_signature cuda_world_product(int64_t m, int64_t n, int64_t k);

#endif
