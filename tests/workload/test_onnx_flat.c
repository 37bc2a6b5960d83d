/* SPDX-License-Identifier: Apache-2.0 */
/* Functions, branches and loops of ONNX: what the flat list of nodes is in the end. */
#include "workload/onnx.h"
#include "model.h"

/* "Op(a b)->c" of each node, one a line; what is told apart by '#' gets its number cut. */
static char *listing(const Onnx__ModelProto *model)
{
    erg_text text = { 0 };

    for (size_t i = 0; i < model->graph->n_node; i++) {
        const Onnx__NodeProto *node = model->graph->node[i];
        erg_text_add(&text, "%s(", node->op_type);
        for (size_t k = 0; k < node->n_input; k++)
            erg_text_add(&text, "%s%s", k ? " " : "", node->input[k]);
        erg_text_add(&text, ")->");
        for (size_t k = 0; k < node->n_output; k++)
            erg_text_add(&text, "%s%s", k ? " " : "", node->output[k]);
        erg_text_add(&text, "\n");
    }
    return erg_text_take(&text);
}

static bool flatten(erg_text *model, const erg_graph_options *options, erg_onnx_file *file,
                    erg_error *err)
{
    bool good = erg_onnx_open(wire_file(model->data, model->count), file, err)
        && erg_onnx_flatten(file, options, err);

    erg_text_free(model);
    return good;
}

static void check_flat(erg_text *graph, const char *want)
{
    erg_text model = model_of(graph);
    erg_onnx_file file;
    erg_error err = { 0 };

    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    char *got = listing(file.model);
    CHECK_TEXT(got, want);
    free(got);
    erg_onnx_close(&file);
}

static void check_refused(erg_text *model, const char *why)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    if (flatten(model, NULL, &file, &err))
        fail_msg("was flattened, where this was wanted: %s", why);
    if (!strstr(err.text, why) || !strstr(err.text, "model.onnx"))
        fail_msg("'%s' does not say '%s'", err.text, why);
    erg_onnx_close(&file);
}

/* ---- order ---------------------------------------------------------- */

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

/* d.f(p, q) = Relu(Add(p, q)), and its input p handed through. */
static void function_add(erg_text *model, const char *name, const char *inner)
{
    erg_text function = { 0 };

    wire_text(&function, FUNCTION_NAME, name);
    wire_text(&function, FUNCTION_DOMAIN, "d");
    model_names(&function, FUNCTION_INPUT, "p q");
    model_names(&function, FUNCTION_OUTPUT, "r p");
    erg_text domain = { 0 };
    wire_text(&domain, NODE_DOMAIN, strcmp(inner, "Add") == 0 ? "" : "d");
    model_node(&function, FUNCTION_NODE, inner, "p q", "t", &domain);
    model_node(&function, FUNCTION_NODE, "Relu", "t", "r", NULL);
    wire_part(model, MODEL_FUNCTION, &function);
}

static erg_text call_of(const char *name, const char *outputs)
{
    erg_text graph = { 0 }, domain = { 0 };

    wire_text(&domain, NODE_DOMAIN, "d");
    model_node(&graph, GRAPH_NODE, name, "x -", outputs, &domain);
    return model_of(&graph);
}

static void a_call_becomes_what_the_function_does(void)
{
    erg_text model = call_of("f", "y z");
    erg_onnx_file file;
    erg_error err = { 0 };

    function_add(&model, "f", "Add");
    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    char *got = listing(file.model);
    CHECK_TEXT(got, "Add(x )->t#1\nRelu(t#1)->y\nIdentity(x)->z\n");
    CHECK_TEXT(file.model->graph->node[0]->name, "f/Add");
    free(got);
    erg_onnx_close(&file);
}

static void functions_within_functions_are_inlined_and_circles_refused(void)
{
    erg_text model = call_of("f", "y"), circle = call_of("f", "y");
    erg_onnx_file file;
    erg_error err = { 0 };

    function_add(&model, "f", "g");
    function_add(&model, "g", "Add");
    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    char *got = listing(file.model);
    CHECK_TEXT(got, "Add(x )->t#2\nRelu(t#2)->t#1\nRelu(t#1)->y\n");
    CHECK_TEXT(file.model->graph->node[0]->name, "f/g/Add");
    free(got);
    erg_onnx_close(&file);

    function_add(&circle, "f", "g");
    function_add(&circle, "g", "f");
    check_refused(&circle, "the function calls itself");
}

static void functions_nest_to_sixteen(void)
{
    for (int depth = 16; depth <= 17; depth++) {
        erg_text model = call_of("f1", "y");
        erg_onnx_file file;
        erg_error err = { 0 };
        for (int i = 1; i <= depth; i++) {
            char name[8], inner[8];
            snprintf(name, sizeof(name), "f%d", i);
            snprintf(inner, sizeof(inner), "f%d", i + 1);
            function_add(&model, name, i == depth ? "Add" : inner);
        }
        if (depth == 17) {
            check_refused(&model, "deeper than 16");
            continue;
        }
        CHECK_OK(flatten(&model, NULL, &file, &err), err);
        CHECK(file.model->graph->n_node == 17);
        erg_onnx_close(&file);
    }
}

/* Eight calls on each of sixteen levels. */
static void calls_that_multiply_are_stopped(void)
{
    erg_text model = call_of("f1", "y");

    for (int i = 1; i <= 16; i++) {
        erg_text function = { 0 };
        char name[8], inner[8];
        snprintf(name, sizeof(name), "f%d", i);
        snprintf(inner, sizeof(inner), "f%d", i + 1);
        wire_text(&function, FUNCTION_NAME, name);
        wire_text(&function, FUNCTION_DOMAIN, "d");
        model_names(&function, FUNCTION_INPUT, "p q");
        for (int k = 0; k < 8; k++) {
            erg_text domain = { 0 };
            wire_text(&domain, NODE_DOMAIN, i == 16 ? "" : "d");
            model_node(&function, FUNCTION_NODE, i == 16 ? "Add" : inner, "p q", "",
                       &domain);
        }
        model_names(&function, FUNCTION_OUTPUT, "p");
        wire_part(&model, MODEL_FUNCTION, &function);
    }
    check_refused(&model, "more than 262144 nodes");
}

static void attributes_come_from_the_call_or_the_default(void)
{
    for (int given = 0; given < 2; given++) {
        erg_text function = { 0 }, attribute = { 0 }, attributes = { 0 }, graph = { 0 };
        erg_onnx_file file;
        erg_error err = { 0 };

        wire_text(&attribute, ATTRIBUTE_NAME, "axis");
        wire_text(&attribute, ATTRIBUTE_REF, "along");
        wire_part(&attributes, NODE_ATTRIBUTE, &attribute);
        wire_text(&attribute, ATTRIBUTE_NAME, "keepdims");
        wire_text(&attribute, ATTRIBUTE_REF, "nobody_gives_this");
        wire_part(&attributes, NODE_ATTRIBUTE, &attribute);
        wire_text(&function, FUNCTION_NAME, "f");
        model_names(&function, FUNCTION_INPUT, "p");
        model_names(&function, FUNCTION_OUTPUT, "r");
        model_node(&function, FUNCTION_NODE, "Softmax", "p", "r", &attributes);
        wire_text(&attribute, ATTRIBUTE_NAME, "along");
        wire_number(&attribute, ATTRIBUTE_INT, 5);
        wire_part(&function, FUNCTION_DEFAULT, &attribute);
        if (given)
            model_int(&attributes, "along", 3);
        model_node(&graph, GRAPH_NODE, "f", "x", "y", &attributes);
        erg_text model = model_of(&graph);
        wire_part(&model, MODEL_FUNCTION, &function);

        CHECK_OK(flatten(&model, NULL, &file, &err), err);
        const Onnx__NodeProto *node = file.model->graph->node[0];
        CHECK(node->n_attribute == 1);
        CHECK_TEXT(node->attribute[0]->name, "axis");
        CHECK(node->attribute[0]->i == (given ? 3 : 5));
        erg_onnx_close(&file);
    }
}

/* ---- If ---------------------------------------------------------- */

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

static erg_graph *graph_of(erg_text *model, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph =
        erg_graph_load(wire_file(model->data, model->count), options, &err);

    CHECK_OK(graph != NULL, err);
    erg_text_free(model);
    return graph;
}

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

static void a_call_counts_what_the_function_does(void)
{
    erg_text function = { 0 }, graph = { 0 }, domain = { 0 };

    wire_text(&function, FUNCTION_NAME, "f");
    wire_text(&function, FUNCTION_DOMAIN, "d");
    model_names(&function, FUNCTION_INPUT, "p q");
    model_names(&function, FUNCTION_OUTPUT, "r");
    model_node(&function, FUNCTION_NODE, "MatMul", "p q", "t", NULL);
    model_node(&function, FUNCTION_NODE, "Relu", "t", "r", NULL);
    model_matrix(&graph, GRAPH_INPUT, "x", 2, 4);
    model_matrix(&graph, GRAPH_INITIALIZER, "w", 4, 8);
    for (int i = 0; i < 2; i++) {
        wire_text(&domain, NODE_DOMAIN, "d");
        model_node(&graph, GRAPH_NODE, "f", "x w", i ? "y" : "z", &domain);
    }
    model_matrix(&graph, GRAPH_OUTPUT, "y", 2, 8);
    erg_text model = model_of(&graph);
    wire_part(&model, MODEL_FUNCTION, &function);
    erg_graph *got = graph_of(&model, NULL);
    CHECK(got->operator_count == 4);
    CHECK(got->macs == 2 * 2 * 4 * 8);
    CHECK(got->parameters == 32);
    CHECK_TEXT(got->operators[0].name, "f/MatMul");
    erg_graph_free(got);
}

int main(void)
{
    static const test tests[] = {
        TEST(nodes_are_ordered_by_data_not_by_file),
        TEST(a_circle_is_refused_with_a_node_of_it),
        TEST(a_name_made_twice_is_refused),
        TEST(an_input_that_is_an_initializer_is_no_input),
        TEST(a_call_becomes_what_the_function_does),
        TEST(functions_within_functions_are_inlined_and_circles_refused),
        TEST(functions_nest_to_sixteen),
        TEST(calls_that_multiply_are_stopped),
        TEST(attributes_come_from_the_call_or_the_default),
        TEST(the_costlier_branch_is_counted_and_a_note_says_so),
        TEST(a_constant_condition_chooses_without_a_note),
        TEST(a_loop_is_unrolled_and_its_weights_are_there_once),
        TEST(a_loop_of_unknown_length_asks_for_it),
        TEST(a_loop_without_end_is_refused),
        TEST(a_scan_takes_as_many_steps_as_its_input_is_long),
        TEST(a_node_without_an_op_type_is_refused),
        TEST(a_loop_counts_each_step_and_its_weights_once),
        TEST(branches_are_compared_by_what_they_cost),
        TEST(a_call_counts_what_the_function_does),
    };
    return test_run(tests, ERG_COUNT(tests));
}
