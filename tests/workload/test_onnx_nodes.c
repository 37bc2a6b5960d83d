/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node tests of ONNX (package libonnx-testdata): the shapes we infer are those of
 * the tensors that came out. Small inputs are made constants first, as they are what
 * shapes hang on; declared shapes are taken away, so that none is merely read back.
 */
#include <dirent.h>
#include "workload/onnx_graph.h"
#include "test.h"

static const char *const folders[] = { "node", "simple", "pytorch-operator",
                                       "pytorch-converted" };
#define ROOT "/usr/share/libonnx-testdata/data"

typedef struct tally {
    int32_t equal, differ, refused, unknown;
} tally;

static Onnx__TensorProto *tensor_read(const char *folder, const char *what, size_t i)
{
    char path[400];
    size_t count;

    snprintf(path, sizeof(path), "%s/test_data_set_0/%s_%zu.pb", folder, what, i);
    char *bytes = erg_file_read(path, 1 << 24, &count, NULL);
    Onnx__TensorProto *tensor =
        bytes ? onnx__tensor_proto__unpack(NULL, count, (const uint8_t *)bytes) : NULL;
    free(bytes);
    return tensor;
}

/* Inputs that shapes may hang on become initializers. */
static Onnx__GraphProto constants_added(const Onnx__GraphProto *graph, const char *folder,
                                        Onnx__TensorProto **made)
{
    Onnx__GraphProto copy = *graph;

    copy.n_initializer = 0;
    copy.initializer = calloc(graph->n_initializer + graph->n_input + 1, sizeof(void *));
    for (size_t i = 0; i < graph->n_input; i++) {
        Onnx__TensorProto *tensor = tensor_read(folder, "input", i);
        made[i] = tensor;
        const Onnx__TypeProto__Tensor *type = erg_onnx_tensor_type(graph->input[i]);
        if (!tensor || !type || tensor->data_type != type->elem_type || !tensor->data_type
            || erg_onnx_elements(tensor) > ERG_ONNX_FOLD)
            continue;
        free(tensor->name);
        tensor->name = strdup(graph->input[i]->name);
        copy.initializer[copy.n_initializer++] = tensor;
    }
    for (size_t i = 0; i < graph->n_initializer; i++)
        copy.initializer[copy.n_initializer++] = graph->initializer[i];
    for (size_t i = 0; i < graph->n_output; i++)
        graph->output[i]->type = NULL;
    return copy;
}

static bool same(const erg_onnx_value *value, const Onnx__TensorProto *truth)
{
    bool is_same = value && value->rank == (int32_t)truth->n_dims;

    for (int32_t i = 0; is_same && i < value->rank; i++)
        is_same = value->dims[i] == truth->dims[i];
    return is_same;
}

static void compare(const erg_onnx_model *model, const char *folder, tally *all)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    bool is_known = true, is_same = true;

    for (size_t i = 0; i < graph->n_output; i++) {
        Onnx__TensorProto *truth = tensor_read(folder, "output", i);
        const erg_onnx_value *value = erg_onnx_value_find(model, graph->output[i]->name);
        is_known &= value && value->rank != ERG_ONNX_UNKNOWN;
        is_same &= truth && same(value, truth);
        if (truth)
            onnx__tensor_proto__free_unpacked(truth, NULL);
    }
    all->equal += is_known && is_same;
    all->unknown += !is_known;
    all->differ += is_known && !is_same;
    if (is_known && !is_same && getenv("ERG_TEST_TALK"))
        print_message("# differs: %s\n", folder);
    if (!is_known && getenv("ERG_TEST_TALK"))
        print_message("# unknown: %s\n", folder);
}

static void model_try(const char *folder, tally *all)
{
    erg_graph_options options = { .batch = 1, .seq = 512 };
    Onnx__TensorProto *made[64] = { 0 };
    erg_onnx_file file = { 0 };
    erg_error err = { 0 };
    char path[400];

    snprintf(path, sizeof(path), "%s/model.onnx", folder);
    if (access(path, R_OK) != 0)
        return;
    Onnx__ModelProto *proto = erg_onnx_open(path, &file, &err);
    if (!proto || proto->graph->n_input > ERG_COUNT(made)) {
        all->refused++;
        erg_onnx_close(&file);
        return;
    }
    Onnx__ModelProto changed = *proto;
    Onnx__GraphProto graph = constants_added(proto->graph, folder, made);
    changed.graph = &graph;
    erg_onnx_model model = { .path = path,
                             .proto = &changed,
                             .options = &options,
                             .batch = 1,
                             .arena = erg_arena_new(NULL),
                             .err = &err };
    if (erg_onnx_infer(&model))
        compare(&model, folder, all);
    else
        all->refused++;
    if (err.code && getenv("ERG_TEST_TALK"))
        print_message("# %s\n", err.text);
    for (size_t i = 0; i < ERG_COUNT(made); i++)
        if (made[i])
            onnx__tensor_proto__free_unpacked(made[i], NULL);
    free(graph.initializer);
    erg_arena_free(model.arena);
    erg_onnx_close(&file);
}

static void folder_try(const char *name, tally *all)
{
    char path[300];
    struct dirent **entries = NULL;

    snprintf(path, sizeof(path), ROOT "/%s", name);
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char folder[300];
        snprintf(folder, sizeof(folder), ROOT "/%s/%.200s", name, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            model_try(folder, all);
        free(entries[i]);
    }
    free(entries);
}

/* Nine of ten with the very shape, and none with a wrong one but the upper bounds. */
static void shapes_are_those_of_the_tensors_that_came_out(void)
{
    tally all = { 0 };

    if (access(ROOT, R_OK) != 0)
        SKIP("libonnx-testdata is not installed");
    for (size_t i = 0; i < ERG_COUNT(folders); i++)
        folder_try(folders[i], &all);
    print_message("# %d equal, %d differ, %d refused, %d unknown\n", all.equal, all.differ,
                  all.refused, all.unknown);
    int32_t sum = all.equal + all.differ + all.refused + all.unknown;
    CHECK(all.equal * 10 >= sum * 9);
    CHECK(all.differ <= 12);
}

/* 75 exports of torchvision and 9 older ones: every operator has a rule. */
static void all_exported_networks_are_covered(void)
{
    static const char *const shelves[] = { "onnx/torchvision", "onnx/light" };
    int32_t loaded = 0;

    for (size_t i = 0; i < ERG_COUNT(shelves); i++) {
        struct dirent **entries = NULL;
        char folder[300], path[600];
        erg_text_put(folder, sizeof(folder), test_data(shelves[i]));
        int count = scandir(folder, &entries, NULL, alphasort);
        for (int j = 0; j < count; free(entries[j++])) {
            erg_error err = { 0 };
            if (entries[j]->d_name[0] == '.')
                continue;
            snprintf(path, sizeof(path), "%s/%s", folder, entries[j]->d_name);
            erg_graph *graph = erg_graph_load(path, NULL, &err);
            CHECK_OK(graph != NULL, err);
            CHECK(graph->coverage == 1.0 && graph->macs > 0);
            erg_graph_free(graph);
            loaded++;
        }
        free(entries);
    }
    CHECK(loaded == 84);
}

int main(void)
{
    static const test tests[] = { TEST(shapes_are_those_of_the_tensors_that_came_out),
                                  TEST(all_exported_networks_are_covered) };
    return test_run(tests, ERG_COUNT(tests));
}
