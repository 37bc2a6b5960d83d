/* SPDX-License-Identifier: Apache-2.0 */
/* Where kernels of a replay find their memory and layouts, and what is left out. */
#include <sys/stat.h>
#include "replay_fake.h"

static const erg_engine_parts whole = { .count = 1 };

/* As many sets as make four caches of 32 MiB, each other memory. */
static void cold_buffers_are_more_than_caches_hold(void)
{
    erg_signature signature = kernel_of(ERG_OP_RELU, "x", 1 << 20).signature;
    char *inputs = malloc(64), *outputs = malloc(64);
    erg_pools pools = { { inputs, inputs, outputs }, { 0 }, 32 << 20 };
    erg_rotation hot, cold;
    void *a[ERG_SIGNATURE_TENSORS], *b[ERG_SIGNATURE_TENSORS];

    erg_rotation_of(&pools, &signature, &whole, false, &hot);
    erg_rotation_of(&pools, &signature, &whole, true, &cold);
    CHECK(hot.sets == 1);
    CHECK(cold.sets * 2 * (4 << 20) >= 4 * (size_t)(32 << 20));
    erg_rotation_at(&cold, 0, a);
    erg_rotation_at(&cold, cold.sets, b);
    CHECK(a[0] == b[0] && a[1] == b[1]);
    erg_rotation_at(&cold, 1, b);
    CHECK((char *)b[0] - (char *)a[0] >= 4 << 20);
    free(inputs);
    free(outputs);
}

/* A table of 8 MiB of which 1 MiB is asked for: four parts, then another table. */
static void rows_of_a_table_are_cold_by_what_is_asked_for(void)
{
    enum { TABLE = 8 << 20, PART = 1 << 20, STEP = 4096, PARTS = 4 };
    erg_signature signature = kernel_of(ERG_OP_RELU, "x", TABLE / 4).signature;
    const erg_engine_parts parts = { PARTS, STEP, PART };
    char *inputs = malloc(64), *outputs = malloc(64);
    erg_pools pools = { { inputs, inputs, outputs }, { 0 }, 32 << 20 };
    void *at[PARTS + 2][ERG_SIGNATURE_TENSORS];
    erg_rotation cold;

    signature.tensors[1].dims[0] = PART / 4;
    erg_rotation_of(&pools, &signature, &parts, true, &cold);
    CHECK(cold.sets == 64);
    for (size_t i = 0; i < ERG_COUNT(at); i++)
        erg_rotation_at(&cold, i, at[i]);
    for (size_t i = 0; i + 1 < ERG_COUNT(at); i++) {
        ptrdiff_t apart = (char *)at[i + 1][0] - (char *)at[i][0];
        CHECK(apart == (i + 1 == PARTS ? TABLE - (PARTS - 1) * STEP : STEP));
        CHECK((char *)at[i + 1][1] - (char *)at[i][1] == PART);
    }
    free(inputs);
    free(outputs);
}

static erg_replay_kernel image(erg_op_kind op, const char *name, int inputs)
{
    erg_replay_kernel kernel = kernel_of(op, name, 1);
    erg_signature *is = &kernel.signature;

    is->input_count = inputs;
    for (int i = 0; i <= inputs; i++)
        is->tensors[i] = (erg_signature_tensor){ .rank = 4, .dims = { 1, 12, 5, 5 } };
    return kernel;
}

/* conv, relu, conv: blocks from the first to the last. linear sees a view: one reorder. */
static void reorders_stand_where_layouts_change_and_nowhere_else(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 5, .no_kernels = true } };

    append(plan, image(ERG_OP_CONV, "conv", 1));
    append(plan, image(ERG_OP_RELU, "relu", 1));
    append(plan, image(ERG_OP_CONV, "conv", 1));
    append(plan, kernel_of(ERG_OP_LINEAR, "linear", 300));
    append(plan, kernel_of(ERG_OP_LINEAR, "linear", 300));
    play(&p, plan);
    const erg_replay_plan *launched = p.bench.stage->plan;
    size_t reorders = 0;
    for (size_t i = 0; i < launched->launch_count; i++) {
        const erg_replay_kernel *kernel = &launched->kernels[launched->launches[i].kernel];

        if (strcmp(kernel->name, "reorder") != 0)
            continue;
        reorders++;
        CHECK(i == 3);
        CHECK(kernel->tier == ERG_TIER_MOVE);
        CHECK_TEXT(kernel->signature.tensors[0].layout, "aBcd8b");
        CHECK_TEXT(kernel->signature.tensors[1].layout, "");
        CHECK(kernel->signature.in_bytes == 16 * 25 * 4); /* 12 channels in blocks of 8 */
        CHECK(kernel->signature.out_bytes == 12 * 25 * 4);
    }
    CHECK(reorders == 1);
    CHECK(launched->launch_count == 6);
    CHECK(launched->kernels[0].count == 2);
    end(&p);
    erg_replay_plan_free(plan);
}

/* A linear layer's 300 numbers are an image to the convolution, and to its reorder. */
static void a_view_is_turned_by_the_dims_of_its_reader(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 5, .no_kernels = true } };

    append(plan, kernel_of(ERG_OP_LINEAR, "linear", 300));
    append(plan, image(ERG_OP_CONV, "conv", 1));
    play(&p, plan);
    const erg_replay_plan *launched = p.bench.stage->plan;
    CHECK(launched->launch_count == 3);
    const erg_signature *reorder =
        &launched->kernels[launched->launches[1].kernel].signature;
    CHECK(reorder->op == ERG_OP_COPY);
    CHECK(reorder->tensors[0].rank == 4 && reorder->tensors[0].dims[1] == 12);
    CHECK_TEXT(reorder->tensors[0].layout, "");
    CHECK_TEXT(reorder->tensors[1].layout, "aBcd8b");
    end(&p);
    erg_replay_plan_free(plan);
}

/* Half of what was written is turned for who reads half of it; the rest stays in reach. */
static void a_part_is_turned_alone_and_the_whole_stays(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 5, .no_kernels = true } };
    erg_replay_kernel conv = image(ERG_OP_CONV, "conv", 1);
    erg_replay_launch launch = { .tensors = { 1, 2 } };

    append(plan, kernel_of(ERG_OP_LINEAR, "linear", 600));
    plan->tensor_count = 4;
    CHECK_OK(erg_replay_plan_add(plan, &conv, &launch.kernel, &err), err);
    CHECK_OK(erg_replay_plan_launch(plan, &launch, &err), err);
    erg_replay_kernel last = kernel_of(ERG_OP_LINEAR, "linear", 600);
    launch = (erg_replay_launch){ .tensors = { 1, 3 } };
    CHECK_OK(erg_replay_plan_add(plan, &last, &launch.kernel, &err), err);
    CHECK_OK(erg_replay_plan_launch(plan, &launch, &err), err);
    play(&p, plan);
    const erg_stage *stage = p.bench.stage;
    const erg_replay_launch *launches = stage->plan->launches;
    CHECK(stage->plan->launch_count == 4); /* linear, reorder, conv, linear */
    CHECK(launches[3].tensors[0] == launches[0].tensors[1]);
    CHECK(launches[1].tensors[0] == launches[0].tensors[1]);
    CHECK(erg_stage_bytes(&stage->shapes[launches[3].tensors[0]]) == 600 * 4);
    end(&p);
    erg_replay_plan_free(plan);
}

static void what_cannot_be_replayed_is_named_and_the_rest_is_timed(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 5 } };

    append(plan, kernel_of(ERG_OP_RELU, "relu", 9000));
    append(plan, kernel_of(ERG_OP_LSTM, "lstm", 9000));
    play(&p, plan);
    CHECK(!p.bench.stage->is_whole);
    CHECK(isnan(p.bench.replay->whole.time_s));
    CHECK(timing_of(&p, "relu", ERG_STATE_COLD));
    CHECK(!timing_of(&p, "lstm", ERG_STATE_HOT));
    CHECK(strstr(p.bench.stage->plan->notes[0], "no lstm"));
    end(&p);
    erg_replay_plan_free(plan);
}

/* Memory comes back only when nobody reads it any more. */
static void memory_of_the_whole_is_never_shared_by_two_that_live(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    played p = { .options = { .runs = 2, .no_kernels = true } };
    size_t own = 0;

    for (int i = 0; i < 12; i++)
        append(plan, kernel_of(ERG_OP_RELU, "relu", 9000));
    play(&p, plan);
    const erg_stage *stage = p.bench.stage;
    for (size_t i = 0; i < stage->plan->launch_count; i++) {
        const erg_replay_launch *launch = &stage->plan->launches[i];
        CHECK(stage->memories[launch->tensors[0]] != stage->memories[launch->tensors[1]]);
    }
    own = stage->block_count;
    CHECK(own == 3);        /* the input, and two in turn */
    end(&p);
    erg_replay_plan_free(plan);
}

static void stopping_ends_at_once_with_a_reason(void)
{
    erg_replay_plan *plan = many();
    volatile int stop = 2;
    played p = { .options = { .runs = 20, .ask_stop = &stop } };
    erg_error err = { 0 };

    p.env.clock = manual_start(&clock_of_all, 0);
    p.bench = (erg_replay_bench){ .env = &p.env, .options = &p.options, .engine = &fake };
    p.bench.replay = erg_replay_new(&err);
    p.bench.stage = erg_stage_open(&fake, &(erg_engine_options){ 0 }, plan, &err);
    CHECK(!erg_replay_measure(&p.bench, &err));
    CHECK(err.code == ERG_REFUSED);
    end(&p);
    erg_replay_plan_free(plan);
}

static void put_file(const char *root, const char *path, const char *text)
{
    char full[200];

    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    test_write(full, text);
}

static void free_memory_is_what_linux_and_the_container_leave(void)
{
    const char *root = test_folder();
    const erg_env env = { .root = root };

    CHECK(isinf(erg_replay_room_bytes(&env)));
    put_file(root, "/proc/meminfo",
             "MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable:    4000 kB\n");
    CHECK_NEAR(erg_replay_room_bytes(&env), 4096000, 0);
    put_file(root, "/sys/fs/cgroup/memory.max", "max\n");
    put_file(root, "/sys/fs/cgroup/memory.current", "1000\n");
    CHECK_NEAR(erg_replay_room_bytes(&env), 4096000, 0);
    put_file(root, "/sys/fs/cgroup/memory.max", "3000\n");
    CHECK_NEAR(erg_replay_room_bytes(&env), 2000, 0);
}

/* Linux would promise it, and end somebody once it is touched. */
static void what_memory_does_not_hold_is_refused(void)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_new(&err);

    append(plan, kernel_of(ERG_OP_RELU, "relu", 9000));
    erg_stage *stage = erg_stage_open(&fake, &(erg_engine_options){ 0 }, plan, &err);
    CHECK_OK(stage != NULL, err);
    stage->room_bytes = 50000; /* 36 kB of one tensor, and there are two */
    CHECK(!erg_stage_furnish(stage, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "smaller batch"));
    erg_stage_close(stage);
    erg_replay_plan_free(plan);
}

/* Dims that a file may hold, and whose product no integer does. */
static void sizes_do_not_wrap(void)
{
    const erg_signature_tensor huge = { .rank = 3, .dims = { 1LL << 40, 1LL << 40, 16 } };

    CHECK(erg_stage_bytes(&huge) >= (size_t)1 << 47);
}

int main(void)
{
    static const test tests[] = {
        TEST(cold_buffers_are_more_than_caches_hold),
        TEST(rows_of_a_table_are_cold_by_what_is_asked_for),
        TEST(reorders_stand_where_layouts_change_and_nowhere_else),
        TEST(a_view_is_turned_by_the_dims_of_its_reader),
        TEST(a_part_is_turned_alone_and_the_whole_stays),
        TEST(what_cannot_be_replayed_is_named_and_the_rest_is_timed),
        TEST(memory_of_the_whole_is_never_shared_by_two_that_live),
        TEST(stopping_ends_at_once_with_a_reason),
        TEST(free_memory_is_what_linux_and_the_container_leave),
        TEST(what_memory_does_not_hold_is_refused),
        TEST(sizes_do_not_wrap),
    };
    return test_run(tests, ERG_COUNT(tests));
}
