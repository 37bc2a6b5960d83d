/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node behind a breaker whose datasheet says how long it holds: 1.03 of 500 W, which no
 * knob takes down. The curve's times at 1.01 and 2 times the rating give, straight in
 * logarithms, T at 1.03; the brake comes at 0.8 T and not by the power, which is below
 * 1.05. The bands look once a period, so the period says when it is asked whether it has
 * worn.
 */
#include "govern/ergd.h"
#include "govern/governed.h"

#define GPU "\"sim:a100-sxm4-80gb,load=constant:300\""
#define RACK                                                                               \
    "rack: {breaker: {rating: 500W, margin: 1, tau: 2000s, curve: [{load: 1.01, "          \
    "time: %gs}, {load: 2, time: %gs}]}, period: %.6gs}\n"

static double time_at(double load, double slow_s, double fast_s)
{
    double share = log(load / 1.01) / log(2 / 1.01);
    return slow_s * pow(fast_s / slow_s, share);
}

static void the_brake_comes_at_its_share_of_the_curves_time(void)
{
    static const struct { double slow_s, fast_s, share; bool brakes; } rows[] = {
        { 100, 10, 0.77, false }, { 100, 10, 0.83, true },
        { 400, 4, 0.77, false },  { 400, 4, 0.83, true },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        governed is = { 0 };
        char text[600];
        double worn_s = time_at(1.03, rows[i].slow_s, rows[i].fast_s);
        double look_s = rows[i].share * worn_s;
        snprintf(text, sizeof(text),
                 "node: {id: n, sensors: [" GPU "], base: 215W}\n" RACK, rows[i].slow_s,
                 rows[i].fast_s, look_s);
        begin(&is, text);
        run_for(&is, look_s - 0.5, 0.1);
        CHECK(says(&is, 0, "state", "observe"));
        run_for(&is, 1.2, 0.1);
        print_message("# looked at after %.1f of %.1f s\n", look_s, worn_s);
        CHECK(says(&is, 0, "state", rows[i].brakes ? "braked" : "observe"));
        CHECK(!rows[i].brakes || says(&is, 1, "rule", "bands"));
        end(&is);
    }
}

/* ---- ergd: a meter that sees an overload, and a knob that is turned ------------------ */

static erg_result *status_of(const ergd_box *is)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_STATUS };
    erg_error err = { 0 };
    erg_result *result = erg_govern_ask(is->socket, &request, &err);
    CHECK_OK(result, err);
    return result;
}

static bool is_braked(const ergd_box *is)
{
    erg_result *result = status_of(is);
    const erg_table *grants = erg_result_find(result, "grants");
    const char *state = erg_table_find(grants, 0, "state").text;
    bool braked = state && strcmp(state, "braked") == 0;
    erg_result_free(result);
    return braked;
}

static double gpu_limit_w(const ergd_box *is)
{
    erg_result *result = status_of(is);
    const erg_table *grants = erg_result_find(result, "grants");
    double least_w = NAN;
    for (size_t i = 1; i < erg_table_row_count(grants); i++)
        if (strstr(erg_table_find(grants, i, "node").text, "sim:"))
            least_w = erg_table_find(grants, i, "enforced_w").real;
    erg_result_free(result);
    return least_w;
}

/* The journal is written line by line: of many changes the answer to `why` has the last. */
static bool is_written(const ergd_box *is, const char *rule, const char *text)
{
    char line[2048];
    FILE *file = fopen(is->journal, "r");
    bool found = false;
    while (file && !found && fgets(line, sizeof(line), file))
        found = strstr(line, rule) && strstr(line, text);
    if (file)
        fclose(file);
    return found;
}

/* Seconds from the first answer until the brake; most_s: it did not come. The curve is
 * asked after 4 s. */
static double braked_after_s(double slow_s, double fast_s, double most_s, double *limit_w)
{
    static const char meter[] =
        "exec:echo '{\"event\": \"PSU over-current\"}'; "
        "while echo '{\"power_w\": 515, \"scope\": \"node\", \"update_s\": 0.05}'; "
        "do sleep 0.05; done";
    ergd_box is;
    char text[1024];

    snprintf(text, sizeof(text), "mode: enforce\nnode:\n  id: n\n  sensors:\n"
             "    - \"sim:a100-sxm4-80gb,load=constant:300\"\n    - >-\n      %s\n" RACK,
             meter, slow_s, fast_s, 4.0);
    ergd_prepare(&is, text);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    int64_t begin_ns = ergd_now_ns();
    double t_s = 0;
    while (!is_braked(&is) && t_s < most_s) {
        usleep(50000);
        t_s = 1e-9 * (double)(ergd_now_ns() - begin_ns);
    }
    *limit_w = gpu_limit_w(&is);
    CHECK(ergd_stop(&is) == 0);
    CHECK(is_written(&is, "\"meter\"", "PSU over-current"));
    return t_s;
}

static void ergd_brakes_a_node_whose_meter_shows_an_overload(void)
{
    double limit_w, worn_s = 0.8 * time_at(1.03, 4.9, 1);
    ergd_program();
    double fast_s = braked_after_s(4.9, 1, 30, &limit_w);
    print_message("# braked after %.2f s, by the curve %.2f s; the GPU at %.0f W\n", fast_s,
                  worn_s, limit_w);
    CHECK(fast_s > worn_s - 1 && fast_s < 15);  /* a busy machine looks later */
    CHECK_NEAR(limit_w, 160, 1e-6);             /* the least that it can be held to */
    CHECK(braked_after_s(4900, 1000, 7, &limit_w) >= 7);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_brake_comes_at_its_share_of_the_curves_time),
        TEST(ergd_brakes_a_node_whose_meter_shows_an_overload),
    };
    return test_run(tests, ERG_COUNT(tests));
}
