/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own CUDA kernels, compiled for this processor by the fake NVRTC and held to sums made
 * here: as they are in the engine, but for fp16, whose conversions are the GPU's own words.
 */
#include "test.h"
#include "engine/cuda_kernels.h"
#include "engine/cuda_world.h"

static const erg_engine *const engine = &erg_engine_cuda;
static const fake_cuda *fake;

typedef struct world {
    erg_engine_session *session;
    float *memory[ERG_SIGNATURE_TENSORS];
} world;

static world begin(void)
{
    world in = { 0 };

    fake = cuda_world();
    if (system("c++ --version >/dev/null 2>&1") != 0)
        SKIP("there is no C++ compiler to stand in for NVRTC");
    in.session = cuda_world_open();
    return in;
}

/* Memory stays for the looks of the test. */
static void run(world *in, const erg_signature *of)
{
    erg_error err = { 0 };
    erg_engine_job *job = engine->prepare(in->session, of, &err);

    CHECK_OK(job != NULL, err);
    for (int i = 0; i <= of->input_count; i++)
        CHECK_OK((in->memory[i] = engine->take(in->session, &of->tensors[i],
                                               (uint64_t)i, &err)),
                 err);
    CHECK_OK(engine->launch(job, (void *const *)in->memory, &err), err);
    CHECK_OK(engine->wait(in->session, &err), err);
    engine->free(job);
}

static void forget(world *in)
{
    for (int i = 0; i < ERG_SIGNATURE_TENSORS; i++) {
        engine->give(in->session, in->memory[i]);
        in->memory[i] = NULL;
    }
}

static void end(world *in)
{
    engine->close(in->session);
    CHECK(fake->alive(0) == 0);
}

static erg_signature of_kind(erg_op_kind op, int inputs)
{
    return (erg_signature){ .op = op, .shape_known = true, .input_count = inputs,
                            .output_count = 1, .axis = -1, .alpha = 1 };
}

/* ---- tests -------------------------------------------------------------------------- */

static void maps_of_one_tensor_are_right(void)
{
    static const struct { erg_op_kind op; double (*is)(double x); } rows[] = {
        { ERG_OP_TANH, tanh }, { ERG_OP_EXP, exp }, { ERG_OP_ABS, fabs },
        { ERG_OP_ERF, erf },
    };
    world in = begin();

    for (size_t r = 0; r < ERG_COUNT(rows); r++) {
        erg_signature of = of_kind(rows[r].op, 1);
        of.tensors[0] = of.tensors[1] = (erg_signature_tensor){ 2, { 3, 700 } };
        run(&in, &of);
        for (int i = 0; i < 2100; i++)
            CHECK_NEAR(in.memory[1][i], rows[r].is((double)in.memory[0][i]), 1e-6);
        forget(&in);
    }
    end(&in);
}

static void sums_of_two_tensors_spread_the_smaller_one(void)
{
    static const struct { int rank; int64_t dims[4]; int64_t inner, length; } rows[] = {
        { 4, { 2, 3, 4, 5 }, 1, 120 },  { 1, { 5 }, 1, 5 },
        { 4, { 1, 3, 1, 1 }, 20, 3 },
        { 2, { 4, 5 }, 1, 20 },         { 0, { 0 }, 1, 1 },     { 3, { 3, 4, 1 }, 5, 12 },
        { 4, { 2, 1, 1, 1 }, 60, 2 },
    };
    world in = begin();

    for (size_t r = 0; r < ERG_COUNT(rows); r++) {
        erg_signature of = of_kind(ERG_OP_SUB, 2);
        of.tensors[0] = of.tensors[2] = (erg_signature_tensor){ 4, { 2, 3, 4, 5 } };
        of.tensors[1].rank = rows[r].rank;
        memcpy(of.tensors[1].dims, rows[r].dims, sizeof(rows[r].dims));
        run(&in, &of);
        for (int64_t i = 0; i < 120; i++) {
            int64_t j = i / rows[r].inner % rows[r].length;
            CHECK_NEAR(in.memory[2][i], (double)in.memory[0][i] - (double)in.memory[1][j],
                       1e-6);
        }
        forget(&in);
    }
    end(&in);
}

static void rows_become_softmax_norm_and_mean(void)
{
    enum { ROWS = 5, WIDTH = 77 };
    world in = begin();
    erg_signature soft = of_kind(ERG_OP_SOFTMAX, 1), norm = of_kind(ERG_OP_LAYER_NORM, 3);
    erg_signature mean = of_kind(ERG_OP_GLOBAL_POOL, 1);
    const erg_signature_tensor rows = { 2, { ROWS, WIDTH } }, row = { 1, { WIDTH } };

    soft.tensors[0] = soft.tensors[1] = rows;
    run(&in, &soft);
    for (int r = 0; r < ROWS; r++) {
        double sum = 0, whole = 0;
        for (int i = 0; i < WIDTH; i++)
            sum += exp((double)in.memory[0][r * WIDTH + i]);
        for (int i = 0; i < WIDTH; i++) {
            CHECK_NEAR(in.memory[1][r * WIDTH + i],
                       exp((double)in.memory[0][r * WIDTH + i]) / sum, 1e-7);
            whole += (double)in.memory[1][r * WIDTH + i];
        }
        CHECK_NEAR(whole, 1, 1e-5);
    }
    forget(&in);
    norm.tensors[0] = norm.tensors[3] = rows;
    norm.tensors[1] = norm.tensors[2] = row;
    run(&in, &norm);
    for (int r = 0; r < ROWS; r++) {
        const float *x = in.memory[0] + r * WIDTH;
        double sum = 0, squares = 0;
        for (int i = 0; i < WIDTH; i++) sum += (double)x[i];
        for (int i = 0; i < WIDTH; i++) squares += pow((double)x[i] - sum / WIDTH, 2);
        for (int i = 0; i < WIDTH; i++)
            CHECK_NEAR(in.memory[3][r * WIDTH + i],
                       ((double)x[i] - sum / WIDTH) / sqrt(squares / WIDTH + 1e-5)
                               * (double)in.memory[1][i] + (double)in.memory[2][i], 1e-4);
    }
    forget(&in);
    mean.tensors[0] = (erg_signature_tensor){ 4, { 1, ROWS, 7, 11 } };
    mean.tensors[1] = (erg_signature_tensor){ 4, { 1, ROWS, 1, 1 } };
    run(&in, &mean);
    for (int r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int i = 0; i < 77; i++) sum += (double)in.memory[0][r * 77 + i];
        CHECK_NEAR(in.memory[1][r], sum / 77, 1e-6);
    }
    forget(&in);
    end(&in);
}

static void pools_and_batch_norms_are_right(void)
{
    world in = begin();
    erg_signature pool = of_kind(ERG_OP_MAX_POOL, 1), batch = of_kind(ERG_OP_BATCH_NORM, 5);

    pool.tensors[0] = (erg_signature_tensor){ 4, { 2, 3, 8, 8 } };
    pool.tensors[1] = (erg_signature_tensor){ 4, { 2, 3, 4, 4 } };
    pool.window = (erg_window){ 2, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 },
                                { 1, 1 }, { 8, 8 },
                                { 4, 4 }, 3, 3, 1 };
    run(&in, &pool);
    for (int i = 0; i < 96; i++) {
        double most = -INFINITY;
        for (int v = i / 4 % 4 * 2 - 1; v < i / 4 % 4 * 2 + 2; v++)
            for (int u = i % 4 * 2 - 1; u < i % 4 * 2 + 2; u++)
                if (v >= 0 && v < 8 && u >= 0 && u < 8)
                    most = fmax(most, (double)in.memory[0][i / 16 * 64 + v * 8 + u]);
        CHECK_NEAR(in.memory[1][i], most, 0);
    }
    forget(&in);
    batch.tensors[0] = batch.tensors[5] = (erg_signature_tensor){ 4, { 2, 3, 4, 5 } };
    for (int i = 1; i < 5; i++)
        batch.tensors[i] = (erg_signature_tensor){ 1, { 3 } };
    run(&in, &batch);
    for (int i = 0; i < 120; i++) {
        int c = i / 20 % 3;
        double scale = (double)in.memory[1][c] / sqrt((double)in.memory[4][c] + 1e-5);
        CHECK_NEAR(in.memory[5][i],
                   ((double)in.memory[0][i] - (double)in.memory[3][c]) * scale
                       + (double)in.memory[2][c], 1e-5);
    }
    forget(&in);
    end(&in);
}

static void bf16_is_rounded_as_its_type_is(void)
{
    world in = begin();
    erg_signature of = of_kind(ERG_OP_MUL, 2);

    for (int i = 0; i < 3; i++)
        of.tensors[i] = (erg_signature_tensor){ 1, { 500 }, .precision = ERG_BF16 };
    run(&in, &of);
    const uint16_t *a = (void *)in.memory[0], *b = (void *)in.memory[1],
                   *c = (void *)in.memory[2];
    for (int i = 0; i < 500; i++) {
        union { uint32_t bits; float number; } x = { (uint32_t)a[i] << 16 },
            y = { (uint32_t)b[i] << 16 }, z = { (uint32_t)c[i] << 16 };
        double product = (double)x.number * (double)y.number;
        CHECK_NEAR(z.number, product, fabs(product) * 0x1p-8);
    }
    forget(&in);
    end(&in);
}

static void what_no_kernel_has_is_refused(void)
{
    world in = begin();
    erg_signature soft = of_kind(ERG_OP_SOFTMAX, 1), add = of_kind(ERG_OP_ADD, 2),
                  fp64 = add;
    erg_error err = { 0 };

    soft.axis = 0;
    soft.tensors[0] = soft.tensors[1] = (erg_signature_tensor){ 2, { 4, 4 } };
    CHECK(!engine->prepare(in.session, &soft, &err) && err.code == ERG_UNSUPPORTED);
    CHECK(strstr(err.text, "softmax"));
    add.tensors[0] = add.tensors[2] = (erg_signature_tensor){ 3, { 2, 3, 4 } };
    add.tensors[1] = (erg_signature_tensor){ 3, { 2, 1, 4 } }; /* spread in its middle */
    CHECK(!engine->prepare(in.session, &add, &err) && err.code == ERG_UNSUPPORTED);
    for (int i = 0; i < 3; i++)
        fp64.tensors[i] = (erg_signature_tensor){ 1, { 4 }, .precision = ERG_FP64 };
    CHECK(!engine->prepare(in.session, &fp64, &err) && strstr(err.text, "fp64"));
    end(&in);
}

static void each_call_of_the_compiler_that_fails_is_told(void)
{
    world in = begin();
    erg_signature of = of_kind(ERG_OP_RELU, 1);
    static const char *const calls[] = { "nvrtcCreateProgram", "nvrtcCompileProgram",
                                         "nvrtcGetCUBINSize", "nvrtcGetCUBIN",
                                         "cuModuleLoadData", "cuModuleGetFunction" };

    of.tensors[0] = of.tensors[1] = (erg_signature_tensor){ 1, { 1 } };
    for (size_t i = 0; i < ERG_COUNT(calls); i++) {
        erg_error err = { 0 };
        fake->spoil(calls[i], 1, 6);
        CHECK(!engine->prepare(in.session, &of, &err) && err.code != ERG_OK && *err.text);
    }
    fake->spoil("cuLaunchKernel", 1, 6);
    erg_error err = { 0 };
    erg_engine_job *job = engine->prepare(in.session, &of, &err);
    float one[2] = { 0 };
    CHECK_OK(job != NULL, err);
    CHECK(!engine->launch(job, (void *const[]){ &one[0], &one[1] }, &err));
    CHECK(strstr(err.text, "cuLaunchKernel"));
    engine->free(job);
    end(&in);
}

int main(void)
{
    static const test tests[] = {
        TEST(maps_of_one_tensor_are_right),
        TEST(sums_of_two_tensors_spread_the_smaller_one),
        TEST(rows_become_softmax_norm_and_mean),
        TEST(pools_and_batch_norms_are_right),
        TEST(bf16_is_rounded_as_its_type_is),
        TEST(what_no_kernel_has_is_refused),
        TEST(each_call_of_the_compiler_that_fails_is_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}
