/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep's command, run and measured as erg run does, in one recording for the whole
 * sweep. What happened is asked of the sensors' own record of that stretch: the clock and
 * the throttling are those under load, whatever was requested.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "erg/energy.h"
#include "run/cache_misses.h"
#include "run/recording.h"
#include "run/spawn.h"
#include "sweep/sweep_bench.h"
#include "sweep/under_load.h"
#include "trace/scope.h"

enum { DEVICES_MOST = 64, WORK_MOST = 256, LINE_MOST = 4096 };
static const double first_updates_s = 3, throttled_share = 0.1;
static const long first_updates = 2;

typedef struct live_bench {
    erg_bench bench;
    const erg_bench_setup *setup;
    erg_recording *rec;
    bool cannot_count;      /* misses of the cache: said once */
    FILE *page;      /* what the command says: our stdout is for the result */
} live_bench;

/* Where in time a visit's figures are taken: regions `work`, else the run. */
typedef struct stretches {
    erg_span at[WORK_MOST];
    size_t count;
    bool is_whole;
} stretches;

static void find_work(const erg_trace *trace, erg_span run, stretches *out)
{
    out->count = 0;
    for (size_t i = 0; i < erg_trace_region_count(trace) && out->count < WORK_MOST; i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (strcmp(region->name, "work") == 0 && region->begin_ns >= run.begin_ns
            && region->end_ns <= run.end_ns)
            out->at[out->count++] = (erg_span){ region->begin_ns, region->end_ns };
    }
    out->is_whole = out->count == 0;
    if (out->is_whole)
        out->at[out->count++] = run;
}

/* ---- energy ------------------------------------------------------------------------- */

/* The board whose clock is turned; all that is measured where it says nothing itself. */
static size_t energy_channels(const live_bench *own, const erg_trace *trace, int to[])
{
    const erg_bench_setup *setup = own->setup;
    size_t count = 0;

    for (size_t i = 0; i < setup->turned_count && count < DEVICES_MOST; i++) {
        int channel = erg_trace_find_channel(
            trace, erg_devices_info(setup->devices, setup->turned[i])->name);
        if (channel >= 0)
            to[count++] = channel;
    }
    if (count)
        return count;
    int all[DEVICES_MOST];
    erg_scope scopes[DEVICES_MOST];
    bool chosen[DEVICES_MOST];
    size_t found = 0;
    for (int i = 0; i < (int)erg_trace_device_count(trace) && found < DEVICES_MOST; i++) {
        int channel = erg_trace_find_channel(trace, erg_trace_device(trace, i)->name);
        if (channel < 0)
            continue;
        all[found] = channel;
        scopes[found++] = erg_trace_channel(trace, channel)->scope;
    }
    erg_scope_outermost(scopes, found, chosen);
    for (size_t i = 0; i < found; i++)
        if (chosen[i])
            to[count++] = all[i];
    return count;
}

static void measure(const live_bench *own, const erg_trace *trace, const stretches *where,
                    erg_bench_seen *out)
{
    int channels[DEVICES_MOST];
    size_t count = energy_channels(own, trace, channels);
    double energy_j = 0, peak_w = 0, covered_s = 0, time_s = 0;

    for (size_t i = 0; i < where->count; i++) {
        double least = 1, peak_sum_w = 0,
               span_s = erg_s_from_ns(where->at[i].end_ns - where->at[i].begin_ns);
        for (size_t c = 0; c < count; c++) {
            erg_energy energy;
            if (!erg_trace_energy(trace, channels[c], where->at[i], &energy, NULL))
                energy = (erg_energy){ .energy_j = NAN, .covered = 0, .peak_w = NAN };
            out->is_short |= energy.quality == ERG_QUALITY_TOO_SHORT;
            energy_j += energy.energy_j;
            peak_sum_w += energy.peak_w;
            least = fmin(least, energy.covered);
        }
        time_s += span_s;
        covered_s += least * span_s;
        peak_w = fmax(peak_w, peak_sum_w);
    }
    out->time_s = time_s;
    out->energy_j = count ? energy_j : NAN;
    out->mean_w = out->energy_j / time_s;
    out->peak_w = count ? peak_w : NAN;
    out->covered = count ? covered_s / time_s : 0;
    out->includes_start = where->is_whole;
}

/* ---- what the device was at ---------------------------------------------------------- */

static bool look_at_device(const live_bench *own, const erg_trace *trace,
                           const stretches *where, erg_bench_seen *out, erg_error *err)
{
    const char *device = erg_devices_info(own->setup->devices, own->setup->device)->name;
    erg_under_load load;

    if (!erg_under_load_read(trace, device, where->at, where->count, &load, err))
        return false;
    out->is_throttled = load.throttled > throttled_share;
    out->temp_c = load.temp_c;
    out->sm_clock_hz = load.sm_clock_hz;
    out->fp_active = erg_activity_fp(ERG_ACTIVITY_HALF, load.pipes);
    out->dram_active = load.dram_active;
    return true;
}

/* ---- running ------------------------------------------------------------------------- */

/* Empty, for one run; 0: where ours goes. */
static int fresh_page(live_bench *own)
{
    int fd = own->page ? fileno(own->page) : 0;

    if (fd > 0 && (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0))
        return 0;
    return fd > 0 ? fd : 0;
}

/* The last line that is not empty, cut to fit. */
static void last_line(const live_bench *own, char *to, size_t size)
{
    char tail[LINE_MOST];
    off_t end = own->page ? lseek(fileno(own->page), 0, SEEK_END) : 0;
    off_t from = end > (off_t)sizeof(tail) - 1 ? end - (off_t)sizeof(tail) + 1 : 0;
    ssize_t count =
        end > 0 ? pread(fileno(own->page), tail, (size_t)(end - from), from) : 0;

    *to = '\0';
    while (count > 0 && (tail[count - 1] == '\n' || tail[count - 1] == '\r'))
        count--;
    if (count <= 0)
        return;
    tail[count] = '\0';
    const char *line = strrchr(tail, '\n');
    erg_text_put(to, size, line ? line + 1 : tail);
}

/* -1: they are not asked for, or cannot be counted here. */
static int begin_to_count(live_bench *own)
{
    erg_error fault = { 0 };

    if (!own->setup->counts_cache || own->cannot_count)
        return -1;
    int file = erg_cache_misses_open(&fault);
    own->cannot_count = file < 0;
    if (file < 0)
        erg_env_log(own->setup->env, ERG_WARNING, "misses of the last-level cache are not "
                    "counted, and no setting is refused for them: %s", fault.text);
    return file;
}

static bool live_run(erg_bench *bench, const erg_bench_run *what, erg_bench_seen *out,
                     erg_error *err)
{
    live_bench *own = (live_bench *)bench;
    const erg_env *env = own->setup->env;
    int64_t id = erg_recording_region(own->rec, what->region, true);
    erg_child child = { .out = fresh_page(own) };
    erg_span run;

    *out = (erg_bench_seen){ .start_ns = erg_env_utc_ns(env) };
    int counter = begin_to_count(own);
    run.begin_ns = erg_env_now_ns(env);
    bool started =
        erg_spawn(&child, what->job->argv, erg_ring_path(erg_recording_ring(own->rec)),
                  &out->exit_status, err);
    if (started) {
        child.deadline_ns = run.begin_ns + erg_ns_from_s(what->timeout_s);
        out->exit_status = erg_spawn_wait(&child, what->ask_stop);
        out->is_timeout = child.is_late;
    }
    run.end_ns = erg_recording_region_end(own->rec, id, out->exit_status == 0 ? 1 : NAN);
    double misses = counter >= 0 ? erg_cache_misses_close(counter) : 0;
    if (!started)
        return false;
    out->llc_misses = misses > 0 ? misses : 0;
    erg_recording_linger(own->rec);
    char line[LINE_MOST];
    last_line(own, line, sizeof(line));
    erg_text_put(out->said, sizeof(out->said), line);

    static const char run_region[] = "run";
    if (strcmp(what->region, run_region) != 0) {
        out->time_s = erg_s_from_ns(run.end_ns - run.begin_ns);
        return true;
    }
    if (out->exit_status == 0)
        erg_bench_take_answer(line, out);
    stretches where;
    const erg_trace *trace = erg_recording_lock(own->rec);
    find_work(trace, run, &where);
    measure(own, trace, &where, out);
    bool good = look_at_device(own, trace, &where, out, err);
    erg_recording_unlock(own->rec);
    return good;
}

/* ---- life ---------------------------------------------------------------------------- */

static erg_store *live_take(erg_bench *bench)
{
    live_bench *own = (live_bench *)bench;
    erg_recording_lock(own->rec);
    return erg_recording_store(own->rec);
}

static void live_give(erg_bench *bench)
{
    erg_recording_unlock(((live_bench *)bench)->rec);
}

static bool live_close(erg_bench *bench, bool end, erg_error *err)
{
    live_bench *own = (live_bench *)bench;
    bool good = !end || erg_recording_end(own->rec, err);

    erg_recording_free(own->rec);
    if (own->page)
        fclose(own->page);
    free(own);
    return good;
}

static const erg_bench_kind live_kind = { live_run, live_take, live_give, live_close };

erg_bench *erg_bench_live(const erg_bench_setup *setup, erg_error *err)
{
    live_bench *own = calloc(1, sizeof(*own));
    erg_recording_setup how = { .path = setup->path,
                                .append = setup->append,
                                .in_memory = true };

    if (!own) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");
        return NULL;
    }
    own->bench.kind = &live_kind;
    own->setup = setup;
    own->page = tmpfile();
    own->rec = erg_recording_new(setup->env, setup->devices, &how, err);
    if (own->rec && erg_recording_begin(own->rec, err)) {
        erg_recording_wait_updates(own->rec, first_updates, first_updates_s,
                                   setup->ask_stop);
        return &own->bench;
    }
    erg_recording_free(own->rec);
    if (own->page)
        fclose(own->page);
    free(own);
    return NULL;
}
