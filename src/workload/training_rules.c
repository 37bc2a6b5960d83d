/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of operator launches on the way back: one rule a kind. */
#include "workload/count.h"
#include "workload/training.h"

typedef tr_backward backward;

static const erg_tensor *at(const backward *back, int32_t tensor)
{
    return erg_build_tensor_at(back->b, tensor);
}

/* ---- launches ------------------------------------------------------------------ */

/* `reads` beside the gradient: saved tensors, ended by -1. */
static void launch(backward *back, erg_op_spec spec, const char *tail, const int32_t *reads,
                   int32_t out)
{
    char name[128];
    int32_t count = 0, most = back->grad_count + 8;
    int32_t *inputs = erg_arena_take(erg_build_arena(back->b),
                                     (size_t)most * sizeof(*inputs), NULL);
    int64_t in_bytes = 0, weight_bytes = 0;

    if (!inputs || erg_build_failed(back->b)) {
        erg_build_refuse(back->b, "no memory for gradients");
        return;
    }
    if (spec.in_bytes >= 0)
        in_bytes = at(back, back->grad[0])->bytes;
    while (count < back->grad_count) {
        inputs[count] = back->grad[count];
        count++;
    }
    for (int32_t i = 0; reads && reads[i] >= 0; i++) {
        const erg_tensor *x = at(back, reads[i]);
        inputs[count++] = reads[i];
        if (!erg_count_plus(x->role == ERG_WEIGHT ? &weight_bytes : &in_bytes, x->bytes))
            erg_build_refuse(back->b, "a gradient reads more bytes than a count holds");
    }
    snprintf(name, sizeof(name), "%s.%s", back->op.name, tail);
    spec.name = name;
    spec.precision = back->op.precision;
    spec.inputs = inputs;
    spec.input_count = count;
    if (spec.output_count == 0) {
        spec.outputs = &out;
        spec.output_count = 1;
    }
    spec.in_bytes = in_bytes ? in_bytes : -1;
    spec.weight_bytes = weight_bytes ? weight_bytes : -1;
    erg_build_operator(back->b, &spec);
}

static void pass(backward *back, erg_op_kind kind, const char *tail, int32_t saved,
                 int32_t out)
{
    launch(back, (erg_op_spec){ .kind = kind }, tail, (int32_t[]){ saved, -1 }, out);
}

/* One pass an input that wants it: it reads the gradient and, if asked, the input. */
static void pass_each(backward *back, erg_op_kind kind, bool reads_input)
{
    for (int32_t i = 0; i < back->op.input_count; i++) {
        int32_t x = back->op.inputs[i];
        if (erg_tr_wants_gradient(back, x))
            pass(back, kind, "grad", reads_input ? x : -1, erg_tr_gradient_for(back, x));
    }
}

/* ---- rules, one a kind -------------------------------------------------------- */

static void product_for(backward *back, int32_t which, int32_t other, const char *tail,
                        const int64_t form[3])
{
    erg_op_spec spec = { .kind = back->op.kind, .batch = back->op.batch, .m = form[0],
                         .n = form[1], .k = form[2] };

    if (erg_tr_wants_gradient(back, which))
        launch(back, spec, tail, (int32_t[]){ other, -1 },
               erg_tr_gradient_for(back, which));
}

/* y = a b: da = dy b', db = a' dy. A bias sums dy over the rows. */
static void back_product(backward *back)
{
    const erg_operator *op = &back->op;
    int32_t a = op->inputs[0], b = op->input_count > 1 ? op->inputs[1] : -1;
    bool turned = op->kind == ERG_OP_LINEAR;    /* weights lie as [out, in] */

    if (b < 0)
        return;
    product_for(back, a, b, "grad_input", (int64_t[]){ op->m, op->k, op->n });
    product_for(back, b, a, "grad_weight",
                turned ? (int64_t[]){ op->n, op->k, op->m }
                       : (int64_t[]){ op->k, op->n, op->m });
    for (int32_t i = 2; i < op->input_count; i++)
        if (erg_tr_wants_gradient(back, op->inputs[i]))
            pass(back, ERG_OP_REDUCE, "grad_bias", -1,
                 erg_tr_gradient_for(back, op->inputs[i]));
}

/* Scores are made again: five products for the two of the way there (Dao et al. 2022). */
static void back_attention(backward *back)
{
    const erg_operator *op = &back->op;
    erg_op_spec spec = { .kind = ERG_OP_ATTENTION, .batch = op->batch, .m = op->m,
                         .n = op->n, .k = op->k, .macs = op->macs / 2 * 5,
                         .flop = op->flop / 2 * 5, .special_op = op->special_op };
    const int32_t *x = op->inputs;
    bool first = true;

    if (op->macs > INT64_MAX / 6 || op->flop > INT64_MAX / 6) {
        erg_build_refuse(back->b, "the gradient of attention is more than a count holds");
        return;
    }
    for (int32_t i = 0; i < op->input_count && op->input_count >= 3; i++) {
        if (!erg_tr_wants_gradient(back, x[i]))
            continue;
        int32_t gradient = erg_tr_gradient_for(back, x[i]);
        if (first)
            launch(back, spec, "grad", (int32_t[]){ x[0], x[1], x[2], -1 }, gradient);
        else
            pass(back, ERG_OP_COPY, "grad_out", -1, gradient);
        first = false;
    }
}

enum { RESULTS_MOST = 64 };

/* One launch that writes the gradients of the input and of all weights. */
static void launch_all(backward *back, erg_op_spec spec)
{
    int32_t results[RESULTS_MOST], count = 0, x = back->op.inputs[0];

    for (int32_t i = 0; i < back->op.input_count && count < RESULTS_MOST; i++) {
        int32_t input = back->op.inputs[i];
        bool is_weight = erg_build_tensor_at(back->b, input)->role == ERG_WEIGHT;
        if (is_weight || (i == 0 && erg_tr_wants_gradient(back, input)))
            results[count++] = erg_tr_gradient_for(back, input);
    }
    spec.outputs = results;
    spec.output_count = count;
    if (count > 0)
        launch(back, spec, "grad", (int32_t[]){ x, -1 }, -1);
}

static void back_recurrent(backward *back)
{
    erg_op_spec spec = { .kind = back->op.kind, .steps = back->op.steps,
                         .special_op = back->op.special_op };

    if (back->op.macs > INT64_MAX / 4 || back->op.flop > INT64_MAX / 4) {
        erg_build_refuse(back->b, "the gradient of a recurrence is more than we count");
        return;
    }
    spec.macs = 2 * back->op.macs;
    spec.flop = 2 * back->op.flop;
    launch_all(back, spec);
}

/* Statistics were made on the way there: one product with them. */
static void back_norm(backward *back)
{
    launch_all(back, (erg_op_spec){ .kind = ERG_OP_MUL });
}

/* dx = y (dy - sum(y dy)): a product, then a pass with a sum a row. */
static void back_softmax(backward *back)
{
    int32_t x = back->op.inputs[0], y = back->op.outputs[0];
    if (!erg_tr_wants_gradient(back, x))
        return;
    int32_t weighted = erg_tr_tensor_like(back, y);
    pass(back, ERG_OP_MUL, "grad_product", y, weighted);
    *back->grad = weighted;
    back->grad_count = 1;
    pass(back, ERG_OP_SOFTMAX, "grad", -1, erg_tr_gradient_for(back, x));
}

static void back_add(backward *back)
{
    for (int32_t i = 0; i < back->op.input_count; i++) {
        int32_t x = back->op.inputs[i];
        if (erg_tr_wants_gradient(back, x))
            launch(back, (erg_op_spec){ .kind = ERG_OP_FILL, .in_bytes = -1 }, "grad", NULL,
                   erg_tr_gradient_for(back, x));
    }
}

/* Of two operands each is the other's slope; a number needs nothing kept. */
static void back_mul(backward *back)
{
    const erg_operator *op = &back->op;

    if (op->input_count < 2) {
        pass_each(back, ERG_OP_MUL, false);
        return;
    }
    for (int32_t i = 0; i < 2; i++)
        if (erg_tr_wants_gradient(back, op->inputs[i]))
            pass(back, ERG_OP_MUL, "grad", op->inputs[1 - i],
                 erg_tr_gradient_for(back, op->inputs[i]));
}

static void back_slope(backward *back) { pass_each(back, ERG_OP_MUL, true); }

static void back_move(backward *back) { pass_each(back, ERG_OP_COPY, false); }

/* A mask is set to zero, then what it lets through is copied. */
static void back_mask(backward *back)
{
    int32_t x = back->op.inputs[0];

    if (!erg_tr_wants_gradient(back, x))
        return;
    int32_t between = erg_tr_tensor_like(back, x);
    int32_t mask = back->op.output_count > 1 ? back->op.outputs[1] : -1;
    pass(back, ERG_OP_MUL, "grad_mask", mask, between);
    *back->grad = between;
    back->grad_count = 1;
    pass(back, ERG_OP_COPY, "grad", -1, erg_tr_gradient_for(back, x));
}

/* The whole table is set to zero, then rows are added into it. */
static void back_embedding(backward *back)
{
    int32_t table = back->op.inputs[0];

    if (!erg_tr_wants_gradient(back, table))
        return;
    int32_t zero = erg_tr_tensor_like(back, table);
    launch(back, (erg_op_spec){ .kind = ERG_OP_FILL, .in_bytes = -1 }, "grad_zero", NULL,
           zero);
    pass(back, ERG_OP_SCATTER, "grad", zero, erg_tr_gradient_for(back, table));
}

/* An operator that launches nothing on the way there launches nothing back. */
static void back_idle(backward *back)
{
    int32_t x = back->op.inputs[0];
    bool is_view = at(back, x)->storage == at(back, back->op.outputs[0])->storage;

    for (int32_t i = 0; !is_view && i < back->grad_count; i++)
        erg_tr_share(back, x, back->grad[i]);
}

/* Rows go back where they came from; which ones has no slope. */
static void back_gather(backward *back)
{
    int32_t x = back->op.inputs[0];

    if (erg_tr_wants_gradient(back, x))
        pass(back, ERG_OP_SCATTER, "grad", -1, erg_tr_gradient_for(back, x));
}

static void back_none(backward *back) { (void)back; }

static const struct { erg_op_kind kind; void (*rule)(backward *back); } rules[] = {
    { ERG_OP_LINEAR, back_product },        { ERG_OP_MATMUL, back_product },
    { ERG_OP_CONV, back_product },          { ERG_OP_CONV_TRANSPOSE, back_product },
    { ERG_OP_ATTENTION, back_attention },   { ERG_OP_LSTM, back_recurrent },
    { ERG_OP_GRU, back_recurrent },         { ERG_OP_RNN, back_recurrent },
    { ERG_OP_BATCH_NORM, back_norm },       { ERG_OP_LAYER_NORM, back_norm },
    { ERG_OP_GROUP_NORM, back_norm },       { ERG_OP_INSTANCE_NORM, back_norm },
    { ERG_OP_RMS_NORM, back_norm },         { ERG_OP_SOFTMAX, back_softmax },
    { ERG_OP_ADD, back_add },               { ERG_OP_SUB, back_add },
    { ERG_OP_MUL, back_mul },               { ERG_OP_DIV, back_mul },
    { ERG_OP_WHERE, back_mask },            { ERG_OP_DROPOUT, back_mask },
    { ERG_OP_COPY, back_mask },             { ERG_OP_EMBEDDING, back_embedding },
    { ERG_OP_CONCAT, back_move },           { ERG_OP_SPLIT, back_move },
    { ERG_OP_SLICE, back_move },            { ERG_OP_PAD, back_move },
    { ERG_OP_TILE, back_move },             { ERG_OP_CAST, back_move },
    { ERG_OP_ROTARY, back_move },           { ERG_OP_GATHER, back_gather },
    { ERG_OP_REDUCE, back_move },           { ERG_OP_RESIZE, back_move },
    { ERG_OP_GLOBAL_POOL, back_move },      { ERG_OP_AVERAGE_POOL, back_move },
    { ERG_OP_TOP_K, back_gather },            { ERG_OP_COMPARE, back_none },
    { ERG_OP_FILL, back_none },             { ERG_OP_UNKNOWN, back_none },
};

void erg_tr_apply_rule(backward *back)
{
    const erg_operator *op = &back->op;
    bool idle = op->input_count > 0 && op->in_bytes + op->out_bytes + op->weight_bytes == 0;

    if (idle) {
        back_idle(back);
        return;
    }
    for (size_t i = 0; i < ERG_COUNT(rules); i++)
        if (rules[i].kind == op->kind) {
            rules[i].rule(back);
            return;
        }
    back_slope(back);       /* every activation: its slope at the input it had */
}
