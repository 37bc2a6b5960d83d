/* SPDX-License-Identifier: Apache-2.0 */
/* .npy: what NumPy writes is read, everything else is refused with a sentence. */
#include "quality/array.h"
#include "test.h"

typedef struct npy_file { unsigned char bytes[512]; size_t size; } npy_file;

static void write_header(npy_file *to, int version, const char *header)
{
    size_t count = strlen(header), at = version == 1 ? 10 : 12;

    memcpy(to->bytes, "\x93NUMPY", 6);
    to->bytes[6] = (unsigned char)version;
    to->bytes[7] = 0;
    to->bytes[8] = (unsigned char)count;
    memset(to->bytes + 9, 0, at - 9);
    memcpy(to->bytes + at, header, count);
    to->size = at + count;
}

static void add(npy_file *to, const void *bytes, size_t size)
{
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static erg_array *parse(const npy_file *from, erg_error *err)
{
    /* A copy of exactly its size, so that reading beyond it is seen. */
    unsigned char *copy = malloc(from->size + 1);
    memcpy(copy, from->bytes, from->size);
    erg_array *array = erg_array_parse("x.npy", copy, from->size, err);
    free(copy);
    return array;
}

static void floats_of_all_three_sizes_are_read(void)
{
    static const float f4[] = { 1.5f, -2, 0.25f, 3, 4, 5 };
    static const double f8[] = { 1.5, -2, 0.25, 3, 4, 5 };
    static const uint16_t f2[] = { 0x3e00, 0xc000, 0x3400, 0x4200, 0x4400, 0x4500 };
    static const struct { const char *header; const void *bytes; size_t size; int version; }
    rows[] = {
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }    \n", f4,
          sizeof(f4), 1 },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", f8,
          sizeof(f8), 2 },
        { "{\"shape\": (2,3), \"descr\": \"<f2\", \"fortran_order\": False}", f2,
          sizeof(f2), 1 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        npy_file file;
        erg_error err = { 0 };
        write_header(&file, rows[i].version, rows[i].header);
        add(&file, rows[i].bytes, rows[i].size);
        erg_array *array = parse(&file, &err);
        CHECK_OK(array, err);
        CHECK(array->rank == 2 && array->dims[0] == 2 && array->dims[1] == 3);
        for (size_t j = 0; j < 6; j++)
            CHECK_NEAR(array->values[j], f8[j], 0);
        erg_array_free(array);
    }
}

static void small_halves_are_exact(void)
{
    static const uint16_t f2[] = { 0x0001, 0x8400, 0x7bff };
    npy_file file;
    write_header(&file, 1, "{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }\n");
    add(&file, f2, sizeof(f2));
    erg_array *array = parse(&file, NULL);
    CHECK(array && array->rank == 1 && array->dims[0] == 3 && array->dims[1] == 1);
    CHECK_NEAR(array->values[0], 0x1p-24, 0);
    CHECK_NEAR(array->values[1], -0x1p-14, 0);
    CHECK_NEAR(array->values[2], 65504, 0);
    erg_array_free(array);
}

static void what_is_no_such_array_is_refused(void)
{
    static const double values[] = { 1, 2, 3, 4, 5, NAN };
    static const struct { const char *header; size_t values; const char *says; } rows[] = {
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (5,), }", 4, "32 bytes" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 4, "needs 24" },
        { "{'descr': '>f8', 'fortran_order': False, 'shape': (4,), }", 4, "'>f8'" },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (4,), }", 4, "'|O'" },
        { "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }", 4, "Fortran" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", 6, "row 3 holds" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 1, "single number" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 2, 2), }", 4,
          "not a .npy" },
        { "{'descr': '<f8', 'shape': (4,), }", 4, "not a .npy" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (4,), 'x': 1}", 4,
          "not a .npy" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (4,) ", 4, "not a .npy" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (4,)} #", 4, "not a .npy" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }", 4,
          "needs 8000000000" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", 4,
          "too large" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        npy_file file;
        erg_error err = { 0 };
        write_header(&file, 1, rows[i].header);
        add(&file, values, rows[i].values * sizeof(*values));
        CHECK(!parse(&file, &err));
        if (!strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
    }
}

static void every_cut_is_refused(void)
{
    static const double values[] = { 1, 2, 3, 4 };
    npy_file file;

    write_header(&file, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }\n");
    add(&file, values, sizeof(values));
    for (size_t whole = file.size; file.size-- > 0;) {
        erg_error err = { 0 };
        CHECK(file.size < whole && !parse(&file, &err) && err.code == ERG_BAD_INPUT);
    }
    memcpy(file.bytes, "\x80\x04pickle", 8);
    file.size = 64;
    CHECK(!parse(&file, NULL));
}

int main(void)
{
    static const test tests[] = {
        TEST(floats_of_all_three_sizes_are_read),
        TEST(small_halves_are_exact),
        TEST(what_is_no_such_array_is_refused),
        TEST(every_cut_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
