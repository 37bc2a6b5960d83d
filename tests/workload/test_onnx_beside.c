/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exported networks through ONNX's own shape inference (Debian: python3-onnx): every
 * shape that it knows is ours. Shapes that a file declares are taken away on both sides,
 * so that none is merely read back.
 */
#include "workload/onnx_graph.h"
#include "test.h"

#define PYTHON "/usr/bin/python3"
enum { LEAST = 150000 };      /* dimensions */

/* F and a path; then V, the rank, the dimensions (-1: unknown) and the name of a value. */
static const char script[] =
    "import glob, sys, onnx\n"
    "for path in sorted(glob.glob(sys.argv[1] + '/*/*.onnx')):\n"
    "    model = onnx.load(path, load_external_data=False)\n"
    "    del model.graph.value_info[:]\n"
    "    model = onnx.shape_inference.infer_shapes(model, data_prop=True)\n"
    "    print('F', path)\n"
    "    for value in model.graph.value_info:\n"
    "        kind = value.type.tensor_type\n"
    "        if kind.HasField('shape'):\n"
    "            dims = [d.dim_value if d.HasField('dim_value') else -1\n"
    "                    for d in kind.shape.dim]\n"
    "            print('V', len(dims), *dims, value.name)\n";

typedef struct subject {
    erg_onnx_file file;
    erg_onnx_model model;
    erg_graph_options options;
    erg_error err;
    bool is_open;
} subject;

static void subject_close(subject *it)
{
    if (it->is_open) {
        erg_arena_free(it->model.arena);
        erg_onnx_close(&it->file);
    }
    it->is_open = false;
}

static void subject_open(subject *it, const char *path)
{
    *it = (subject){ .options = { .batch = 1, .seq = 512 }, .is_open = true };
    CHECK_OK(erg_onnx_open(path, &it->file, &it->err) != NULL, it->err);
    it->file.model->graph->n_value_info = 0;
    it->model = (erg_onnx_model){ .path = it->file.path, .proto = it->file.model,
                                  .options = &it->options, .batch = 1, .err = &it->err };
    it->model.arena = erg_arena_new(&it->err);
    CHECK_OK(it->model.arena && erg_onnx_infer(&it->model), it->err);
}

/* How many dimensions were held against ours. */
static int hold(const subject *it, char *line)
{
    int64_t dims[ERG_ONNX_RANK];
    char *at = line;
    int32_t rank = (int32_t)strtol(at, &at, 10);
    int compared = 0;

    CHECK(rank >= 0 && rank <= ERG_ONNX_RANK);
    for (int32_t i = 0; i < rank; i++)
        dims[i] = strtoll(at, &at, 10);
    const erg_onnx_value *value = erg_onnx_value_find(&it->model, at + 1);
    if (!value || value->rank != rank)
        fail_msg("%s: %s has rank %d, theirs %d", it->file.path, at + 1,
                 value ? value->rank : -1, rank);
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] >= 0 && dims[i] != value->dims[i])
            fail_msg("%s: axis %d of %s is %lld, theirs %lld", it->file.path, i, at + 1,
                     (long long)value->dims[i], (long long)dims[i]);
        compared += dims[i] >= 0;
    }
    return compared;
}

static void shapes_are_those_of_onnx_itself(void)
{
    const char *folder = test_data("onnx");
    char script_path[ERG_PATH_MOST], command[2 * ERG_PATH_MOST], line[4096];
    subject it = { 0 };
    int files = 0, compared = 0;

    if (system(PYTHON " -c 'import onnx' 2>/dev/null") != 0)
        SKIP("no python3-onnx here (apt-get install python3-onnx)");
    snprintf(script_path, sizeof(script_path), "%s/shapes.py", test_folder());
    test_write(script_path, script);
    snprintf(command, sizeof(command), PYTHON " %s %s", script_path, folder);
    FILE *theirs = popen(command, "r");
    CHECK(theirs);
    while (fgets(line, sizeof(line), theirs)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == 'V') {
            compared += hold(&it, line + 2);
            continue;
        }
        subject_close(&it);
        subject_open(&it, line + 2);
        files++;
    }
    subject_close(&it);
    CHECK(pclose(theirs) == 0);
    if (files != 84 || compared < LEAST)
        fail_msg("%d files, %d dimensions held against theirs", files, compared);
}

int main(void)
{
    static const test tests[] = { TEST(shapes_are_those_of_onnx_itself) };
    return test_run(tests, ERG_COUNT(tests));
}
