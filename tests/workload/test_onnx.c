/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX files, honest and hostile: what is kept, what is refused, in which words. */
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include "workload/onnx.h"
#include "model.h"

/* Opens the bytes and frees them. */
static Onnx__ModelProto *open_text(erg_text *bytes, erg_onnx_file *file, erg_error *err)
{
    Onnx__ModelProto *model =
        erg_onnx_open(wire_file(bytes->data, bytes->count), file, err);

    erg_text_free(bytes);
    return model;
}

static void check_refused(erg_text *bytes, const char *why)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    if (open_text(bytes, &file, &err))
        fail_msg("opened, where this was wanted: %s", why);
    if (!strstr(err.text, why) || !strstr(err.text, "model.onnx"))
        fail_msg("'%s' does not say '%s'", err.text, why);
}

/* ---- honest files ---------------------------------------------------------- */

static void all_graphs_of_the_fixtures_open(void)
{
    static const struct { const char *pattern; size_t count; } sets[] = {
        { "torchvision/*.onnx", 75 }, { "light/*.onnx", 9 },
    };
    char pattern[ERG_PATH_MOST];
    const char *folder = test_data("onnx");

    for (size_t i = 0; i < ERG_COUNT(sets); i++) {
        glob_t found;
        snprintf(pattern, sizeof(pattern), "%s/%s", folder, sets[i].pattern);
        CHECK(glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc >= sets[i].count);
        for (size_t k = 0; k < found.gl_pathc; k++) {
            erg_onnx_file file;
            erg_error err = { 0 };
            CHECK_OK(erg_onnx_open(found.gl_pathv[k], &file, &err) != NULL, err);
            CHECK(file.model->graph->n_node > 10 && file.model->n_opset_import);
            erg_onnx_close(&file);
        }
        globfree(&found);
    }
}

/* 49 and 20 batch norms, which this export did not fold; the rest are Identity nodes
 * over initializers that its exporter shared. */
static void resnet18_has_its_69_nodes_and_a_note_on_its_weights(void)
{
    erg_onnx_file file;
    erg_error err = { 0 };
    int count = 0;

    CHECK_OK(erg_onnx_open(test_data("onnx/torchvision/resnet18.onnx"), &file, &err)
                 != NULL,
             err);
    for (size_t i = 0; i < file.model->graph->n_node; i++)
        count += strcmp(file.model->graph->node[i]->op_type, "Identity") != 0;
    CHECK(count == 49 + 20 && file.model->graph->n_node == 141);
    CHECK(file.note_count == 1);
    CHECK(strstr(file.notes[0], "weights.bin"));
    erg_onnx_close(&file);
}

/* ---- refusals ---------------------------------------------------------- */

static void what_is_no_model_is_refused_in_one_sentence(void)
{
    erg_text empty = { 0 }, words = { 0 }, no_graph = { 0 }, no_version = { 0 };
    erg_text graph = { 0 }, newer = { 0 };

    erg_text_add(&empty, "%s", "");
    check_refused(&empty, "has no graph");
    erg_text_add(&words, "%s", "{\"architectures\": [\"gpt2\"]}");
    check_refused(&words, "byte 3: a length of 97 where 24 bytes are left");
    wire_number(&no_graph, MODEL_IR, 8);
    check_refused(&no_graph, "has no graph");

    model_node(&graph, GRAPH_NODE, "Relu", "x", "y", NULL);
    wire_part(&no_version, MODEL_GRAPH, &graph);
    check_refused(&no_version, "has no ir_version");
    model_node(&graph, GRAPH_NODE, "Relu", "x", "y", NULL);
    newer = model_of(&graph);
    wire_number(&newer, MODEL_IR, 14);      /* of a scalar given twice the last counts */
    check_refused(&newer, "IR version 14; erg reads 1 to 13");
}

/* What a clone without its large files holds in place of the model. */
static void a_pointer_to_a_large_file_is_named_as_such(void)
{
    erg_text pointer = { 0 };

    erg_text_add(&pointer, "%s", "version https://git-lfs.github.com/spec/v1\n"
                 "oid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n");
    check_refused(&pointer, "git lfs pull");
}

static void an_operator_set_that_cannot_be_is_refused(void)
{
    erg_text graph = { 0 }, set = { 0 };

    model_node(&graph, GRAPH_NODE, "Relu", "x", "y", NULL);
    erg_text model = model_of(&graph);
    wire_number(&set, OPSET_VERSION, 0);
    wire_part(&model, MODEL_OPSET, &set);
    check_refused(&model, "they begin at 1");
}

int main(void)
{
    static const test tests[] = {
        TEST(all_graphs_of_the_fixtures_open),
        TEST(resnet18_has_its_69_nodes_and_a_note_on_its_weights),
        TEST(what_is_no_model_is_refused_in_one_sentence),
        TEST(a_pointer_to_a_large_file_is_named_as_such),
        TEST(an_operator_set_that_cannot_be_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
