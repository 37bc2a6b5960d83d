/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms, windows that move, and what newer operator sets draw and cut. */
#include "loaded.h"

static void shape_is(net *n, const char *name, const char *shape)
{
    erg_error err = { 0 };
    erg_onnx_model *model = net_infer(n, NULL, &err);

    if (!model)
        fail_msg("%s", err.text);
    CHECK_TEXT(net_shape(model, name), shape);
    net_free(n);
}

static erg_operator only_of(net *n)
{
    erg_graph *graph = loaded(n, NULL);

    CHECK(graph->operator_count == 1 && graph->coverage == 1.0);
    erg_operator op = graph->operators[0];
    erg_graph_free(graph);
    return op;
}

/* Half of the spectrum of 4 x 128 real samples: 5 x 128 x 7 FLOP each. */
static void a_transform_gives_its_bins(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(4, 128, 1));
    net_int(n, net_node(n, "DFT", "x", "y"), "onesided", 1);
    net_output(n, "y");
    shape_is(n, "y", "[4,65,2]");
    n = net_new(20);
    net_input(n, "x", NET_DIMS(4, 128, 2));
    net_list(n, "length", NET_LIST(256));
    net_list(n, "axis", NET_LIST(-2));
    net_node(n, "DFT", "x length axis", "y");
    net_output(n, "y");
    erg_operator op = only_of(n);
    CHECK(op.threads == 4 * 256 * 2 && op.flop == 4 * 5 * 256 * 8);
}

static void frames_of_a_signal_overlap(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(2, 400, 1));
    net_list(n, "step", NET_LIST(100));
    net_weight(n, "window", NET_FLOAT, NET_DIMS(200));
    net_node(n, "STFT", "x step window", "y");
    net_output(n, "y");
    erg_operator op = only_of(n);
    CHECK(op.threads == 2 * 3 * 101 * 2 && op.flop == 2 * 3 * 5 * 200 * 8);
}

/* 3 x 3 over 8 of 8 channels, at 5 x 5 places: products, and 7 at each point read. */
static void a_convolution_along_moved_points_samples_them(void)
{
    net *n = net_new(19);

    net_input(n, "x", NET_DIMS(1, 8, 7, 7));
    net_weight(n, "w", NET_FLOAT, NET_DIMS(4, 8, 3, 3));
    net_input(n, "offset", NET_DIMS(1, 18, 5, 5));
    net_node(n, "DeformConv", "x w offset", "y");
    net_output(n, "y");
    erg_operator op = only_of(n);
    CHECK(op.macs == 4 * 25 * 8 * 9 && op.flop == 2 * op.macs + 7 * 8 * 9 * 25);
    CHECK(op.kind == ERG_OP_CONV && op.out_bytes == 4 * 25 * 4);
}

static void images_are_cut_moved_and_put_together(void)
{
    net *n = net_new(20);

    net_input(n, "theta", NET_DIMS(2, 2, 3));
    net_list(n, "size", NET_LIST(2, 3, 5, 6));
    net_node(n, "AffineGrid", "theta size", "y");
    net_output(n, "y");
    shape_is(n, "y", "[2,5,6,2]");
    n = net_new(18);
    net_input(n, "x", NET_DIMS(1, 20, 9));
    net_list(n, "image", NET_LIST(5, 5));
    net_list(n, "block", NET_LIST(1, 5));
    net_node(n, "Col2Im", "x image block", "y");
    net_output(n, "y");
    shape_is(n, "y", "[1,4,5,5]");
    n = net_new(18);
    net_input(n, "x", NET_DIMS(20, 8, 3));
    net_list(n, "shape", NET_LIST(10, 9));
    net_ints(n, net_node(n, "CenterCropPad", "x shape", "y"), "axes", NET_LIST(0, -2));
    net_output(n, "y");
    shape_is(n, "y", "[10,9,3]");
}

static void samples_are_drawn_row_by_row(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(3, 50));
    net_int(n, net_node(n, "Multinomial", "x", "y"), "sample_size", 5);
    net_output(n, "y");
    shape_is(n, "y", "[3,5]");
}

/* Opset 1 to 5 name the type by a word. */
static void an_old_cast_is_folded_by_its_word(void)
{
    net *n = net_new(5);

    net_input(n, "x", NET_DIMS(6, 4));
    net_node(n, "Shape", "x", "s");
    net_word(n, net_node(n, "Cast", "s", "f"), "to", "FLOAT");
    net_word(n, net_node(n, "Cast", "f", "i"), "to", "INT64");
    net_node(n, "Reshape", "x i", "y");
    net_output(n, "y");
    shape_is(n, "y", "[6,4]");
}

/* Opset 1: three times along axis 1. */
static void an_old_tile_has_one_axis(void)
{
    net *n = net_new(1);

    net_input(n, "x", NET_DIMS(2, 4));
    net_real(n, "tiles", 3);
    net_real(n, "axis", 1);
    net_node(n, "Tile", "x tiles axis", "y");
    net_output(n, "y");
    shape_is(n, "y", "[2,12]");
}

/* 2.5 > 2 chooses 3; 6 <= 5 does not choose 4. */
static void comparisons_of_reals_choose_shapes(void)
{
    net *n = net_new(16);

    net_input(n, "x", NET_DIMS(12));
    net_real(n, "a", 2.5f);
    net_real(n, "b", 2);
    net_list(n, "three", NET_LIST(3, -1));
    net_list(n, "four", NET_LIST(4, -1));
    net_node(n, "Greater", "a b", "is_more");
    net_node(n, "Where", "is_more three four", "shape");
    net_node(n, "Reshape", "x shape", "y");
    net_node(n, "LessOrEqual", "a b", "is_less");
    net_node(n, "Where", "is_less four three", "other");
    net_node(n, "Reshape", "x other", "z");
    net_output(n, "y");
    net_output(n, "z");
    erg_error err = { 0 };
    erg_onnx_model *model = net_infer(n, NULL, &err);
    CHECK_OK(model != NULL, err);
    CHECK_TEXT(net_shape(model, "y"), "[3,4]");
    CHECK_TEXT(net_shape(model, "z"), "[3,4]");
    net_free(n);
}

static void what_does_not_fit_is_refused(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(2, 100, 1));
    net_list(n, "step", NET_LIST(0));
    net_weight(n, "window", NET_FLOAT, NET_DIMS(50));
    net_node(n, "STFT", "x step window", "y");
    net_output(n, "y");
    refused(n, NULL, "STFT", "do not fit");
    n = net_new(18);
    net_input(n, "x", NET_DIMS(1, 20, 9));
    net_list(n, "image", NET_LIST(5, 5));
    net_list(n, "block", NET_LIST(3, 1));
    net_node(n, "Col2Im", "x image block", "y");
    net_output(n, "y");
    refused(n, NULL, "Col2Im", "do not fit");
    n = net_new(17);
    net_input(n, "x", NET_DIMS(4, 128, 1));
    net_int(n, net_node(n, "DFT", "x", "y"), "axis", 2);
    net_output(n, "y");
    refused(n, NULL, "DFT", "axis");
}

int main(void)
{
    static const test tests[] = {
        TEST(a_transform_gives_its_bins),
        TEST(frames_of_a_signal_overlap),
        TEST(a_convolution_along_moved_points_samples_them),
        TEST(images_are_cut_moved_and_put_together),
        TEST(samples_are_drawn_row_by_row),
        TEST(an_old_cast_is_folded_by_its_word),
        TEST(an_old_tile_has_one_axis),
        TEST(comparisons_of_reals_choose_shapes),
        TEST(what_does_not_fit_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
