/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as a plan: each operator that moves or computes anything is a launch, in the
 * order of the graph. Views share the memory of what they view, and are no launches.
 */
#include <stdlib.h>
#include <string.h>
#include "replay/plan_read.h"
#include "workload/build.h"

typedef struct graph_walk {
    const erg_graph *graph;
    erg_replay_plan *plan;
    int32_t *shared;            /* by tensor of the graph: memory in the plan, plus 1 */
    const char *source;
} graph_walk;

/* Integers and truths have no word of their own: the one of their width stands for them. */
static erg_precision precision_of(int32_t bits, erg_precision of_graph)
{
    static const erg_precision by_width[] = { ERG_FP64, ERG_FP32, ERG_FP16, ERG_INT8 };

    if (bits == erg_precision_bits(of_graph)) return of_graph;
    for (size_t i = 0; i < ERG_COUNT(by_width); i++)
        if (bits == erg_precision_bits(by_width[i])) return by_width[i];
    return bits == erg_precision_bits(ERG_INT4) ? ERG_INT4 : ERG_INT8;
}

static bool put_tensor(erg_signature *to, int32_t at, const erg_tensor *tensor,
                       erg_precision of_graph)
{
    if (at >= ERG_SIGNATURE_TENSORS || tensor->rank > ERG_SIGNATURE_RANK) return false;
    erg_signature_tensor *own = &to->tensors[at];
    own->rank = tensor->rank;
    own->precision = precision_of(tensor->bits, of_graph);
    for (int32_t i = 0; i < tensor->rank; i++) {
        own->dims[i] = tensor->dims[i];
        if (tensor->dims[i] < 0) return false;
    }
    return true;
}

static bool put_tensors(const graph_walk *walk, const erg_operator *op, erg_signature *to)
{
    const erg_tensor *tensors = walk->graph->tensors;
    bool known = op->output_count > 0;

    for (int32_t i = 0; i < op->input_count; i++)
        known = known && put_tensor(to, i, &tensors[op->inputs[i]], walk->graph->precision);
    for (int32_t i = 0; i < op->output_count; i++)
        known = known && put_tensor(to, op->input_count + i, &tensors[op->outputs[i]],
                                    walk->graph->precision);
    return known;
}

/* The first axis along which two shapes differ; -1: none, or no shapes of one rank. */
static int32_t axis_apart(const erg_signature_tensor *a, const erg_signature_tensor *b)
{
    for (int32_t i = 0; a->rank == b->rank && i < a->rank; i++)
        if (a->dims[i] != b->dims[i]) return i;
    return -1;
}

/* Graphs hold shapes, not axes: what the shapes tell, and else the usual last one. */
static int32_t axis_of(const erg_signature *s)
{
    const erg_signature_tensor *x = &s->tensors[0], *y = &s->tensors[s->input_count];

    switch ((int)s->op) {
    case ERG_OP_SOFTMAX:
    case ERG_OP_RMS_NORM:
        return x->rank - 1;
    case ERG_OP_LAYER_NORM:
        return x->rank
            - (s->input_count > 1 && s->tensors[1].rank > 0 ? s->tensors[1].rank : 1);
    case ERG_OP_BATCH_NORM:
    case ERG_OP_GROUP_NORM:
    case ERG_OP_INSTANCE_NORM:
        return 1;
    case ERG_OP_EMBEDDING:
        return 0;
    case ERG_OP_REDUCE:
    case ERG_OP_CONCAT:
    case ERG_OP_SPLIT:
    case ERG_OP_SLICE:
        return axis_apart(x, y);
    }
    return -1;
}

/* Weights lie as [n, k] or as [k, n]; a square linear one as frameworks keep it: [n, k]. */
static bool is_transposed(const erg_signature *s)
{
    const erg_signature_tensor *w = &s->tensors[1];

    if (s->input_count < 2 || w->rank < 2
        || (s->op != ERG_OP_LINEAR && s->op != ERG_OP_MATMUL))
        return false;
    bool as_said = w->dims[w->rank - 2] == s->k && w->dims[w->rank - 1] == s->n;
    bool turned = w->dims[w->rank - 2] == s->n && w->dims[w->rank - 1] == s->k;
    return turned && (!as_said || s->op == ERG_OP_LINEAR);
}

static void fill(const graph_walk *walk, const erg_operator *op, erg_replay_kernel *kernel)
{
    erg_signature *s = &kernel->signature;

    erg_replay_kernel_init(kernel, erg_op_kinds[op->kind].name, walk->source);
    s->op = op->kind;
    s->precision = op->precision;
    s->input_count = op->input_count;
    s->output_count = op->output_count;
    s->shape_known = put_tensors(walk, op, s);
    s->in_bytes = op->in_bytes + op->weight_bytes;
    s->out_bytes = op->out_bytes;
    s->flop = op->flop;
    if (!s->shape_known) {
        s->input_count = s->output_count = 0;
        memset(s->tensors, 0, sizeof s->tensors);
        return;
    }
    s->batch = op->batch;
    s->m = op->m;
    s->n = op->n;
    s->k = op->k;
    if (op->window) s->window = *op->window;
    s->axis = axis_of(s);
    s->transpose_b = is_transposed(s);
}

static int32_t memory_of(graph_walk *walk, int32_t tensor)
{
    int32_t root = tensor;

    while (walk->graph->tensors[root].storage != root) root =
        walk->graph->tensors[root].storage;
    if (walk->shared[root] == 0) walk->shared[root] = ++walk->plan->tensor_count;
    return walk->shared[root] - 1;
}

static bool add_launch(graph_walk *walk, const erg_operator *op, erg_error *err)
{
    erg_replay_launch launch = { .stream = 0 };
    erg_replay_kernel kernel;

    fill(walk, op, &kernel);
    for (int32_t i = 0; i < ERG_SIGNATURE_TENSORS; i++) launch.tensors[i] = -1;
    for (int32_t i = 0; i < kernel.signature.input_count; i++)
        launch.tensors[i] = memory_of(walk, op->inputs[i]);
    for (int32_t i = 0; i < kernel.signature.output_count; i++)
        launch.tensors[op->input_count + i] = memory_of(walk, op->outputs[i]);
    return erg_replay_plan_add(walk->plan, &kernel, &launch.kernel, err)
        && erg_replay_plan_launch(walk->plan, &launch, err);
}

static bool moves_nothing(const erg_operator *op)
{
    return op->flop == 0 && op->in_bytes == 0 && op->out_bytes == 0
        && op->weight_bytes == 0;
}

static bool add_all(graph_walk *walk, erg_error *err)
{
    for (int32_t i = 0; i < walk->graph->operator_count; i++)
        if (!moves_nothing(&walk->graph->operators[i])
            && !add_launch(walk, &walk->graph->operators[i], err)) return false;
    for (int32_t i = 0; i < walk->graph->note_count; i++)
        if (!erg_replay_plan_note(walk->plan, err, "%.200s",
                                  walk->graph->notes[i])) return false;
    walk->plan->steps = 1;
    erg_text_put(walk->plan->steps_from, sizeof walk->plan->steps_from, "graph");
    return true;
}

static bool read_graph(const erg_plan_input *input, const erg_replay_plan_options *options,
                       erg_replay_plan *plan, erg_error *err)
{
    erg_graph *graph = erg_graph_load(input->path, &options->graph, err);
    if (!graph) return false;
    graph_walk walk = { .graph = graph, .plan = plan, .source = graph->reader,
                  .shared = calloc((size_t)graph->tensor_count + 1, sizeof *walk.shared) };
    bool good = walk.shared ? add_all(&walk, err)
                            : erg_fail(err, ERG_NO_MEMORY, "no memory for a plan");
    free(walk.shared);
    erg_graph_free(graph);
    return good;
}

/* A name of the zoo that is none is for its reader to refuse. */
static bool is_graph(const erg_plan_input *input)
{
    return strncmp(input->path, "zoo:", 4) == 0
        || erg_graph_reader_find(input->path, NULL) != NULL;
}

const erg_plan_reader erg_plan_graph = { .name = "graph", .sniff = is_graph,
                                         .read = read_graph };
