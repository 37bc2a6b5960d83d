/* SPDX-License-Identifier: Apache-2.0 */
/* Power laws: every closed form against a sum of small steps, and by hand. */
#include "plant/power.h"
#include "test.h"

static double summed_j(const erg_law *law, double begin_s, double end_s)
{
    enum { STEPS = 200000 };
    double sum_j = 0, step_s = (end_s - begin_s) / STEPS;
    for (int i = 0; i < STEPS; i++)
        sum_j += erg_law_w(law, begin_s + (i + 0.5) * step_s) * step_s;
    return sum_j;
}

static void every_law_integrates_to_its_closed_form(void)
{
    static const char *const texts[] = {
        "constant:100W",
        "square:80:400:8s",
        "square:80:400:104.34ms:0.3",
        "ramp:50:450:3s",
        "list:80:2s:400:500ms:120W:1s",
        "square:0:100:1s:25%+ramp:10:20:5s+constant:3",
    };
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        erg_law law;
        erg_error err = { 0 };
        CHECK_OK(erg_law_parse(texts[i], &law, &err), err);
        CHECK_NEAR(erg_law_j(&law, -2.5, 7.75), summed_j(&law, -2.5, 7.75), 0.05);
        CHECK_NEAR(erg_law_j(&law, 1, 4) + erg_law_j(&law, 4, 9), erg_law_j(&law, 1, 9),
                   1e-9);
        CHECK_NEAR(erg_law_j(&law, 3, 1), -erg_law_j(&law, 1, 3), 1e-9);
    }
}

static void known_laws_give_known_joules(void)
{
    erg_law square = erg_law_square(80, 400, 8, 0.5), constant = erg_law_constant(300);
    erg_law ramp;
    CHECK(erg_law_parse("ramp:100:300:2s", &ramp, NULL));
    CHECK_NEAR(erg_law_j(&square, 0, 8), 1920, 1e-9);
    CHECK_NEAR(erg_law_j(&square, 3, 5), 480, 1e-9);
    CHECK_NEAR(erg_law_j(&square, 8e6, 8e6 + 8), 1920, 1e-5);
    CHECK_NEAR(erg_law_j(&constant, 1e6, 1e6 + 0.03), 9, 1e-5);
    CHECK_NEAR(erg_law_j(&ramp, 0, 2), 400, 1e-9);
    CHECK_NEAR(erg_law_j(&ramp, -1, 0), 100, 1e-9);
    CHECK_NEAR(erg_law_j(&ramp, 2, 3), 300, 1e-9);
    CHECK_NEAR(erg_law_w(&ramp, 1), 200, 1e-9);
    CHECK_NEAR(erg_law_w(&square, 3.999), 400, 0);
    CHECK_NEAR(erg_law_w(&square, -0.001), 80, 0);
}

static void a_bad_law_is_named_in_one_sentence(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", "constant, square, ramp or list" },
        { "sine:1:2", "'sine'" },
        { "constant", "constant:W" },
        { "constant:-5", "'-5' is negative" },
        { "constant:nan", "'nan'" },
        { "square:80:400:8", "'8' needs a unit of s" },
        { "square:80:400:0s", "longer than 0 s" },
        { "square:80:400:8s:1.5", "duty '1.5'" },
        { "square:80:400:8s:0.5:9", "square:LOW:HIGH" },
        { "list:80:2s:400", "pairs" },
        { "constant:1+", "constant, square" },
        { "constant:1+constant:1+constant:1+constant:1+constant:1", "more than 4" },
        { "constant:1000000000000000000000000000000", "too long" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_law law;
        erg_error err = { 0 };
        CHECK(!erg_law_parse(rows[i].text, &law, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, rows[i].says));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(every_law_integrates_to_its_closed_form),
        TEST(known_laws_give_known_joules),
        TEST(a_bad_law_is_named_in_one_sentence),
    };
    return test_run(tests, ERG_COUNT(tests));
}
