/* SPDX-License-Identifier: Apache-2.0 */
/* A replay from named files and from a folder. */
#include "replay/load.h"
#include "replay/meter.h"
#include "test.h"

static const char whole_text[] = "{\"full_model_inference_us\": 1000, \"num_runs\": 1000,"
                                 " \"start_timestamp\": \"2026-03-01T10:00:02Z\", "
                                 "\"end_timestamp\": \"2026-03-01T10:00:03Z\"}";
static const char kernels_text[] =
    "{\"predicted_total_us\": 900, \"kernels\": ["
    "{\"name\": \"a\", \"tier\": 3, \"invocation_count\": 4, \"single_time_us\": 100,"
    " \"benchmark_runs\": 10000, \"start_timestamp\": \"2026-03-01T10:00:04Z\","
    " \"end_timestamp\": \"2026-03-01T10:00:05Z\"}]}";

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    CHECK(file && fputs(text, file) != EOF && fclose(file) == 0);
}

/* 10 Hz for 6 s from a second of the minute; watts in [2, 3) differ. */
static void put_log(const char *folder, const char *name, int hour, double load_w)
{
    erg_text text = { 0 };
    erg_text_add(&text, "timestamp,gpu,power_w\n");
    for (int i = 0; i < 60; i++)
        erg_text_add(&text, "2026-03-01 %02d:00:%02d.%d00,0,%.1f\n", hour, i / 10, i % 10,
                     i >= 20 && i < 30 ? load_w : 50.0);
    put(folder, name, text.data);
    erg_text_free(&text);
}

static void a_folder_is_read_by_names_that_end_so(void)
{
    erg_error err = { 0 };
    char folder[256];

    snprintf(folder, sizeof(folder), "%s", test_folder());
    put(folder, "run7_full_model_timing.json", whole_text);
    put(folder, "run7_isolated_kernels_timing.json", kernels_text);
    put(folder, "counts.csv", "device,category,kernel_name,count\n0,compute,a,4\n");
    put_log(folder, "early.csv", 9, 99);
    put_log(folder, "power.csv", 10, 150);
    erg_replay *replay =
        erg_replay_load(&(erg_replay_source){ .folder = folder, .tz = "UTC" }, &err);
    CHECK_OK(replay != NULL, err);
    CHECK(replay->kernel_count == 1 && replay->whole.runs == 1000 && !replay->local_time);
    erg_replay_repair_runs(replay);
    CHECK_OK(erg_replay_meter(replay, &err), err);
    CHECK_NEAR(replay->whole.mean_w, 150, 6); /* the log of that hour, not the other */
    CHECK_NEAR(replay->kernels[0].gross_j, 50.0 / 10000, 1e-6);
    erg_replay_free(replay);
}

/* ---- which meter ------------------------------------------------------------------ */

typedef struct sensor {
    const char *name;
    erg_scope scope;
    erg_method method;
    double idle_w, busy_w;
    const char *channel;        /* NULL: power */
} sensor;

enum { SENSORS_MOST = 3, TENTH_NS = 100000000 };
enum { BUSY_FIRST = 40, BUSY_LAST = 60, TENTHS = 100 };

static void add_sensor(erg_trace *trace, const sensor *of)
{
    erg_error err = { 0 };
    erg_device_info device = { .driver = "sim", .scope = of->scope };
    erg_channel_info info = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                              .kind = ERG_INSTANT, .scope = of->scope, .gain = 1,
                              .method = of->method, .update_s = 0.1 };

    snprintf(device.name, sizeof(device.name), "%s", of->name);
    if (of->channel)
        snprintf(info.name, sizeof(info.name), "%s", of->channel);
    info.device = erg_trace_add_device(trace, &device, &err);
    int channel = erg_trace_add_channel(trace, &info, &err);
    for (int i = 0; i < TENTHS; i++) {
        bool is_busy = i >= BUSY_FIRST && i < BUSY_LAST;
        erg_sample one = { (int64_t)i * TENTH_NS, 0, is_busy ? of->busy_w : of->idle_w };
        CHECK_OK(erg_trace_add_samples(trace, channel, &one, 1, &err), err);
    }
}

/* 20 runs of the whole in 2 s, and one kernel in the second before that. */
static erg_replay *metered_by(const sensor sensors[], size_t count)
{
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_new(&err);
    erg_kernel_timing kernel = erg_kernel_timing_unknown();

    replay->trace = erg_trace_new(&err);
    for (size_t i = 0; i < count; i++)
        add_sensor(replay->trace, &sensors[i]);
    replay->whole.span = (erg_span){ BUSY_FIRST * (int64_t)TENTH_NS,
                                     BUSY_LAST * (int64_t)TENTH_NS };
    replay->whole.runs = 20;
    kernel.span = (erg_span){ 1 * ERG_NS_PER_S, 2 * ERG_NS_PER_S };
    kernel.runs_used = 100;
    CHECK_OK(erg_replay_add(replay, &kernel, &err), err);
    replay->channel = erg_replay_choose_channel(replay);
    replay->system = erg_replay_choose_system(replay);
    CHECK_OK(erg_replay_meter(replay, &err), err);
    return replay;
}

#define GPU(idle, busy) { "gpu:0", ERG_SCOPE_BOARD, ERG_METHOD_INTEGRAL, idle, busy, NULL }
#define OTHER(idle, busy) \
    { "gpu:1", ERG_SCOPE_BOARD, ERG_METHOD_INTEGRAL, idle, busy, NULL }
#define WALL(idle, busy) { "wall:0", ERG_SCOPE_NODE, ERG_METHOD_INTEGRAL, idle, busy, NULL }
#define ALL(idle, busy) \
    { "wall:1", ERG_SCOPE_NODE, ERG_METHOD_INTEGRAL, idle, busy, "sum" }
#define MODEL(idle, busy) { "cpu:0", ERG_SCOPE_PACKAGE, ERG_METHOD_MODEL, idle, busy, NULL }

/* The machine rises more than what works in it: its joules are never taken for those. */
static void the_machine_stands_beside_the_device_and_not_in_its_place(void)
{
    static const struct {
        sensor sensors[SENSORS_MOST];
        size_t count;
        int channel, system;
    } cases[] = {
        { { WALL(100, 320), GPU(50, 200) }, 2, 1, 0 },
        { { GPU(50, 200), WALL(100, 320) }, 2, 0, 1 },
        { { GPU(50, 51), WALL(100, 320) }, 2, 1, -1 },     /* another device works */
        { { WALL(100, 320) }, 1, 0, -1 },
        { { GPU(50, 200) }, 1, 0, -1 },
        { { MODEL(50, 400), WALL(100, 320) }, 2, 1, -1 },
        { { MODEL(50, 400) }, 1, 0, -1 },
        { { WALL(50, 310), ALL(100, 320), GPU(50, 200) }, 3, 2, 1 },
        { { WALL(50, 310), ALL(100, 320) }, 2, 1, -1 },
        { { GPU(50, 60), WALL(100, 320), OTHER(50, 200) }, 3, 2, 1 },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_replay *replay = metered_by(cases[i].sensors, cases[i].count);
        CHECK(replay->channel == cases[i].channel && replay->system == cases[i].system);
        CHECK(isnan(replay->whole.system_j) == (cases[i].system < 0));
        erg_replay_free(replay);
    }
}

static void joules_of_the_machine_are_those_of_its_own_meter(void)
{
    static const sensor both[] = { WALL(100, 320), GPU(50, 200) };
    erg_replay *replay = metered_by(both, ERG_COUNT(both));

    CHECK_NEAR(replay->whole.energy_j, 200 * 2.0 / 20, 0.5);
    CHECK_NEAR(replay->whole.system_j, 320 * 2.0 / 20, 0.8);
    CHECK_NEAR(replay->kernels[0].gross_j, 50 * 1.0 / 100, 1e-6);
    CHECK_NEAR(replay->kernels[0].system_j, 100 * 1.0 / 100, 1e-6);
    CHECK(!isnan(replay->whole.system_u_j));
    erg_replay_free(replay);
}

static void two_files_of_one_kind_are_refused(void)
{
    erg_error err = { 0 };
    char folder[256];

    snprintf(folder, sizeof(folder), "%s", test_folder());
    put(folder, "a_full_model_timing.json", whole_text);
    put(folder, "b_full_model_timing.json", whole_text);
    CHECK(!erg_replay_load(&(erg_replay_source){ .folder = folder }, &err));
    CHECK(err.code == ERG_BAD_INPUT
          && strstr(err.text, "2 files end in full_model_timing.json"));
    put(folder, "full_model_timing.json", whole_text); /* the exact name is the one */
    erg_replay *replay = erg_replay_load(&(erg_replay_source){ .folder = folder }, &err);
    CHECK_OK(replay != NULL, err);
    erg_replay_free(replay);
}

static void named_files_are_told_apart_by_content(void)
{
    erg_error err = { 0 };
    const char *folder = test_folder();
    char a[256], b[256], c[256];

    put(folder, "one", kernels_text);
    put(folder, "two", whole_text);
    put_log(folder, "three", 10, 150);
    snprintf(a, sizeof(a), "%s/one", folder);
    snprintf(b, sizeof(b), "%s/two", folder);
    snprintf(c, sizeof(c), "%s/three", folder);
    erg_replay *replay = erg_replay_load(
        &(erg_replay_source){
            .files = (const char *[]){ c, b, a }, .file_count = 3, .steps = 2 },
        &err);
    CHECK_OK(replay != NULL, err);
    CHECK(replay->steps == 2 && replay->channel == 0 && replay->kernel_count == 1);
    erg_replay_free(replay);
    CHECK(!erg_replay_load(
        &(erg_replay_source){ .files = (const char *[]){ a, a }, .file_count = 2 }, &err));
    CHECK(strstr(err.text, "second isolated_kernels_timing.json"));
}

static void put_report(const char *folder, const char *method, const char *scope)
{
    char text[600];

    snprintf(text, sizeof(text),
             "{\"duration_seconds\": 20, \"num_power_samples\": 200, \"num_runs\": 1000,"
             " \"power_watts\": {\"average\": 200}, \"energy_joules\": {\"total\": 4000,"
             " \"per_run\": 4}, \"erg\": {\"method\": \"%s\", \"scope\": \"%s\","
             " \"idle\": {\"policy\": \"context_idle\", \"base_w\": 50}}}",
             method, scope);
    put(folder, "energy_report.json", text);
}

/* Joules of the whole come from it, unless they are of a node, a model or a simulation. */
static void the_energy_report_of_a_folder_is_read(void)
{
    static const struct { const char *method, *scope; bool counts; } rows[] = {
        { "integral", "board", true }, { "counter", "package", true },
        { "integral", "node", false }, { "model", "package", false },
        { "simulated", "board", false },
    };
    char folder[256];

    snprintf(folder, sizeof(folder), "%s", test_folder());
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        put_report(folder, rows[i].method, rows[i].scope);
        erg_replay *replay = erg_replay_load(&(erg_replay_source){ .folder = folder },
                                             &err);
        CHECK_OK(replay != NULL, err);
        CHECK(replay->whole.runs == 1000 && replay->whole.time_s == 0.02);
        CHECK(rows[i].counts ? replay->whole.energy_j == 4 && replay->whole.mean_w == 200
                             : isnan(replay->whole.energy_j)
                             && isnan(replay->whole.mean_w));
        CHECK(rows[i].counts ? replay->base_w == 50 : isnan(replay->base_w));
        CHECK_TEXT(replay->base_policy, rows[i].counts ? "context_idle" : "");
        erg_replay_free(replay);
    }
}

static void what_is_not_of_a_replay_is_said_in_a_sentence(void)
{
    static const struct { const char *name, *text, *said; } rows[] = {
        { "full_model_timing.json", "{\"hello\": 1}", "its keys are missing" },
        { "full_model_timing.json", "{\"full_model_inference_us\": ",
          "full_model_timing.json" },
        { "run.erg", "no database", "run.erg is not a recording" },
        { "a.json", "{\"a\": 1}", "nothing of a replay was found" },
        { "x.jsonl", "hello", "x.jsonl is no file of a replay: name a log of power" },
        { "x.jsonl", "", "is empty" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        const char *folder = test_folder();
        put(folder, rows[i].name, rows[i].text);
        CHECK(!erg_replay_load(&(erg_replay_source){ .folder = folder }, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, rows[i].said));
    }
}

static void tiers_that_are_not_said_are_those_of_the_names(void)
{
    static const char text[] =
        "{\"predicted_total_us\": 3, \"kernels\": ["
        "{\"name\": \"Memcpy DtoD\", \"invocation_count\": 1, \"single_time_us\": 1},"
        "{\"name\": \"volta_sgemm\", \"invocation_count\": 1, \"single_time_us\": 1},"
        "{\"name\": \"softmax\", \"tier\": 2, \"invocation_count\": 1,"
        " \"single_time_us\": 1}]}";
    static const erg_tier tiers[] = { ERG_TIER_MOVE, ERG_TIER_MATRIX, ERG_TIER_MATRIX };
    erg_error err = { 0 };
    const char *folder = test_folder();

    put(folder, "isolated_kernels_timing.json", text);
    erg_replay *replay = erg_replay_load(&(erg_replay_source){ .folder = folder }, &err);
    CHECK_OK(replay != NULL, err);
    CHECK(replay->kernel_count == ERG_COUNT(tiers));
    for (size_t i = 0; i < ERG_COUNT(tiers); i++)
        CHECK(replay->kernels[i].tier == tiers[i]);
    erg_replay_free(replay);
}

static void a_whole_may_be_in_milliseconds_alone(void)
{
    erg_error err = { 0 };
    const char *folder = test_folder();

    put(folder, "full_model_timing.json",
        "{\"full_model_inference_ms\": 12.5, \"num_runs\": 100}");
    erg_replay *replay = erg_replay_load(&(erg_replay_source){ .folder = folder }, &err);
    CHECK_OK(replay != NULL, err);
    CHECK_NEAR(replay->whole.time_s, 12.5e-3, 1e-12);
    erg_replay_free(replay);
}

static void nothing_is_said_to_be_nothing(void)
{
    erg_error err = { 0 };

    CHECK(!erg_replay_load(&(erg_replay_source){ .folder = test_folder() }, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "name a folder"));
    CHECK(!erg_replay_load(&(erg_replay_source){ .folder = "/nowhere/at/all" }, &err));
    CHECK(err.code == ERG_NOT_FOUND);
}

static void kernels_of_one_name_join_the_plan_in_order(void)
{
    erg_replay *replay = erg_replay_new(NULL);
    static const double counts[] = { 5, 3, 5 };
    erg_replay_kernel row;
    int32_t at;

    replay->plan = erg_replay_plan_new(NULL);
    for (int i = 0; i < 3; i++) {
        erg_kernel_timing kernel = erg_kernel_timing_unknown();
        erg_text_put(kernel.name, sizeof(kernel.name), "copy");
        kernel.count = counts[i];
        CHECK(erg_replay_add(replay, &kernel, NULL));
        erg_replay_kernel_init(&row, "copy", "test");
        row.count = (int64_t)counts[i];
        row.signature.grid[0] = i + 1;
        CHECK(erg_replay_plan_add(replay->plan, &row, &at, NULL) && at == i);
    }
    erg_replay_join(replay);
    for (int i = 0; i < 3; i++)
        CHECK(replay->kernels[i].kernel == i);
    erg_replay_free(replay);
}

static void the_whole_of_a_recording_is_its_region(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_replay *replay = erg_replay_new(&err);

    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ 1000, 1000, 5000000000, 0 }, &err));
    CHECK(erg_trace_add_region(
        trace,
        &(erg_region){ .name = "run", .begin_ns = 0, .end_ns = 9000000, .runs = NAN },
        &err));
    CHECK(erg_trace_add_region(
        trace,
        &(erg_region){
            .name = "full_model", .begin_ns = 1000, .end_ns = 5001000, .runs = 10 },
        &err));
    erg_replay_whole_from(replay, trace);
    CHECK_NEAR(replay->whole.time_s, 0.5e-3, 1e-15);
    CHECK(replay->whole.runs == 10 && replay->whole.span.begin_ns == 5000000000);
    erg_replay_free(replay);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_folder_is_read_by_names_that_end_so),
        TEST(the_machine_stands_beside_the_device_and_not_in_its_place),
        TEST(joules_of_the_machine_are_those_of_its_own_meter),
        TEST(two_files_of_one_kind_are_refused),
        TEST(named_files_are_told_apart_by_content),
        TEST(tiers_that_are_not_said_are_those_of_the_names),
        TEST(a_whole_may_be_in_milliseconds_alone),
        TEST(nothing_is_said_to_be_nothing),
        TEST(kernels_of_one_name_join_the_plan_in_order),
        TEST(the_whole_of_a_recording_is_its_region),
        TEST(the_energy_report_of_a_folder_is_read),
        TEST(what_is_not_of_a_replay_is_said_in_a_sentence),
    };
    return test_run(tests, ERG_COUNT(tests));
}
