/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacked LSTM (Hochreiter and Schmidhuber 1997), with the two biases of common
 * frameworks. A layer is one operator of S steps in sequence: nothing may start
 * before the step ahead of it, and each step reads the recurrent weights again.
 */
#include "workload/build.h"
#include "workload/count.h"

typedef struct lstm_shape { int64_t in, hidden, layers; } lstm_shape;

static const lstm_shape usual = { 1024, 1024, 2 };

/* 8 h (i + h) FLOP of products and 9 h of cells a sample and step; of the cells'
 * functions three are sigmoid, two tanh. */
static bool cost(erg_op_spec *spec, int64_t samples, int64_t in, int64_t hidden)
{
    int64_t cells = spec->steps;

    if (!erg_count_times(&cells, samples) || !erg_count_times(&cells, hidden))
        return false;
    int64_t macs = cells, flop = cells, special = cells;
    bool ok = erg_count_times(&macs, 4) && erg_count_times(&macs, in + hidden)
        && erg_count_times(&flop, 8 * (in + hidden) + 9) && erg_count_times(&special, 5);
    spec->macs = macs;
    spec->flop = flop;
    spec->special_op = special;
    return ok;
}

static bool weights_read(erg_builder *b, erg_op_spec *spec)
{
    int64_t once = 0, again = erg_build_tensor_at(b, spec->inputs[2])->bytes;

    for (int i = 1; i < 5; i++)
        once += i == 2 ? 0 : erg_build_tensor_at(b, spec->inputs[i])->bytes;
    bool ok = erg_count_times(&again, spec->steps) && erg_count_plus(&again, once);
    spec->weight_bytes = again;
    return ok;
}

static int32_t layer(erg_builder *b, int index, int32_t x, int64_t hidden)
{
    const erg_tensor *in = erg_build_tensor_at(b, x);
    int64_t gates = 4 * hidden;

    if (!in)
        return -1;
    int64_t steps = in->dims[0], samples = in->dims[1], width = in->dims[2];
    int32_t inputs[5] = { x,
        erg_build_tensor(b, ERG_WEIGHT, "w_ih", 2, (int64_t[]){ gates, width }, 0),
        erg_build_tensor(b, ERG_WEIGHT, "w_hh", 2, (int64_t[]){ gates, hidden }, 0),
        erg_build_tensor(b, ERG_WEIGHT, "b_ih", 1, &gates, 0),
        erg_build_tensor(b, ERG_WEIGHT, "b_hh", 1, &gates, 0) };
    int32_t y = erg_build_tensor(b, ERG_ACTIVATION, NULL, 3,
                                 (int64_t[]){ steps, samples, hidden }, ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_LSTM, .name = erg_build_name(b, "lstm.l%d", index),
                         .precision = ERG_PRECISIONS, .inputs = inputs, .input_count = 5,
                         .outputs = &y, .output_count = 1, .steps = steps };
    if (erg_build_failed(b))
        return -1;
    if (!cost(&spec, samples, width, hidden) || !weights_read(b, &spec))
        return erg_build_refuse(b, "an LSTM of %lld steps costs more than a count can hold",
                                (long long)steps);
    return erg_build_operator(b, &spec) < 0 ? -1 : y;
}

static void lstm_build(erg_builder *b, const void *shape)
{
    const lstm_shape *net = shape;
    const erg_graph_options *options = erg_build_options(b);
    int64_t steps = options->phase == ERG_DECODE ? 1 : options->seq;
    int32_t x = erg_build_tensor(b, ERG_INPUT, "x", 3,
                                 (int64_t[]){ steps, options->batch, net->in },
                                 ERG_BITS_OF_GRAPH);

    for (int i = 0; i < net->layers; i++)
        x = layer(b, i, x, net->hidden);
    erg_build_output(b, x);
}

const erg_zoo_entry erg_zoo_lstm[] = {
    { "lstm", "lstm", "two layers of 1024 cells over 1024 inputs", lstm_build, &usual,
      ERG_HEAD_AUTO },
    { 0 }
};
