/* SPDX-License-Identifier: Apache-2.0 */
/* Distances of features against oracles 5 and 6 of the specification of quality. */
#include "lcg.h"
#include "math/stats.h"
#include "quality/frechet.h"
#include "quality/metric.h"

static const erg_metric *metric_of(const char *name)
{
    for (size_t i = 0; i < erg_metric_count; i++)
        if (strcmp(erg_metrics[i].name, name) == 0)
            return &erg_metrics[i];
    return NULL;
}

static double score(const char *name, const erg_quality_case *with, double items[])
{
    const erg_metric *metric = metric_of(name);
    erg_tally tally = { 0 };
    erg_error err = { 0 };

    CHECK_OK(metric->compute(metric, with, &tally, &err), err);
    double value = erg_tally_value(&tally);
    for (size_t i = 0; items && i < tally.items; i++)
        items[i] = erg_tally_item(&tally, i);
    erg_tally_free(&tally);
    return value;
}

/* A borrowed part of the rows. */
static erg_array rows_of(const erg_array *from, size_t begin, size_t count)
{
    return (erg_array){ { count, from->dims[1], 1 }, 2,
                        from->values + begin * from->dims[1] };
}

static void make_pair(erg_array **a, erg_array **b)
{
    static const double scales[] = { 1, 1.2, .8, 1, 1.5, .5, 1, 1 };
    uint64_t state = 1;

    *a = lcg_array(&state, 200, 8, 1, 0);
    *b = lcg_array(&state, 150, 8, 1, 0);
    for (size_t i = 0; i < 150 * 8; i++)
        (*b)->values[i] = (*b)->values[i] * scales[i % 8] + 0.1 * (double)(i % 8);
}

static void the_numbers_are_those_of_the_page(void)
{
    uint64_t state = 1;
    CHECK_NEAR(lcg(&state), 0.42320917, 1e-8);
    CHECK_NEAR(lcg(&state), 0.50940744, 1e-8);
    CHECK_NEAR(lcg(&state), 0.64835939, 1e-8);
}

static void the_frechet_distance_is_the_oracle_s_part_by_part(void)
{
    erg_array *a, *b;
    erg_frechet got;

    make_pair(&a, &b);
    CHECK(erg_frechet_distance(a, b, &got, NULL, NULL));
    CHECK_NEAR(got.mean_part, 1.455712294418, 1e-9);
    CHECK_NEAR(got.trace_a, .672478825207, 1e-9);
    CHECK_NEAR(got.trace_b, .691787358493, 1e-9);
    CHECK_NEAR(got.root, .651679728365, 1e-9);
    CHECK_NEAR(got.distance, 1.516619021386, 1e-9);
    CHECK(erg_frechet_distance(b, a, &got, NULL, NULL));
    CHECK_NEAR(got.distance, 1.516619021386, 1e-9);
    CHECK(erg_frechet_distance(a, a, &got, NULL, NULL));
    CHECK_NEAR(got.distance, 0, 1e-9);
    erg_array few = rows_of(a, 0, 5), six = rows_of(b, 0, 6);
    CHECK(erg_frechet_distance(&few, &six, &got, NULL, NULL));
    CHECK_NEAR(got.distance, 2.2365826, 1e-6);
    CHECK(erg_frechet_distance(&few, &few, &got, NULL, NULL));
    CHECK_NEAR(got.distance, 0, 1e-9);
    erg_array_free(a);
    erg_array_free(b);
}

static void the_frechet_distance_of_one_column_is_the_closed_form(void)
{
    double a[] = { -1, 0, 1 }, b[] = { -1, 1, 3 }, equal[] = { 5, 5, 5 };
    erg_array one = { { 3, 1, 1 }, 2, a }, other = { { 3, 1, 1 }, 2, b };
    erg_array point = { { 3, 1, 1 }, 2, equal };
    erg_frechet got;

    CHECK(erg_frechet_distance(&one, &other, &got, NULL, NULL));
    CHECK_NEAR(got.distance, 2, 1e-12);
    CHECK(erg_frechet_distance(&one, &point, &got, NULL, NULL));
    CHECK_NEAR(got.distance, 26, 1e-12);
    CHECK(erg_frechet_distance(&point, &one, &got, NULL, NULL));
    CHECK_NEAR(got.distance, 26, 1e-12);
}

/* Influences are derivatives: against the distance with one row given more weight, which
 * here is one of very many copies of the set and one more of that row. */
static void influences_are_derivatives(void)
{
    enum { COPIES = 200, ROWS = 20, COLUMNS = 3 };
    uint64_t state = 9;
    erg_array *a = lcg_array(&state, ROWS, COLUMNS, 1, 0);
    erg_array *b = lcg_array(&state, 30, COLUMNS, 1, 0.2);
    erg_array *many = lcg_array(&state, COPIES * ROWS + 1, COLUMNS, 1, 0);
    double pulls[ROWS * COPIES + 1];
    erg_frechet all, more;

    for (size_t i = 0; i < COPIES * ROWS * COLUMNS; i++)
        many->values[i] = a->values[i % (ROWS * COLUMNS)];
    erg_array copies = rows_of(many, 0, COPIES * ROWS);
    memset(pulls, 0, sizeof(pulls));
    CHECK(erg_frechet_distance(&copies, b, &all, pulls, NULL));
    for (size_t row = 0; row < ROWS; row += 5) {
        memcpy(many->values + COPIES * ROWS * COLUMNS, a->values + row * COLUMNS,
               COLUMNS * sizeof(double));
        CHECK(erg_frechet_distance(many, b, &more, NULL, NULL));
        CHECK_NEAR((more.distance - all.distance) * (COPIES * ROWS + 1), pulls[row], 0.01);
    }
    erg_array_free(a);
    erg_array_free(b);
    erg_array_free(many);
}

static void the_kernel_distance_is_the_oracle_s(void)
{
    erg_array *a, *b;
    erg_kernel_means means;
    double got;

    make_pair(&a, &b);
    CHECK(erg_kernel_distance(a, b, &means, &got, NULL));
    CHECK_NEAR(got, 1.846861374232, 1e-9);
    erg_kernel_means_free(&means);
    erg_array first = rows_of(a, 0, 100), second = rows_of(a, 100, 100);
    CHECK(erg_kernel_distance(&first, &second, &means, &got, NULL));
    CHECK_NEAR(got, .005803130633, 1e-9);
    erg_kernel_means_free(&means);
    erg_array_free(a);
    erg_array_free(b);
}

/* The first-order intervals against the scatter of distances of fresh samples. */
static void intervals_are_as_wide_as_samples_scatter(void)
{
    enum { ROUNDS = 60 };
    static const char *const names[] = { "fid", "kid" };
    uint64_t state = 4;
    erg_array *real = lcg_array(&state, 200, 3, 1, 0.5);

    for (size_t j = 0; j < 2; j++) {
        double values[ROUNDS], widths = 0;
        for (size_t i = 0; i < ROUNDS; i++) {
            erg_array *made = lcg_array(&state, 100, 3, 1, 0.2);
            erg_quality_case with = { .mine = { .features = made }, .against = real };
            erg_tally tally = { 0 };
            erg_spread spread;
            bool too_long;
            CHECK(metric_of(names[j])->compute(metric_of(names[j]), &with, &tally, NULL));
            values[i] = erg_tally_value(&tally);
            CHECK(erg_tally_spread(&tally, 200, &spread, &too_long, NULL));
            widths += (spread.high - spread.low) / 3.92 / ROUNDS;
            erg_tally_free(&tally);
            erg_array_free(made);
        }
        CHECK_NEAR(widths / erg_sd(values, ROUNDS), 1, 0.3);
    }
    erg_array_free(real);
}

static void clip_is_a_positive_cosine(void)
{
    static const double cosines[] = { -.172748421825, .031428457553, .094812511993,
                                      .239285766638 };
    uint64_t state = 7;
    erg_array *images = lcg_array(&state, 4, 6, 1, 0.5),
              *texts = lcg_array(&state, 4, 6, 1, 0.5);
    erg_quality_case with = { .mine = { .features = images }, .texts = texts };
    double items[4];

    CHECK_NEAR(score("clip", &with, items), 9.138168404577, 1e-9);
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR(items[i], 100 * fmax(0, cosines[i]), 1e-9);
    CHECK_NEAR(score("clip-w", &with, NULL), .228454210114, 1e-9);
    memset(images->values, 0, 6 * sizeof(double));
    CHECK_NEAR(score("clip", &with, items), 9.138168404577 * 4 / 3, 1e-9);
    CHECK(isnan(items[0]));
    erg_array_free(images);
    erg_array_free(texts);
}

static void coherence_is_of_neighbours(void)
{
    uint64_t state = 3;
    erg_array *rows = lcg_array(&state, 5, 6, 1, 0.5);
    erg_item answers[] = { { .sentence_count = 1 }, { .sentence_count = 4 } };
    erg_items items = { .items = answers, .count = 2 };
    erg_quality_case with = { .mine = { .features = rows } };
    double each[2];

    CHECK_NEAR(score("coherence", &with, NULL), .079622133574, 1e-9);
    CHECK_NEAR(score("coherence-least", &with, NULL), -.348834240690, 1e-9);
    with.mine.items = &items;
    score("coherence", &with, each);
    CHECK(isnan(each[0]) && !isnan(each[1]));
    answers[1].sentence_count = 3;
    erg_tally tally = { 0 };
    erg_error err = { 0 };
    CHECK(!erg_coherence_compute(metric_of("coherence"), &with, &tally, &err));
    CHECK(strstr(err.text, "5 rows") && strstr(err.text, "4 sentences"));
    erg_array_free(rows);
}

static void lpips_is_a_sum_over_layers(void)
{
    uint64_t state = 11;
    erg_array *a[2], *b[2], *w[2];
    double one;

    a[0] = lcg_array(&state, 3, 2, 2, 0), a[1] = lcg_array(&state, 4, 1, 1, 0);
    b[0] = lcg_array(&state, 3, 2, 2, 0), b[1] = lcg_array(&state, 4, 1, 1, 0);
    w[0] = lcg_array(&state, 3, 1, 1, 0), w[1] = lcg_array(&state, 4, 1, 1, 0);
    erg_layers mine = { a, 1, 2 }, theirs = { b, 1, 2 }, weights = { w, 1, 2 };
    erg_answers baseline = { .layers = &theirs };
    erg_quality_case with = { .mine = { .layers = &mine }, .baseline = &baseline,
                              .weights = &weights };

    CHECK(erg_lpips_layer(a[0], b[0], w[0]->values, &one, NULL));
    CHECK_NEAR(one, .200878620107, 1e-9);
    CHECK_NEAR(score("lpips", &with, NULL), .478043364154, 1e-9);
    with.against_layers = &mine;
    with.baseline = NULL;
    CHECK_NEAR(score("lpips", &with, NULL), 0, 0);
    erg_error err = { 0 };
    CHECK(!erg_lpips_layer(a[0], b[1], w[0]->values, &one, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "3x2x2"));
    for (size_t i = 0; i < 2; i++) {
        erg_array_free(a[i]);
        erg_array_free(b[i]);
        erg_array_free(w[i]);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_numbers_are_those_of_the_page),
        TEST(the_frechet_distance_is_the_oracle_s_part_by_part),
        TEST(the_frechet_distance_of_one_column_is_the_closed_form),
        TEST(influences_are_derivatives),
        TEST(the_kernel_distance_is_the_oracle_s),
        TEST(intervals_are_as_wide_as_samples_scatter),
        TEST(clip_is_a_positive_cosine),
        TEST(coherence_is_of_neighbours),
        TEST(lpips_is_a_sum_over_layers),
    };
    return test_run(tests, ERG_COUNT(tests));
}
