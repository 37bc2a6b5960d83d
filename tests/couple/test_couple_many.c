/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way, from files to a verdict, on many recordings: how many couplings of twice
 * the least detectable effect are shown, and how many where nothing was planted. The
 * figures of docs/couple.md are those of ERG_TEST_RECORDINGS=1000.
 */
#include "erg/couple.h"
#include "couple/made.h"

enum { RECORDINGS = 60, DRAWS = 199, RUN_S = 200 };
static const double twice_detectable = 0.625; /* r 0.5 of the shocks; 0.25 is detectable */

typedef struct tally { int found, shown, right, open, refused, all; } tally;

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void study(const made *of, tally *to)
{
    static const char *const pair = "grad_norm:power";
    const erg_couple_options options = { .key = of->seed, .draws = DRAWS, .pairs = &pair,
                                         .pair_count = 1 };
    erg_error err = { 0 };
    texts logs;

    make(of, &logs);
    erg_monitor *monitor =
        erg_monitor_parse("m.csv", logs.monitor.data, logs.monitor.count, NULL, &err);
    erg_training *log =
        erg_training_parse("log", logs.log.data, logs.log.count, NULL, &err);
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *table = erg_result_find(result, "verdict");
    const char *said = erg_table_find(table, 0, "verdict").text;
    to->all++;
    to->found += erg_table_find(table, 0, "p_value").real < 0.05;
    to->shown += begins(said, "coupling shown");
    to->right += strcmp(said, "coupling shown: grad_norm leads power") == 0;
    to->open += begins(said, "associated");
    to->refused += begins(said, "cannot be decided: ") && !strstr(said, "inconclusive");
    erg_result_free(result);
    erg_training_free(log);
    erg_monitor_free(monitor);
    erg_text_free(&logs.monitor);
    erg_text_free(&logs.log);
}

static tally study_many(uint64_t first, double planted)
{
    const char *asked = getenv("ERG_TEST_RECORDINGS");
    int count = asked && atoi(asked) > 0 ? atoi(asked) : RECORDINGS;
    tally of = { 0 };

    for (int i = 0; i < count; i++)
        study(&(made){ .seed = first + (uint64_t)i, .run_s = RUN_S, .planted = planted },
              &of);
    print_message("# of %d: found %d, shown %d, with the right direction %d, left open %d, "
                  "refused %d\n", of.all, of.found, of.shown, of.right, of.open,
                  of.refused);
    return of;
}

static void twice_the_detectable_effect_is_shown(void)
{
    tally of = study_many(10000, twice_detectable);

    CHECK(of.found >= 0.98 * of.all);
    CHECK(of.right >= 0.95 * of.all);
}

static void where_nothing_was_planted_little_is_shown(void)
{
    tally of = study_many(20000, 0);

    CHECK(of.found <= 0.10 * of.all);
    CHECK(of.shown <= 0.08 * of.all);
}

int main(void)
{
    static const test tests[] = {
        TEST(twice_the_detectable_effect_is_shown),
        TEST(where_nothing_was_planted_little_is_shown),
    };
    return test_run(tests, ERG_COUNT(tests));
}
