/* SPDX-License-Identifier: Apache-2.0 */
/* plan.jsonl: there and back, refused with its place, and plans from standard input. */
#include <fcntl.h>
#include <unistd.h>
#include "replay/planned.h"

static char *saved(const erg_replay_plan *plan)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    erg_error err = { 0 };

    CHECK_OK(erg_replay_plan_save(plan, out, &err), err);
    fclose(out);
    return text;
}

static void a_saved_plan_is_read_back_byte_for_byte(void)
{
    for (size_t i = 0; i < ERG_COUNT(networks); i++) {
        erg_replay_plan *plan = plan_of(networks[i]);
        char *first = saved(plan);
        erg_replay_plan *again = plan_of(test_file("plan.jsonl", first));
        char *second = saved(again);
        CHECK_TEXT(second, first);
        CHECK(again->launch_count == plan->launch_count);
        CHECK(memcmp(again->launches, plan->launches,
                     plan->launch_count * sizeof *plan->launches) == 0);
        free(first);
        free(second);
        erg_replay_plan_free(plan);
        erg_replay_plan_free(again);
    }
}

static const char foreign_line[] =
    "{\"schema\":\"erg.plan.v1\",\"name\":\"gemm\",\"tier\":2,\"count\":3,\"dims\":[[2,3],"
    "[3,4],[2,4]],\"dtypes\":[\"fp16\",\"fp16\",\"fp32\"],\"shape_known\":true,"
    "\"colour\":{\"a\":[1,null]},\"erg\":{\"mood\":\"good\"}}\n";

static void keys_that_are_not_ours_are_kept(void)
{
    erg_replay_plan *plan = plan_of(test_file("plan.jsonl", foreign_line));
    char *first = saved(plan);
    erg_replay_plan *again = plan_of(test_file("plan.jsonl", first));
    char *second = saved(again);

    CHECK(strstr(first, "\"foreign\":{\"mood\":\"good\",\"colour\":{\"a\":[1,null]}}"));
    CHECK_TEXT(second, first);
    CHECK(isnan(plan->steps));
    CHECK(plan->kernels[0].signature.input_count == 2);
    CHECK(plan->kernels[0].signature.tensors[2].precision == ERG_FP32);
    CHECK(plan->kernels[0].signature.flop == ERG_NONE);
    free(first);
    free(second);
    erg_replay_plan_free(plan);
    erg_replay_plan_free(again);
}

static void a_plan_that_cannot_be_is_refused_with_its_place(void)
{
    static const struct { const char *from, *to, *says; } rows[] = {
        { "erg.plan.v1", "erg.plan.v9", "neither a plan (\"schema\": \"erg.plan.v1\")" },
        { "\"count\":3", "\"count\":-3", ":1: \"count\"" },
        { "\"tier\":2", "\"tier\":9", ":1: \"tier\"" },
        { "[2,3]", "[2,-3]", ":1: \"dims\"" },
        { "\"fp16\"", "\"fp17\"", ":1: \"dims\"" },
        { "\"mood\":\"good\"", "\"inputs\":3", ":1: \"inputs\"" },
        { "\"mood\":\"good\"", "\"window\":{}", ":1: \"window\"" },
        { "\"mood\":\"good\"", "\"plan\":{\"tensors\":3,\"launches\":[[1,0,1,2]]}",
          "not there" },
        { "\"mood\":\"good\"", "\"plan\":{\"tensors\":3,\"launches\":[[0,0,1,3]]}",
          "memory" },
        { "\"mood\":\"good\"", "\"plan\":{\"tensors\":99,\"launches\":[[0,0,1,2]]}",
          "99 tensors" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_text text = { 0 };
        erg_error err = { 0 };
        const char *at = strstr(foreign_line, rows[i].from);
        erg_text_add_bytes(&text, foreign_line, (size_t)(at - foreign_line));
        erg_text_add(&text, "%s%s", rows[i].to, at + strlen(rows[i].from));
        const char *path = test_file("plan.jsonl", text.data);
        CHECK(!erg_replay_plan_load(&path, 1, NULL, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].says)) print_message("# %s\n", err.text);
        CHECK(strstr(err.text, rows[i].says));
        erg_text_free(&text);
    }
}

static void give_stdin(const char *text)
{
    const char *path = test_file("in", text);
    int in = open(path, O_RDONLY);
    CHECK(in >= 0 && dup2(in, STDIN_FILENO) == STDIN_FILENO);
    close(in);
}

#define KERNEL "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"sgemm\",\"ts\":1,\"dur\":2," \
               "\"args\":{\"stream\":7,\"device\":0,\"grid\":[1,1,1],\"block\":[32,1,1]}}"

/* A trace is read twice: what came through a pipe is kept for that. */
static void a_plan_comes_from_standard_input(void)
{
    const char *const path = "-";
    erg_error err = { 0 };

    give_stdin("{\"traceEvents\":[" KERNEL "," KERNEL "]}");
    erg_replay_plan *plan = plan_of(path);
    CHECK(plan->kernel_count == 1 && plan->kernels[0].count == 2);
    CHECK_TEXT(plan->workload, "standard input");
    erg_replay_plan_free(plan);
    give_stdin("hello\n");
    CHECK(!erg_replay_plan_load(&path, 1, NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(strncmp(err.text, "standard input holds no kernels", 31) == 0);
    give_stdin("{\"a\": 1}");
    CHECK(!erg_replay_plan_load(&path, 1, NULL, &err));
    CHECK(strncmp(err.text, "standard input is a JSON object without \"traceEvents\"", 52)
          == 0);
    give_stdin("");
    CHECK(!erg_replay_plan_load(&path, 1, NULL, &err));
    CHECK(strncmp(err.text, "standard input is empty", 23) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_saved_plan_is_read_back_byte_for_byte),
        TEST(keys_that_are_not_ours_are_kept),
        TEST(a_plan_that_cannot_be_is_refused_with_its_place),
        TEST(a_plan_comes_from_standard_input),
    };
    return test_run(tests, ERG_COUNT(tests));
}
