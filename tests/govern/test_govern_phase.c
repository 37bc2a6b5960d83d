/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy phase_clock as the governor runs it, from reports to the knob: a job of two
 * phases on a simulated GPU that draws by its clock. What is best is found by trying every
 * clock, apart from the governor.
 */
#include <fcntl.h>
#include "govern/governed.h"
#include "math/clock_law.h"

enum { PREFILL, DECODE, PHASES, CLOCKS_MOST = 128 };

/* Prefill follows the clock, decode waits for memory. A stay is so many units. */
static const struct { const char *name; double load; erg_clock_law law; int units; }
phases[PHASES] = {
    { "prefill", 1.0, { .tm_s = 0.02, .tc_s = 0.25, .q = 1 }, 16 },
    { "decode", 0.6, { .tm_s = 0.12, .tc_s = 0.03, .q = 1 }, 32 },
};

typedef struct job {
    governed is;
    char folder[ERG_PATH_MOST];
    int phase, left;            /* units of this stay */
    double done, units[PHASES]; /* share of the unit that goes on; told */
    int64_t step_ns, seen_changes;
    double clock_hz;            /* as the plant has it */
    double least_hz, most_hz;   /* ever seen */
    int turns;
} job;

#define EXACT "update=10ms,window=0s,delay=0s"

static void put_load(const job *of, double load)
{
    char path[ERG_PATH_MOST + 8], text[32];
    snprintf(path, sizeof(path), "%s/load", of->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int count = snprintf(text, sizeof(text), "%.6f\n", load);
    CHECK(fd >= 0 && write(fd, text, (size_t)count) == count && close(fd) == 0);
}

static double get_clock_hz(const job *of)
{
    char path[ERG_PATH_MOST + 8], text[32] = "1";
    snprintf(path, sizeof(path), "%s/clock", of->folder);
    CHECK(erg_file_line(path, text, sizeof(text), NULL));
    return 1410e6 * strtod(text, NULL);
}

/* more: how its power sensor is. */
static void sensor_of(const char *folder, const char *more, char *to, size_t size)
{
    snprintf(to, size, "sim:a100-sxm4-80gb,heat=on,leak=0,limit=150C,%s,follow=%.200s",
             more, folder);
}

static void tell(job *of, const char *line)
{
    erg_govern_request request;
    erg_error err = { 0 };
    CHECK_OK(erg_govern_request_parse(line, strlen(line), &request, &err), err);
    erg_result *result = erg_governor_answer(of->is.governor, &request, "test", &err);
    CHECK_OK(result, err);
    erg_result_free(result);
}

static void tell_phase(job *of)
{
    char line[128];
    snprintf(line, sizeof(line), "{\"do\": \"work\", \"phase\": \"%s\", \"units\": %g}",
             phases[of->phase].name, of->units[of->phase]);
    tell(of, line);
}

static void job_begin_on(job *of, const char *sensor_is, const char *mode, const char *gpu)
{
    char sensor[ERG_PATH_MOST], text[2 * ERG_PATH_MOST];
    *of = (job){ .phase = PREFILL, .left = phases[PREFILL].units, .least_hz = INFINITY };
    snprintf(of->folder, sizeof(of->folder), "%s", test_folder());
    sensor_of(of->folder, sensor_is, sensor, sizeof(sensor));
    snprintf(text, sizeof(text), "%snode: {id: n, sensors: [\"%s\"]}\ngpu: {%s}\n"
             "thermal: {hotspot: 140C}\n", mode, sensor, gpu);
    put_load(of, phases[PREFILL].load);
    begin(&of->is, text);
    run_for(&of->is, 1, 0.1);
    of->step_ns = of->is.box.now_ns;
    tell_phase(of);
}

static void job_begin(job *of, const char *mode, const char *gpu)
{
    job_begin_on(of, EXACT, mode, gpu);
}

/* One unit has ended. */
static void next_unit(job *of)
{
    of->done -= 1;              /* what is left of the tick is of the next */
    of->units[of->phase]++;
    tell_phase(of);
    if (--of->left > 0)
        return;
    of->phase = (of->phase + 1) % PHASES;
    of->left = phases[of->phase].units;
    put_load(of, phases[of->phase].load);
    tell_phase(of);
}

/* In steps of 10 ms, of which each tenth is the governor's. */
static void job_run(job *of, double seconds)
{
    const int64_t tick_ns = 10000000, until_ns = of->is.box.now_ns + erg_ns_from_s(seconds);
    erg_error err = { 0 };
    while (of->is.box.now_ns < until_ns) {
        of->is.box.now_ns += tick_ns;
        double unit_s = erg_clock_law_s(&phases[of->phase].law, of->clock_hz / 1410e6);
        of->done += of->clock_hz > 0 ? 0.01 / unit_s : 0;
        if (of->done >= 1)
            next_unit(of);
        if (of->is.box.now_ns - of->step_ns < 10 * tick_ns)
            continue;
        of->step_ns = of->is.box.now_ns;
        CHECK_OK(erg_governor_step(of->is.governor, of->is.box.now_ns, &err), err);
        double clock_hz = get_clock_hz(of);
        of->turns += fabs(clock_hz - of->clock_hz) > 1e6;
        of->clock_hz = clock_hz;
        of->least_hz = fmin(of->least_hz, clock_hz);
        of->most_hz = fmax(of->most_hz, clock_hz);
    }
}

static const erg_table *table_of(const job *of, const char *name, erg_result **whole)
{
    *whole = tables(&of->is);
    const erg_table *table = erg_result_find(*whole, name);
    CHECK(table);
    return table;
}

static double best_hz(const job *of, int phase)
{
    erg_result *whole;
    const erg_table *table = table_of(of, "phases", &whole);
    double value = NAN;
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "phase").text, phases[phase].name) == 0) {
            value = erg_table_find(table, i, "best_hz").real;
            print_message("# %s: %.0f MHz, %s\n", phases[phase].name, 1e-6 * value,
                          erg_table_find(table, i, "policy").text);
        }
    erg_result_free(whole);
    return value;
}

static bool clock_says(const job *of, const char *column, const char *want)
{
    erg_result *whole;
    const char *text = erg_table_find(table_of(of, "clocks", &whole), 0, column).text;
    bool good = text && strstr(text, want);
    if (!good)
        print_message("# %s is %s\n", column, text ? text : "-");
    erg_result_free(whole);
    return good;
}

static double clock_real(const job *of, const char *column)
{
    erg_result *whole;
    double value = erg_table_find(table_of(of, "clocks", &whole), 0, column).real;
    erg_result_free(whole);
    return value;
}

/* ---- what is best ------------------------------------------------------------------ */

typedef struct truth {
    double hz[CLOCKS_MOST], watts[PHASES][CLOCKS_MOST];
    size_t count;
} truth;

/* Each clock is turned and its power read, by hand. */
static void try_all(truth *out)
{
    job of = { 0 };
    machine box;
    char sensor[ERG_PATH_MOST];
    const char *const sensors[] = { sensor };
    erg_error err = { 0 };
    machine_open(&box, NULL);
    snprintf(of.folder, sizeof(of.folder), "%s", test_folder());
    sensor_of(of.folder, EXACT, sensor, sizeof(sensor));
    put_load(&of, 1);
    erg_devices *found = erg_devices_find(&box.env, sensors, 1, &err);
    CHECK_OK(found, err);
    const erg_device_knob *knob = erg_devices_find_knob(found, 0, ERG_SM_CLOCK);
    size_t power = 0;
    while (strcmp(erg_devices_channel(found, 0, power)->name, "power") != 0)
        power++;
    out->count = knob->value_count;
    CHECK(out->count <= CLOCKS_MOST);
    for (int p = 0; p < PHASES; p++) {
        put_load(&of, phases[p].load);
        for (size_t i = 0; i < out->count; i++) {
            erg_turn turn = { .knob = ERG_SM_CLOCK, .requested = knob->values[i] };
            erg_reading reading;
            CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
            for (int k = 0; k < 10; k++) {
                box.now_ns += 100000000;
                CHECK(erg_devices_read(found, 0, power, &reading, &err) && reading.count);
            }
            out->hz[i] = knob->values[i];
            out->watts[p][i] = reading.at[reading.count - 1].value;
        }
    }
    erg_devices_free(found);
}

/* P T^(1 + k): how far above the least of the clocks from low to high. */
static double regret(const truth *of, int phase, double k, double at_hz, double low_hz,
                     double high_hz)
{
    double least = INFINITY, here = NAN;
    for (size_t i = 0; i < of->count; i++) {
        double t_s = erg_clock_law_s(&phases[phase].law, of->hz[i] / 1410e6);
        double score = of->watts[phase][i] * pow(t_s, 1 + k);
        if (fabs(of->hz[i] - at_hz) < 1e6)
            here = score;
        if (of->hz[i] > low_hz - 1e6 && of->hz[i] < high_hz + 1e6)
            least = fmin(least, score);
    }
    return here / least - 1;
}

/* ---- tests ------------------------------------------------------------------------- */

/* As boards have them: a mean of 100 ms that comes late, of 1 s, and noise. */
static void each_phase_ends_within_3_percent_of_its_best_edp(void)
{
    static const char *const sensors[] = {
        EXACT, "update=100ms,window=25ms,noise=2W",
        "update=100ms,window=100ms,delay=50ms,noise=5W", "update=100ms,window=1s,noise=5W",
        "update=10ms,window=0s,delay=0s,noise=10W",
    };
    static truth all;
    job of;
    try_all(&all);
    for (size_t i = 0; i < ERG_COUNT(sensors); i++) {
        double found_hz[PHASES];
        print_message("# %s\n", sensors[i]);
        job_begin_on(&of, sensors[i], "mode: enforce\n", "dvfs: auto, objective: edp");
        job_run(&of, 900);
        for (int p = 0; p < PHASES; p++) {
            found_hz[p] = best_hz(&of, p);
            double above = regret(&all, p, 1, found_hz[p], 0, INFINITY);
            print_message("# %.2f %% above the best\n", 100 * above);
            CHECK(above < 0.03);
        }
        CHECK(found_hz[PREFILL] > found_hz[DECODE] + 100e6);    /* they do differ */
        of.turns = 0;
        job_run(&of, 100);
        print_message("# %d changes of the clock in 100 s\n", of.turns);
        CHECK(of.turns > 10);       /* each phase gets its own */
        end(&of.is);
    }
}

static void floor_and_caps_hold(void)
{
    static truth all;
    job of;
    try_all(&all);
    job_begin(&of, "mode: enforce\n",
              "dvfs: auto, objective: energy, clock: [990MHz, 1200MHz]");
    job_run(&of, 2);
    of.least_hz = INFINITY;
    of.most_hz = 0;
    job_run(&of, 400);
    CHECK(of.least_hz > 989e6 && of.most_hz < 1201e6);
    CHECK(regret(&all, DECODE, 0, best_hz(&of, DECODE), 990e6, 1200e6) < 0.03);
    tell(&of, "{\"do\": \"set\", \"clock_hz\": 1.05e9}");
    job_run(&of, 1);
    of.most_hz = 0;
    job_run(&of, 100);
    CHECK(of.most_hz < 1051e6 && of.least_hz > 989e6);
    end(&of.is);
}

/* Of 5 %; what the policy can see of it has its noise. */
static void a_slowdown_is_kept(void)
{
    job of;
    job_begin(&of, "mode: enforce\n", "dvfs: auto, policy: throughput_per_watt, "
              "slowdown_max: 5%");
    job_run(&of, 900);
    for (int p = 0; p < PHASES; p++) {
        double x = best_hz(&of, p) / 1410e6;
        double slower = erg_clock_law_s(&phases[p].law, x)
            / erg_clock_law_s(&phases[p].law, 1);
        print_message("# %.1f %% slower\n", 100 * (slower - 1));
        CHECK(slower < 1.06 && x < 1);
    }
    end(&of.is);
}

static void a_silent_job_loses_its_clock(void)
{
    job of;
    job_begin(&of, "mode: enforce\n", "dvfs: auto");
    job_run(&of, 60);
    CHECK(clock_says(&of, "rule", "phase_clock"));
    run_for(&of.is, 31, 0.1);           /* it has died */
    CHECK(clock_says(&of, "state", "free"));
    CHECK_NEAR(get_clock_hz(&of), 1410e6, 1e6);
    end(&of.is);
}

static void without_dvfs_phases_are_only_counted(void)
{
    job of;
    job_begin(&of, "mode: enforce\n", "dvfs: off");
    job_run(&of, 30);
    CHECK(clock_says(&of, "state", "free") && isnan(clock_real(&of, "wanted_hz")));
    end(&of.is);
}

static void write_table(char path[ERG_PATH_MOST])
{
    snprintf(path, ERG_PATH_MOST, "%s/phases.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file && fputs("phase,sm_clock_mhz,time_s\nllm/prefill,1290,1\nllm/decode,840,2\n",
                        file) >= 0 && fclose(file) == 0);
}

static void a_sweep_tells_the_clock_of_each_phase(void)
{
    char path[ERG_PATH_MOST], gpu[2 * ERG_PATH_MOST];
    job of;
    write_table(path);
    snprintf(gpu, sizeof(gpu), "dvfs: auto, sweep: \"%s\"", path);
    job_begin(&of, "mode: enforce\n", gpu);
    job_run(&of, 60);
    CHECK_NEAR(best_hz(&of, PREFILL), 1290e6, 1e6);
    CHECK_NEAR(best_hz(&of, DECODE), 840e6, 1e6);
    while (of.phase != DECODE || of.left > 8)
        job_run(&of, 0.01);
    CHECK_NEAR(get_clock_hz(&of), 840e6, 1e6);
    CHECK(clock_says(&of, "reason", "decode: table"));
    end(&of.is);
}

static void who_observes_says_what_the_sweep_would_have_it_do(void)
{
    char path[ERG_PATH_MOST], gpu[2 * ERG_PATH_MOST];
    job of;
    write_table(path);
    snprintf(gpu, sizeof(gpu), "dvfs: auto, sweep: \"%s\"", path);
    job_begin(&of, "", gpu);
    job_run(&of, 30);
    while (of.phase != DECODE || of.left > 8)
        job_run(&of, 0.01);
    CHECK(clock_says(&of, "reason", "it would be turned to 840 MHz"));
    CHECK(of.turns <= 1 && fabs(get_clock_hz(&of) - 1410e6) < 1e6);
    end(&of.is);
}

static void a_sweep_that_is_not_there_is_said_at_once(void)
{
    static const char text[] = "version: 1\ngpu: {dvfs: auto, sweep: /none/phases.csv}\n"
                               "node: {sensors: [\"sim:plain\"]}\n";
    erg_error err = { 0 };
    erg_govern_config *config = erg_govern_config_parse("f", text, strlen(text), &err);
    CHECK_OK(config, err);
    CHECK(!erg_govern_sweep_check(config, &err) && strstr(err.text, "/none/phases.csv"));
    CHECK(!erg_governor_open(config, &(erg_env){ 0 }, &err));
    erg_govern_config_free(config);
}

int main(void)
{
    static const test tests[] = {
        TEST(each_phase_ends_within_3_percent_of_its_best_edp),
        TEST(floor_and_caps_hold),
        TEST(a_slowdown_is_kept),
        TEST(a_silent_job_loses_its_clock),
        TEST(without_dvfs_phases_are_only_counted),
        TEST(a_sweep_tells_the_clock_of_each_phase),
        TEST(who_observes_says_what_the_sweep_would_have_it_do),
        TEST(a_sweep_that_is_not_there_is_said_at_once),
    };
    return test_run(tests, ERG_COUNT(tests));
}
