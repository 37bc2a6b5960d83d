/* SPDX-License-Identifier: Apache-2.0 */
/* The sample codec: values bit for bit, stamps within their bound, two bytes a sample. */
#include "test.h"
#include "trace/block.h"

enum { MOST = ERG_BLOCK_MOST };

static erg_block *codec;
static erg_sample given[MOST], got[MOST];

/* Encodes given[0..count), decodes into got; returns the size. */
static size_t round_trip(size_t count)
{
    const unsigned char *bytes;
    size_t size;
    codec = codec ? codec : erg_block_new(NULL);
    CHECK(erg_block_encode(codec, given, count, &bytes, &size));
    CHECK(erg_block_decode(codec, bytes, size, got) == count);
    return size;
}

static void check_values(size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK((isnan(given[i].value) && isnan(got[i].value))
              || memcmp(&given[i].value, &got[i].value, sizeof(double)) == 0);
}

static void check_exact(size_t count)
{
    check_values(count);
    for (size_t i = 0; i < count; i++)
        CHECK(given[i].t_ns == got[i].t_ns
              && given[i].half_width_ns == got[i].half_width_ns);
}

/* A sampler's wake-ups and reads around a period. */
static void make_stamps(test_random *random, double period_s, double late_s, double read_s)
{
    for (int i = 0; i < MOST; i++) {
        double t_s = 1000 + i * period_s - late_s * log(1 - test_uniform(random));
        given[i].t_ns = (int64_t)(t_s * 1e9);
        given[i].half_width_ns = (int64_t)(5e8 * read_s * exp(0.4 * test_normal(random)));
        if (i && given[i].t_ns < given[i - 1].t_ns)
            given[i].t_ns = given[i - 1].t_ns;
    }
}

static void every_kind_of_value_comes_back_bit_for_bit(void)
{
    test_random random = { 3 };
    for (int kind = 0; kind < 10; kind++) {
        for (int i = 0; i < MOST; i++) {
            double n = floor(1e5 * test_uniform(&random)), noise = test_normal(&random);
            const double values[] = {
                n / 1000, 1e-3 * n, 1e-6 * (n + 4e9 * i), n * 0x1p-32, n + 273.15,
                noise, (double)(float)noise, -n / 100, i % 3 ? 0.0 : -0.0,
                i % 500 ? 1e6 * n : (i ? INFINITY : 5e-324),
            };
            given[i] = (erg_sample){ i * 1000000, 0, i % 50 == 7 ? NAN : values[kind] };
        }
        round_trip(MOST);
        check_exact(MOST);
    }
}

static void imports_and_simulations_keep_their_stamps(void)
{
    test_random random = { 5 };
    int64_t t_ns = 1770402736596337000;
    for (int i = 0; i < MOST; i++) {
        given[i] = (erg_sample){ t_ns, 500000, 57.32 };     /* us stamps, +- 0.5 ms */
        t_ns += 1000 * (int64_t)(28255 + 1900 * test_uniform(&random));
    }
    round_trip(MOST);
    check_exact(MOST);
    for (int i = 0; i < MOST; i++)
        given[i] = (erg_sample){ i * 7919 + 13, 0, 1 };
    round_trip(MOST);
    check_exact(MOST);
}

static void what_comes_back_covers_what_was_read(void)
{
    static const double periods_s[] = { 1, 0.1, 0.01, 0.001, 1e-5 };
    test_random random = { 7 };
    for (size_t p = 0; p < ERG_COUNT(periods_s); p++) {
        make_stamps(&random, periods_s[p], 50e-6, 4e-6);
        round_trip(MOST);
        double mean_ns = (double)(given[MOST - 1].t_ns - given[0].t_ns) / (MOST - 1);
        for (int i = 0; i < MOST; i++) {
            int64_t moved = llabs(got[i].t_ns - given[i].t_ns);
            CHECK(moved + given[i].half_width_ns <= got[i].half_width_ns);
            /* Half a step: 1/2000 of the period, half of a half-width, or 0.5 us. */
            CHECK((double)moved <= fmax(500, fmax(mean_ns / 2000, 1000)) && moved <= 50000);
            CHECK(i == 0 || got[i].t_ns >= got[i - 1].t_ns);
        }
    }
}

static void a_second_round_changes_nothing(void)
{
    test_random random = { 9 };
    make_stamps(&random, 0.1, 50e-6, 40e-6);
    round_trip(MOST);
    memcpy(given, got, sizeof(given));
    round_trip(MOST);
    check_exact(MOST);
}

static void odd_stamps_and_widths_survive(void)
{
    static const erg_sample odd[] = {
        { INT64_MIN, 0, 1 }, { -5, 3, 2 }, { -5, INT64_MAX, NAN }, { 7, 1, 4 },
        { INT64_MAX, 5, 1e300 },
    };
    memcpy(given, odd, sizeof(odd));
    round_trip(ERG_COUNT(odd));
    check_values(ERG_COUNT(odd));
    for (size_t i = 0; i < ERG_COUNT(odd); i++)
        CHECK(got[i].t_ns == odd[i].t_ns
              && got[i].half_width_ns >= odd[i].half_width_ns / 2);
    for (size_t count = 1; count < 4; count++) {
        for (size_t i = 0; i < count; i++)
            given[i] = (erg_sample){ 1, 0, NAN };
        round_trip(count);
        check_exact(count);
    }
}

static void gpu_power_takes_at_most_two_bytes(void)
{
    /* Rate, update period; a milliwatt sensor with 0.1 % of noise: more
     * noise costs its own bits, 1 % about 2.4 bytes at 10 Hz. */
    static const double cases[][2] = { { 10, 0.1 }, { 20, 0.1 }, { 100, 0.1 },
                                       { 100, 0.02 },
                                       { 1000, 0.02 }, { 1000, 0.1 } };
    test_random random = { 11 };
    for (size_t c = 0; c < ERG_COUNT(cases); c++) {
        int64_t update = -1;
        double value = 0;
        make_stamps(&random, 1 / cases[c][0], 50e-6, 40e-6);
        for (int i = 0; i < MOST; i++) {
            int64_t now = (int64_t)(1e-9 * (double)given[i].t_ns / cases[c][1]);
            if (now != update)
                value = floor(300000 * (1 + 0.001 * test_normal(&random))) / 1000;
            update = now;
            given[i].value = value;
        }
        size_t size = round_trip(MOST);
        check_values(MOST);
        CHECK(size <= 2 * MOST);
    }
}

static void recorded_power_takes_at_most_two_bytes(void)
{
    static const char *const names[] = { "sensors/yang_a100_5050_smi.csv",
                                         "sensors/yang_rtx3090_step_smi.csv" };
    for (size_t f = 0; f < ERG_COUNT(names); f++) {
        FILE *file = fopen(test_data(names[f]), "r");
        test_random random = { 13 };
        char line[256];
        size_t count = 0;
        CHECK(file && fgets(line, sizeof(line), file));
        make_stamps(&random, 0.015, 50e-6, 40e-6);
        while (count < MOST && fgets(line, sizeof(line), file))
            given[count++].value = atof(strrchr(line, ',') + 1);
        fclose(file);
        CHECK(count > 900 && round_trip(count) <= 2 * count);
        check_values(count);
    }
}

static void damaged_bytes_give_nothing_or_samples_in_order(void)
{
    test_random random = { 15 };
    unsigned char copy[16384];
    const unsigned char *bytes;
    size_t size;
    make_stamps(&random, 0.01, 50e-6, 40e-6);
    for (int i = 0; i < MOST; i++)
        given[i].value = 0.001 * floor(3e5 + 1e3 * test_normal(&random));
    CHECK(erg_block_encode(codec, given, MOST, &bytes, &size) && size < sizeof(copy));
    memcpy(copy, bytes, size);

    for (size_t kept = 0; kept < size; kept += 1 + size / 200)
        CHECK(erg_block_decode(codec, copy, kept, got) == 0);
    for (int round = 0; round < 2000; round++) {
        size_t at = (size_t)(test_uniform(&random) * (round % 2 ? 40 : (double)size));
        unsigned char before = copy[at];
        copy[at] = (unsigned char)(256 * test_uniform(&random));
        size_t count = erg_block_decode(codec, copy, size, got);
        CHECK(count <= MOST);
        for (size_t i = 1; i < count; i++)
            CHECK(got[i].t_ns >= got[i - 1].t_ns);
        copy[at] = before;
    }
    erg_block_free(codec);
}

/* 1 kHz for 20 ms a value: stamps, widths and values as a recording has them. */
static void what_is_coded_in_haste_comes_back_as_what_is_packed(void)
{
    static erg_sample packed[MOST];
    const unsigned char *bytes;
    test_random random = { 11 };
    size_t small, size;

    make_stamps(&random, 1e-3, 20e-6, 4e-6);
    for (int i = 0; i < MOST; i++)
        given[i].value = i % 50 == 49 ? NAN
            : i % 20 ? given[i - 1].value : floor(1e5 * test_uniform(&random)) / 1000;
    small = round_trip(MOST);
    memcpy(packed, got, sizeof(packed));
    CHECK(erg_block_encode_briefly(codec, given, MOST, &bytes, &size));
    CHECK(erg_block_decode(codec, bytes, size, got) == MOST);
    CHECK(memcmp(packed, got, sizeof(packed)) == 0);
    CHECK(size > small && size < 6 * MOST);
    CHECK(round_trip(MOST) == small);
}

/* Whole numbers alone, so that no library of mathematics or packing has a say. */
static void make_whole(test_random *random, int shape)
{
    static const int64_t period_ns[] = { 1000000, 1000000, 100000000, 7, 999983 };
    int64_t t_ns = 5000000000;

    for (int i = 0; i < MOST; i++) {
        int64_t late_ns = (int64_t)(60000 * test_uniform(random));
        int64_t width_ns = (int64_t)(test_uniform(random) * (shape == 1 ? 90000 : 900));
        bool is_missed = shape == 4 && i % 7 == 3;
        t_ns += period_ns[shape] * (is_missed ? 1 + i : 1);
        given[i] = (erg_sample){ t_ns + (shape == 3 ? 0 : late_ns),
                                 shape == 3 ? i % 3 - 1 : width_ns, i / 100 };
    }
}

/* FNV-1a of what the codec made of them in 2026: it may go faster, not elsewhere. */
static void the_bytes_of_a_block_stay_what_they_were(void)
{
    static const size_t counts[] = { 1, 2, 3, 16, 17, 850, MOST };
    test_random random = { 77 };
    uint64_t hash = 0xcbf29ce484222325u;

    codec = codec ? codec : erg_block_new(NULL);
    for (int shape = 0; shape < 5; shape++) {
        make_whole(&random, shape);
        for (size_t c = 0; c < ERG_COUNT(counts); c++) {
            const unsigned char *bytes;
            size_t size;
            CHECK(erg_block_encode_briefly(codec, given, counts[c], &bytes, &size));
            for (size_t i = 0; i < size; i++)
                hash = (hash ^ bytes[i]) * 0x100000001b3u;
        }
    }
    CHECK(hash == 0xce6466b8d3e42877u);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_kind_of_value_comes_back_bit_for_bit),
        TEST(imports_and_simulations_keep_their_stamps),
        TEST(what_comes_back_covers_what_was_read),
        TEST(a_second_round_changes_nothing),
        TEST(odd_stamps_and_widths_survive),
        TEST(gpu_power_takes_at_most_two_bytes),
        TEST(recorded_power_takes_at_most_two_bytes),
        TEST(what_is_coded_in_haste_comes_back_as_what_is_packed),
        TEST(the_bytes_of_a_block_stay_what_they_were),
        TEST(damaged_bytes_give_nothing_or_samples_in_order),
    };
    return test_run(tests, ERG_COUNT(tests));
}
