/* SPDX-License-Identifier: Apache-2.0 */
/* Units into racks, jobs into groups, policies onto whom they look at. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "govern/shape_sim_inside.h"

/* Of a normal number: the sum of so many even ones, less its mean, has sd 1 and no more
 * than 6. */
enum { DRAWS = 12, LOTS = 0xffff };

static erg_job job_of(const erg_scenario *scenario, size_t number)
{
    const erg_scenario_job *from = &scenario->jobs[number];

    return (erg_job){
        .phases = scenario->phases + from->first_phase, .phase_count = from->phase_count,
        .once = from->once, .wait_w = from->wait_w, .period_s = from->period_s,
        .start_ns = erg_ns_from_s(from->start_s),
    };
}

/* A number of its own for all that draws by chance. */
static uint64_t entity_of(const erg_sim *it, size_t which, size_t unit, int group)
{
    static const uint64_t kinds[] = { [ERG_PER_UNIT] = 0, [ERG_PER_GROUP] = 1,
                                      [ERG_PER_RACK] = 2, [ERG_ON_SUPPLY] = 3,
                                      [ERG_OVER_RACK] = 4, [ERG_OVER_JOB] = 5 };
    erg_policy_scope scope = it->chain->policies[which]->scope;
    uint64_t number = scope == ERG_PER_GROUP ? (uint64_t)group
                    : scope == ERG_PER_RACK ? unit / it->scenario->units_per_rack : unit;

    return (uint64_t)which << 48 | kinds[scope] << 40 | number;
}

/* Watts above idle of equal work, by chance: the same for this unit under every policy. */
static double lot_of(const erg_scenario *scenario, size_t unit, uint64_t key)
{
    erg_xoshiro random = erg_xoshiro_of(key, (uint64_t)LOTS << 48 | unit);
    double normal = -DRAWS / 2.0;

    if (!(scenario->spread > 0))
        return 1;
    for (int i = 0; i < DRAWS; i++)
        normal += erg_xoshiro_uniform(&random);
    return 1 + scenario->spread * normal;
}

typedef struct place { size_t unit; uint32_t job; } place;

static void start_rank(erg_sim *it, size_t rank, const place *at, uint64_t key)
{
    int groups = erg_sim_groups(it);
    int group = (int)(at->job * (uint64_t)groups / it->cluster.job_count);
    uint32_t rack = (uint32_t)(at->unit / it->scenario->units_per_rack);
    erg_policy_state *states = &it->states[rank * it->chain->count];

    it->cluster.ranks[rank].job = at->job;
    it->cluster.ranks[rank].rack = rack;
    it->cluster.ranks[rank].lot = lot_of(it->scenario, at->unit, key);
    memset(states, 0, it->chain->count * sizeof(*states));
    for (size_t i = 0; i < it->chain->count; i++) {
        uint64_t entity = entity_of(it, i, at->unit, group);
        erg_policy_setup setup = erg_sim_setup(it, i, key, entity);
        setup.group = group;
        setup.unit = at->unit;
        if (it->plans) {
            setup.shift_s = it->plans[at->job].shift_s;
            setup.slower_s = it->plans[at->job].slower_s;
        }
        it->chain->policies[i]->start(&states[i], &setup);
    }
}

/* Units of one job that begin with the same states do the same for ever, as a policy keeps
 * all in its state; in one rack, nobody tells them apart. Governors share out by unit. */
static bool are_alike(const erg_sim *it, size_t a, size_t b)
{
    size_t count = it->chain->count;

    return it->over == count && it->over_job == count
        && it->cluster.ranks[a].lot == it->cluster.ranks[b].lot
        && it->cluster.ranks[a].rack == it->cluster.ranks[b].rack
        && memcmp(&it->states[a * count], &it->states[b * count],
                  count * sizeof(*it->states)) == 0;
}

/* One job is taken for as many as there are groups; several jobs are groups already. */
static void place_jobs(erg_sim *it, size_t parts, uint64_t key)
{
    const erg_scenario *scenario = it->scenario;
    size_t unit = 0, ranks = 0;

    for (size_t j = 0; j < it->cluster.job_count; j++) {
        size_t units = parts > 1 ? scenario->units : scenario->jobs[j].units;
        size_t begin = parts > 1 ? units * j / parts : 0;
        size_t end = parts > 1 ? units * (j + 1) / parts : units;
        erg_job *job = &it->cluster.jobs[j];
        *job = job_of(scenario, parts > 1 ? 0 : j);
        job->first = (uint32_t)ranks;
        for (size_t i = begin; i < end; i++, unit++) {
            start_rank(it, ranks, &(place){ unit, (uint32_t)j }, key);
            if (ranks > job->first && are_alike(it, ranks - 1, ranks))
                it->cluster.ranks[ranks - 1].twins++;
            else
                ranks++;
        }
        job->ranks = (uint32_t)ranks - job->first;
    }
    it->cluster.rank_count = ranks;
}

/* Of one unit, over a step or a record. */
static double mean_w(const erg_scenario *scenario)
{
    double energy_j = 0, time_s = 0;

    for (size_t i = 0; i < scenario->phase_count; i++) {
        energy_j += scenario->phases[i].power_w * scenario->phases[i].duration_s;
        time_s += scenario->phases[i].duration_s;
    }
    return energy_j / time_s;
}

/* A record has no time to warm up: its storage begins at the mean, where it would be. */
static void start_supply(erg_sim *it, size_t rack)
{
    size_t begin = rack * it->scenario->units_per_rack,
           end = begin + it->scenario->units_per_rack;
    size_t units = (end < it->scenario->units ? end : it->scenario->units) - begin;
    const erg_policy_in in = { .power_w = (double)units * mean_w(it->scenario) };
    erg_policy_setup setup = erg_sim_setup(it, it->supply, 0, rack);
    erg_policy_out out = erg_policy_free();

    it->chain->policies[it->supply]->start(&it->supplies[rack], &setup);
    if (!it->scenario->open_loop)
        return;
    it->chain->policies[it->supply]->step(&it->supplies[rack], &in, 0, &out);
    it->supply_w[rack] = out.supply_w;
}

static erg_breaker breaker_of(const erg_scenario *of)
{
    return of->breaker_curve.count
         ? erg_breaker_of_curve(of->breaker_w, of->breaker_tau_s, &of->breaker_curve)
         : erg_breaker_of(of->breaker_w, of->breaker_tau_s, of->breaker_trip, 0);
}

static bool start_racks(erg_sim *it, erg_error *err)
{
    size_t racks = it->cluster.rack_count;

    it->rack_at_ns = calloc(racks, sizeof(*it->rack_at_ns));
    it->supply_w = calloc(racks, sizeof(*it->supply_w));
    if (it->supply < it->chain->count) {
        it->supplies = calloc(racks, sizeof(*it->supplies));
        for (size_t i = 0; it->supplies && it->supply_w && i < racks; i++)
            start_supply(it, i);
    }
    if (it->scenario->breaker_w > 0) {
        it->breakers = calloc(racks, sizeof(*it->breakers));
        it->rack_w2s = calloc(racks, sizeof(*it->rack_w2s));
        for (size_t i = 0; it->breakers && i < racks; i++)
            it->breakers[i] = breaker_of(it->scenario);
    }
    if (it->rack_at_ns && it->supply_w && (it->supplies || it->supply == it->chain->count)
        && ((it->breakers && it->rack_w2s) || !(it->scenario->breaker_w > 0)))
        return true;
    return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu racks", racks);
}

/* The last of the chain that acts there; count: none. */
static size_t one_of(const erg_policy_chain *chain, erg_policy_scope scope)
{
    size_t found = chain->count;

    for (size_t i = 0; i < chain->count; i++)
        if (chain->policies[i]->scope == scope)
            found = i;
    return found;
}

bool erg_sim_start(erg_sim *it, uint64_t key, erg_error *err)
{
    const erg_scenario *scenario = it->scenario;
    size_t groups = (size_t)erg_sim_groups(it), parts = 1;

    it->supply = one_of(it->chain, ERG_ON_SUPPLY);
    it->over = one_of(it->chain, ERG_OVER_RACK);
    it->over_job = one_of(it->chain, ERG_OVER_JOB);
    if (scenario->job_count == 1 && groups > 1)
        parts = groups < scenario->units ? groups : scenario->units;
    it->was_split = parts > 1;
    if (!erg_cluster_begin(&it->cluster, parts > 1 ? parts : scenario->job_count,
                           scenario->units,
                           (scenario->units - 1) / scenario->units_per_rack + 1, err))
        return false;
    it->cluster.silicon = scenario->silicon;
    for (size_t i = 0; i < it->chain->count; i++)
        it->cluster.has_items |= it->chain->policies[i]->admits;
    it->states = calloc(scenario->units * it->chain->count + 1, sizeof(*it->states));
    if (!it->states)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu units", scenario->units);
    if (!erg_sim_plan(it, it->cluster.job_count, err))
        return false;
    place_jobs(it, parts, key);
    it->before_w = NAN;
    return start_racks(it, err) && erg_sim_psu_start(it, err)
        && erg_sim_govern(it, key, err) && erg_sim_balance_start(it, err);
}
