/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of the CUDA engine, on a cuDNN that keeps to what is set and computes it. */
#include "test.h"
#include "engine/cuda_world.h"

static const erg_engine *const engine = &erg_engine_cuda;

/* 2 x 4 x 7 x 6 by 6 x 2 x 3 x 3 in two groups: strides 2 and 1, dilation 1 and 2. */
static erg_signature problem(void)
{
    erg_signature of = { .op = ERG_OP_CONV, .shape_known = true, .input_count = 2,
                         .output_count = 1, .alpha = 1, .axis = -1 };

    of.tensors[0] = (erg_signature_tensor){ 4, { 2, 4, 7, 6 } };
    of.tensors[1] = (erg_signature_tensor){ 4, { 6, 2, 3, 3 } };
    of.tensors[2] = (erg_signature_tensor){ 4, { 2, 6, 4, 4 } };
    of.window = (erg_window){ 2, { 3, 3 }, { 2, 1 }, { 1, 1 }, { 1, 1 }, { 1, 2 }, { 7, 6 },
                              { 4, 4 }, 4, 6, 2 };
    return of;
}

static double expected(const float *x, const float *w, int i)
{
    int n = i / 96, k = i / 16 % 6, p = i / 4 % 4, q = i % 4;
    double sum = 0;

    for (int c = 0; c < 2; c++)
        for (int v = 0; v < 3; v++)
            for (int u = 0; u < 3; u++) {
                int row = 2 * p - 1 + v, column = q - 1 + 2 * u, channel = k / 3 * 2 + c;
                if (row >= 0 && row < 7 && column >= 0 && column < 6)
                    sum += (double)x[((n * 4 + channel) * 7 + row) * 6 + column]
                         * (double)w[((k * 2 + c) * 3 + v) * 3 + u];
            }
    return sum;
}

static bool run(erg_engine_session *session, float *out[3], erg_error *err)
{
    erg_signature of = problem();
    void *memory[ERG_SIGNATURE_TENSORS] = { 0 };
    erg_engine_job *job = engine->prepare(session, &of, err);
    bool good = job != NULL;

    for (int i = 0; i < 3; i++)
        CHECK((memory[i] = out[i] = engine->take(session, &of.tensors[i],
                                                 (uint64_t)i, NULL)));
    good = good && engine->launch(job, memory, err) && engine->wait(session, err);
    engine->free(job);
    return good;
}

static void convolutions_are_what_they_are_described_as(void)
{
    erg_error err = { 0 };
    const fake_cuda *fake = cuda_world();
    erg_engine_session *session = cuda_world_open();
    float *memory[3];

    CHECK_OK(run(session, memory, &err), err);
    for (int i = 0; i < 192; i++)
        CHECK_NEAR(memory[2][i], expected(memory[0], memory[1], i), 1e-6);
    for (int i = 0; i < 3; i++)
        engine->give(session, memory[i]);
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

static void each_call_that_fails_is_told(void)
{
    static const char *const calls[] = { "cudnnCreate", "cudnnSetStream",
                                         "cudnnBackendCreateDescriptor",
                                         "cudnnBackendSetAttribute", "cudnnBackendFinalize",
                                         "cudnnBackendGetAttribute",
                                         "cudnnBackendExecute" };
    const fake_cuda *fake = cuda_world();

    for (size_t i = 0; i < ERG_COUNT(calls); i++) {
        erg_error err = { 0 };
        erg_engine_session *session = cuda_world_open();
        float *memory[3];
        fake->spoil(calls[i], 1, 2000);
        CHECK(!run(session, memory, &err) && strstr(err.text, calls[i]));
        for (int j = 0; j < 3; j++)
            engine->give(session, memory[j]);
        engine->close(session);
        CHECK(fake->alive(0) == 0);
    }
}

static void what_is_more_than_a_convolution_is_refused(void)
{
    erg_error err = { 0 };
    erg_signature biased = problem(), whole = problem();

    cuda_world();
    erg_engine_session *session = cuda_world_open();
    biased.input_count = 3;
    CHECK(!engine->prepare(session, &biased, &err) && err.code == ERG_UNSUPPORTED);
    whole.tensors[1].precision = ERG_INT8;
    CHECK(!engine->prepare(session, &whole, &err) && strstr(err.text, "int8"));
    engine->close(session);
}

int main(void)
{
    static const test tests[] = {
        TEST(convolutions_are_what_they_are_described_as),
        TEST(each_call_that_fails_is_told),
        TEST(what_is_more_than_a_convolution_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
