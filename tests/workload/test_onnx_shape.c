/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of ONNX nodes against loops that count, and old operator sets against new. */
#include "net.h"

static int64_t pick(test_random *random, int64_t low, int64_t high)
{
    return low + (int64_t)(test_uniform(random) * (double)(high - low + 1));
}

/* ---- windows against a loop ----------------------------------------------------- */

typedef struct axis {
    int64_t in, kernel, stride, dilation, begin, end;
} axis;

static axis axis_random(test_random *random)
{
    axis a = { .kernel = pick(random, 1, 5),
               .stride = pick(random, 1, 4),
               .dilation = pick(random, 1, 3) };

    a.begin = pick(random, 0, a.kernel - 1);
    a.end = pick(random, 0, a.kernel - 1);
    a.in = pick(random, 1, 24) + a.dilation * (a.kernel - 1);
    return a;
}

/* Windows one after another, while they fit; with ceil also one that hangs over, if
 * something is left for it and it begins before the right padding. */
static int64_t windows(axis a, bool is_ceil)
{
    int64_t count = 0, reach = a.dilation * (a.kernel - 1), last = a.in + a.end - 1;

    for (int64_t start = -a.begin;; start += a.stride) {
        bool fits = start + reach <= last;
        bool is_needed = start - a.stride + reach < last && start < a.in;
        if (!fits && !(is_ceil && count > 0 && is_needed))
            return count;
        count++;
        if (!fits)
            return count;
    }
}

static Onnx__NodeProto *window_node(net *n, const char *op, const char *inputs,
                                    const axis a[2])
{
    Onnx__NodeProto *node = net_node(n, op, inputs, "y");

    net_ints(n, node, "kernel_shape", NET_LIST(a[0].kernel, a[1].kernel));
    net_ints(n, node, "strides", NET_LIST(a[0].stride, a[1].stride));
    net_ints(n, node, "dilations", NET_LIST(a[0].dilation, a[1].dilation));
    net_ints(n, node, "pads", NET_LIST(a[0].begin, a[1].begin, a[0].end, a[1].end));
    net_output(n, "y");
    return node;
}

static void convolutions_have_as_many_outputs_as_windows_fit(void)
{
    test_random random = { 11 };

    for (int i = 0; i < 300; i++) {
        axis a[2] = { axis_random(&random), axis_random(&random) };
        int64_t groups = pick(&random, 1, 3), in = groups * pick(&random, 1, 4);
        int64_t out = groups * pick(&random, 1, 4);
        net *n = net_new(17);
        char want[80];
        net_input(n, "x", NET_DIMS(2, in, a[0].in, a[1].in));
        net_weight(n, "w", NET_FLOAT, NET_DIMS(out, in / groups, a[0].kernel, a[1].kernel));
        net_int(n, window_node(n, "Conv", "x w", a), "group", groups);
        snprintf(want, sizeof(want), "[2,%d,%d,%d]", (int)out, (int)windows(a[0], false),
                 (int)windows(a[1], false));
        CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), want);
        net_free(n);
    }
}

static void pools_have_as_many_outputs_as_windows_fit_or_begin(void)
{
    test_random random = { 12 };

    for (int i = 0; i < 600; i++) {
        axis a[2] = { axis_random(&random), axis_random(&random) };
        bool is_ceil = i & 1;
        net *n = net_new(19);
        char want[80];
        net_input(n, "x", NET_DIMS(1, 3, a[0].in, a[1].in));
        net_int(n, window_node(n, i & 2 ? "MaxPool" : "AveragePool", "x", a), "ceil_mode",
                is_ceil);
        snprintf(want, sizeof(want), "[1,3,%d,%d]", (int)windows(a[0], is_ceil),
                 (int)windows(a[1], is_ceil));
        CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), want);
        net_free(n);
    }
}

/* What a convolution makes of y, the transposed one makes of x, up to the remainder. */
static void a_transposed_convolution_undoes_the_shape_of_one(void)
{
    test_random random = { 13 };

    for (int i = 0; i < 200; i++) {
        axis a[2] = { axis_random(&random), axis_random(&random) };
        int64_t out[2], rest[2];
        for (int j = 0; j < 2; j++) {
            out[j] = windows(a[j], false);
            rest[j] =
                (a[j].in + a[j].begin + a[j].end - a[j].dilation * (a[j].kernel - 1) - 1)
                % a[j].stride;
        }
        net *n = net_new(17);
        char want[80];
        net_input(n, "x", NET_DIMS(1, 4, out[0], out[1]));
        net_weight(n, "w", NET_FLOAT, NET_DIMS(4, 6, a[0].kernel, a[1].kernel));
        Onnx__NodeProto *node = window_node(n, "ConvTranspose", "x w", a);
        net_ints(n, node, "output_padding", NET_LIST(rest[0], rest[1]));
        snprintf(want, sizeof(want), "[1,6,%d,%d]", (int)a[0].in, (int)a[1].in);
        CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), want);
        net_free(n);
    }
}

/* ---- broadcasts ------------------------------------------------------------------ */

/* Every element of the result is visited; a coordinate of an axis of 1 is 0. */
static void broadcasts_reach_every_element_of_both(void)
{
    test_random random = { 14 };

    for (int i = 0; i < 300; i++) {
        int64_t full[4], a[4], b[4];
        int32_t rank = (int32_t)pick(&random, 1, 4);
        int32_t dropped = (int32_t)pick(&random, 0, rank - 1);
        char want[80];
        size_t used = (size_t)snprintf(want, sizeof(want), "[");
        for (int32_t j = 0; j < rank; j++) {
            full[j] = pick(&random, 1, 5);
            bool one_a = pick(&random, 0, 2) == 0;
            a[j] = one_a ? 1 : full[j];
            b[j] = one_a || j < dropped || pick(&random, 0, 1) ? full[j] : 1;
            used += (size_t)snprintf(want + used, sizeof(want) - used, "%s%d", j ? "," : "",
                                     (int)full[j]);
        }
        snprintf(want + used, sizeof(want) - used, "]");
        net *n = net_new(17);
        net_input(n, "a", rank - dropped, a + dropped);
        net_input(n, "b", rank, b);
        net_node(n, i & 1 ? "Mul" : "Less", i & 2 ? "a b" : "b a", "y");
        CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), want);
        net_free(n);
    }
}

static void shapes_that_do_not_broadcast_are_refused_with_both(void)
{
    erg_error err = { 0 };
    net *n = net_new(17);

    net_input(n, "a", NET_DIMS(2, 3));
    net_input(n, "b", NET_DIMS(4, 3));
    net_node(n, "Add", "a b", "y");
    assert_null(net_infer(n, NULL, &err));
    CHECK(strstr(err.text, "a [2,3], b [4,3]") && strstr(err.text, "(Add)"));
    net_free(n);
}

/* ---- operator sets ---------------------------------------------------------------- */

/* One node over x [2,3,4,5] and a list; y is shown. */
typedef struct pair {
    int64_t opset;
    const char *op, *attribute;
    bool as_input;
    int64_t list[8];
    int64_t count;
    const char *want;
} pair;

static const pair pairs[] = {
    { 12, "Unsqueeze", "axes", false, { 0, 5 }, 2, "[1,2,3,4,5,1]" },
    { 13, "Unsqueeze", "axes", true, { 0, -1 }, 2, "[1,2,3,4,5,1]" },
    { 12, "ReduceSum", "axes", false, { 1, 2 }, 2, "[2,1,1,5]" },
    { 13, "ReduceSum", "axes", true, { 1, 2 }, 2, "[2,1,1,5]" },
    { 17, "ReduceMean", "axes", false, { -1 }, 1, "[2,3,4,1]" },
    { 18, "ReduceMean", "axes", true, { -1 }, 1, "[2,3,4,1]" },
    { 10, "Pad", "pads", false, { 0, 0, 1, 1, 0, 0, 2, 2 }, 8, "[2,3,7,8]" },
    { 11, "Pad", "pads", true, { 0, 0, 1, 1, 0, 0, 2, 2 }, 8, "[2,3,7,8]" },
    { 4, "Reshape", "shape", false, { 0, -1, 5 }, 3, "[2,12,5]" },
    { 5, "Reshape", "shape", true, { 0, -1, 5 }, 3, "[2,12,5]" },
};

static void old_and_new_operator_sets_say_the_same(void)
{
    for (size_t i = 0; i < ERG_COUNT(pairs); i++) {
        const pair *p = &pairs[i];
        net *n = net_new(p->opset);
        net_input(n, "x", NET_DIMS(2, 3, 4, 5));
        Onnx__NodeProto *node = net_node(n, p->op, p->as_input ? "x list" : "x", "y");
        if (p->as_input)
            net_list(n, "list", p->count, p->list);
        else
            net_ints(n, node, p->attribute, p->count, p->list);
        CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), p->want);
        net_free(n);
    }
}

static void split_takes_sizes_from_where_its_set_has_them(void)
{
    for (int64_t opset = 12; opset <= 18; opset += opset == 13 ? 5 : 1) {
        net *n = net_new(opset);
        net_input(n, "x", NET_DIMS(2, 7));
        Onnx__NodeProto *node = net_node(n, "Split", opset == 13 ? "x list" : "x", "a b c");
        net_int(n, node, "axis", 1);
        if (opset == 12)
            net_ints(n, node, "split", NET_LIST(3, 3, 1));
        if (opset == 13)
            net_list(n, "list", NET_LIST(3, 3, 1));
        if (opset == 18)
            net_int(n, node, "num_outputs", 3); /* the last part is smaller */
        erg_onnx_model *model = net_infer(n, NULL, NULL);
        CHECK_TEXT(net_shape(model, "b"), "[2,3]");
        CHECK_TEXT(net_shape(model, "c"), "[2,1]");
        net_free(n);
    }
}

static void slices_clamp_and_step_backwards(void)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(20, 10));
    net_list(n, "starts", NET_LIST(-1, 2));
    net_list(n, "ends", NET_LIST(INT64_MIN, INT64_MAX));
    net_list(n, "axes", NET_LIST(0, -1));
    net_list(n, "steps", NET_LIST(-3, 2));
    net_node(n, "Slice", "x starts ends axes steps", "y");
    CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), "[7,4]");
    net_free(n);
}

/* ---- products ---------------------------------------------------------------------- */

static void products_follow_the_rules_of_numpy(void)
{
    static const struct {
        int32_t a_rank, b_rank;
        int64_t a[4], b[4];
        const char *want;
    } rows[] = {
        { 1, 1, { 4 }, { 4 }, "[]" },
        { 1, 2, { 4 }, { 4, 5 }, "[5]" },
        { 2, 1, { 3, 4 }, { 4 }, "[3]" },
        { 3, 2, { 2, 3, 4 }, { 4, 5 }, "[2,3,5]" },
        { 4, 3, { 7, 1, 3, 4 }, { 6, 4, 5 }, "[7,6,3,5]" },
        { 1, 3, { 4 }, { 6, 4, 5 }, "[6,5]" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        net *n = net_new(13);
        net_input(n, "a", rows[i].a_rank, rows[i].a);
        net_input(n, "b", rows[i].b_rank, rows[i].b);
        net_node(n, "MatMul", "a b", "y");
        CHECK_TEXT(net_shape(net_infer(n, NULL, NULL), "y"), rows[i].want);
        net_free(n);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(convolutions_have_as_many_outputs_as_windows_fit),
        TEST(pools_have_as_many_outputs_as_windows_fit_or_begin),
        TEST(a_transposed_convolution_undoes_the_shape_of_one),
        TEST(broadcasts_reach_every_element_of_both),
        TEST(shapes_that_do_not_broadcast_are_refused_with_both),
        TEST(old_and_new_operator_sets_say_the_same),
        TEST(split_takes_sizes_from_where_its_set_has_them),
        TEST(slices_clamp_and_step_backwards),
        TEST(products_follow_the_rules_of_numpy),
    };
    return test_run(tests, ERG_COUNT(tests));
}
