/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in other files: looked for, never read, never outside of the model's folder. */
#include <sys/stat.h>
#include "workload/onnx.h"
#include "model.h"

static void pair_add(erg_text *tensor, const char *key, const char *value)
{
    erg_text pair = { 0 };

    if (!value)
        return;
    wire_text(&pair, 1, key);
    wire_text(&pair, 2, value);
    wire_part(tensor, TENSOR_EXTERNAL, &pair);
}

/* Opens a model whose one weight of 100 bytes lies there. */
static bool open_with(const char *location, const char *offset, const char *length,
                      erg_onnx_file *file, erg_error *err)
{
    erg_text graph = { 0 }, tensor = { 0 };

    model_node(&graph, GRAPH_NODE, "Relu", "x", "y", NULL);
    wire_number(&tensor, TENSOR_DIMS, 25);
    wire_number(&tensor, TENSOR_TYPE, 1);
    wire_text(&tensor, TENSOR_NAME, "w");
    pair_add(&tensor, "location", location);
    pair_add(&tensor, "offset", offset);
    pair_add(&tensor, "length", length);
    pair_add(&tensor, "checksum", "0123");
    wire_number(&tensor, TENSOR_LOCATION, 1);
    wire_part(&graph, GRAPH_INITIALIZER, &tensor);
    erg_text model = model_of(&graph);
    bool good = erg_onnx_open(wire_file(model.data, model.count), file, err) != NULL;
    erg_text_free(&model);
    return good;
}

/* A file of that size beside the model (or, with "..", elsewhere). */
static void lay(const char *name, int64_t bytes)
{
    char path[2 * ERG_PATH_MOST];

    erg_text_put(path, sizeof(path), wire_file("", 0));
    snprintf(strrchr(path, '/') + 1, ERG_PATH_MOST, "%s", name);
    FILE *file = fopen(path, "wb");
    CHECK(file && fclose(file) == 0 && truncate(path, bytes) == 0);
}

static void lay_link(const char *name, const char *target)
{
    char path[2 * ERG_PATH_MOST];

    erg_text_put(path, sizeof(path), wire_file("", 0));
    snprintf(strrchr(path, '/') + 1, ERG_PATH_MOST, "%s", name);
    unlink(path);
    CHECK(symlink(target, path) == 0);
}

static void a_missing_file_is_a_note(void)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    CHECK_OK(open_with("gone.bin", NULL, NULL, &file, &err), err);
    CHECK(file.note_count == 1 && file.external_bytes == 0);
    CHECK_TEXT(file.notes[0], "gone.bin is not beside model.onnx: shapes do not need it");
    erg_onnx_close(&file);
}

static void bytes_are_counted_from_offset_to_length_or_to_the_end(void)
{
    static const struct { const char *offset, *length; int64_t bytes;
    } cases[] = {
        { NULL, NULL, 1000 },
        { "900", NULL, 100 },
        { "0", "100", 100 },
        { "900", "100", 100 },
    };
    erg_onnx_file file;
    erg_error err = { 0 };

    lay("weights.bin", 1000);
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        CHECK_OK(open_with("weights.bin", cases[i].offset, cases[i].length, &file, &err),
                 err);
        CHECK(file.external_bytes == cases[i].bytes && file.note_count == 0);
        erg_onnx_close(&file);
    }
}

static void a_file_that_is_too_short_is_a_note(void)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    lay("weights.bin", 1000);
    CHECK_OK(open_with("weights.bin", "901", "100", &file, &err), err);
    CHECK(file.note_count == 1 && strstr(file.notes[0], "weights.bin is too short"));
    erg_onnx_close(&file);
    CHECK_OK(open_with("weights.bin", "1001", NULL, &file, &err), err);
    CHECK(file.note_count == 1);
    erg_onnx_close(&file);
}

static void no_path_leaves_the_folder(void)
{
    static const char *const paths[] = {
        "/etc/passwd", "..", "../x", "a/../../x", "a/..", "", "../model.onnx",
    };
    static const char *const honest[] = { "a..b", "..a/b", "a/.../b", "a..", "./gone" };
    erg_onnx_file file;

    for (size_t i = 0; i < ERG_COUNT(paths); i++) {
        erg_error err = { 0 };
        if (open_with(paths[i], NULL, NULL, &file, &err))
            fail_msg("'%s' was taken", paths[i]);
        CHECK(strstr(err.text, "only paths within its folder are read"));
    }
    for (size_t i = 0; i < ERG_COUNT(honest); i++) {
        erg_error err = { 0 };
        CHECK_OK(open_with(honest[i], NULL, NULL, &file, &err), err);
        CHECK(file.note_count == 1);
        erg_onnx_close(&file);
    }
}

static void a_link_is_followed_within_the_folder_only(void)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    lay("weights.bin", 1000);
    lay_link("inside", "weights.bin");
    lay_link("outside", "/etc/passwd");
    lay_link("folder", "/etc");
    lay_link("nowhere", "/no/such/file");
    CHECK_OK(open_with("inside", NULL, NULL, &file, &err), err);
    CHECK(file.external_bytes == 1000);
    erg_onnx_close(&file);
    CHECK(!open_with("outside", NULL, NULL, &file, &err));
    CHECK(strstr(err.text, "a link out of its folder"));
    CHECK(!open_with("folder/passwd", NULL, NULL, &file, &err));
    CHECK(strstr(err.text, "a link out of its folder"));
    CHECK_OK(open_with("nowhere", NULL, NULL, &file, &err), err);
    CHECK(file.note_count == 1);
    erg_onnx_close(&file);
}

static void what_is_no_number_or_no_place_is_refused(void)
{
    static const char *const numbers[] = { "",    "-1", "1e3", " 1", "9223372036854775808",
                                           "0x10" };
    erg_onnx_file file;
    erg_error err = { 0 };

    for (size_t i = 0; i < ERG_COUNT(numbers); i++) {
        CHECK(!open_with("weights.bin", numbers[i], NULL, &file, &err));
        CHECK(strstr(err.text, "offset of tensor 'w' is"));
        CHECK(!open_with("weights.bin", NULL, numbers[i], &file, &err));
        CHECK(strstr(err.text, "length of tensor 'w' is"));
    }
    CHECK(!open_with(NULL, "0", NULL, &file, &err));
    CHECK(strstr(err.text, "tensor 'w' is external but says not where"));
    CHECK(!open_with(".", NULL, NULL, &file, &err));
    CHECK(err.code == ERG_BAD_INPUT);
}

/* ---- tensors ---------------------------------------------------------- */

static void integers_are_read_from_every_place_they_may_lie_in(void)
{
    uint8_t raw[] = { 0xfe, 0xff, 0xff, 0xff, 0x05, 0, 0, 0 };
    int32_t narrow[] = { -2, 5 };
    int64_t wide[] = { -2, 5 }, dims[] = { 2 }, got[2];
    uint64_t natural[] = { 2, 5 };
    Onnx__TensorProto base = ONNX__TENSOR_PROTO__INIT, tensor;

    base.n_dims = 1;
    base.dims = dims;
    tensor = base;
    tensor.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    tensor.has_raw_data = true;
    tensor.raw_data = (ProtobufCBinaryData){ sizeof(raw), raw };
    CHECK(erg_onnx_ints(&tensor, got, 2) == 2 && got[0] == -2 && got[1] == 5);
    tensor.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__UINT32;
    CHECK(erg_onnx_ints(&tensor, got, 2) == 2 && got[0] == 4294967294);
    tensor.raw_data.len = 7;                /* torn */
    CHECK(erg_onnx_ints(&tensor, got, 2) == -1);
    tensor = base;
    tensor.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    tensor.n_int32_data = 2;
    tensor.int32_data = narrow;
    CHECK(erg_onnx_ints(&tensor, got, 2) == 2 && got[0] == -2);
    tensor.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    CHECK(erg_onnx_ints(&tensor, got, 2) == -1);
    tensor = base;
    tensor.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    tensor.n_int64_data = 2;
    tensor.int64_data = wide;
    CHECK(erg_onnx_ints(&tensor, got, 2) == 2 && got[0] == -2);
    tensor = base;
    tensor.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__UINT64;
    tensor.n_uint64_data = 2;
    tensor.uint64_data = natural;
    CHECK(erg_onnx_ints(&tensor, got, 2) == 2 && got[0] == 2);
    tensor.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    CHECK(erg_onnx_ints(&tensor, got, 2) == -1);
    dims[0] = -1;
    CHECK(erg_onnx_elements(&tensor) == -1);
}

static void every_element_type_has_its_width(void)
{
    static const int bits[] = { 0,  32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64,
                                64, 128, 16, 8, 8, 8, 8, 4, 4, 4, 8, 2, 2, 0 };
    char buffer[16];

    for (int32_t i = 0; i < (int32_t)ERG_COUNT(bits); i++)
        CHECK(erg_onnx_type_bits(i) == bits[i]);
    CHECK(erg_onnx_type_bits(-1) == 0);
    CHECK_TEXT(erg_onnx_type_name(16, buffer), "BFLOAT16");
    CHECK_TEXT(erg_onnx_type_name(77, buffer), "type 77");
}

int main(void)
{
    static const test tests[] = {
        TEST(a_missing_file_is_a_note),
        TEST(bytes_are_counted_from_offset_to_length_or_to_the_end),
        TEST(a_file_that_is_too_short_is_a_note),
        TEST(no_path_leaves_the_folder),
        TEST(a_link_is_followed_within_the_folder_only),
        TEST(what_is_no_number_or_no_place_is_refused),
        TEST(integers_are_read_from_every_place_they_may_lie_in),
        TEST(every_element_type_has_its_width),
    };
    return test_run(tests, ERG_COUNT(tests));
}
