/* SPDX-License-Identifier: Apache-2.0 */
/* Bursts of the CUDA engine, what it does when a call fails,
 * and the numbers it fills in. */
#include "test.h"
#include "engine/cuda_world.h"

static const erg_engine *const engine = &erg_engine_cuda;
static const fake_cuda *fake;

/* ---- bursts ------------------------------------------------------------------------- */

static void check_square(void *const memory[], int n)
{
    const float *a = memory[0], *b = memory[1], *c = memory[2];

    for (int i = 0; i < n * n; i++) {
        double sum = 0;
        for (int k = 0; k < n; k++)
            sum += (double)a[i / n * n + k] * (double)b[k * n + i % n];
        CHECK_NEAR(c[i], sum, 1e-6);
    }
}

enum { SETS = 3, LAUNCHES = 7, TIMES = 70 };

static void a_burst_rotates_its_memory_and_tells_the_devices_time(void)
{
    erg_error err = { 0 };
    erg_signature of = cuda_world_product(8, 8, 8);
    void *memory[SETS][ERG_SIGNATURE_TENSORS] = { 0 };
    double time_s[TIMES];

    fake = cuda_world();
    erg_engine_session *session = cuda_world_open();
    erg_engine_job *job = engine->prepare(session, &of, &err);
    CHECK_OK(job != NULL, err);
    CHECK(!engine->burst(job, 1, time_s, &err) && err.code == ERG_BAD_INPUT);
    for (int i = 0; i < SETS; i++)
        for (int t = 0; t < 3; t++)
            CHECK((memory[i][t] = engine->take(session, &of.tensors[t],
                                               (uint64_t)(3 * i + t), &err)));
    const erg_engine_burst how = { (void *const (*)[ERG_SIGNATURE_TENSORS])memory, SETS,
                                   LAUNCHES };
    CHECK_OK(engine->capture(job, &how, &err), err);
    CHECK(fake->calls("cublasLtMatmul") == LAUNCHES);
    CHECK_OK(engine->burst(job, TIMES, time_s, &err), err);
    CHECK(fake->calls("cublasLtMatmul") == LAUNCHES
          && fake->calls("cuGraphLaunch") == TIMES);
    for (int i = 0; i < TIMES; i++)
        CHECK_NEAR(time_s[i], LAUNCHES * (2e-6 + 2 * 512 / 50e12), 1e-10);
    for (int i = 0; i < SETS; i++)
        check_square(memory[i], 8);
    engine->free(job);
    for (int i = 0; i < SETS; i++)
        for (int t = 0; t < 3; t++)
            engine->give(session, memory[i][t]);
    engine->close(session);
    CHECK(fake->alive(0) == 0);
}

/* ---- faults ------------------------------------------------------------------------- */

/* A whole life of one kernel; false as soon as something fails, all given back. */
static bool live(const char *algo, erg_error *err)
{
    erg_signature of = cuda_world_product(4, 4, 4);
    void *memory[1][ERG_SIGNATURE_TENSORS] = { 0 };
    double time_s[2];
    snprintf(of.algo, sizeof(of.algo), "%s", algo);
    erg_engine_session *session = engine->open(&(erg_engine_options){ 0 }, err);
    erg_engine_job *job = session ? engine->prepare(session, &of, err) : NULL;
    const erg_engine_burst how = { (void *const (*)[ERG_SIGNATURE_TENSORS])memory, 1, 2 };
    bool good = job != NULL;

    for (int t = 0; good && t < 3; t++)
        good = (memory[0][t] = engine->take(session, &of.tensors[t], 1, err)) != NULL;
    good = good && engine->launch(job, memory[0], err) && engine->wait(session, err)
        && engine->capture(job, &how, err)
        && engine->burst(job, 2, time_s, err);
    engine->free(job);
    for (int t = 0; t < 3; t++)
        if (memory[0][t])
            engine->give(session, memory[0][t]);
    engine->close(session);
    return good;
}

/* These give back or only tell: nobody has to hear of it. */
static bool is_quiet(const char *call)
{
    static const char *const quiet[] = { "Destroy", "Free", "Release", "Unload",
                                         "ErrorName", "ConfigGetAttribute",
                                         "DriverGetVersion", "DeviceGetName" };

    for (size_t i = 0; i < ERG_COUNT(quiet); i++)
        if (strstr(call, quiet[i]))
            return true;
    return false;
}

/* 1 if the kernel could not live, as it should be when this call failed. */
static int spoil(const char *call, int nth, const char *algo)
{
    erg_error err = { 0 };

    fake->spoil(call, nth, 7);
    bool good = live(algo, &err), was_called = fake->calls(call) >= nth;
    if (good != (!was_called || is_quiet(call)))
        print_message("# %s, call %d\n", call, nth);
    CHECK(good == (!was_called || is_quiet(call)));
    CHECK(good || (err.code != ERG_OK && *err.text));
    CHECK(fake->alive(0) == 0);
    return !good;
}

static void each_call_that_fails_is_told_and_leaves_nothing_behind(void)
{
    static const cuda_library *const libraries[] = { &cuda_library_driver,
                                                     &cuda_library_blas };
    /* one wants the workspace, one is asked for */
    static const char *const algos[] = { "6", "20" };
    int told = 0;

    fake = cuda_world();
    for (size_t l = 0; l < ERG_COUNT(libraries); l++)
        for (size_t i = 0; i < libraries[l]->symbol_count; i++)
            for (int turn = 0; turn < 6; turn++)
                told += spoil(libraries[l]->symbols[i].name, 1 + turn / 2, algos[turn % 2]);
    fake->spoil(NULL, 0, 0);
    CHECK(told > 60);
}

/* ---- numbers ------------------------------------------------------------------------ */

static double decode(unsigned bits, int exponent, int fraction)
{
    int power = (int)(bits >> fraction & ((1u << exponent) - 1)),
        bias = (1 << (exponent - 1)) - 1;
    double part = (double)(bits & ((1u << fraction) - 1)) / (double)(1u << fraction);
    double size = power ? ldexp(1 + part, power - bias) : ldexp(part, 1 - bias);
    return bits >> (exponent + fraction) ? -size : size;
}

static void numbers_are_normal_and_the_same_in_every_type(void)
{
    enum { COUNT = 20000 };
    static double full[COUNT];
    static uint16_t half[COUNT], brain[COUNT];
    static uint8_t eight[COUNT];
    static int8_t whole[COUNT];
    double sum = 0, squares = 0;

    CHECK(cuda_numbers(ERG_FP64, false, 5, full, COUNT)
          && cuda_numbers(ERG_FP16, false, 5, half, COUNT)
          && cuda_numbers(ERG_BF16, false, 5, brain, COUNT)
          && cuda_numbers(ERG_FP8, false, 5, eight, COUNT)
          && cuda_numbers(ERG_INT8, false, 5, whole, COUNT));
    CHECK(!cuda_numbers(ERG_INT4, false, 5, whole, COUNT));
    for (int i = 0; i < COUNT; i++) {
        sum += full[i];
        squares += full[i] * full[i];
        double size = fabs(full[i]);
        CHECK_NEAR(decode(half[i], 5, 10), full[i], fmax(size * 0x1p-11, 0x1p-25));
        CHECK_NEAR(decode(brain[i], 8, 7), full[i], size * 0x1p-8);
        CHECK_NEAR(decode(eight[i], 4, 3), full[i], fmax(size * 0x1p-4, 0x1p-10));
        CHECK_NEAR(whole[i], 400 * full[i], 0.5);
    }
    CHECK_NEAR(sum / COUNT, 0, 5 * 0.05 / sqrt(COUNT));
    CHECK_NEAR(sqrt(squares / COUNT), 0.05, 0.002);
    CHECK(cuda_numbers(ERG_FP64, true, 6, full, COUNT) && full[0] > 0.7 && full[0] < 1.3);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_burst_rotates_its_memory_and_tells_the_devices_time),
        TEST(each_call_that_fails_is_told_and_leaves_nothing_behind),
        TEST(numbers_are_normal_and_the_same_in_every_type),
    };
    return test_run(tests, ERG_COUNT(tests));
}
