/* SPDX-License-Identifier: Apache-2.0 */
/* Chrome traces as plans: steps and their kinds, shapes of operators, bounded parts. */
#include "math/xoshiro.h"
#include "replay/plan.h"
#include "test.h"
#include "import/chrome_launch.h"

/* ---- a made-up profile -------------------------------------------------------------- */

typedef struct profile { FILE *file; int id; double ts; bool is_first; } profile;

static void put(profile *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(profile *to, const char *format, ...)
{
    va_list arguments;

    fputs(to->is_first ? "\n" : ",\n", to->file);
    to->is_first = false;
    va_start(arguments, format);
    vfprintf(to->file, format, arguments);
    va_end(arguments);
}

static const char dims[] =
    "\"Input Dims\":[[8],[4,16],[16,8],[],[]],\"Input Strides\":[[1],[16,1],"
    "[1,16],[],[]],\"Input type\":[\"c10::Half\",\"c10::Half\",\"c10::Half\",\"Scalar\","
    "\"Scalar\"],\"Concrete Inputs\":[\"\",\"\",\"\",\"1\",\"1\"]";

/* Operator and call now, the kernel half a millisecond later: the device works behind. */
static void launch(profile *to, const char *op, const char *shape, const char *kernel,
                   int stream, double us)
{
    int id = ++to->id;

    put(to,
        "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"%s\",\"pid\":1,\"tid\":1,\"ts\":%.3f,"
        "\"dur\":5,\"args\":{\"External id\":%d%s%s}}", op, to->ts, id,
        *shape ? "," : "", shape);
    put(to,
        "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaLaunchKernel\",\"pid\":1,"
        "\"tid\":1,\"ts\":%.3f,\"dur\":2,\"args\":{\"External id\":%d,\"correlation\":%d}}",
        to->ts + 1, id, id + 7000);
    put(to,
        "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"%s\",\"pid\":0,\"tid\":%d,\"ts\":%.3f,"
        "\"dur\":%.3f,\"args\":{\"External id\":%d,\"correlation\":%d,\"device\":0,"
        "\"stream\":%d,\"grid\":[2,1,1],\"block\":[128,1,1],\"shared memory\":0}}", kernel,
        stream, to->ts + 500, us, id, id + 7000, stream);
    to->ts += 10;
}

/* The sum over a product's parts comes of the same operator. */
static void add_part(profile *to, double us)
{
    put(to,
        "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"splitKreduce_kernel\",\"ts\":%.3f,"
        "\"dur\":%.3f,\"args\":{\"External id\":%d,\"device\":0,\"stream\":7,\"grid\":[1,1,"
        "1],\"block\":[32,1,1]}}", to->ts + 500, us, to->id);
}

static void step(profile *to, int number, int layers)
{
    double begin = to->ts;

    for (int i = 0; i < layers; i++) {
        launch(to, "aten::addmm", dims, "ampere_fp16_s16816gemm", 7, 20);
        add_part(to, 4);
        launch(to, "aten::relu", "\"Input Dims\":[[4,8]],\"Input type\":[\"c10::Half\"]",
               "elementwise_relu", 7, 2);
        launch(to, "nccl:all_reduce", "", "ncclDevKernel_AllReduce", 20, 10);
    }
    launch(to, "aten::argmax", "", "reduce_argmax", 7, 1);
    put(to,
        "{\"ph\":\"X\",\"cat\":\"user_annotation\",\"name\":\"ProfilerStep#%d\",\"pid\":1,"
        "\"tid\":1,\"ts\":%.3f,\"dur\":%.3f}", number, begin, to->ts - begin);
    to->ts += 5;
}

/* A prompt of 9 layers' work, then 4 steps of 3; one kernel before them. */
static const char *made_trace(char path[300])
{
    snprintf(path, 300, "%s/trace.json", test_folder());
    profile to = { .file = fopen(path, "w"), .ts = 1000, .is_first = true };

    fputs("{\"traceEvents\":[", to.file);
    launch(&to, "aten::copy_", "", "elementwise_copy_kernel", 7, 3);
    step(&to, 1, 9);
    for (int i = 2; i <= 5; i++)
        step(&to, i, 3);
    fputs("]}", to.file);
    fclose(to.file);
    return path;
}

static erg_replay_plan *planned(const erg_replay_plan_options *options)
{
    char path[300];
    const char *paths[] = { made_trace(path) };
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_load(paths, 1, options, &err);

    CHECK_OK(plan != NULL, err);
    return plan;
}

static const erg_replay_kernel *kernel_of(const erg_replay_plan *plan, const char *word)
{
    for (size_t i = 0; i < plan->kernel_count; i++)
        if (strstr(plan->kernels[i].name, word))
            return &plan->kernels[i];
    return NULL;
}

static bool has_note(const erg_replay_plan *plan, const char *word)
{
    for (size_t i = 0; i < plan->note_count; i++)
        if (strstr(plan->notes[i], word))
            return true;
    return false;
}

/* ---- plans -------------------------------------------------------------------------- */

static void kernels_are_counted_in_the_steps_that_asked_for_them(void)
{
    erg_replay_plan *plan = planned(NULL);

    CHECK(plan->steps == 5);
    CHECK_TEXT(plan->steps_from, "ProfilerStep#N");
    CHECK(kernel_of(plan, "gemm")->count == 9 + 4 * 3);
    CHECK(kernel_of(plan, "argmax")->count == 5);
    CHECK(!kernel_of(plan, "copy_kernel") && has_note(plan, "1 launches lie in no step"));
    CHECK(has_note(plan, "steps of 2 kinds: 4 of 10 launches, 1 of 28 launches"));
    erg_replay_plan_free(plan);
}

static void a_kind_of_steps_has_its_own_counts(void)
{
    erg_replay_plan *decode = planned(&(erg_replay_plan_options){ .step_kind = 1 });
    erg_replay_plan *prompt = planned(&(erg_replay_plan_options){ .step_kind = 2 });
    char path[300];
    const char *paths[] = { made_trace(path) };
    erg_error err = { 0 };

    CHECK(decode->steps == 4 && kernel_of(decode, "gemm")->count == 12);
    CHECK(prompt->steps == 1 && kernel_of(prompt, "gemm")->count == 9);
    CHECK(!erg_replay_plan_load(paths, 1, &(erg_replay_plan_options){ .step_kind = 3 },
                                &err));
    CHECK(strstr(err.text, "2 kinds"));
    erg_replay_plan_free(decode);
    erg_replay_plan_free(prompt);
}

static void a_product_has_the_shape_of_its_operator(void)
{
    erg_replay_plan *plan = planned(NULL);
    const erg_signature *s = &kernel_of(plan, "gemm")->signature;

    CHECK(s->shape_known && s->op == ERG_OP_MATMUL && s->precision == ERG_FP16);
    CHECK(s->m == 4 && s->n == 8 && s->k == 16 && s->batch == 1
          && s->flop == 2 * 4 * 8 * 16);
    CHECK(s->transpose_b && !s->transpose_a && s->tensors[1].dims[0] == 8);
    CHECK(s->in_bytes == 2 * (4 * 16 + 16 * 8) && s->out_bytes == 2 * 4 * 8);
    CHECK(kernel_of(plan, "relu")->signature.shape_known);
    CHECK(!kernel_of(plan, "argmax")->signature.shape_known);
    erg_replay_plan_free(plan);
}

static void the_sum_of_a_products_parts_is_the_products(void)
{
    erg_replay_plan *plan = planned(NULL);

    CHECK(!kernel_of(plan, "splitKreduce")
          && has_note(plan, "21 launches of splitKreduce"));
    CHECK_NEAR(kernel_of(plan, "gemm")->traced_s, 24e-6, 1e-12);
    CHECK_NEAR(kernel_of(plan, "relu")->traced_s, 2e-6, 1e-12);
    erg_replay_plan_free(plan);
}

static void communication_is_a_tier_of_its_own(void)
{
    erg_replay_plan *plan = planned(NULL);
    erg_replay_plan *without =
        planned(&(erg_replay_plan_options){ .drop_collectives = true });

    CHECK(kernel_of(plan, "nccl")->tier == ERG_TIER_COLLECTIVE);
    CHECK(!kernel_of(without, "nccl") && has_note(without, "communication is"));
    CHECK(kernel_of(without, "gemm")->count == kernel_of(plan, "gemm")->count);
    erg_replay_plan_free(plan);
    erg_replay_plan_free(without);
}

/* ---- launches ----------------------------------------------------------------------- */

typedef struct tally {
    int64_t count, joined, in_steps, sum_ns, by_hash;
    const erg_chrome_launches *of;
} tally;

static bool count(void *self, const erg_chrome_launch *one, erg_error *err)
{
    tally *to = self;
    erg_chrome_operator by = erg_chrome_launches_operator(to->of, one->by);

    (void)err;
    to->count++;
    to->joined += one->by >= 0;
    to->in_steps += one->step >= 0 ? one->step + 1 : 0;
    to->sum_ns += one->duration_ns;
    to->by_hash += (int64_t)strlen(by.name) * one->begin_ns;
    return true;
}

static tally tally_of(const char *path, size_t most, int64_t *passes)
{
    tally to = { 0 };
    erg_chrome_launches launches = { .path = path, .operators_most = most, .take = count,
                                     .self = &to };
    erg_error err = { 0 };

    to.of = &launches;
    CHECK_OK(erg_chrome_launches_read(&launches, &err), err);
    *passes = launches.passes;
    erg_chrome_launches_free(&launches);
    to.of = NULL;
    return to;
}

static void parts_give_what_the_whole_gives(void)
{
    char path[300];
    int64_t passes;

    made_trace(path);
    tally whole = tally_of(path, 0, &passes);
    CHECK(passes == 2 && whole.count == 90 && whole.joined == 90);
    tally parts = tally_of(path, 12, &passes);
    CHECK(passes > 10);
    CHECK(memcmp(&whole, &parts, sizeof(whole)) == 0);
}

/* The oracle: what was written is what is counted, whatever the order of the events. */
static void shuffled_events_are_joined_alike(void)
{
    enum { COUNT = 500 };
    static char lines[3 * COUNT][300];
    erg_xoshiro random = erg_xoshiro_of(11, 0);
    char path[300];
    int64_t passes, sum_ns = 0;

    for (int i = 0; i < COUNT; i++) {
        int us = (int)(erg_xoshiro_next(&random) % 90) + 1;
        sum_ns += 1000 * us;
        snprintf(lines[3 * i], 300,
                 "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"aten::op%d\",\"ts\":%d,"
                 "\"dur\":3,\"args\":{\"External id\":%d}}", i % 7, 20 * i, i);
        snprintf(lines[3 * i + 1], 300,
                 "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaLaunchKernel\","
                 "\"ts\":%d,\"dur\":1,\"args\":{\"External id\":%d,\"correlation\":%d}}",
                 20 * i + 1, i, -i);
        snprintf(lines[3 * i + 2], 300,
                 "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"k\",\"ts\":%d,\"dur\":%d,"
                 "\"args\":{\"correlation\":%d,\"device\":0,\"stream\":7}}",
                 20 * i + 9000, us, -i);
    }
    for (size_t i = 3 * COUNT - 1; i > 0; i--) {
        char other[300];
        size_t with = erg_xoshiro_next(&random) % (i + 1);
        memcpy(other, lines[i], 300);
        memcpy(lines[i], lines[with], 300);
        memcpy(lines[with], other, 300);
    }
    snprintf(path, sizeof(path), "%s/shuffled.json", test_folder());
    FILE *file = fopen(path, "w");
    fputs("[{\"ph\":\"X\",\"cat\":\"user_annotation\",\"name\":\"ProfilerStep#1\",\"ts\":0,"
          "\"dur\":5000}", file);
    for (int i = 0; i < 3 * COUNT; i++)
        fprintf(file, ",\n%s", lines[i]);
    fputs("]", file);
    fclose(file);
    tally got = tally_of(path, 0, &passes);
    CHECK(got.count == COUNT && got.joined == COUNT && got.sum_ns == sum_ns);
    CHECK(got.in_steps == 250);     /* calls before 5000 us, though kernels begin at 9000 */
}

int main(void)
{
    static const test tests[] = {
        TEST(kernels_are_counted_in_the_steps_that_asked_for_them),
        TEST(a_kind_of_steps_has_its_own_counts),
        TEST(a_product_has_the_shape_of_its_operator),
        TEST(the_sum_of_a_products_parts_is_the_products),
        TEST(communication_is_a_tier_of_its_own),
        TEST(parts_give_what_the_whole_gives),
        TEST(shuffled_events_are_joined_alike),
    };
    return test_run(tests, ERG_COUNT(tests));
}
