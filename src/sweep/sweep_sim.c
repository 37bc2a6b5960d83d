/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated work: power and time follow a law of the clock that is known, so that what a
 * sweep, a fit and a choice make of it can be held against the truth.
 *
 * Nothing is sampled: a visit is the law at the clock in force, with its noise. All that
 * is by chance comes from the visit's number, so that a sweep that was cut in two and
 * resumed is the same as a whole one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/clock_law.h"
#include "math/random.h"
#include "sweep/sweep_bench.h"

typedef struct sim_work {
    erg_clock_law law;
    double noise, drift; /* sd of ln time and ln power; growth of time by the end */
    double cold_s;       /* what the first runs take longer, downloading */
    double cold_runs;
    double refuse_hz, cap_w;
    double r_k_per_w, amb_c;
    double units;       /* of work that it says it did; 0: nothing */
} sim_work;

typedef struct sim_bench {
    erg_bench bench;
    const erg_bench_setup *setup;
    erg_store *store;
    sim_work work;
    int runs;       /* so far, for the cold ones */
    double kept_hz; /* the clock in force before one that is refused */
} sim_bench;

/* ---- --work ----------------------------------------------------------------------- */

typedef struct key {
    const char *name, *unit;
    size_t at;
    double low, high, scale;
} key;

#define AT(field) offsetof(sim_work, field)

/* A bare number is in the unit of the last column. */
/* clang-format off */
static const key keys[] = {
    { "p0",        "W",  AT(law.p0_w),   0,    1e6, 1 },
    { "c",         "W",  AT(law.c_w),    0,    1e6, 1 },
    { "tm",        "s",  AT(law.tm_s),   0,    1e6, 1 },
    { "tc",        "s",  AT(law.tc_s),   0,    1e6, 1 },
    { "t0",        "s",  AT(law.t0_s),   0,    1e6, 1 },
    { "q",         "",   AT(law.q),      1,    100, 1 },
    { "xk",        "",   AT(law.xk),     0,    0.99, 1 },
    { "vm",        "",   AT(law.vm),     0.1,  1,   1 },
    { "noise",     "%",  AT(noise),      0,    1,   1 },
    { "drift",     "%",  AT(drift),      -0.9, 10,  1 },
    { "cold",      "s",  AT(cold_s),     0,    1e6, 1 },
    { "cold_runs", "",   AT(cold_runs),  0,    1e6, 1 },
    { "refuse",    "Hz", AT(refuse_hz),  0,    1e12, 1e6 },
    { "cap",       "W",  AT(cap_w),      0,    1e6, 1 },
    { "r",         "",   AT(r_k_per_w),  0,    100, 1 },
    { "amb",       "",   AT(amb_c),      -50,  100, 1 },
    { "units",     "",   AT(units),      0,    1e12, 1 },
};
/* clang-format on */

static bool fail_value(const char *name, const char *value, const key *row, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "--work: %s=%s is not a number%s%s from %g to %g",
                    name, value, *row->unit ? " in " : "", row->unit, row->low, row->high);
}

static bool put_key(sim_work *work, const char *name, const char *value, erg_error *err)
{
    erg_text names = { 0 };

    for (size_t i = 0; i < ERG_COUNT(keys); i++) {
        const key *row = &keys[i];
        double number;
        if (strcmp(row->name, name) != 0)
            continue;
        if (erg_number_parse(value, strlen(value), '.', &number))
            number *= row->scale;
        else if (!erg_quantity_parse(value, row->unit, &number, NULL))
            return fail_value(name, value, row, err);
        if (number < row->low || number > row->high)
            return fail_value(name, value, row, err);
        *(double *)(void *)((char *)work + row->at) = number;
        return true;
    }
    for (size_t i = 0; i < ERG_COUNT(keys); i++)
        erg_text_add(&names, " %s", keys[i].name);
    erg_fail(err, ERG_BAD_INPUT, "--work: there is no key '%s'; the keys are%s", name,
             names.data ? names.data : "");
    erg_text_free(&names);
    return false;
}

static bool parse_work(const char *text, sim_work *work, erg_error *err)
{
    char copy[512], *rest = copy, *word;

    *work = (sim_work){ .law = { .p0_w = 60,
                                 .c_w = 140,
                                 .xk = 0.86,
                                 .vm = 0.92,
                                 .tm_s = 0.4,
                                 .tc_s = 0.6,
                                 .q = 1.5 },
                        .cold_runs = 3,
                        .refuse_hz = NAN,
                        .cap_w = NAN,
                        .amb_c = 25,
                        .r_k_per_w = 0.2 };
    if (strlen(text) >= sizeof(copy))
        return erg_fail(err, ERG_BAD_INPUT, "--work is longer than %zu letters",
                        sizeof(copy) - 1);
    strcpy(copy, text);
    while ((word = strsep(&rest, ","))) {
        char *value = strchr(word, '=');
        if (!*word)
            continue;
        if (!value)
            return erg_fail(err, ERG_BAD_INPUT,
                            "--work: '%s' is not KEY=VALUE, as in p0=60", word);
        *value++ = '\0';
        if (strcmp(word, "refuse") == 0 && strcmp(value, "NONE") == 0)
            continue;
        if (!put_key(work, word, value, err))
            return false;
    }
    return true;
}

/* ---- the law at work ---------------------------------------------------------------- */

/* The highest share of the clock at which the law keeps the limit: power rises with it. */
static double capped(const erg_clock_law *law, double x, double limit_w)
{
    double low = 0, high = x;

    if (!(erg_clock_law_w(law, x) > limit_w))
        return x;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        if (erg_clock_law_w(law, middle) > limit_w)
            high = middle;
        else
            low = middle;
    }
    return fmax(low, 0.05);
}

/* A clock that is refused leaves the one before in force. */
static double in_force_hz(sim_bench *own, const erg_bench_run *what)
{
    double hz = what->setting->at[ERG_SM_CLOCK];

    if (isnan(hz))
        hz = own->setup->top_hz;
    if (fabs(hz - own->work.refuse_hz) < 0.5e6)
        return own->kept_hz;
    return own->kept_hz = hz;
}

static double limit_w(const sim_bench *own, const erg_bench_run *what)
{
    return fmin(own->work.cap_w, what->setting->at[ERG_POWER_LIMIT]); /* NAN: the other */
}

static bool sim_run(erg_bench *bench, const erg_bench_run *what, erg_bench_seen *out,
                    erg_error *err)
{
    sim_bench *own = (sim_bench *)bench;
    const sim_work *work = &own->work;
    const erg_env *env = own->setup->env;
    double x = in_force_hz(own, what) / own->setup->top_hz;
    double free_x = capped(&work->law, x, limit_w(own, what));
    erg_random luck = { erg_random_mix(what->number) };
    (void)err;

    double time_s = erg_clock_law_s(&work->law, free_x)
                    * exp(work->noise * erg_random_normal(&luck))
                    * (1 + work->drift * what->progress);
    double power_w =
        erg_clock_law_w(&work->law, free_x) * exp(work->noise * erg_random_normal(&luck));
    if (own->runs++ < work->cold_runs)
        time_s += work->cold_s;

    *out = (erg_bench_seen){
        .start_ns = erg_env_utc_ns(env),
        .time_s = time_s,
        .energy_j = power_w * time_s,
        .mean_w = power_w,
        .peak_w = power_w,
        .temp_c = work->amb_c + work->r_k_per_w * power_w,
        .sm_clock_hz = free_x * own->setup->top_hz,
        .fp_active = NAN,
        .dram_active = NAN,
        .covered = 1,
        .units = work->units,
        .is_throttled = free_x<x, .is_timeout = time_s> what->timeout_s,
    };
    erg_env_sleep_until_ns(env, erg_env_now_ns(env)
                                    + erg_ns_from_s(fmin(time_s, what->timeout_s)));
    return true;
}

/* ---- time ---------------------------------------------------------------------------- */

static const int64_t utc_ns = 1767225600 * ERG_NS_PER_S; /* 2026 begins */

static int64_t sim_now(void *self) { return ((erg_sim_clock *)self)->now_ns; }

static int64_t sim_utc(void *self)
{
    const erg_sim_clock *clock = self;
    return clock->utc_ns + clock->now_ns;
}

static void sim_sleep(void *self, int64_t at_ns)
{
    erg_sim_clock *clock = self;
    if (at_ns > clock->now_ns)
        clock->now_ns = at_ns;
}

const erg_clock *erg_sim_clock_start(erg_sim_clock *clock)
{
    *clock = (erg_sim_clock){
        .clock = { .now_ns = sim_now,
                   .utc_ns = sim_utc,
                   .sleep_until_ns = sim_sleep,
                   .self = clock },
        .utc_ns = utc_ns, /* the same each time: so are the files */
    };
    return &clock->clock;
}

/* ---- life ---------------------------------------------------------------------------- */

static erg_store *sim_store(erg_bench *bench) { return ((sim_bench *)bench)->store; }

static void sim_give(erg_bench *bench) { (void)bench; }

static bool sim_close(erg_bench *bench, bool end, erg_error *err)
{
    sim_bench *own = (sim_bench *)bench;
    bool good = erg_store_close(own->store, end, err);

    free(own);
    return good;
}

static const erg_bench_kind sim_kind = { sim_run, sim_store, sim_give, sim_close };

erg_bench *erg_bench_sim(const erg_bench_setup *setup, const char *work, erg_error *err)
{
    sim_bench *own = calloc(1, sizeof(*own));

    if (!own) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a simulation");
        return NULL;
    }
    own->bench.kind = &sim_kind;
    own->setup = setup;
    own->kept_hz = setup->top_hz;
    bool good = parse_work(work, &own->work, err)
                && (own->store = setup->append ? erg_store_append(setup->path, err)
                                               : erg_store_create(setup->path, err))
                && erg_store_device(own->store,
                                    erg_devices_info(setup->devices, setup->device), err)
                       >= 0;
    if (good)
        return &own->bench;
    erg_store_close(own->store, false, NULL);
    free(own);
    return NULL;
}
