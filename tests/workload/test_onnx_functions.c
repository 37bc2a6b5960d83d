/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a model, inlined where they are called. */
#include "workload/onnx_flat.h"

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

/* ---- If ---------------------------------------------------------- */

/* x [4, 6] times a [6, 8], or b [6, 20]: where x has `rows` rows the first. The costlier
 * one does not fit what follows, where it is to fit. */
static erg_text by_rows(int64_t rows, bool is_fixed)
{
    erg_text yes = { 0 }, no = { 0 }, attributes = { 0 }, graph = { 0 };

    model_matrix(&graph, GRAPH_INPUT, "x", 4, 6);
    model_matrix(&graph, GRAPH_INITIALIZER, "a", 6, 8);
    model_matrix(&graph, GRAPH_INITIALIZER, "b", 6, 20);
    model_matrix(&graph, GRAPH_INITIALIZER, "c", 8, 3);
    model_number(&graph, "rows", rows);
    model_number(&graph, "first", 0);
    model_node(&graph, GRAPH_NODE, "Shape", "x", "s", NULL);
    model_node(&graph, GRAPH_NODE, "Gather", "s first", "n", NULL);
    model_node(&graph, GRAPH_NODE, "Equal", "n rows", "is", NULL);
    model_node(&yes, GRAPH_NODE, "MatMul", "x a", "o", NULL);
    model_value(&yes, GRAPH_OUTPUT, "o", 4);
    model_node(&no, GRAPH_NODE, "MatMul", "x b", "o", NULL);
    model_value(&no, GRAPH_OUTPUT, "o", 4);
    model_body(&attributes, "then_branch", &yes);
    model_body(&attributes, "else_branch", &no);
    model_node(&graph, GRAPH_NODE, "If", "is", "t", &attributes);
    model_node(&graph, GRAPH_NODE, is_fixed ? "MatMul" : "Relu", is_fixed ? "t c" : "t",
               "y", NULL);
    model_matrix(&graph, GRAPH_OUTPUT, "y", 4, 3);
    return model_of(&graph);
}

static void a_condition_that_shapes_decide_chooses_without_a_note(void)
{
    static const struct { int64_t rows; bool is_fixed; int64_t macs; } cases[] = {
        { 4, false, 4 * 6 * 8 },
        { 5, false, 4 * 6 * 20 },
        { 4, true, 4 * 6 * 8 + 4 * 8 * 3 },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_text model = by_rows(cases[i].rows, cases[i].is_fixed);
        erg_graph *got = graph_of(&model, NULL);
        assert_int_equal(got->macs, cases[i].macs);
        CHECK(got->note_count == 0);
        erg_graph_free(got);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_call_becomes_what_the_function_does),
        TEST(functions_within_functions_are_inlined_and_circles_refused),
        TEST(functions_nest_to_sixteen),
        TEST(calls_that_multiply_are_stopped),
        TEST(attributes_come_from_the_call_or_the_default),
        TEST(a_call_counts_what_the_function_does),
        TEST(a_condition_that_shapes_decide_chooses_without_a_note),
    };
    return test_run(tests, ERG_COUNT(tests));
}
