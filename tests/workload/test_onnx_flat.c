/* SPDX-License-Identifier: Apache-2.0 */
/* Functions, branches and loops of ONNX: what the flat list of nodes is in the end. */
#include "workload/onnx_flat.h"

static void nodes_are_ordered_by_data_not_by_file(void)
{
    erg_text graph = { 0 };

    model_node(&graph, GRAPH_NODE, "Neg", "z", "y", NULL);
    model_node(&graph, GRAPH_NODE, "Add", "a b", "z", NULL);
    model_node(&graph, GRAPH_NODE, "Relu", "x", "a", NULL);
    model_node(&graph, GRAPH_NODE, "Exp", "x", "b", NULL);
    check_flat(&graph, "Relu(x)->a\nExp(x)->b\nAdd(a b)->z\nNeg(z)->y\n");
}

static void a_circle_is_refused_with_a_node_of_it(void)
{
    erg_text graph = { 0 }, model;

    model_node(&graph, GRAPH_NODE, "Relu", "x", "a", NULL);
    model_node(&graph, GRAPH_NODE, "Add", "a c", "b", NULL);
    model_node(&graph, GRAPH_NODE, "Neg", "b", "c", NULL);
    model = model_of(&graph);
    check_refused(&model, "'Neg' reads 'b', which needs that node first: a circle");
}

static void a_name_made_twice_is_refused(void)
{
    erg_text graph = { 0 }, model;

    model_node(&graph, GRAPH_NODE, "Relu", "x", "y", NULL);
    model_node(&graph, GRAPH_NODE, "Neg", "x", "y", NULL);
    model = model_of(&graph);
    check_refused(&model, "makes 'y', which is there already");
}

static void an_input_that_is_an_initializer_is_no_input(void)
{
    erg_text graph = { 0 }, model;
    erg_onnx_file file;
    erg_error err = { 0 };

    model_value(&graph, GRAPH_INPUT, "x", 4);
    model_value(&graph, GRAPH_INPUT, "w", 4);
    model_number(&graph, "w", 3);
    model_node(&graph, GRAPH_NODE, "Mul", "x w", "y", NULL);
    model = model_of(&graph);
    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    CHECK(file.model->graph->n_input == 1);
    CHECK_TEXT(file.model->graph->input[0]->name, "x");
    erg_onnx_close(&file);
}

/* ---- functions ---------------------------------------------------------- */

/* then: Relu; else: Exp and Neg over a captured value. */
static void if_add(erg_text *graph, const char *condition)
{
    erg_text yes = { 0 }, no = { 0 }, attributes = { 0 };

    model_node(&yes, GRAPH_NODE, "Relu", "a", "out", NULL);
    model_value(&yes, GRAPH_OUTPUT, "out", 4);
    model_node(&no, GRAPH_NODE, "Neg", "t", "out", NULL);
    model_node(&no, GRAPH_NODE, "Exp", "a", "t", NULL);
    model_value(&no, GRAPH_OUTPUT, "out", 4);
    model_body(&attributes, "then_branch", &yes);
    model_body(&attributes, "else_branch", &no);
    model_node(graph, GRAPH_NODE, "If", condition, "y", &attributes);
}

static void the_costlier_branch_is_counted_and_a_note_says_so(void)
{
    erg_text graph = { 0 }, model;
    erg_onnx_file file;
    erg_error err = { 0 };

    model_node(&graph, GRAPH_NODE, "Abs", "x", "a", NULL);
    if_add(&graph, "c");
    model = model_of(&graph);
    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    char *got = listing(file.model);
    CHECK_TEXT(got, "Abs(x)->a\nExp(a)->t#1\nNeg(t#1)->y\n");
    CHECK(file.note_count == 1);
    CHECK_TEXT(file.notes[0], "If If: the else branch is counted, the costlier one");
    free(got);
    erg_onnx_close(&file);
}

static void a_constant_condition_chooses_without_a_note(void)
{
    erg_text graph = { 0 };

    model_number(&graph, "c", 1);
    model_node(&graph, GRAPH_NODE, "Abs", "x", "a", NULL);
    if_add(&graph, "c");
    check_flat(&graph, "Abs(x)->a\nRelu(a)->y\n");
}

/* ---- Loop and Scan ---------------------------------------------------------- */

/* state' = state + w[weight of the body], and each state put together. */
static void loop_add(erg_text *graph, const char *inputs)
{
    erg_text body = { 0 }, attributes = { 0 };

    model_number(&body, "w", 7);
    for (const char *const *name = (const char *const[]){ "i", "go", "s", NULL }; *name;
         name++)
        model_value(&body, GRAPH_INPUT, *name, 4);
    model_node(&body, GRAPH_NODE, "Add", "s w", "next", NULL);
    model_node(&body, GRAPH_NODE, "Gather", "next i", "row", NULL);
    for (const char *const *name = (const char *const[]){ "go", "next", "row", NULL };
         *name; name++)
        model_value(&body, GRAPH_OUTPUT, *name, 4);
    model_body(&attributes, "body", &body);
    model_node(graph, GRAPH_NODE, "Loop", inputs, "end rows", &attributes);
}

static void a_loop_is_unrolled_and_its_weights_are_there_once(void)
{
    erg_text graph = { 0 }, model;
    erg_onnx_file file;
    erg_error err = { 0 };
    int counts[5] = { 0 };
    static const char *const ops[] = { "Add", "Gather", "Unsqueeze", "Concat", "Identity" };

    model_number(&graph, "three", 3);
    loop_add(&graph, "three - x");
    model = model_of(&graph);
    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    const Onnx__GraphProto *flat = file.model->graph;
    for (size_t i = 0; i < flat->n_node; i++)
        for (size_t k = 0; k < ERG_COUNT(ops); k++)
            counts[k] += strcmp(flat->node[i]->op_type, ops[k]) == 0;
    CHECK(counts[0] == 3 && counts[1] == 3 && counts[2] == 3 && counts[3] == 1);
    CHECK(flat->n_node == 10);
    CHECK_TEXT(flat->node[0]->op_type, "Add");
    CHECK_TEXT(flat->node[0]->input[0], "x");
    CHECK_TEXT(flat->node[0]->name, "Loop/[0]/Add");
    const Onnx__NodeProto *last = flat->node[flat->n_node - 1];
    CHECK_TEXT(last->op_type, "Concat");
    CHECK_TEXT(last->output[0], "rows");
    CHECK(last->n_input == 3);
    int weights = 0;
    for (size_t i = 0; i < flat->n_initializer; i++)
        weights += strncmp(flat->initializer[i]->name, "w#", 2) == 0;
    CHECK(weights == 1);
    erg_onnx_close(&file);
}

static void a_loop_of_unknown_length_asks_for_it(void)
{
    for (int given = 0; given < 2; given++) {
        erg_text graph = { 0 };
        erg_onnx_file file;
        erg_error err = { 0 };
        const erg_dim dims[] = { { "trip", 5 } };
        const erg_graph_options options = { .dims = dims, .dim_count = 1 };

        model_node(&graph, GRAPH_NODE, "Size", "x", "n", NULL);
        loop_add(&graph, "n - x");
        erg_text model = model_of(&graph);
        if (!given) {
            check_refused(&model, "give --dim trip=N");
            continue;
        }
        CHECK_OK(flatten(&model, &options, &file, &err), err);
        CHECK(file.model->graph->n_node == 1 + 5 * 3 + 1);
        erg_onnx_close(&file);
    }
}

static void a_loop_without_end_is_refused(void)
{
    erg_text graph = { 0 };

    model_number(&graph, "many", 1000000000);
    loop_add(&graph, "many - x");
    erg_text model = model_of(&graph);
    check_refused(&model, "more than 262144 nodes");
}

/* Along an axis that has a name, not a length. */
static void named_value(erg_text *graph, const char *name, const char *length)
{
    erg_text value = { 0 }, type = { 0 }, tensor = { 0 }, shape = { 0 }, dim = { 0 };

    wire_text(&dim, 2, length);
    wire_part(&shape, 1, &dim);
    wire_number(&tensor, 1, 1);
    wire_part(&tensor, 2, &shape);
    wire_part(&type, 1, &tensor);
    wire_text(&value, VALUE_NAME, name);
    wire_part(&value, VALUE_TYPE, &type);
    wire_part(graph, GRAPH_INPUT, &value);
}

/* Nodes of a scan with an add over an input of a named length; 0: refused. */
static size_t nodes_of_scan(const char *length, const erg_graph_options *options)
{
    erg_text graph = { 0 }, body = { 0 }, attributes = { 0 }, model;
    erg_onnx_file file;
    erg_error err = { 0 };

    named_value(&graph, "seq", length);
    model_value(&body, GRAPH_INPUT, "s", 4);
    model_value(&body, GRAPH_INPUT, "e", 4);
    model_node(&body, GRAPH_NODE, "Add", "s e", "next", NULL);
    model_value(&body, GRAPH_OUTPUT, "next", 4);
    model_body(&attributes, "body", &body);
    model_int(&attributes, "num_scan_inputs", 1);
    model_node(&graph, GRAPH_NODE, "Scan", "x seq", "end", &attributes);
    model = model_of(&graph);
    bool ok = flatten(&model, options, &file, &err);
    size_t count = ok ? file.model->graph->n_node : 0;
    /* The number of steps alone would leave that length without a value. */
    char asks[64];
    snprintf(asks, sizeof(asks), "give --dim %s=N", *length ? length : "trip");
    CHECK(ok ? file.is_unrolled_by_option : strstr(err.text, asks) != NULL);
    erg_onnx_close(&file);
    return count;
}

static void a_scan_over_a_named_length_goes_by_the_option(void)
{
    static const erg_dim frames = { "frames", 5 };

    /* A gather and an add a step. */
    CHECK(nodes_of_scan("seq_len", &(erg_graph_options){ .seq = 7 }) == 14);
    CHECK(nodes_of_scan("frames",
                        &(erg_graph_options){ .dims = &frames, .dim_count = 1 }) == 10);
    CHECK(nodes_of_scan("frames", &(erg_graph_options){ .seq = 7 }) == 0);
}

static void a_scan_takes_as_many_steps_as_its_input_is_long(void)
{
    erg_text graph = { 0 }, body = { 0 }, attributes = { 0 }, model;
    erg_onnx_file file;
    erg_error err = { 0 };

    model_value(&graph, GRAPH_INPUT, "seq", 6);
    model_value(&body, GRAPH_INPUT, "s", 4);
    model_value(&body, GRAPH_INPUT, "e", 4);
    model_node(&body, GRAPH_NODE, "Add", "s e", "next", NULL);
    model_value(&body, GRAPH_OUTPUT, "next", 4);
    model_value(&body, GRAPH_OUTPUT, "s", 4);       /* handed through */
    model_body(&attributes, "body", &body);
    model_int(&attributes, "num_scan_inputs", 1);
    model_node(&graph, GRAPH_NODE, "Scan", "x seq", "end before", &attributes);
    model = model_of(&graph);
    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    /* A gather, an add, an identity and an unsqueeze a step, and one concat. */
    CHECK(file.model->graph->n_node == 6 * 4 + 1);
    erg_onnx_close(&file);
}

static void a_node_without_an_op_type_is_refused(void)
{
    erg_text graph = { 0 }, node = { 0 };

    wire_text(&node, NODE_NAME, "nameless work");
    wire_part(&graph, GRAPH_NODE, &node);
    erg_text model = model_of(&graph);
    check_refused(&model, "'nameless work') has no op_type");
}

/* ---- what it counts ---------------------------------------------------------- */

static void a_loop_counts_each_step_and_its_weights_once(void)
{
    erg_text graph = { 0 }, body = { 0 }, attributes = { 0 };

    model_matrix(&body, GRAPH_INITIALIZER, "w", 4, 4);
    model_value(&body, GRAPH_INPUT, "i", 1);
    model_value(&body, GRAPH_INPUT, "go", 1);
    model_matrix(&body, GRAPH_INPUT, "s", 2, 4);
    model_node(&body, GRAPH_NODE, "MatMul", "s w", "next", NULL);
    model_value(&body, GRAPH_OUTPUT, "go", 1);
    model_matrix(&body, GRAPH_OUTPUT, "next", 2, 4);
    model_matrix(&body, GRAPH_OUTPUT, "next", 2, 4);
    model_body(&attributes, "body", &body);
    model_number(&graph, "five", 5);
    model_matrix(&graph, GRAPH_INPUT, "x", 2, 4);
    model_node(&graph, GRAPH_NODE, "Loop", "five - x", "y all", &attributes);
    model_matrix(&graph, GRAPH_OUTPUT, "y", 2, 4);
    model_value(&graph, GRAPH_OUTPUT, "all", 5);
    erg_text model = model_of(&graph);
    erg_graph *got = graph_of(&model, NULL);
    CHECK(got->macs == 5 * 2 * 4 * 4);
    CHECK(got->parameters == 16);
    CHECK(got->coverage == 1);
    bool has_stack = false;
    for (int32_t i = 0; i < got->tensor_count; i++)
        has_stack |= got->tensors[i].is_output && got->tensors[i].rank == 3
            && got->tensors[i].dims[0] == 5 && got->tensors[i].elements == 5 * 2 * 4;
    CHECK(has_stack);
    erg_graph_free(got);
}

/* Without weights only shapes tell that one product costs more than three maps. */
static void branches_are_compared_by_what_they_cost(void)
{
    for (int flip = 0; flip < 2; flip++) {
        erg_text graph = { 0 }, yes = { 0 }, no = { 0 }, attributes = { 0 };
        model_node(&yes, GRAPH_NODE, "MatMul", "x x", "out", NULL);
        model_matrix(&yes, GRAPH_OUTPUT, "out", 8, 8);
        model_node(&no, GRAPH_NODE, "Relu", "x", "a", NULL);
        model_node(&no, GRAPH_NODE, "Abs", "a", "b", NULL);
        model_node(&no, GRAPH_NODE, "Neg", "b", "out", NULL);
        model_matrix(&no, GRAPH_OUTPUT, "out", 8, 8);
        model_body(&attributes, flip ? "else_branch" : "then_branch", &yes);
        model_body(&attributes, flip ? "then_branch" : "else_branch", &no);
        model_matrix(&graph, GRAPH_INPUT, "x", 8, 8);
        model_matrix(&graph, GRAPH_INPUT, "c", 1, 1);
        model_node(&graph, GRAPH_NODE, "If", "c", "y", &attributes);
        model_matrix(&graph, GRAPH_OUTPUT, "y", 8, 8);
        erg_text model = model_of(&graph);
        erg_graph *got = graph_of(&model, NULL);
        CHECK(got->operator_count == 1 && got->macs == 8 * 8 * 8);
        CHECK(got->note_count == 1);
        CHECK(strstr(got->notes[0], flip ? "the else branch" : "the then branch"));
        erg_graph_free(got);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(nodes_are_ordered_by_data_not_by_file),
        TEST(a_circle_is_refused_with_a_node_of_it),
        TEST(a_name_made_twice_is_refused),
        TEST(an_input_that_is_an_initializer_is_no_input),
        TEST(the_costlier_branch_is_counted_and_a_note_says_so),
        TEST(a_constant_condition_chooses_without_a_note),
        TEST(a_loop_is_unrolled_and_its_weights_are_there_once),
        TEST(a_loop_of_unknown_length_asks_for_it),
        TEST(a_loop_without_end_is_refused),
        TEST(a_scan_takes_as_many_steps_as_its_input_is_long),
        TEST(a_scan_over_a_named_length_goes_by_the_option),
        TEST(a_node_without_an_op_type_is_refused),
        TEST(a_loop_counts_each_step_and_its_weights_once),
        TEST(branches_are_compared_by_what_they_cost),
    };
    return test_run(tests, ERG_COUNT(tests));
}
