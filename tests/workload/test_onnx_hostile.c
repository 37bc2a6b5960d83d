/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes no honest exporter writes, and the limits that honest ones never meet. */
#include "opened.h"

/* A little of everything: attributes, a subgraph, types, tensors, a function. */
static erg_text rich_model(void)
{
    erg_text graph = graph_of_one(), inner = graph_of_one(), attributes = { 0 },
             function = { 0 };

    model_int(&attributes, "axis", -1);
    model_body(&attributes, "then_branch", &inner);
    model_node(&graph, GRAPH_NODE, "If", "c", "z", &attributes);
    model_number(&graph, "three", 3);
    model_value(&graph, GRAPH_INPUT, "x", 4);
    model_value(&graph, GRAPH_OUTPUT, "y", 4);
    wire_text(&function, FUNCTION_NAME, "f");
    model_names(&function, FUNCTION_INPUT, "p");
    model_node(&function, FUNCTION_NODE, "Neg", "p", "q", NULL);
    erg_text model = model_of(&graph);
    wire_part(&model, MODEL_FUNCTION, &function);
    return model;
}

/* ---- torn and broken ---------------------------------------------------------- */

static void a_file_torn_at_any_byte_is_refused_or_ends_between_parts(void)
{
    erg_text model = rich_model();
    int opened = 0;

    for (size_t count = 0; count < model.count; count++) {
        erg_onnx_file file;
        erg_error err = { 0 };
        if (open_bytes(model.data, count, &file, &err)) {
            opened++;
            CHECK(file.model->graph->n_node == 2);
            erg_onnx_close(&file);
        } else {
            CHECK(err.code != ERG_OK && err.text[0]);
        }
    }
    /* Between graph and function. */
    CHECK(opened == 1);
    erg_text_free(&model);
}

static void changed_bytes_never_harm(void)
{
    erg_text model = rich_model();
    test_random random = { 7 };
    int opened = 0, refused = 0;

    for (int i = 0; i < 3000; i++) {
        erg_text copy = { 0 };
        erg_onnx_file file;
        erg_text_add_bytes(&copy, model.data, model.count);
        for (int k = 0; k < 1 + i % 3; k++)
            copy.data[(size_t)(test_uniform(&random) * (double)copy.count)] =
                (char)(test_uniform(&random) * 256);
        if (open_bytes(copy.data, copy.count, &file, NULL)) {
            opened++;
            erg_onnx_flatten(&file, NULL, NULL);
            erg_onnx_close(&file);
        } else {
            refused++;
        }
        erg_text_free(&copy);
    }
    CHECK(opened > 100 && refused > 100);
    erg_text_free(&model);
}

static void a_part_may_not_be_longer_than_its_parent(void)
{
    erg_text model = { 0 };

    /* The node says 20 bytes, its graph has 4; the file goes on. */
    wire_number(&model, MODEL_IR, 8);
    wire_bytes(&model, MODEL_GRAPH, "\x0a\x14\x0a\x00", 4);
    wire_text(&model, 6, "a text that is long enough for the node");
    check_refused(&model,
                  "byte 6, graph[0].node[0]: a length of 20 where 2 bytes are left");
}

static void wire_faults_are_named(void)
{
    static const struct { const char *bytes; size_t count; const char *why;
    } faults[] = {
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12,
          "a number of more than 10" },
        { "\x00\x01", 2, "no protobuf field" },
        { "\x0f", 1, "no protobuf field" },
        { "\x0a\x01x", 3, "ir_version has the wire type 2" },
        { "\x7b\x74", 2, "a group ends that did not begin" },
        { "\x7c", 1, "a group ends that did not begin" },
        { "\x7b\x20\x05", 3, "ends within a value" },
        { "\x12\x03"
          "a\0b",
          5, "a zero byte within a name" },
        { "\x12", 1, "ends within a value" },
    };

    for (size_t i = 0; i < ERG_COUNT(faults); i++) {
        erg_text model = { 0 };
        erg_text_add_bytes(&model, faults[i].bytes, faults[i].count);
        check_refused(&model, faults[i].why);
    }
}

/* ---- what the format allows ---------------------------------------------------------- */

static void unknown_fields_and_groups_are_passed_over(void)
{
    erg_text graph = graph_of_one(), model = { 0 };
    erg_onnx_file file;

    wire_text(&graph, 99, "unknown");
    wire_key(&graph, 77, 3);                        /* a group within a group */
    wire_key(&graph, 78, 3);
    wire_number(&graph, 1, 5);
    wire_key(&graph, 78, 4);
    wire_key(&graph, 77, 4);
    wire_key(&graph, 98, 1);
    erg_text_add_bytes(&graph, "12345678", 8);
    wire_key(&graph, 97, 5);
    erg_text_add_bytes(&graph, "1234", 4);
    model = model_of(&graph);
    CHECK(open_text(&model, &file)->graph->n_node == 1);
    erg_onnx_close(&file);
}

static void a_graph_given_twice_is_merged_and_the_last_number_counts(void)
{
    erg_text one = graph_of_one(), two = graph_of_one(), model = { 0 };
    erg_onnx_file file;

    wire_number(&model, MODEL_IR, 99);
    wire_part(&model, MODEL_GRAPH, &one);
    wire_part(&model, MODEL_GRAPH, &two);
    wire_number(&model, MODEL_IR, 3);
    open_text(&model, &file);
    CHECK(file.model->graph->n_node == 2 && file.model->ir_version == 3);
    erg_onnx_close(&file);

    for (int i = 0; i < 17; i++) {
        one = graph_of_one();
        wire_part(&model, MODEL_GRAPH, &one);
    }
    check_refused(&model, "graph is given more than 16 times");
}

static void numbers_may_come_packed_or_one_by_one(void)
{
    for (int packed = 0; packed < 2; packed++) {
        erg_text graph = graph_of_one(), tensor = { 0 }, list = { 0 };
        erg_onnx_file file;
        int64_t numbers[3];
        if (packed) {
            wire_bytes(&tensor, TENSOR_DIMS, "\x03", 1);
            for (int i = 0; i < 3; i++)
                wire_varint(&list, (uint64_t)(int64_t)(i - 1));
            wire_part(&tensor, TENSOR_INT64S, &list);
        } else {
            wire_number(&tensor, TENSOR_DIMS, 3);
            for (int i = 0; i < 3; i++)
                wire_number(&tensor, TENSOR_INT64S, (uint64_t)(int64_t)(i - 1));
        }
        wire_number(&tensor, TENSOR_TYPE, 7);
        wire_part(&graph, GRAPH_INITIALIZER, &tensor);
        erg_text model = model_of(&graph);
        open_text(&model, &file);
        CHECK(erg_onnx_ints(file.model->graph->initializer[0], numbers, 3) == 3);
        CHECK(numbers[0] == -1 && numbers[1] == 0 && numbers[2] == 1);
        CHECK(erg_onnx_ints(file.model->graph->initializer[0], numbers, 2) == -1);
        erg_onnx_close(&file);
    }
}

static void a_torn_list_of_numbers_is_refused(void)
{
    erg_text graph = graph_of_one(), tensor = { 0 };

    wire_bytes(&tensor, TENSOR_FLOATS, "12345", 5);
    wire_part(&graph, GRAPH_INITIALIZER, &tensor);
    erg_text model = model_of(&graph);
    check_refused(&model, "graph[0].initializer[0].float_data[0]");
}

int main(void)
{
    static const test tests[] = {
        TEST(a_file_torn_at_any_byte_is_refused_or_ends_between_parts),
        TEST(changed_bytes_never_harm),
        TEST(a_part_may_not_be_longer_than_its_parent),
        TEST(wire_faults_are_named),
        TEST(unknown_fields_and_groups_are_passed_over),
        TEST(a_graph_given_twice_is_merged_and_the_last_number_counts),
        TEST(numbers_may_come_packed_or_one_by_one),
        TEST(a_torn_list_of_numbers_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
