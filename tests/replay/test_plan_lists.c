/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel lists of other tools: the fixture's figures. */
#include "replay/plan.h"
#include "test.h"

static const char *const fixture[] = {
    "replay/piep_bloom_unique_kernels_compute.jsonl", "replay/piep_kernel_signatures.json",
    "replay/piep_bloom_kernel_counts.csv", "replay/piep_bloom_summary.json",
};
enum { KERNELS_JSONL, SIGNATURES, COUNTS, SUMMARY };

static erg_replay_plan *load(const char *const paths[], size_t count,
                             const erg_replay_plan_options *options)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_load(paths, count, options, &err);
    CHECK_OK(plan != NULL, err);
    return plan;
}

static erg_replay_plan *fixture_plan(int which, const erg_replay_plan_options *options)
{
    const char *path = test_data(fixture[which]);
    return load(&path, 1, options);
}

static int64_t launches_of(const erg_replay_plan *plan, erg_tier tier, size_t *unique)
{
    int64_t launches = 0;

    *unique = 0;
    for (size_t i = 0; i < plan->kernel_count; i++) {
        if (tier != ERG_TIER_UNKNOWN && plan->kernels[i].tier != tier) continue;
        launches += plan->kernels[i].count;
        ++*unique;
    }
    return launches;
}

static void check_tier(const erg_replay_plan *plan, erg_tier tier, size_t unique,
                       int64_t launches)
{
    size_t seen;

    CHECK(launches_of(plan, tier, &seen) == launches);
    CHECK(seen == unique);
}

static int64_t named(const erg_replay_plan *plan, const char *word)
{
    int64_t launches = 0;

    for (size_t i = 0; i < plan->kernel_count; i++)
        if (strstr(plan->kernels[i].name, word)) launches += plan->kernels[i].count;
    return launches;
}

static void the_fixtures_lists_hold_its_kernels_and_tiers(void)
{
    for (int which = KERNELS_JSONL; which <= SIGNATURES; which++) {
        erg_replay_plan *plan = fixture_plan(which, NULL);
        size_t unlike = 0;
        check_tier(plan, ERG_TIER_UNKNOWN, 144, 17186);
        check_tier(plan, ERG_TIER_MOVE, 68, 1303);
        check_tier(plan, ERG_TIER_MATRIX, 23, 3721);
        check_tier(plan, ERG_TIER_OTHER, 53, 12162);
        CHECK(named(plan, "ArgMax") == 25);
        CHECK(named(plan, "layer_norm") == 1250);
        for (size_t i = 0; i < plan->kernel_count; i++) {
            unlike += plan->kernels[i].count % 25 != 0;
            CHECK(plan->kernels[i].signature.shape_known
                  == (plan->kernels[i].tier == ERG_TIER_MOVE));
        }
        CHECK(unlike == 119);
        erg_replay_plan_free(plan);
    }
}

static void runtime_calls_are_never_added(void)
{
    erg_replay_plan *plan = fixture_plan(COUNTS, NULL);

    check_tier(plan, ERG_TIER_UNKNOWN, 57, 17186);
    CHECK(plan->left_out == 21528);
    CHECK(named(plan, "cudaLaunchKernel") == 0);
    CHECK(strstr(plan->notes[0],
                 "device: 10; calls left out, of the runtime and of other devices: 21528"));
    erg_replay_plan_free(plan);
}

static void the_fixtures_files_agree_with_each_other(void)
{
    const erg_replay_plan_options options = { .steps = 25 };
    char paths[4][512];
    const char *list[4];

    for (int i = 0; i < 4; i++) {
        snprintf(paths[i], sizeof paths[i], "%s", test_data(fixture[i]));
        list[3 - i] = paths[i];
    }
    erg_replay_plan *plan = load(list, 4, &options);
    check_tier(plan, ERG_TIER_UNKNOWN, 144, 17186);
    CHECK(plan->left_out == 21528);
    CHECK(plan->left_out + 17186 == 38714);
    CHECK(plan->steps == 25);
    CHECK_TEXT(plan->steps_from, "--steps");
    erg_replay_plan_free(plan);
}

static void a_kernel_that_comes_once_a_step_is_a_hint_and_used_only_when_told(void)
{
    erg_replay_plan *plan = fixture_plan(KERNELS_JSONL, NULL);
    CHECK(isnan(plan->steps));
    CHECK(strstr(plan->notes[0], "argmax comes 25 times"));
    erg_replay_plan_free(plan);

    plan = fixture_plan(KERNELS_JSONL, &(erg_replay_plan_options){ .step_mark = "ArgMax" });
    CHECK(plan->steps == 25);
    CHECK_TEXT(plan->steps_from, "--step-mark ArgMax");
    erg_replay_plan_free(plan);
}

/* ---- made up ------------------------------------------------------------------------ */

enum { FILES = 4 };

/* Good until the next call with the same number. */
static const char *file_of(int number, const char *text)
{
    static char paths[FILES][300];

    snprintf(paths[number], sizeof paths[0], "%s/%d", test_folder(), number);
    test_write(paths[number], text);
    return paths[number];
}

static const char jsonl[] =
    "{\"name\":\"gemm_a\",\"device\":\"0\",\"signature\":{\"device\":0,\"stream\":7,"
    "\"dtype\":\"float16\",\"grid\":[2,1,1],\"block\":[128,1,1],\"shared "
    "memory\":16,\"name\":\"gemm_a\"},\"count\":4}\n"
    "\n"
    "{\"name\":\"gemm_a\",\"device\":\"0\",\"signature\":{\"device\":0,\"stream\":9,"
    "\"dtype\":\"float16\",\"grid\":[2,1,1],\"block\":[128,1,1],\"shared "
    "memory\":16,\"name\":\"gemm_a\"},\"count\":2}\n"
    "{\"name\":\"Memset (Device)\",\"device\":\"1\",\"signature\":{\"device\":1,"
    "\"stream\":7,\"bytes\":64},\"count\":3}\n"
    "{\"name\":\"ncclDevKernel_AllReduce\",\"device\":\"0\",\"signature\":{\"stream\":7,"
    "\"grid\":[1,1,1],\"block\":[64,1,1],\"shared memory\":0},\"count\":5}\n";

static void a_kernel_on_two_streams_is_one_unless_streams_are_kept(void)
{
    const char *path = file_of(0, jsonl);
    erg_replay_plan *plan = load(&path, 1, NULL);

    CHECK(plan->kernel_count == 3);
    CHECK(plan->kernels[0].count == 6);
    CHECK(plan->kernels[0].signature.precision == ERG_FP16);
    CHECK(plan->kernels[0].signature.op == ERG_OP_MATMUL);
    CHECK(!plan->kernels[0].signature.shape_known);
    CHECK(plan->kernels[1].signature.in_bytes == 0);
    CHECK(plan->kernels[1].signature.out_bytes == 64);
    CHECK(plan->kernels[2].tier == ERG_TIER_COLLECTIVE);
    erg_replay_plan_free(plan);

    plan = load(&path, 1, &(erg_replay_plan_options){ .keep_stream = true });
    CHECK(plan->kernel_count == 4);
    CHECK(plan->kernels[1].count == 2);
    CHECK(plan->kernels[1].stream == 9);
    erg_replay_plan_free(plan);
}

static void one_device_and_no_collectives_on_request(void)
{
    const char *path = file_of(0, jsonl);
    erg_replay_plan *plan = load(&path, 1, &(erg_replay_plan_options){ .device = "0" });

    CHECK(plan->kernel_count == 2);
    CHECK(plan->left_out == 3);
    erg_replay_plan_free(plan);
    plan = load(&path, 1, &(erg_replay_plan_options){ .drop_collectives = true });
    CHECK(plan->kernel_count == 2);
    CHECK(plan->left_out == 5);
    erg_replay_plan_free(plan);
}

static void launches_of_a_csv_are_counted(void)
{
    const char *path = file_of(0,
        "name,device,stream,grid_x,grid_y,grid_z,block_x,block_y,block_z,shared_memory,"
        "correlation,collective_name,dtype\n"
        "\"f<a, b>\",0,7,4,1,1,128,1,1,0,1,,\n"
        "\"f<a, b>\",0,8,4,1,1,128,1,1,0,2,,\n"
        "\"f<a, b>\",0,8,5,1,1,128,1,1,0,3,,\n"
        "x\xff,0,8,5,1,1,128,1,1,0,4,allreduce,bfloat16\n");
    erg_replay_plan *plan = load(&path, 1, NULL);

    CHECK(plan->kernel_count == 3);
    CHECK_TEXT(plan->kernels[0].name, "f<a, b>");
    CHECK(plan->kernels[0].count == 2);
    CHECK(plan->kernels[1].signature.grid[0] == 5);
    CHECK_TEXT(plan->kernels[2].name, "x?");
    CHECK(plan->kernels[2].tier == ERG_TIER_COLLECTIVE);
    CHECK(plan->kernels[2].signature.precision == ERG_BF16);
    erg_replay_plan_free(plan);
}

static void a_size_without_its_first_axis_is_not_told(void)
{
    const char *path = file_of(0,
        "name,device,grid_x,grid_z,block_z,shared_memory\n"
        "f,0,,1,128,1\n"
        "f,0,,2,64,2\n"
        "f,0,,,,\n");
    erg_replay_plan *plan = load(&path, 1, NULL);

    CHECK(plan->kernel_count == 1 && plan->kernels[0].count == 3);
    CHECK(plan->kernels[0].signature.grid[2] == 0);
    CHECK(plan->kernels[0].signature.block[2] == 0);
    CHECK(plan->kernels[0].signature.shared_bytes == 0);
    erg_replay_plan_free(plan);
}

static void files_of_two_runs_are_told_apart(void)
{
    static const struct { const char *csv, *says; } rows[] = {
        { "device,category,kernel_name,count\n0,c,gemm_a,6\n1,m,Memset (Device),3\n"
          "0,c,ncclDevKernel_AllReduce,4\n", "5 launches of ncclDevKernel_AllReduce" },
        { "device,category,kernel_name,count\n0,c,gemm_a,6\n1,m,Memset (Device),3\n",
          "ncclDevKernel_AllReduce, 1 has 0" },
        { "device,category,kernel_name,count\n0,c,gemm_a,6\n1,m,Memset (Device),3\n"
          "0,c,ncclDevKernel_AllReduce,5\n0,c,zz,1\n", "0 launches of zz" },
        { "{\"totals\":{\"kept\":13}}", "13 launches" },
        { "{\"totals\":{\"kept\":14},\"unique_count\":4}", "4 unique" },
        { "{\"totals\":{\"kept\":14,\"seen\":15,\"device_filtered\":2}}", "15 were seen" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        const char *paths[] = { file_of(0, jsonl), file_of(1, rows[i].csv) };
        erg_error err = { 0 };
        CHECK(!erg_replay_plan_load(paths, 2, NULL, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].says)) print_message("# %s\n", err.text);
        CHECK(strstr(err.text, rows[i].says));
    }
}

static void two_files_of_one_format_are_parts(void)
{
    const char *paths[] = { file_of(0, jsonl), file_of(1, jsonl) };
    erg_replay_plan *plan = load(paths, 2, NULL);

    CHECK(plan->kernel_count == 3);
    CHECK(plan->kernels[0].count == 12);
    erg_replay_plan_free(plan);
}

static void what_is_no_kernel_is_refused_with_its_place(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "{\"name\":\"a\",\"signature\":{\"grid\":[1,1]},\"count\":1}",
          "kernel 1: its \"grid\"" },
        { "{\"name\":\"a\",\"signature\":{\"bytes\":-1},\"count\":1}", "\"bytes\"" },
        { "{\"name\":\"a\",\"signature\":{},\"count\":1}\n"
          "{\"name\":3,\"signature\":{},\"count\":1}", "kernel 2 has no name" },
        { "{\"name\":\"a\",\"signature\":{},\"count\":1}\n[]", ":2: not an object" },
        { "{\"name\":\"a\",\"signature\":{},\"count\":1}\n{", ":2: " },
        { "{\"name\":\"a\",\"signature\":{},\"count\":9223372036854775807}\n"
          "{\"name\":\"a\",\"signature\":{},\"count\":9}", "more launches" },
        { "device,kernel_name,count\n0,,4\n", ":2: a row without a name" },
        { "device,kernel_name,count\n0,a,4.5\n", ":2: \"count\"" },
        { "device,kernel_name,count\n", "no kernel is in it" },
        { "{\"summary\":{\"total_kernels\":2},\"kernels\":[{\"name\":\"a\","
          "\"signature\":{},\n"
          "\"count\":1}]}", "says 2 kernels, its list holds 1" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        const char *path = file_of(0, rows[i].text);
        erg_error err = { 0 };
        CHECK(!erg_replay_plan_load(&path, 1, NULL, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].says)) print_message("# %s\n", err.text);
        CHECK(strstr(err.text, rows[i].says));
    }
}

static void inputs_alike_in_a_row_are_counted(void)
{
    erg_signature s = { .shape_known = true, .input_count = 8, .output_count = 1 };
    erg_text text = { 0 };

    s.tensors[0] = (erg_signature_tensor){ .rank = 2, .dims = { 1, 64 } };
    for (int i = 1; i < 8; i++)
        s.tensors[i] = (erg_signature_tensor){ .rank = 2, .dims = { 1, 32 } };
    s.tensors[8] = (erg_signature_tensor){ .rank = 2, .dims = { 1, 288 } };
    erg_signature_say(&text, &s);
    CHECK_TEXT(text.data, "1x64,7*1x32 -> 1x288 fp32");
    erg_text_free(&text);
    s.input_count = 5; /* four alike are said each */
    s.tensors[5] = s.tensors[8];
    erg_signature_say(&text, &s);
    CHECK_TEXT(text.data, "1x64,1x32,1x32,1x32,1x32 -> 1x288 fp32");
    erg_text_free(&text);
}

/* The last reader that was asked took them for a config.json without a model_type. */
static void lines_that_are_no_kernels_are_told_what_was_looked_for(void)
{
    static const char *const texts[] = { "{\"step\": 1}\n{\"step\": 2}\n",
                                         "\n {\"step\": 1} \r\n\n{\"step\": 2}" };

    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        const char *path = file_of(0, texts[i]);
        erg_error err = { 0 };
        CHECK(!erg_replay_plan_load(&path, 1, NULL, &err) && err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, "neither a plan") && strstr(err.text, "{\"step\": 1}"));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_fixtures_lists_hold_its_kernels_and_tiers),
        TEST(runtime_calls_are_never_added),
        TEST(the_fixtures_files_agree_with_each_other),
        TEST(a_kernel_that_comes_once_a_step_is_a_hint_and_used_only_when_told),
        TEST(a_kernel_on_two_streams_is_one_unless_streams_are_kept),
        TEST(one_device_and_no_collectives_on_request),
        TEST(launches_of_a_csv_are_counted),
        TEST(a_size_without_its_first_axis_is_not_told),
        TEST(files_of_two_runs_are_told_apart),
        TEST(two_files_of_one_format_are_parts),
        TEST(what_is_no_kernel_is_refused_with_its_place),
        TEST(inputs_alike_in_a_row_are_counted),
        TEST(lines_that_are_no_kernels_are_told_what_was_looked_for),
    };
    return test_run(tests, ERG_COUNT(tests));
}
