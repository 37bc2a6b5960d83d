/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the benchmark guide: what is read is written and read again. */
#include <sys/stat.h>
#include "replay/files.h"
#include "test.h"

static erg_replay *parsed(const erg_replay_file *file, const char *text, erg_error *err)
{
    erg_replay *replay = erg_replay_new(err);
    erg_replay_reading reading = { replay, "made.json", { 0 } };

    if (replay && erg_replay_file_parse(&reading, file, text, strlen(text), err))
        return replay;
    erg_replay_free(replay);
    return NULL;
}

static json_t *written(const erg_replay_file *file, const char *text)
{
    erg_error err = { 0 };
    erg_replay *replay = parsed(file, text, &err);
    CHECK_OK(replay != NULL, err);
    json_t *root = file->write(replay);
    CHECK(root);
    erg_replay_free(replay);
    return root;
}

/* What is written reads and writes the same again. */
static void check_settled(const erg_replay_file *file, json_t *once)
{
    char *text = json_dumps(once, JSON_REAL_PRECISION(17));
    json_t *twice = written(file, text);
    char *again = json_dumps(twice, JSON_REAL_PRECISION(17));

    CHECK_TEXT(again, text);
    json_decref(twice);
    free(text);
    free(again);
}

/* Are all keys of `was` in `is`, equal, numbers to a last digit or two? */
static void check_holds(const json_t *is, const json_t *was, const char *where)
{
    const char *key;
    json_t *value;
    size_t index;

    if (json_is_object(was))
        json_object_foreach((json_t *)was, key, value)
            check_holds(json_object_get(is, key), value, key);
    else if (json_is_array(was)) {
        CHECK(json_array_size(is) == json_array_size(was));
        json_array_foreach((json_t *)was, index, value)
            check_holds(json_array_get(is, index), value, where);
    } else if (json_is_number(was)) {
        double want = json_number_value(was);
        test_near(json_number_value(is), want, 4e-16 * fabs(want), where, __FILE__,
                  __LINE__);
    } else if (json_is_string(was))
        test_text(json_string_value(is), json_string_value(was), where, __FILE__, __LINE__);
    else
        CHECK(json_equal(is, was));
}

static void the_files_of_a_real_run_are_read_without_loss(void)
{
    static const struct {
        const char *name;
        const erg_replay_file *file;
    } files[] = {
        { "replay/piep_full_model_timing.json", &erg_replay_file_whole },
        { "replay/piep_isolated_kernels_timing.json", &erg_replay_file_kernels },
        { "replay/piep_comparison_report.json", &erg_replay_file_comparison },
        { "replay/piep_gpu_energy_report.json", &erg_replay_file_energies },
        { "replay/piep_energy_report_wattsup_wrong_host.json", &erg_replay_file_energies },
    };
    for (size_t i = 0; i < ERG_COUNT(files); i++) {
        erg_error err = { 0 };
        size_t size;
        char *text = erg_file_read(test_data(files[i].name), 1 << 24, &size, &err);
        CHECK_OK(text != NULL, err);
        json_t *was = erg_json_parse("was", text, size, &err);
        CHECK(erg_replay_file_sniff(was) == files[i].file);
        json_t *is = written(files[i].file, text);
        check_holds(is, was, files[i].name);
        check_settled(files[i].file, is);
        json_decref(was);
        json_decref(is);
        free(text);
    }
}

static const char own_kernels[] =
    "{\"predicted_total_us\": 75.5, \"num_runs\": 100, \"colour\": \"blue\","
    " \"start_timestamp\": \"2026-02-06T18:32:35.270123456Z\","
    " \"end_timestamp\": \"2026-02-06T18:33:35.270Z\", \"kernels\": [{\"name\": \"matmul\","
    " \"tier\": 2, \"invocation_count\": 3, \"single_time_us\": 25.1, \"benchmark_runs\": "
    "900,"
    " \"total_time_us\": 75.3, \"start_timestamp\": \"2026-02-06T18:32:35.270123Z\","
    " \"end_timestamp\": \"2026-02-06T18:32:40.270Z\", \"shade\": [1, 2], \"erg\":"
    " {\"runs_requested\": 1000, \"runs_executed\": 900, \"state\": \"hot\", "
    "\"t_empty_us\": 4.25,"
    " \"launch_bound\": true, \"drift_factor\": 0.97, \"ci_us\": [25.0, 25.3], "
    "\"dims\": [[1, 2], [2, 3]], \"dtype\": \"fp32\", \"clock_hz\": 1.5e9, "
    "\"kernel\": 7}}], \"erg\": {\"steps\": 3, \"hardware\": \"a100\", "
    "\"cold\": [{\"name\": \"matmul\", \"tier\": 2,"
    " \"invocation_count\": 3, \"single_time_us\": 55.1, \"benchmark_runs\": 900,"
    " \"erg\": {\"state\": \"cold\", \"runs_executed\": 900}}]}}";

static void a_kernel_of_ours_keeps_what_is_ours(void)
{
    erg_error err = { 0 };
    erg_replay *replay = parsed(&erg_replay_file_kernels, own_kernels, &err);

    CHECK_OK(replay != NULL, err);
    CHECK(replay->kernel_count == 2 && replay->steps == 3 && !replay->local_time);
    const erg_kernel_timing *hot = &replay->kernels[0];
    CHECK_NEAR(hot->time_s, 25.1e-6, 1e-18);
    CHECK(hot->runs_requested == 1000 && hot->runs_executed == 900 && hot->kernel == 7);
    CHECK(hot->state == ERG_STATE_HOT && hot->launch_bound && hot->clock_hz == 1.5e9);
    CHECK_NEAR(hot->empty_s, 4.25e-6, 1e-18);
    CHECK(hot->drift == 0.97);
    CHECK_NEAR(hot->low_s, 25e-6, 1e-18);
    CHECK(hot->span.begin_ns % ERG_NS_PER_S == 270123000 && isnan(hot->median_s));
    CHECK(replay->kernels[1].state == ERG_STATE_COLD);
    CHECK(erg_kernel_is_summed(replay, hot)
          && !erg_kernel_is_summed(replay, &replay->kernels[1]));
    erg_replay_free(replay);
}

static void unknown_keys_are_kept_under_foreign(void)
{
    json_t *once = written(&erg_replay_file_kernels, own_kernels);
    json_t *kernel = json_array_get(json_object_get(once, "kernels"), 0);
    json_t *foreign = json_object_get(json_object_get(kernel, "erg"), "foreign");

    CHECK(json_array_size(json_object_get(foreign, "shade")) == 2);
    foreign = json_object_get(json_object_get(once, "erg"), "foreign");
    CHECK_TEXT(json_string_value(json_object_get(foreign, "colour")), "blue");
    CHECK(!json_object_get(once, "colour"));
    CHECK(json_array_size(json_object_get(json_object_get(once, "erg"), "cold")) == 1);
    CHECK(json_integer_value(json_object_get(kernel, "benchmark_runs")) == 900);
    check_settled(&erg_replay_file_kernels, once);
    json_decref(once);
}

static void unknown_keys_within_are_kept_too(void)
{
    static const struct {
        const erg_replay_file *file;
        const char *text, *part;
    } files[] = {
        { &erg_replay_file_energies,
          "{\"full_model\": {\"num_runs\": 3, \"hue\": 7},"
          " \"per_kernel_energies\": []}",
          "full_model" },
        { &erg_replay_file_comparison,
          "{\"predicted_from_kernels_us\": 3, \"tier_breakdown\":"
          " {\"tier2_cublas\": {\"method\": \"a\", \"hue\": 7}}}",
          "tier2_cublas" },
    };
    for (size_t i = 0; i < ERG_COUNT(files); i++) {
        json_t *once = written(files[i].file, files[i].text);
        json_t *foreign = json_object_get(json_object_get(once, "erg"), "foreign");
        json_t *part = json_object_get(foreign, files[i].part);
        CHECK(json_integer_value(json_object_get(part, "hue")) == 7);
        CHECK(json_object_size(part) == 1);
        check_settled(files[i].file, once);
        json_decref(once);
    }
}

static void a_stamp_without_a_zone_stays_without_one(void)
{
    json_t *once = written(&erg_replay_file_whole,
                           "{\"full_model_inference_us\": 12.5, \"num_runs\": 10,"
                           " \"start_timestamp\": \"2026-02-06 18:32:35.000468\","
                           " \"end_timestamp\": \"2026-02-06 18:32:36\"}");

    CHECK_TEXT(json_string_value(json_object_get(once, "start_timestamp")),
               "2026-02-06 18:32:35.000468");
    CHECK(json_is_null(json_object_get(once, "energy_joules"))); /* unknown is never 0 */
    CHECK(json_is_null(json_object_get(once, "min_time_us")));
    CHECK(!json_object_get(once, "erg"));
    json_decref(once);
}

static void a_zone_given_makes_stamps_utc(void)
{
    erg_error err = { 0 };
    erg_zone *zone = erg_zone_new("+02:00", &err);
    erg_replay *replay = erg_replay_new(&err);
    erg_replay_reading reading = { replay, "made.json", { .zone = zone } };
    const char text[] = "{\"full_model_inference_us\": 12.5,"
                        " \"start_timestamp\": \"2026-02-06 18:32:35\","
                        " \"end_timestamp\": \"2026-02-06 18:32:36\"}";

    CHECK_OK(
        erg_replay_file_parse(&reading, &erg_replay_file_whole, text, strlen(text), &err),
        err);
    CHECK(!replay->local_time);
    json_t *once = erg_replay_file_whole.write(replay);
    CHECK_TEXT(json_string_value(json_object_get(once, "start_timestamp")),
               "2026-02-06T16:32:35.000Z");
    json_decref(once);
    erg_replay_free(replay);
    erg_zone_free(zone);
}

static void what_is_wrong_is_named(void)
{
    static const struct {
        const erg_replay_file *file;
        const char *text, *says;
    } wrong[] = {
        { &erg_replay_file_whole, "{\"full_model_inference_us\": \"fast\"}",
          "is no number" },
        { &erg_replay_file_whole, "{\"predicted_total_us\": 1}",
          "not a full_model_timing.json" },
        { &erg_replay_file_whole, "{\"min_time_us\": 1}", "its keys are missing" },
        { &erg_replay_file_kernels, "{\"predicted_total_us\": 1}", "no list of kernels" },
        { &erg_replay_file_kernels, "{\"predicted_total_us\": 1, \"kernels\": [{}]}",
          "no name" },
        { &erg_replay_file_kernels,
          "{\"predicted_total_us\": 1, \"kernels\": [{\"name\": \"a\","
          " \"tier\": 9}]}",
          "tier of a" },
        { &erg_replay_file_kernels,
          "{\"predicted_total_us\": 1, \"kernels\": [{\"name\": \"a\","
          " \"start_timestamp\": \"soon\"}]}",
          "which is no stamp" },
        { &erg_replay_file_whole,
          "{\"full_model_inference_us\": 1, \"start_timestamp\":"
          " \"2026-02-06 18:32:36\", \"end_timestamp\": \"2026-02-06 18:32:35\"}",
          "is before" },
        { &erg_replay_file_whole, "{\"full_model_inference_us\": -1}",
          "cannot be below 0" },
        { &erg_replay_file_kernels,
          "{\"predicted_total_us\": 1, \"kernels\": [{\"name\": \"a\","
          " \"tier\": 2, \"invocation_count\": -3}]}",
          "invocation_count is -3, and cannot be below 0" },
        { &erg_replay_file_kernels,
          "{\"predicted_total_us\": 1, \"kernels\": [{\"name\": \"a\","
          " \"tier\": 2, \"single_time_us\": -3}]}",
          "single_time_us is -3" },
    };
    for (size_t i = 0; i < ERG_COUNT(wrong); i++) {
        erg_error err = { 0 };
        erg_replay *replay = parsed(wrong[i].file, wrong[i].text, &err);
        CHECK(!replay && err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, wrong[i].says))
            CHECK_TEXT(err.text, wrong[i].says);
    }
}

/* Two kernels, 2 steps, one state; a whole of 10 ms and 1 J. */
static erg_replay *small_replay(void)
{
    erg_replay *replay = erg_replay_new(NULL);
    erg_kernel_timing kernel = erg_kernel_timing_unknown();

    replay->steps = 2;
    replay->runs = 100;
    replay->whole.time_s = 10e-3;
    replay->whole.runs = 100;
    replay->whole.energy_j = 1;
    erg_text_put(kernel.name, sizeof(kernel.name), "gemm");
    kernel.tier = ERG_TIER_MATRIX;
    kernel.state = ERG_STATE_HOT;
    kernel.count = 8;
    kernel.time_s = 2e-3;
    kernel.runs_requested = kernel.runs_executed = 1000;
    kernel.gross_j = 0.1;
    kernel.updates = 20;
    erg_text_put(kernel.method, sizeof(kernel.method), "measured");
    CHECK(erg_replay_add(replay, &kernel, NULL));
    erg_text_put(kernel.name, sizeof(kernel.name), "add");
    kernel.tier = ERG_TIER_OTHER;
    kernel.count = 2;
    kernel.time_s = 1e-3;
    kernel.gross_j = 0.05;
    erg_text_put(kernel.method, sizeof(kernel.method), "estimated");
    CHECK(erg_replay_add(replay, &kernel, NULL));
    return replay;
}

static void a_comparison_is_per_step_and_sorted(void)
{
    erg_error err = { 0 };
    erg_replay *replay = small_replay();

    CHECK_OK(erg_comparison_of(replay, &err), err);
    CHECK_NEAR(replay->comparison->predicted_s, 9e-3, 1e-15); /* (8 x 2 + 2 x 1) / 2 ms */
    CHECK_NEAR(replay->comparison->error, 0.1, 1e-12);
    CHECK_TEXT(replay->comparison->rows[0].name, "gemm");
    CHECK_NEAR(replay->comparison->tiers[ERG_TIER_MATRIX].share, 8.0 / 9, 1e-12);
    erg_replay_free(replay);
}

static void an_estimate_is_never_in_the_measured_sum(void)
{
    erg_error err = { 0 };
    erg_replay *replay = small_replay();

    CHECK_OK(erg_kernel_energies_of(replay, &err), err);
    CHECK_NEAR(replay->energies->predicted_j, 0.4, 1e-12);
    CHECK_NEAR(replay->energies->excluded_j, 0.05, 1e-12);
    CHECK(replay->energies->measured == 1 && replay->energies->estimated == 1);
    erg_replay_free(replay);
}

static void all_files_are_written_or_none(void)
{
    erg_error err = { 0 };
    const char *folder = test_folder();
    erg_replay *replay = small_replay();
    char path[256];

    CHECK_OK(erg_comparison_of(replay, &err) && erg_kernel_energies_of(replay, &err), err);
    CHECK_OK(erg_replay_files_write(replay, folder, &err), err);
    for (size_t i = 0; erg_replay_files[i]; i++) {
        if (!erg_replay_files[i]->holds(replay)) /* that of other tools */
            continue;
        erg_replay *again = erg_replay_new(&err);
        snprintf(path, sizeof(path), "%s/%s", folder, erg_replay_files[i]->name);
        CHECK_OK(erg_replay_file_read(again, erg_replay_files[i], path, NULL, &err), err);
        CHECK(erg_replay_files[i]->holds(again));
        erg_replay_free(again);
        CHECK(unlink(path) == 0);
    }
    /* A folder stands where the last file belongs. */
    snprintf(path, sizeof(path), "%s/%s", folder, erg_replay_file_energies.name);
    CHECK(mkdir(path, 0700) == 0);
    CHECK(!erg_replay_files_write(replay, folder, &err));
    for (size_t i = 0; erg_replay_files[i] != &erg_replay_file_energies; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, erg_replay_files[i]->name);
        CHECK(access(path, F_OK) != 0);
    }
    erg_replay_free(replay);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_files_of_a_real_run_are_read_without_loss),
        TEST(a_kernel_of_ours_keeps_what_is_ours),
        TEST(unknown_keys_are_kept_under_foreign),
        TEST(unknown_keys_within_are_kept_too),
        TEST(a_stamp_without_a_zone_stays_without_one),
        TEST(a_zone_given_makes_stamps_utc),
        TEST(what_is_wrong_is_named),
        TEST(a_comparison_is_per_step_and_sorted),
        TEST(an_estimate_is_never_in_the_measured_sum),
        TEST(all_files_are_written_or_none),
    };
    return test_run(tests, ERG_COUNT(tests));
}
