/* SPDX-License-Identifier: Apache-2.0 */
/* Between a plant, the knobs of its device and the program that loads it. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include "device/drivers/sim_heat.h"

static const double kelvin_at_0_c = 273.15;

static int open_in(const char *folder, const char *file, int flags)
{
    char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%.400s/%s", folder, file);
    return open(path, flags | O_CLOEXEC, 0644);
}

static erg_heat_facts facts_of(const erg_sim_spec *spec)
{
    erg_heat_facts facts =
        erg_heat_of_board(spec->profile->idle_w, spec->profile->board_w, spec->tau_s);
    facts.ambient_k = spec->ambient_k;
    facts.limit_k = spec->limit_k;
    facts.fan = spec->fan;
    if (!isnan(spec->leak_w_per_k))
        facts.leak_w_per_k = spec->leak_w_per_k;
    return facts;
}

bool erg_sim_heat_open(erg_sim_heat *heat, const erg_sim_spec *spec, erg_error *err)
{
    erg_heat_facts facts = facts_of(spec);

    heat->spec = spec;
    heat->load_fd = heat->clock_fd = -1;
    erg_heat_begin(&heat->plant, &facts);
    if (!spec->follow[0])
        return true;
    heat->load_fd = open_in(spec->follow, "load", O_RDONLY | O_CREAT);
    heat->clock_fd = open_in(spec->follow, "clock", O_WRONLY | O_CREAT | O_TRUNC);
    if (heat->load_fd >= 0 && heat->clock_fd >= 0)
        return true;
    erg_fail(err, ERG_BAD_INPUT,
             "sim: cannot use follow=%.200s: %s; make that folder first", spec->follow,
             strerror(errno));
    erg_sim_heat_close(heat);
    return false;
}

void erg_sim_heat_close(erg_sim_heat *heat)
{
    if (heat->load_fd >= 0)
        close(heat->load_fd);
    if (heat->clock_fd >= 0)
        close(heat->clock_fd);
    heat->load_fd = heat->clock_fd = -1;
}

/* ---- the program ---------------------------------------------------------- */

/* A file that is being written, or holds no number, leaves the load as it was. */
static void hear(erg_sim_heat *heat)
{
    char text[32];
    double load;
    ssize_t count =
        heat->load_fd >= 0 ? pread(heat->load_fd, text, sizeof(text) - 1, 0) : 0;

    if (count <= 0)
        return;
    text[count] = '\0';
    size_t size = strcspn(text, " \r\n");
    if (erg_number_parse(text, size, '.', &load) && load >= 0)
        heat->load = fmin(load, 1);
}

/* One write of one length: a reader never sees half of it. */
static void say(erg_sim_heat *heat)
{
    char text[sizeof(heat->told)];
    int count = snprintf(text, sizeof(text), "%.6f\n", heat->plant.clock);

    if (heat->clock_fd >= 0 && strcmp(text, heat->told) != 0
        && pwrite(heat->clock_fd, text, (size_t)count, 0) == count)
        memcpy(heat->told, text, sizeof(text));
}

static double demand_w(void *self, double t_s)
{
    const erg_sim_heat *heat = self;
    const erg_sim_spec *spec = heat->spec;

    if (spec->follow[0])
        return heat->load * (spec->profile->board_w - spec->profile->idle_w);
    return erg_law_w(&spec->load, t_s) - spec->profile->idle_w;
}

/* ---- time ------------------------------------------------------------------- */

void erg_sim_heat_run(erg_sim_heat *heat, int64_t t_ns, double limit_w)
{
    heat->plant.limit_w = limit_w;
    heat->plant.clock_cap = fmin(heat->spec->clock_hz / heat->spec->profile->clock_hz, 1);
    hear(heat);
    erg_heat_run(&heat->plant, erg_s_from_ns(t_ns), &(erg_heat_demand){ demand_w, heat });
    say(heat);
}

double erg_sim_heat_temp_k(const erg_sim_heat *heat)
{
    double step_k = heat->spec->temp_step_k, temp_c = heat->plant.die_k - kelvin_at_0_c;

    return kelvin_at_0_c + (step_k > 0 ? step_k * round(temp_c / step_k) : temp_c);
}

double erg_sim_heat_use(const erg_sim_heat *heat)
{
    double most_w = heat->spec->profile->board_w - heat->spec->profile->idle_w;
    return fmin(heat->plant.demand_w / most_w, 1);
}
