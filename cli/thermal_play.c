/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calibration's plan, played by a load: the load works for the share of each period that the
 * plan asks for of its highest power, and is stopped for the rest (SIGSTOP, SIGCONT to its
 * process group). Periods are far below any time constant that is looked for. Under erg run
 * each part is a region, and its wanted and achieved duty are marks.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <erg/plan.h>
#include <erg/record.h>
#include <erg/run.h>
#include "cli.h"
#include "thermal.h"

#define PERIOD_S 0.2
enum { PARENT_PATH = 4096 };

typedef struct stage {
    const erg_plan *plan;
    const char *drive;          /* a file that takes the share, for a simulated load; or NULL */
    erg_recorder *recorder;     /* NULL: nobody records */
    pid_t load;                 /* of its process group; 0: none */
    const volatile int *stop;
    double worked_s, wanted_s;  /* of the part that plays */
} stage;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void wait_until(double at_s)
{
    double left_s = at_s - now_s();

    if (left_s > 0) {
        const struct timespec nap = { (time_t)left_s,
                                      (long)(1e9 * (left_s - (double)(time_t)left_s)) };
        nanosleep(&nap, NULL);
    }
}

/* The load never outlives the plan: it is continued, asked, and then killed. */
static void end_load(const stage *of)
{
    if (of->load <= 0)
        return;
    kill(-of->load, SIGTERM);
    kill(-of->load, SIGCONT);
    for (int i = 0; i < 20 && waitpid(of->load, NULL, WNOHANG) == 0; i++)
        wait_until(now_s() + 0.1);
    kill(-of->load, SIGKILL);
}

static pid_t begin_load(char *const argv[])
{
    pid_t child = fork();

    /* In both: whoever comes first, the group is there before it is stopped. */
    if (child > 0)
        setpgid(child, child);
    if (child != 0)
        return child;
    setpgid(0, 0);
    execvp(argv[0], argv);
    fprintf(stderr, "erg thermal: cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static bool write_share(const stage *of, double share)
{
    FILE *file = of->drive ? fopen(of->drive, "we") : NULL;

    if (!of->drive)
        return true;
    bool good = file && fprintf(file, "%.4f\n", share) > 0;
    return (file && fclose(file) == 0 && good) || (perror(of->drive), false);
}

static bool turn(const stage *of, bool works)
{
    return of->load <= 0 || kill(-of->load, works ? SIGCONT : SIGSTOP) == 0;
}

/* One period: works for the share of it that the plan asks for. */
static bool play_period(stage *of, double begin_s, double at_s)
{
    double share = of->plan->high_w > 0 ? erg_plan_power_w(of->plan, at_s - begin_s + PERIOD_S / 2)
                                              / of->plan->high_w : 0;
    double rests_s = at_s + share * PERIOD_S;

    if (!write_share(of, share) || (share > 0 && !turn(of, true)))
        return false;
    double from_s = now_s();
    wait_until(rests_s);
    if (share < 1 && !turn(of, false))
        return false;
    of->worked_s += share > 0 ? fmax(0, now_s() - from_s) : 0;
    of->wanted_s += share * PERIOD_S;
    wait_until(at_s + PERIOD_S);
    return true;
}

static void say_part(stage *of, const erg_plan_part *part, double over_s)
{
    double duty = of->worked_s / over_s, wanted = of->wanted_s / over_s;

    fprintf(stderr, "erg thermal: %-5s %6.0f s  duty %.3f (asked for %.3f)\n",
            erg_plan_kind_name(part->kind), over_s, duty, wanted);
    erg_mark(of->recorder, "plan_duty", duty);
    erg_mark(of->recorder, "plan_wanted", wanted);
    of->worked_s = of->wanted_s = 0;
}

static bool play(stage *of)
{
    double begin_s = now_s();
    bool good = true;

    for (size_t i = 0; good && i < of->plan->count && !*of->stop; i++) {
        const erg_plan_part *part = &of->plan->parts[i];
        char name[32];
        double from_s = begin_s + part->begin_s;
        snprintf(name, sizeof(name), "plan_%s", erg_plan_kind_name(part->kind));
        erg_region_token region = erg_region_begin(of->recorder, name);
        double end_s = from_s + part->duration_s;
        for (double at_s = from_s; good && at_s < end_s - 1e-6 && !*of->stop; at_s += PERIOD_S)
            good = play_period(of, begin_s, at_s);
        erg_region_end(of->recorder, region);
        say_part(of, part, fmax(now_s() - from_s, PERIOD_S));
    }
    return write_share(of, 0) && good;
}

int thermal_play(const cli *call, const char *plan_text, const char *drive)
{
    erg_plan plan;
    erg_error err = { 0 };
    bool has_load = call->argc > 1;

    if (!plan_text || (!has_load && !drive))
        return cli_misused(call, "play needs --plan and a load: erg thermal play --plan "
                           "soak=300s,step=100W:200W -- ./load");
    if (!erg_plan_parse(plan_text, &plan, &err))
        return cli_misused(call, "%s", err.text);
    stage of = { .plan = &plan, .drive = drive, .stop = cli_watch_signals(),
                 .recorder = erg_recorder_join(&call->env, NULL) };
    of.load = has_load ? begin_load(call->argv + 1) : 0;
    bool good = of.load >= 0 && play(&of);
    end_load(&of);
    erg_recorder_free(of.recorder);
    if (!good)
        fprintf(stderr, "erg thermal: the load ended before its plan\n");
    return good && !*of.stop ? CLI_DONE : CLI_NO;
}

/* ---- recorded -------------------------------------------------------------------------------- */

int thermal_record(const cli *call, const thermal_recording *how)
{
    char self[PARENT_PATH];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *argv[CLI_LIST_MOST] = { self, "thermal", "play", "--plan", (char *)(uintptr_t)how->plan };
    int count = 5;
    const char *const *sensors = call->common.sensors.items;
    const erg_measure_options options = {
        .output = how->file, .rate_hz = how->rate_hz, .ask_stop = cli_watch_signals(),
        .sensors = call->common.sensors.count ? sensors : NULL,
        .sensor_count = call->common.sensors.count, .quiet = call->common.quiet,
    };
    erg_measure_outcome outcome = { 0 };
    erg_plan plan;
    erg_error err = { 0 };

    if (!how->plan || !erg_plan_parse(how->plan, &plan, &err))
        return cli_misused(call, "%s", how->plan ? err.text : "--record needs --plan");
    if (length < 0)
        return cli_misused(call, "cannot find this program");
    self[length] = '\0';
    if (how->drive) {
        argv[count++] = "--drive";
        argv[count++] = (char *)(uintptr_t)how->drive;
    }
    argv[count++] = "--";
    for (int i = how->load_at; i < call->argc && count + 1 < CLI_LIST_MOST; i++)
        argv[count++] = call->argv[i];
    if (!erg_measure(&call->env, argv, &options, &outcome, &err))
        return cli_failed(call, &err);
    return outcome.exit_status ? CLI_NO : CLI_DONE;
}
