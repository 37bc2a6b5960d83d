/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan says of a trace that is not quite one: events that say nothing, several
 * devices, work twice in one queue; marks, pipes and other encodings. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "replay/plan.h"
#include "test.h"

enum { LAUNCHES = 30 };

/* One queue after the other, 100 us apart. */
static char *trace_of(int devices, double dur_us, const char *more)
{
    erg_text text = { 0 };

    erg_text_add(&text, "{\"traceEvents\":[");
    for (int i = 0; i < LAUNCHES * devices; i++)
        erg_text_add(&text,
                     "%s{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"gemm\",\"ts\":%d,"
                     "\"dur\":%g,\"args\":{\"device\":%d,\"stream\":7,\"grid\":[1,2,3],"
                     "\"block\":[64,1,1]}}", i ? "," : "", 1000 + 100 * (i / devices),
                     dur_us, i % devices);
    erg_text_add(&text, "%s]}", more);
    return erg_text_take(&text);
}

/* Its path; good until the next call. */
static const char *in_file(const char *bytes, size_t count)
{
    static char path[300];

    snprintf(path, sizeof(path), "%s/trace.json", test_folder());
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
    return path;
}

static erg_replay_plan *plan_of(const char *path, const char *device, erg_error *err)
{
    return erg_replay_plan_load(&path, 1, &(erg_replay_plan_options){ .device = device },
                                err);
}

static bool has_note(const erg_replay_plan *plan, const char *word)
{
    for (size_t i = 0; i < plan->note_count; i++)
        if (strstr(plan->notes[i], word))
            return true;
    return false;
}

static erg_replay_plan *plan_of_text(char *text, const char *device)
{
    erg_error err = { 0 };
    erg_replay_plan *plan = plan_of(in_file(text, strlen(text)), device, &err);

    CHECK_OK(plan != NULL, err);
    free(text);
    return plan;
}

static void a_trace_that_is_as_it_should_be_is_not_doubted(void)
{
    erg_replay_plan *plan = plan_of_text(trace_of(1, 99, ""), NULL);

    CHECK(plan->kernels[0].count == LAUNCHES);
    CHECK(!has_note(plan, "overlap") && !has_note(plan, "devices")
          && !has_note(plan, "in no count"));
    erg_replay_plan_free(plan);
}

static void events_that_say_nothing_are_counted_and_said(void)
{
    static const char *const broken[] = {
        ",{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"g\",\"ts\":1,\"dur\":-5}",
        ",{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"g\",\"ts\":1e30,\"dur\":5}",
        ",{\"ph\":\"B\",\"cat\":\"kernel\",\"name\":\"g\",\"ts\":900,\"pid\":1,\"tid\":1}",
    };

    for (size_t i = 0; i < ERG_COUNT(broken); i++) {
        erg_replay_plan *plan = plan_of_text(trace_of(1, 50, broken[i]), NULL);
        CHECK(plan->kernel_count == 1 && plan->kernels[0].count == LAUNCHES);
        CHECK(has_note(plan, "1 events without"));
        erg_replay_plan_free(plan);
    }
}

static void counts_of_several_devices_are_said_to_be(void)
{
    erg_replay_plan *plan = plan_of_text(trace_of(3, 50, ""), NULL);

    CHECK(plan->kernels[0].count == 3 * LAUNCHES);
    CHECK(has_note(plan, "3 devices together; --device N"));
    erg_replay_plan_free(plan);
    plan = plan_of_text(trace_of(3, 50, ""), "1");
    CHECK(plan->kernels[0].count == LAUNCHES && !has_note(plan, "devices together"));
    erg_replay_plan_free(plan);
}

/* However much of the time it runs. */
static erg_replay_plan *plan_of_twice(double dur_us)
{
    char *once = trace_of(1, dur_us, ""), *again = strchr(once, '{') + 16;
    erg_text twice = { 0 };

    CHECK(*again == '{');
    erg_text_add(&twice, "%.*s,%s", (int)(strlen(once) - 2), once, again);
    free(once);
    return plan_of_text(erg_text_take(&twice), NULL);
}

/* An event begins while the one before still runs; or all of them come again. */
static void work_twice_in_one_queue_is_said(void)
{
    erg_replay_plan *plan = plan_of_text(trace_of(1, 150, ""), NULL);

    CHECK(has_note(plan, "overlap on their own stream (device 0, stream 7)"));
    CHECK(!has_note(plan, "come twice"));
    erg_replay_plan_free(plan);
    plan = plan_of_twice(99);
    CHECK(plan->kernels[0].count == 2 * LAUNCHES);
    CHECK(has_note(plan, "overlap") && has_note(plan, "come twice"));
    erg_replay_plan_free(plan);
    plan = plan_of_twice(1);
    CHECK(!has_note(plan, "overlap") && has_note(plan, "come twice"));
    erg_replay_plan_free(plan);
}

static void a_mark_before_any_format_is_no_part_of_it(void)
{
    static const char *const texts[] = {
        "{\"traceEvents\":[{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"g\",\"ts\":1,"
        "\"dur\":5,\"args\":{\"device\":0,\"stream\":7}}]}",
        "device,category,kernel_name,count\n0,kernel,g,4\n",
        "onednn_verbose,exec,cpu,matmul,gemm:jit,undef,src_f32::blocked:ab:f0 "
        "wei_f32::blocked:ba:f0 dst_f32::blocked:ab:f0,,,128x256:256x512:128x512,0.427\n",
        "{\"name\":\"g\",\"device\":\"0\",\"signature\":{\"name\":\"g\",\"grid\":[1,1,1],"
        "\"block\":[1,1,1],\"shared memory\":0},\"count\":3}\n",
    };

    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        erg_text text = { 0 };
        erg_text_add(&text, "\xef\xbb\xbf%s", texts[i]);
        erg_replay_plan *plan = plan_of_text(erg_text_take(&text), NULL);
        CHECK(plan->kernel_count == 1);
        CHECK_TEXT(plan->workload, "trace.json");
        erg_replay_plan_free(plan);
    }
}

static void *feed(void *self)
{
    const char *path = self;
    char *text = trace_of(1, 50, "");
    test_write(path, text);
    free(text);
    return NULL;
}

/* A trace is read twice, a pipe but once. */
static void a_named_pipe_is_kept_aside(void)
{
    char path[300];
    pthread_t writer;
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/pipe", test_folder());
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(pthread_create(&writer, NULL, feed, path) == 0);
    erg_replay_plan *plan = plan_of(path, NULL, &err);
    CHECK(pthread_join(writer, NULL) == 0);
    CHECK_OK(plan != NULL, err);
    CHECK(plan->kernels[0].count == LAUNCHES);
    CHECK_TEXT(plan->workload, "pipe");
    erg_replay_plan_free(plan);
}

static void another_encoding_is_named(void)
{
    erg_error err = { 0 };

    CHECK(!plan_of(in_file("\xff\xfe{\0", 4), NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "UTF-16")
          && strstr(err.text, "trace.json"));
    CHECK(!plan_of(in_file("\xef\xbb\xbf\x01\x02", 5), NULL, &err));
    CHECK(strstr(err.text, "trace.json") && !strstr(err.text, "/proc/self"));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_trace_that_is_as_it_should_be_is_not_doubted),
        TEST(events_that_say_nothing_are_counted_and_said),
        TEST(counts_of_several_devices_are_said_to_be),
        TEST(work_twice_in_one_queue_is_said),
        TEST(a_mark_before_any_format_is_no_part_of_it),
        TEST(a_named_pipe_is_kept_aside),
        TEST(another_encoding_is_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}
