/* SPDX-License-Identifier: Apache-2.0 */
/* NOT_WHITE says what would help, and that does. */
#include "erg/couple.h"
#include "test.h"

enum { BACK = 9 };

typedef enum colour { ECHO, CHIRP } colour;

/* Off, on, off. Power on: at 10 Hz, noise less that of 0.9 s ago, whose model looks back
 * for longer than 20 bins; or at 1 Hz a beat that goes ever faster, which no model of one
 * past fits. */
static void write_logs(colour of, int run_s, erg_text *monitor, erg_text *log)
{
    double noise[BACK + 1] = { 0 };
    test_random random = { 5 };
    int hertz = of == ECHO ? 10 : 1, begin = 40 * hertz, end = begin + run_s * hertz;

    erg_text_add(monitor, "timestamp,device,temp_c,power_w,util_pct\n");
    for (int t = 0; t < end + begin; t++) {
        double since_s = (t + 0.5) / hertz, at_s = 1761699200 + since_s;
        bool on = t >= begin && t < end;
        for (int i = BACK; i > 0; i--)
            noise[i] = noise[i - 1];
        noise[0] = test_normal(&random);
        double shape = of == ECHO ? noise[0] - noise[BACK]
                     : 6 * sin(since_s / 30 + since_s * since_s / 12000) + 0.05 * noise[0];
        erg_text_add(monitor, "%.3f,gpu,%.3f,%.4f,%.1f\n", at_s,
                     60 + test_normal(&random), (on ? 150 : 30) + 5 * shape,
                     on ? 90.0 : 4.0);
        if (on)
            erg_text_add(log, "{\"t\": %.3f, \"loss\": %.5f, \"grad_norm\": %.6f}\n", at_s,
                         9 - 1e-3 * t, 12 + test_normal(&random));
    }
}

typedef struct answer { char state[16], what[160], advice[120]; } answer;

static answer study(colour of, int run_s, erg_couple_options options)
{
    static const char *const pair[] = { "grad_norm:power" };
    erg_error err = { 0 };
    erg_text texts[2] = { { 0 }, { 0 } };
    answer out = { .state = "" };

    write_logs(of, run_s, &texts[0], &texts[1]);
    erg_monitor *monitor = erg_monitor_parse("m", texts[0].data, texts[0].count,
                                             NULL, &err);
    erg_training *log = erg_training_parse("t", texts[1].data, texts[1].count, NULL, &err);
    options.pairs = pair;
    options.pair_count = 1;
    options.draws = 20;
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *checks = erg_result_find(result, "checks");
    for (size_t i = 0; i < erg_table_row_count(checks); i++) {
        const char *what = erg_table_find(checks, i, "what").text;
        const char *advice = erg_table_find(checks, i, "advice").text;
        if (strcmp(erg_table_find(checks, i, "check").text, "NOT_WHITE") != 0)
            continue;
        snprintf(out.state, sizeof(out.state), "%s",
                 erg_table_find(checks, i, "state").text);
        snprintf(out.what, sizeof(out.what), "%s", what ? what : "");
        snprintf(out.advice, sizeof(out.advice), "%s", advice ? advice : "");
    }
    erg_result_free(result);
    erg_training_free(log);
    erg_monitor_free(monitor);
    for (int i = 0; i < 2; i++)
        erg_text_free(&texts[i]);
    return out;
}

static void a_long_log_is_told_the_grid_that_makes_it_white(void)
{
    answer fine = study(ECHO, 400, (erg_couple_options){ 0 });
    double grid_s = 0;

    CHECK_TEXT(fine.state, "refused");
    CHECK_TEXT(fine.what, "residuals of power");
    CHECK(sscanf(fine.advice, "wider bins: --grid %lfs leaves white residuals", &grid_s)
          == 1);
    CHECK(grid_s > 0.1);
    answer wide = study(ECHO, 400, (erg_couple_options){ .grid_s = grid_s });
    CHECK_TEXT(wide.state, "ok");
}

static void what_no_grid_makes_white_says_so(void)
{
    answer none = study(CHIRP, 800, (erg_couple_options){ 0 });

    CHECK_TEXT(none.state, "refused");
    CHECK(strstr(none.advice, "neither wider bins nor --detrend diff"));
}

static void a_short_log_is_told_to_be_longer(void)
{
    answer shorter = study(CHIRP, 250, (erg_couple_options){ 0 });

    CHECK_TEXT(shorter.state, "refused");
    CHECK_TEXT(shorter.advice, "record >= 300 s");
}

int main(void)
{
    static const test tests[] = {
        TEST(a_long_log_is_told_the_grid_that_makes_it_white),
        TEST(what_no_grid_makes_white_says_so),
        TEST(a_short_log_is_told_to_be_longer),
    };
    return test_run(tests, ERG_COUNT(tests));
}
