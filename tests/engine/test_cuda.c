/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CUDA engine against fakes of its libraries, which compute what they are asked for on
 * this processor and know every handle. The first tests run before they are loaded.
 */
#include "test.h"
#include "engine/cuda_world.h"

static const erg_engine *const engine = &erg_engine_cuda;
static const fake_cuda *fake;

/* ---- matrices ----------------------------------------------------------------------- */

typedef struct problem {
    erg_signature of;
    float *memory[ERG_SIGNATURE_TENSORS];
} problem;

/* Where the element (row, column) of op(tensor) lies. */
static int64_t place(const erg_signature_tensor *of, int64_t batch, int64_t row,
                     int64_t column, bool turned)
{
    int64_t at[3] = { batch, turned ? column : row, turned ? row : column };
    int64_t sum = 0, step = 1;
    bool dense = of->strides[of->rank - 1] == 0;

    for (int i = of->rank - 1; i >= 0; i--) {
        sum += at[i + 3 - of->rank] * (dense ? step : of->strides[i]);
        step *= of->dims[i];
    }
    return sum;
}

static double expected(const problem *with, const float *before, int64_t at[3])
{
    const erg_signature *of = &with->of;
    double sum = 0;

    for (int64_t l = 0; l < of->k; l++)
        sum += (double)with->memory[0][place(&of->tensors[0], at[0], at[1], l,
                                             of->transpose_a)]
             * (double)with->memory[1][place(&of->tensors[1], at[0], l, at[2],
                                             of->transpose_b)];
    sum *= of->alpha;
    if (of->input_count == 3 && of->tensors[2].rank == 1)
        sum += (double)with->memory[2][at[2]];
    else if (of->input_count == 3)
        sum += (double)with->memory[2][place(&of->tensors[2], at[0], at[1], at[2], false)];
    if (of->beta != 0 && of->input_count == 2)
        sum += of->beta
            * (double)before[place(&of->tensors[2], at[0], at[1], at[2], false)];
    return sum;
}

static void check_product(const problem *with, const float *before)
{
    const erg_signature *of = &with->of;
    const erg_signature_tensor *out = &of->tensors[of->input_count];

    for (int64_t b = 0; b < (of->batch > 0 ? of->batch : 1); b++)
        for (int64_t i = 0; i < of->m; i++)
            for (int64_t j = 0; j < of->n; j++)
                CHECK_NEAR(with->memory[of->input_count][place(out, b, i, j, false)],
                           expected(with, before, (int64_t[]){ b, i, j }), 1e-5);
}

/* Prepares, takes, launches, waits, compares with sums of our own, and gives all back. */
static void run_product(erg_engine_session *session, const erg_signature *of)
{
    erg_error err = { 0 };
    problem with = { .of = *of };
    int count = of->input_count + of->output_count;
    size_t bytes;
    erg_engine_job *job = engine->prepare(session, of, &err);

    CHECK_OK(job != NULL, err);
    for (int i = 0; i < count; i++)
        CHECK_OK((with.memory[i] = engine->take(session, &of->tensors[i], (uint64_t)i,
                                                &err)), err);
    CHECK(cuda_tensor_bytes(&of->tensors[count - 1], &bytes, &err));
    float *before = malloc(bytes);
    CHECK(before != NULL);
    memcpy(before, with.memory[count - 1], bytes);
    CHECK_OK(engine->launch(job, (void *const *)with.memory, &err), err);
    CHECK(memcmp(before, with.memory[count - 1], bytes) == 0);     /* not before the wait */
    CHECK_OK(engine->wait(session, &err), err);
    check_product(&with, before);
    free(before);
    for (int i = 0; i < count; i++)
        engine->give(session, with.memory[i]);
    engine->free(job);
}

/* ---- what is missing ---------------------------------------------------------------- */

static void without_a_driver_it_says_what_to_install(void)
{
    char why[480] = "";
    erg_error err = { 0 };

    if (cuda_world_has("libcuda.so.1"))
        SKIP("this machine has a CUDA driver");
    CHECK(!engine->find(why, sizeof(why)) && strstr(why, "libcuda.so.1")
          && strstr(why, "NVIDIA driver"));
    CHECK(!engine->open(&(erg_engine_options){ 0 }, &err) && err.code == ERG_UNSUPPORTED);
    CHECK_TEXT(err.text, why);
    CHECK(erg_engine_find("cuda") == engine);
}

static void a_library_that_is_missing_is_named_and_the_rest_goes_on(void)
{
    erg_error err = { 0 };
    erg_signature of = cuda_world_product(2, 2, 2);

    fake = cuda_world_driver();
    if (cuda_world_has("libcublasLt.so.13") || cuda_world_has("libcublasLt.so.12"))
        SKIP("this machine has cuBLASLt");
    erg_engine_session *session = cuda_world_open();
    CHECK(!engine->prepare(session, &of, &err) && err.code == ERG_UNSUPPORTED);
    CHECK(strstr(err.text, "cuBLASLt") && strstr(err.text, "LD_LIBRARY_PATH"));
    void *memory = engine->take(session, &of.tensors[0], 1, &err);
    CHECK_OK(memory != NULL, err);
    engine->give(session, memory);
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

/* ---- what is there ------------------------------------------------------------------ */

static void all_symbols_of_all_tables_resolve(void)
{
    static const struct { const cuda_library *library; size_t bytes; } rows[] = {
        { &cuda_library_driver, sizeof(cuda_driver) },
        { &cuda_library_blas, sizeof(cuda_blas) },
        { &cuda_library_compiler, sizeof(cuda_compiler) },
        { &cuda_library_dnn, sizeof(cuda_dnn) },
    };

    fake = cuda_world();
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        void *api[64] = { 0 };
        erg_error err = { 0 };
        CHECK(rows[i].bytes <= sizeof(api));
        CHECK_OK(cuda_library_open(rows[i].library, api, rows[i].bytes, &err), err);
        for (size_t j = 0; j < rows[i].bytes / sizeof(*api); j++)
            CHECK(api[j] != NULL);
        cuda_library_close(api, rows[i].bytes);
    }
}

static void it_finds_the_gpu_and_tells_its_name(void)
{
    char why[480] = "";
    erg_error err = { 0 };

    fake = cuda_world();
    CHECK(engine->find(why, sizeof(why)));
    CHECK_TEXT(why, "CUDA 12.4, Fake GPU 0");
    CHECK(!engine->open(&(erg_engine_options){ .device = 7 }, &err));
    CHECK(strstr(err.text, "cuDeviceGet"));
    CHECK(fake->alive(0) == 0);
}

static void products_are_right_however_their_matrices_lie(void)
{
    fake = cuda_world();
    erg_engine_session *session = cuda_world_open();
    test_random random = { 3 };

    for (int i = 0; i < 300; i++) {
        int64_t m = 1 + (int64_t)(6 * test_uniform(&random)),
                n = 1 + (int64_t)(6 * test_uniform(&random));
        int64_t k = 1 + (int64_t)(6 * test_uniform(&random));
        erg_signature of = cuda_world_product(m, n, k);
        of.transpose_a = test_uniform(&random) < 0.5;
        of.transpose_b = test_uniform(&random) < 0.5;
        if (of.transpose_a)
            of.tensors[0] = (erg_signature_tensor){ 2, { k, m } };
        if (of.transpose_b)
            of.tensors[1] = (erg_signature_tensor){ 2, { n, k } };
        for (int t = 0; t < 3; t++) { /* rows wider than they need be, or a turned view */
            erg_signature_tensor *with = &of.tensors[t];
            int64_t more = (int64_t)(3 * test_uniform(&random));
            bool view = t < 2 && test_uniform(&random) < 0.3;
            if (test_uniform(&random) < 0.5)
                continue;
            with->strides[0] = view ? 1 : with->dims[1] + more;
            with->strides[1] = view ? with->dims[0] + more : 1;
        }
        of.alpha = i % 3 ? 1 : 0.5;
        of.beta = i % 4 ? 0 : 2;
        run_product(session, &of);
    }
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

static void batches_biases_and_sums_are_right(void)
{
    fake = cuda_world();
    erg_engine_session *session = cuda_world_open();
    erg_signature batched = cuda_world_product(3, 4, 5), heads = batched, biased, added;

    batched.batch = 6;
    batched.tensors[0] = (erg_signature_tensor){ 3, { 6, 3, 5 } };
    batched.tensors[2] = (erg_signature_tensor){ 3, { 6, 3, 4 } }; /* B is one for all */
    run_product(session, &batched);
    heads.batch = 2; /* heads of attention: the batch is inside of the rows */
    heads.tensors[0] = (erg_signature_tensor){ 3, { 2, 3, 5 }, { 5, 10, 1 } };
    heads.tensors[1] = (erg_signature_tensor){ 3, { 2, 5, 4 }, { 4, 1, 8 } };
    heads.tensors[1].strides[0] = 40;
    heads.tensors[2] = (erg_signature_tensor){ 3, { 2, 3, 4 } };
    run_product(session, &heads);
    biased = cuda_world_product(3, 4, 5);
    biased.input_count = 3;
    biased.tensors[2] = (erg_signature_tensor){ 1, { 4 } };
    biased.tensors[3] = (erg_signature_tensor){ 2, { 3, 4 } };
    run_product(session, &biased);
    added = biased;
    added.tensors[2] = added.tensors[3];
    run_product(session, &added);
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

static void what_cannot_be_replayed_is_refused_by_name(void)
{
    erg_error err = { 0 };
    fake = cuda_world();
    erg_engine_session *session = cuda_world_open();
    erg_signature of = cuda_world_product(2, 3, 4), nowhere = of, ragged = of, unknown = of,
                  int4 = of;

    nowhere.op = ERG_OP_TOP_K;
    CHECK(!engine->prepare(session, &nowhere, &err) && err.code == ERG_UNSUPPORTED);
    CHECK(strstr(err.text, "top_k"));
    ragged.tensors[0].strides[0] = 9;
    ragged.tensors[0].strides[1] = 2;
    CHECK(!engine->prepare(session, &ragged, &err) && err.code == ERG_UNSUPPORTED);
    unknown.shape_known = false;
    CHECK(!engine->prepare(session, &unknown, &err) && strstr(err.text, "shape"));
    int4.tensors[1].precision = ERG_INT4;
    CHECK(!engine->prepare(session, &int4, &err) && strstr(err.text, "int4"));
    CHECK(!engine->take(session, &int4.tensors[1], 1, &err) && strstr(err.text, "int4"));
    int4.tensors[1].precision = ERG_FP16;       /* two types that no algorithm joins */
    CHECK(!engine->prepare(session, &int4, &err) && err.code == ERG_UNSUPPORTED);
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

static void the_algorithm_is_the_traces_or_the_first(void)
{
    static const struct { const char *algo, *chosen; } rows[] = {
        { "", "cublasLt 120304 algo 21" },
        { "ampere_sgemm_128x64_tn", "cublasLt 120304 algo 21" },
        { "6", "cublasLt 120304 algo 6" },
        { "20", "cublasLt 120304 algo 20" },    /* not offered, but it runs */
        { "99", NULL },
    };

    fake = cuda_world();
    erg_engine_session *session = cuda_world_open();
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_signature of = cuda_world_product(4, 4, 4);
        snprintf(of.algo, sizeof(of.algo), "%s", rows[i].algo);
        erg_engine_job *job = engine->prepare(session, &of, &err);
        CHECK((job != NULL) == (rows[i].chosen != NULL));
        if (job)
            CHECK_TEXT(engine->implementation(job), rows[i].chosen);
        else
            CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, rows[i].algo));
        engine->free(job);
        if (rows[i].chosen)
            run_product(session, &of);
    }
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

static void sizes_pass_2_31_without_a_wrap(void)
{
    const int64_t wide = 1 << 17;
    erg_error err = { 0 };
    erg_signature of = cuda_world_product(wide, wide, wide), huge = of;
    size_t bytes;

    fake = cuda_world();
    erg_engine_session *session = cuda_world_open();
    CHECK(cuda_tensor_bytes(&of.tensors[0], &bytes, &err)
          && bytes == (size_t)4 * wide * wide);
    CHECK(!engine->take(session, &of.tensors[0], 1, &err) && err.code == ERG_NO_MEMORY);
    CHECK(fake->asked() == (size_t)4 * wide * wide);
    of.batch = 3;
    of.tensors[2] = (erg_signature_tensor){ 3, { 3, wide, wide } };
    /* the fake holds sizes to each other */
    erg_engine_job *job = engine->prepare(session, &of, &err);
    CHECK_OK(job != NULL, err);
    engine->free(job);
    huge.tensors[0].dims[0] = INT64_MAX / 2;
    CHECK(!cuda_tensor_bytes(&huge.tensors[0], &bytes, &err) && err.code == ERG_BAD_INPUT);
    huge.m = huge.k = INT64_MAX / 2;
    CHECK(!engine->prepare(session, &huge, &err) && err.code == ERG_BAD_INPUT);
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(without_a_driver_it_says_what_to_install),
        TEST(a_library_that_is_missing_is_named_and_the_rest_goes_on),
        TEST(all_symbols_of_all_tables_resolve),
        TEST(it_finds_the_gpu_and_tells_its_name),
        TEST(products_are_right_however_their_matrices_lie),
        TEST(batches_biases_and_sums_are_right),
        TEST(what_cannot_be_replayed_is_refused_by_name),
        TEST(the_algorithm_is_the_traces_or_the_first),
        TEST(sizes_pass_2_31_without_a_wrap),
    };
    return test_run(tests, ERG_COUNT(tests));
}
