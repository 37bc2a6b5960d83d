/* SPDX-License-Identifier: Apache-2.0 */
/* The published lag analysis: its figures on the three joint sessions, and its faults. */
#include "erg/session.h"
#include "test.h"

/* The analysis files beside the recordings. */
typedef struct published {
    const char *folder;
    double grad_rle, temp_grad, loss_rle, peak_r;
    int64_t peak_lag;
    size_t readings, rows_n;
    double rows_r, rows_p;
} published;

static const published joint[] = {
    { "thermal/joint/reproducibility_test_1", 0.2374478310, -0.7528721278, 0.3010230706,
      0.2640950177, -3, 81, 168, -0.0363743, 0.640 },
    { "thermal/joint/reproducibility_test_2", 0.1919653254, -0.5964738177, -0.0046372371,
      0.2070125981, -2, 82, 166, -0.0897302, 0.250 },
    { "thermal/joint/workload_independence_gpu_inference", -0.2553392711, -0.4932124525,
      -0.3440254673, -0.2553392711, 0, 81, 166, -0.1306126, 0.0935 },
};

static erg_session *load(size_t index)
{
    erg_error err = { 0 };
    erg_session *session = erg_session_load(test_data(joint[index].folder), NULL, &err);
    CHECK_OK(session != NULL, err);
    return session;
}

static erg_lags lags_of(size_t index, erg_lag_mode mode)
{
    erg_error err = { 0 };
    erg_session *session = load(index);
    erg_lags lags;

    CHECK_OK(erg_lags_of(session, mode, &lags, &err), err);
    erg_session_free(session);
    return lags;
}

static void steps_gives_the_published_figures(void)
{
    for (size_t i = 0; i < ERG_COUNT(joint); i++) {
        erg_lags lags = lags_of(i, ERG_LAG_STEPS);
        CHECK_NEAR(lags.figures.grad_rle, joint[i].grad_rle, 1e-9);
        CHECK_NEAR(lags.figures.temp_grad, joint[i].temp_grad, 1e-9);
        CHECK_NEAR(lags.figures.loss_rle, joint[i].loss_rle, 1e-9);
        CHECK_NEAR(lags.figures.peak_r, joint[i].peak_r, 1e-9);
        CHECK(lags.figures.peak_lag == joint[i].peak_lag);
        CHECK(lags.figures.aligned == 201 && lags.rows == 201);
        CHECK(lags.readings == joint[i].readings);
        CHECK(lags.figures.is_causal == (joint[i].peak_lag < 0));
    }
}

static void in_steps_a_lag_and_its_negative_hold_the_same_pairs(void)
{
    erg_lags lags = lags_of(0, ERG_LAG_STEPS);

    CHECK(lags.count == 7);
    for (size_t i = 0; i < lags.count; i++)
        CHECK(lags.at[i].r == lags.at[lags.count - 1 - i].r);
    CHECK(lags.figures.peak_lag <= 0);
}

static void rows_find_nothing(void)
{
    for (size_t i = 0; i < ERG_COUNT(joint); i++) {
        erg_lags lags = lags_of(i, ERG_LAG_ROWS);
        CHECK(lags.rows == joint[i].rows_n && lags.figures.peak_lag == 0);
        CHECK_NEAR(lags.figures.peak_r, joint[i].rows_r, 5e-8);
        CHECK_NEAR(lags.at[3].p_value, joint[i].rows_p, 5e-4);
        for (size_t k = 0; k < lags.count; k++)
            CHECK(lags.at[k].p_value >= 0.05);
    }
}

static void suite_truly_shifts_the_index_behind_the_gradient(void)
{
    erg_lags lags = lags_of(0, ERG_LAG_SUITE);

    CHECK(lags.count == 21 && lags.at[12].lag == 2);
    CHECK_NEAR(lags.at[12].r, 0.2711187770, 1e-9);
    CHECK(lags.at[12].r != lags.at[8].r);
}

static void the_published_score_of_the_three_is_low(void)
{
    erg_lag_figures figures[ERG_COUNT(joint)];
    erg_score score;

    for (size_t i = 0; i < ERG_COUNT(joint); i++)
        figures[i] = lags_of(i, ERG_LAG_STEPS).figures;
    erg_score_of(figures, ERG_COUNT(joint), &score);
    CHECK_NEAR(score.causal_share, 2.0 / 3, 1e-12);
    CHECK_NEAR(score.mean_r, 0.0580, 5e-5);
    CHECK_NEAR(score.sd_r, 0.222, 5e-4);
    CHECK_NEAR(score.sd_lag, 1.25, 5e-3);
    CHECK_NEAR(score.spread, 5.4, 0.05);
    CHECK(score.score == 0);
    CHECK_TEXT(score.grade, "LOW");
}

static void a_steady_null_wins_two_points_of_the_score(void)
{
    const erg_lag_figures same = { .grad_rle = 0.05, .peak_lag = 0, .is_causal = 0 };
    const erg_lag_figures figures[] = { same, same, same };
    erg_score score;

    erg_score_of(figures, ERG_COUNT(figures), &score);
    CHECK_TEXT(score.grade, "MODERATE");
    CHECK(score.score == 0.5);
}

static void the_tables_say_that_they_are_no_evidence(void)
{
    erg_error err = { 0 };
    erg_session *sessions[ERG_COUNT(joint)];
    bool said = false;

    for (size_t i = 0; i < ERG_COUNT(joint); i++)
        sessions[i] = load(i);
    erg_result *result = erg_lags_tables((const erg_session *const *)sessions,
                                         ERG_COUNT(joint), ERG_LAG_STEPS, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *figures = erg_result_find(result, "figures");
    CHECK(erg_table_row_count(figures) == 2 * ERG_COUNT(joint));
    for (size_t i = 1; i < erg_table_row_count(figures); i += 2)
        CHECK(erg_table_find(figures, i, "off").real < 1e-12);
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        said = said || strstr(erg_result_note_at(result, i), "not evidence");
    CHECK(said);
    CHECK(erg_table_row_count(erg_result_find(result, "lags")) == 7 * ERG_COUNT(joint));
    CHECK_TEXT(erg_table_find(erg_result_find(result, "score"), 0, "score").text, "LOW");
    erg_result_free(result);
    for (size_t i = 0; i < ERG_COUNT(joint); i++)
        erg_session_free(sessions[i]);
}

/* ---- files -------------------------------------------------------------------------- */

static char *read_text(const char *folder, const char *name)
{
    char path[ERG_PATH_MOST + 64];
    size_t size;
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *text = erg_file_read(path, 1 << 24, &size, &err);
    CHECK_OK(text != NULL, err);
    return text;
}

static void save(size_t index, const char *folder)
{
    erg_error err = { 0 };
    erg_session *session = load(index);
    const erg_session *const one[] = { session };

    CHECK_OK(erg_lags_save(one, 1, ERG_LAG_STEPS, folder, 1761700000000000000LL, &err),
             err);
    erg_session_free(session);
}

static void the_written_report_is_the_published_one_and_a_warning(void)
{
    char folder[ERG_PATH_MOST], from[ERG_PATH_MOST];

    snprintf(from, sizeof(from), "%s", test_data(joint[0].folder));
    snprintf(folder, sizeof(folder), "%s/out", test_folder());
    save(0, folder);
    char *want = read_text(from, "report_20251028_195412.txt");
    char *got = read_text(folder, "report_20251028_195412.txt");
    size_t count = 0;
    /* The published file may end its lines as Windows does. */
    for (const char *at = want; *at; at++)
        if (*at != '\r')
            CHECK(got[count++] == *at);
    CHECK(strstr(got + count, "not evidence"));
    free(want);
    free(got);
}

static void a_written_folder_is_a_session_again(void)
{
    char folder[ERG_PATH_MOST];
    erg_error err = { 0 };

    snprintf(folder, sizeof(folder), "%s/again", test_folder());
    save(1, folder);
    erg_session *first = load(1), *again = erg_session_load(folder, NULL, &err);
    CHECK_OK(again != NULL, err);
    const erg_session_facts *a = erg_session_facts_of(first),
                            *b = erg_session_facts_of(again);
    CHECK_TEXT(b->id, a->id);
    CHECK_TEXT(b->model, a->model);
    CHECK_TEXT(b->git_hash, "0bf4e00a");
    CHECK(b->start_s == a->start_s && b->duration_s == 180);
    CHECK_NEAR(b->ambient_k, 294.15, 1e-9);
    CHECK_NEAR(b->published.grad_rle, a->published.grad_rle, 1e-12);
    CHECK(b->published.peak_lag == -2 && b->published.is_causal == 1);
    CHECK_TEXT(erg_session_log_hash(again), erg_session_log_hash(first));
    CHECK(!erg_lags_save((const erg_session *const[]){ again }, 1, ERG_LAG_STEPS, folder,
                         0, &err));
    CHECK(strstr(err.text, "own folder"));
    char *report = read_text(folder, "lag_analysis_report.json");
    CHECK(strstr(report, "\"total_sessions\": 1") && strstr(report, "\"-3\": {"));
    CHECK(strstr(report, "Training (Reproducibility)") || strstr(report, "Unknown"));
    free(report);
    erg_session_free(first);
    erg_session_free(again);
}

static void put_file(const char *folder, const char *name, const char *text)
{
    char path[ERG_PATH_MOST + 64];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    test_write(path, text);
}

static void a_folder_of_two_sessions_is_refused(void)
{
    char folder[ERG_PATH_MOST];
    erg_error err = { 0 };

    snprintf(folder, sizeof(folder), "%s", test_folder());
    put_file(folder, "rle_data_1.csv", "");
    put_file(folder, "rle_data_2.csv", "");
    CHECK(!erg_session_load(folder, NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "holds 2 monitor files"));
}

static void figures_alone_are_a_session_without_rows(void)
{
    char path[ERG_PATH_MOST];
    erg_error err = { 0 };
    erg_lags lags;

    snprintf(path, sizeof(path), "%s", test_folder());
    put_file(path, "timestamp_analysis.json",
             "{\"session_id\": \"s1\", \"session_start_timestamp\": 12.5, "
             "\"aligned_samples\": 60, \"correlations\": {\"gpu_grad_rle\": 0.4, "
             "\"gpu_temp_grad\": NaN}, \"peak_lag\": -1, \"peak_correlation\": 0.5, "
             "\"causal_order\": true}");
    erg_session *session = erg_session_load(path, NULL, &err);
    CHECK_OK(session != NULL, err);
    const erg_session_facts *facts = erg_session_facts_of(session);
    CHECK(facts->start_s == 12.5 && facts->published.aligned == 60);
    CHECK(isnan(facts->published.temp_grad) && isnan(facts->ambient_k));
    CHECK(!erg_lags_of(session, ERG_LAG_STEPS, &lags, &err) && err.code == ERG_NO_DATA);
    erg_session_free(session);
}

int main(void)
{
    static const test tests[] = {
        TEST(steps_gives_the_published_figures),
        TEST(in_steps_a_lag_and_its_negative_hold_the_same_pairs),
        TEST(rows_find_nothing),
        TEST(suite_truly_shifts_the_index_behind_the_gradient),
        TEST(the_published_score_of_the_three_is_low),
        TEST(a_steady_null_wins_two_points_of_the_score),
        TEST(the_tables_say_that_they_are_no_evidence),
        TEST(the_written_report_is_the_published_one_and_a_warning),
        TEST(a_written_folder_is_a_session_again),
        TEST(a_folder_of_two_sessions_is_refused),
        TEST(figures_alone_are_a_session_without_rows),
    };
    return test_run(tests, ERG_COUNT(tests));
}
