/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a replay: the whole's, reused as frameworks do, and pools for kernels alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/replay_stage.h"

enum { ALIGNMENT = 64 };
enum { INPUTS, VECTORS, OUTPUTS, POOLS };
static const double caches = 4; /* that cold sets fill */
static const uint64_t seed = 20260206;
static const double MOST_BITS = 0x1p51; /* counted exactly, and more than there is */

static void *take(erg_stage *stage, const erg_signature_tensor *shape, uint64_t own_seed,
                  erg_error *err)
{
    double bytes = (double)erg_stage_bytes(shape);

    if (bytes > stage->room_bytes) {
        erg_fail(err, ERG_BAD_INPUT,
                 "the replay needs %.3g GB of memory more, and %.3g GB are free: take a "
                 "smaller batch, or fewer tokens",
                 1e-9 * bytes, 1e-9 * stage->room_bytes);
        return NULL;
    }
    stage->room_bytes -= bytes;
    return stage->engine->take(stage->session, shape, own_seed, err);
}

/* ---- sizes ----------------------------------------------------------------------- */

/* "aBcd8b": the second axis lies in blocks of 8, and the last may be padding. */
static int64_t block_of(const char *layout, int axis)
{
    int64_t block = 1, number = 0;

    for (const char *at = layout; *at; at++) {
        if (*at >= '0' && *at <= '9')
            number = 10 * number + (*at - '0');
        else if (number > 0 && *at == 'a' + axis)
            block *= number;
        if (*at < '0' || *at > '9')
            number = 0;
    }
    return block;
}

size_t erg_stage_bytes(const erg_signature_tensor *tensor)
{
    double bits = erg_precision_bits(tensor->precision);

    for (int i = 0; i < tensor->rank; i++) {
        int64_t block = block_of(tensor->layout, i);
        int64_t blocks = (tensor->dims[i] + block - 1) / block;
        bits *= (double)(blocks * block);
    }
    return bits < MOST_BITS ? (size_t)((bits + 7) / 8) : (size_t)(MOST_BITS / 8);
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* ---- of the whole ---------------------------------------------------------------- */

typedef struct block {
    size_t bytes;
    size_t free_from;
} block;

typedef struct furnishing {
    erg_stage *stage;
    block *blocks;
    size_t *last; /* by memory: the launch that touches it last, plus 1 */
} furnishing;

static bool keep(erg_stage *stage, void *memory)
{

    stage->blocks[stage->block_count++] = memory;
    return memory != NULL;
}

static bool take_block(furnishing *f, int32_t memory, erg_error *err)
{
    erg_stage *stage = f->stage;
    size_t bytes = erg_stage_bytes(&stage->shapes[memory]);
    erg_signature_tensor raw = { .rank = 2,
                                 .precision = ERG_FP32,
                                 .dims = { 1, (int64_t)(aligned(bytes) / sizeof(float))
                                                  + 1 } };
    void *own = take(stage, &raw, seed + (uint64_t)memory, err);

    if (!own)
        return false;
    f->blocks[stage->block_count] = (block){ bytes, f->last[memory] };
    stage->memories[memory] = own;
    return keep(stage, own);
}

/* The smallest free block that holds it and is not twice too large. */
static bool place_result(furnishing *f, int32_t memory, size_t launch, erg_error *err)
{
    erg_stage *stage = f->stage;
    size_t bytes = erg_stage_bytes(&stage->shapes[memory]), best = SIZE_MAX;

    for (size_t i = 0; i < stage->block_count; i++) {
        const block *b = &f->blocks[i];
        bool fits = b->free_from <= launch && b->bytes >= bytes && b->bytes / 2 <= bytes;
        if (fits && (best == SIZE_MAX || b->bytes < f->blocks[best].bytes))
            best = i;
    }
    if (best == SIZE_MAX)
        return take_block(f, memory, err);
    f->blocks[best].free_from = f->last[memory];
    stage->memories[memory] = stage->blocks[best];
    return true;
}

static bool place_constant(furnishing *f, int32_t memory, erg_error *err)
{
    erg_stage *stage = f->stage;
    void *own = take(stage, &stage->shapes[memory], seed + (uint64_t)memory, err);

    f->blocks[stage->block_count] = (block){ 0, SIZE_MAX };
    stage->memories[memory] = own;
    return own && keep(stage, own);
}

static int tensors_of(const erg_stage *stage, const erg_replay_launch *launch)
{
    const erg_signature *is = &stage->plan->kernels[launch->kernel].signature;

    return is->input_count + is->output_count;
}

static bool place_all(furnishing *f, erg_error *err)
{
    erg_stage *stage = f->stage;
    const erg_replay_plan *plan = stage->plan;

    for (size_t i = 0; i < plan->launch_count; i++)
        for (int t = 0; t < tensors_of(stage, &plan->launches[i]); t++)
            f->last[plan->launches[i].tensors[t]] = i + 1;
    for (size_t i = 0; i < plan->launch_count; i++)
        for (int t = 0; t < tensors_of(stage, &plan->launches[i]); t++) {
            int32_t memory = plan->launches[i].tensors[t];

            if (!stage->memories[memory]
                && !(stage->written[memory] ? place_result(f, memory, i, err)
                                            : place_constant(f, memory, err)))
                return false;
        }
    return true;
}

bool erg_stage_furnish(erg_stage *stage, erg_error *err)
{
    size_t count = stage->memory_count + 1;
    furnishing f = { stage, calloc(count, sizeof(block)), calloc(count, sizeof(size_t)) };

    stage->memories = calloc(count, sizeof(*stage->memories));
    stage->blocks = calloc(count, sizeof(*stage->blocks));
    bool good = f.blocks && f.last && stage->memories && stage->blocks;
    good = good ? place_all(&f, err)
                : erg_fail(err, ERG_NO_MEMORY, "no memory for %zu tensors", count - 1);
    free(f.blocks);
    free(f.last);
    return good;
}

/* ---- of kernels alone ------------------------------------------------------------ */

erg_engine_parts erg_stage_parts(const erg_stage *stage, size_t kernel)
{
    return stage->engine->parts ? stage->engine->parts(stage->jobs[kernel])
                                : (erg_engine_parts){ .count = 1 };
}

/* Numbers near one where they are gains, shifts and variances. */
static int pool_of(const erg_signature *signature, int tensor)
{
    return tensor >= signature->input_count       ? OUTPUTS
           : signature->tensors[tensor].rank == 1 ? VECTORS
                                                  : INPUTS;
}

static size_t first_bytes(const erg_signature *signature)
{
    return aligned(erg_stage_bytes(&signature->tensors[0]));
}

static void lay_out(const erg_signature *signature, const erg_engine_parts *parts,
                    erg_rotation *out)
{
    *out = (erg_rotation){ .sets = 1, .signature = signature, .parts = *parts };
    out->pool[0] = pool_of(signature, 0);
    for (int i = 1; i < signature->input_count + signature->output_count; i++) {
        int pool = pool_of(signature, i);

        out->pool[i] = pool;
        out->offsets[i] = out->set_bytes[pool];
        out->set_bytes[pool] += aligned(erg_stage_bytes(&signature->tensors[i]));
    }
}

static size_t cold_sets(const erg_rotation *rotation, double cache_bytes)
{
    double bytes = rotation->parts.count > 1 ? (double)rotation->parts.bytes
                                             : (double)first_bytes(rotation->signature);

    for (int i = 0; i < POOLS; i++)
        bytes += (double)rotation->set_bytes[i];
    double sets = bytes > 0 ? ceil(caches * cache_bytes / bytes) : 1;
    return sets > 1 ? (size_t)sets : 1;
}

static size_t pool_bytes(const erg_rotation *rotation, int pool)
{
    size_t sets = rotation->sets, tables = (sets - 1) / rotation->parts.count + 1;

    return sets * rotation->set_bytes[pool]
         + (pool == rotation->pool[0] ? tables * first_bytes(rotation->signature) : 0);
}

bool erg_pools_take(erg_stage *stage, double cache_bytes, erg_pools *pools,
                    erg_error *err)
{
    *pools = (erg_pools){ .cache_bytes = cache_bytes };
    for (size_t i = 0; i < stage->plan->kernel_count; i++) {
        erg_rotation rotation;

        if (!stage->jobs[i])
            continue;
        erg_engine_parts parts = erg_stage_parts(stage, i);
        lay_out(&stage->plan->kernels[i].signature, &parts, &rotation);
        rotation.sets = cold_sets(&rotation, cache_bytes);
        for (int p = 0; p < POOLS; p++)
            if (pools->bytes[p] < pool_bytes(&rotation, p))
                pools->bytes[p] = pool_bytes(&rotation, p);
    }
    for (int p = 0; p < POOLS; p++) {
        int64_t count = (int64_t)(pools->bytes[p] / sizeof(float)) + ALIGNMENT;
        erg_signature_tensor raw = { .rank = p == VECTORS ? 1 : 2, .precision = ERG_FP32 };

        memcpy(raw.dims, p == VECTORS ? (int64_t[]){ count, 0 } : (int64_t[]){ 1, count },
               2 * sizeof(int64_t));
        pools->pools[p] = take(stage, &raw, seed + (uint64_t)p, err);
        if (!pools->pools[p])
            return false;
    }
    return true;
}

void erg_pools_give(const erg_stage *stage, erg_pools *pools)
{
    for (int p = 0; p < POOLS; p++)
        if (pools->pools[p])
            stage->engine->give(stage->session, pools->pools[p]);
    *pools = (erg_pools){ 0 };
}

void erg_rotation_of(const erg_pools *pools, const erg_signature *signature,
                     const erg_engine_parts *parts, bool is_cold, erg_rotation *out)
{
    lay_out(signature, parts, out);
    for (int p = 0; p < POOLS; p++)
        out->pools[p] = pools->pools[p];
    out->sets = is_cold ? cold_sets(out, pools->cache_bytes) : 1;
}

void erg_rotation_at(const erg_rotation *rotation, size_t run,
                     void *memory[ERG_SIGNATURE_TENSORS])
{
    const erg_signature *is = rotation->signature;
    const erg_engine_parts *parts = &rotation->parts;
    size_t set = run % rotation->sets, first = (size_t)rotation->pool[0];

    for (int i = 1; i < ERG_SIGNATURE_TENSORS; i++) {
        int pool = rotation->pool[i];

        memory[i] = i < is->input_count + is->output_count
                        ? rotation->pools[pool] + set * rotation->set_bytes[pool]
                              + rotation->offsets[i]
                        : NULL;
    }
    memory[0] = rotation->pools[first] + rotation->sets * rotation->set_bytes[first]
              + set / parts->count * first_bytes(is)
              + set % parts->count * parts->step_bytes;
}
