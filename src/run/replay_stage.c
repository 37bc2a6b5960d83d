/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/replay_stage.h"

/* What a tensor of the plan is at this point of the walk. */
typedef struct held {
    erg_signature_tensor is;
    int32_t memory; /* -1: not touched yet */
    bool is_written;
} held;

typedef struct walk {
    const erg_replay_plan *from;
    erg_stage *stage;
    held *tensors;   /* by tensor of the plan */
    int32_t *seen;   /* by kernel of the plan: rows that it became */
    size_t capacity; /* of shapes and written */
    erg_error *err;
} walk;

static bool has_dims_of(const erg_signature_tensor *a, const erg_signature_tensor *b)
{
    return a->rank == b->rank
           && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(a->dims[0])) == 0;
}

static int64_t elements_of(const erg_signature_tensor *tensor)
{
    int64_t elements = 1;

    for (int i = 0; i < tensor->rank; i++)
        elements *= tensor->dims[i];
    return elements;
}

static bool has_layout_of(const erg_signature_tensor *a, const erg_signature_tensor *b)
{
    return strcmp(a->layout, b->layout) == 0 && (!a->layout[0] || has_dims_of(a, b));
}

/* A memory more, for this tensor; -1: none left. */
static int32_t new_memory(walk *w, const erg_signature_tensor *shape, bool is_written)
{
    erg_stage *stage = w->stage;
    size_t capacity = w->capacity, same = w->capacity;

    if (!erg_grow((void **)&stage->shapes, &capacity, stage->memory_count, sizeof(*shape),
                  w->err)
        || !erg_grow((void **)&stage->written, &same, stage->memory_count, sizeof(bool),
                     w->err))
        return -1;
    w->capacity = capacity;
    stage->shapes[stage->memory_count] = *shape;
    stage->written[stage->memory_count] = is_written;
    return (int32_t)stage->memory_count++;
}

/* Adds one launch of the kernel as it now is; index gets its row. */
static bool add(walk *w, const erg_replay_kernel *kernel, int32_t *index)
{
    erg_replay_plan *plan = w->stage->plan;
    size_t before = plan->kernel_count;

    if (!erg_replay_plan_add(plan, kernel, index, w->err))
        return false;
    return before == plan->kernel_count || kernel->id[0]
           || snprintf(plan->kernels[before].id, sizeof(kernel->id), "r%zu", before) > 0;
}

/* A row's name in the plan stays; where layouts split it in two, the second says so. */
static bool add_from(walk *w, int32_t kernel, const erg_signature *signature,
                     int32_t *index)
{
    erg_replay_kernel row = w->from->kernels[kernel];
    erg_replay_plan *plan = w->stage->plan;
    size_t before = plan->kernel_count;

    row.signature = *signature;
    row.count = w->from->launch_count > 0 ? 1 : row.count;
    if (!add(w, &row, index))
        return false;
    if (before < plan->kernel_count && w->seen[kernel]++ > 0)
        snprintf(plan->kernels[before].id, sizeof(row.id), "%.28s.%d", row.id,
                 w->seen[kernel]);
    return true;
}

/* The tensor in another layout, by a launch of its own. */
static bool turn(walk *w, held *tensor, const erg_signature_tensor *to)
{
    erg_replay_launch launch = { .tensors = { tensor->memory, -1, -1, -1, -1, -1 } };
    erg_replay_kernel kernel;
    erg_signature *move = &kernel.signature;

    erg_replay_kernel_init(&kernel, "reorder", "engine");
    kernel.tier = ERG_TIER_MOVE;
    move->op = ERG_OP_COPY;
    move->shape_known = true;
    move->input_count = move->output_count = 1;
    move->precision = to->precision;
    move->tensors[0] = tensor->is;
    move->tensors[1] = *to;
    move->in_bytes = (int64_t)erg_stage_bytes(&tensor->is);
    move->out_bytes = (int64_t)erg_stage_bytes(to);
    move->flop = 0;
    launch.tensors[1] = new_memory(w, to, true);
    if (launch.tensors[1] < 0 || !add(w, &kernel, &launch.kernel)
        || !erg_replay_plan_launch(w->stage->plan, &launch, w->err))
        return false;
    tensor->memory = launch.tensors[1];
    tensor->is = *to;
    return true;
}

/* Views see other dims in the same memory, which only holds where it lies by strides. */
static bool receive(walk *w, const erg_replay_launch *launch, erg_signature *signature)
{
    for (int i = 0; i < signature->input_count; i++) {
        held *tensor = launch->tensors[i] >= 0 ? &w->tensors[launch->tensors[i]] : NULL;
        erg_signature_tensor *wanted = &signature->tensors[i];

        if (!tensor || !tensor->is_written || !tensor->is.layout[0])
            continue;
        erg_signature_tensor dense = tensor->is;
        dense.layout[0] = '\0';
        if (has_dims_of(&tensor->is, wanted))
            memcpy(wanted->layout, tensor->is.layout, sizeof(wanted->layout));
        else if (!turn(w, tensor, &dense))
            return false;
    }
    return true;
}

/* The same memory, or a part of it, by the dims of its reader. */
static void see_as(held *tensor, const erg_signature_tensor *wanted)
{
    tensor->is = *wanted;
    tensor->is.layout[0] = '\0';
}

/* A tensor that a launch has written, in the layout that is wanted now. Of one that lies by
 * strides a reader may see other dims, or less of it: then what is turned is its own. */
static bool bring_written(walk *w, held *tensor, const erg_signature_tensor *wanted,
                          int32_t *memory)
{
    int64_t has = elements_of(&tensor->is), needs = elements_of(wanted);
    bool is_strided = !tensor->is.layout[0];
    held part = *tensor, *from = is_strided && needs < has ? &part : tensor;

    if (!has_layout_of(&tensor->is, wanted)) {
        if (is_strided && needs <= has)
            see_as(from, wanted);
        if (!turn(w, from, wanted))
            return false;
    }
    *memory = from->memory;
    return true;
}

static bool place_input(walk *w, held *tensor, const erg_signature_tensor *wanted,
                        int32_t *memory)
{
    bool fits = tensor && tensor->memory >= 0 && has_layout_of(&tensor->is, wanted)
                && erg_stage_bytes(&tensor->is) >= erg_stage_bytes(wanted);

    if (tensor && tensor->is_written)
        return bring_written(w, tensor, wanted, memory);
    if (fits) {
        *memory = tensor->memory;
        return true;
    }
    *memory = new_memory(w, wanted, false);
    if (tensor)
        *tensor = (held){ *wanted, *memory, false };
    return *memory >= 0;
}

static bool place(walk *w, const erg_replay_launch *from, const erg_signature *settled,
                  erg_replay_launch *to)
{
    int count = settled->input_count + settled->output_count;

    for (int i = 0; i < count; i++) {
        held *tensor = from->tensors[i] >= 0 ? &w->tensors[from->tensors[i]] : NULL;

        if (i < settled->input_count) {
            if (!place_input(w, tensor, &settled->tensors[i], &to->tensors[i]))
                return false;
            continue;
        }
        to->tensors[i] = new_memory(w, &settled->tensors[i], true);
        if (to->tensors[i] < 0)
            return false;
        if (tensor)
            *tensor = (held){ settled->tensors[i], to->tensors[i], true };
    }
    return true;
}

static bool settle(walk *w, erg_signature *signature)
{
    erg_stage *stage = w->stage;
    erg_error why = { 0 };

    if (!stage->engine->settle || !signature->shape_known
        || stage->engine->settle(stage->session, signature, &why))
        return true;
    for (int i = 0; i < signature->input_count; i++) /* nobody will launch it */
        signature->tensors[i].layout[0] = '\0';
    return erg_can_do_without(&why, w->err);
}

static bool add_launch(walk *w, const erg_replay_launch *launch)
{
    erg_replay_launch own = { .stream = launch->stream,
                              .tensors = { -1, -1, -1, -1, -1, -1 } };
    erg_signature signature = w->from->kernels[launch->kernel].signature;

    return receive(w, launch, &signature) && settle(w, &signature)
           && place(w, launch, &signature, &own)
           && add_from(w, launch->kernel, &signature, &own.kernel)
           && erg_replay_plan_launch(w->stage->plan, &own, w->err);
}

static bool add_all(walk *w)
{
    const erg_replay_plan *from = w->from;

    for (size_t i = 0; i < from->launch_count; i++)
        if (!add_launch(w, &from->launches[i]))
            return false;
    for (size_t i = 0; from->launch_count == 0 && i < from->kernel_count; i++) {
        erg_signature signature = from->kernels[i].signature;

        if (!settle(w, &signature) || !add_from(w, (int32_t)i, &signature, NULL))
            return false;
    }
    erg_replay_plan *plan = w->stage->plan;
    plan->steps = from->launch_count > 0 ? 1 : from->steps;
    plan->tensor_count = (int32_t)w->stage->memory_count;
    erg_text_put(plan->workload, sizeof(plan->workload), from->workload);
    erg_text_put(plan->steps_from, sizeof(plan->steps_from), from->steps_from);
    return true;
}

/* Reasons stand in the notes, one for each kernel that cannot be replayed here. */
static bool prepare_all(erg_stage *stage, erg_error *err)
{
    erg_replay_plan *plan = stage->plan;

    stage->jobs = calloc(plan->kernel_count + 1, sizeof(void *));
    if (!stage->jobs)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for jobs");
    stage->job_count = plan->kernel_count;
    for (size_t i = 0; i < plan->kernel_count; i++) {
        erg_replay_kernel *kernel = &plan->kernels[i];
        erg_error why = { 0 };

        if (kernel->tier == ERG_TIER_COLLECTIVE || !kernel->signature.shape_known)
            erg_fail(&why, ERG_UNSUPPORTED,
                     kernel->signature.shape_known ? "collectives are not replayed alone"
                                                   : "its shape is not known");
        else
            stage->jobs[i] =
                stage->engine->prepare(stage->session, &kernel->signature, &why);
        if (stage->jobs[i]) {
            stage->jobs_ready++;
            erg_text_put(kernel->signature.algo, sizeof(kernel->signature.algo),
                         stage->engine->implementation(stage->jobs[i]));
        } else if (!erg_can_do_without(&why, err)
                   || !erg_replay_plan_note(plan, err, "%s %.60s is not replayable: %.140s",
                                            kernel->id, kernel->name, why.text)) {
            return false;
        }
    }
    stage->is_whole = plan->launch_count > 0 && stage->jobs_ready == plan->kernel_count;
    return true;
}

static bool bring(erg_stage *stage, const erg_replay_plan *plan, erg_error *err)
{
    walk w = { .from = plan, .stage = stage, .err = err };

    w.tensors = calloc((size_t)plan->tensor_count + 1, sizeof(*w.tensors));
    w.seen = calloc(plan->kernel_count + 1, sizeof(*w.seen));
    bool good = w.tensors && w.seen && (stage->plan = erg_replay_plan_new(err));
    if (!w.tensors || !w.seen)
        erg_fail(err, ERG_NO_MEMORY, "no memory for a plan of %zu kernels",
                 plan->kernel_count);
    for (int32_t i = 0; good && i < plan->tensor_count; i++)
        w.tensors[i].memory = -1;
    good = good && add_all(&w) && prepare_all(stage, err);
    free(w.tensors);
    free(w.seen);
    return good;
}

erg_stage *erg_stage_open(const erg_engine *engine, const erg_engine_options *options,
                          const erg_replay_plan *plan, erg_error *err)
{
    erg_stage *stage = calloc(1, sizeof(*stage));

    if (!stage) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a replay");
        return NULL;
    }
    stage->engine = engine;
    stage->room_bytes = INFINITY;
    stage->session = engine->open(options, err);
    if (stage->session && bring(stage, plan, err))
        return stage;
    erg_stage_close(stage);
    return NULL;
}

bool erg_stage_launch(erg_stage *stage, size_t index, erg_error *err)
{
    const erg_replay_launch *launch = &stage->plan->launches[index];
    void *memory[ERG_SIGNATURE_TENSORS];

    for (int i = 0; i < ERG_SIGNATURE_TENSORS; i++)
        memory[i] = launch->tensors[i] >= 0 ? stage->memories[launch->tensors[i]] : NULL;
    return stage->engine->launch(stage->jobs[launch->kernel], memory, err);
}

void erg_stage_close(erg_stage *stage)
{
    if (!stage)
        return;
    for (size_t i = 0; i < stage->job_count; i++)
        stage->engine->free(stage->jobs[i]);
    for (size_t i = 0; i < stage->block_count; i++)
        stage->engine->give(stage->session, stage->blocks[i]);
    if (stage->session)
        stage->engine->close(stage->session);
    erg_replay_plan_free(stage->plan);
    free(stage->jobs);
    free(stage->shapes);
    free(stage->written);
    free(stage->memories);
    free(stage->blocks);
    free(stage);
}
