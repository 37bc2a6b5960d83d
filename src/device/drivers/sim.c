/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated device with known truth: a power law seen through a sensor's period,
 * window, delay, gain, noise and failures. Whatever it yields is labelled simulated.
 * It follows the env's clock, so a manual clock plays a day in a second.
 */
#include <math.h>
#include <string.h>
#include "device/driver.h"
#include "device/drivers/sim_heat.h"
#include "device/drivers/sim_smoothing.h"
#include "plant/capped.h"

/* Ambient, and warming per watt of the mean power over the last half minute: enough
 * for a curve to look at, no more is claimed. */
static const double ambient_k = 298.15, warming_k_per_w = 0.1, heat_s = 30;

typedef struct simulation {
    erg_sim_spec spec;
    erg_plant_sensor average; /* the second reading of boards that have two */
    erg_sim_heat heat; /* where spec.heat */
    erg_capped capped; /* elsewhere: its law under the limits that were turned */
    erg_sim_smoothing smoothing; /* over that */
    double limit_w, extra_w;
    int64_t start_ns;
    int64_t reads; /* read errors are drawn by read, not by time */
    double (*value[ERG_CHANNELS_MOST])(const struct simulation *sim, int64_t t_ns);
} simulation;

static erg_plant_view truth(const simulation *sim)
{
    if (sim->spec.heat)
        return erg_heat_view(&sim->heat.plant);
    return sim->smoothing.plant.count ? erg_smoothed_view(&sim->smoothing.plant)
                                      : erg_capped_view(&sim->capped);
}

static double power_w(const simulation *sim, int64_t t_ns)
{
    return erg_plant_sensor_see(&sim->spec.sensor, truth(sim), t_ns);
}

static double average_w(const simulation *sim, int64_t t_ns)
{
    return erg_plant_sensor_see(&sim->average, truth(sim), t_ns);
}

static double energy_j(const simulation *sim, int64_t t_ns)
{
    return erg_plant_counter_see(&sim->spec.counter, truth(sim), t_ns);
}

static double clock_hz(const simulation *sim, int64_t t_ns)
{
    (void)t_ns;
    return sim->spec.heat ? sim->heat.plant.clock * sim->spec.profile->clock_hz
                          : sim->spec.clock_hz;
}

static double use(const simulation *sim, int64_t t_ns)
{
    (void)t_ns;
    return erg_sim_heat_use(&sim->heat);
}

static double fan(const simulation *sim, int64_t t_ns)
{
    (void)t_ns;
    return sim->heat.plant.fan;
}

static double throttle_bits(const simulation *sim, int64_t t_ns)
{
    (void)t_ns;
    return sim->heat.plant.reasons;
}

static double temperature_k(const simulation *sim, int64_t t_ns)
{
    if (sim->spec.heat)
        return erg_sim_heat_temp_k(&sim->heat);
    double t_s = erg_s_from_ns(t_ns);
    erg_plant_view view = truth(sim);
    return ambient_k
        + warming_k_per_w * view.energy_j(view.self, t_s - heat_s, t_s) / heat_s;
}

static double power_limit_w(const simulation *sim, int64_t t_ns)
{
    (void)t_ns;
    return sim->limit_w;
}

static erg_kind kind_of(double update_s, double window_s)
{
    if (window_s > 1.5 * update_s)
        return ERG_SMOOTHED;
    return window_s > 0.5 * update_s ? ERG_AVG_PREV : ERG_INSTANT;
}

static erg_channel_info *add(erg_device *dev, const char *name, erg_quantity quantity,
                             erg_kind kind, double (*value)(const simulation *, int64_t))
{
    simulation *own = dev->own;
    erg_channel_info *channel = erg_device_channel(dev, name, quantity, kind);
    channel->method = ERG_METHOD_SIMULATED;
    own->value[dev->channel_count - 1] = value;
    return channel;
}

static void add_power(erg_device *dev, const char *name, const erg_plant_sensor *sensor,
                      double (*value)(const simulation *, int64_t))
{
    const simulation *own = dev->own;
    erg_channel_info *channel =
        add(dev, name, ERG_POWER, kind_of(sensor->update_s, sensor->window_s), value);
    channel->update_s = sensor->update_s;
    channel->window_s = sensor->window_s;
    channel->delay_s = sensor->delay_s;
    channel->gain_u = own->spec.gain_u;
    channel->resolution = sensor->resolution_w;
    channel->max_w = 1.5 * own->spec.board_w;
}

static bool sim_find(erg_devices *found, const char *argument, erg_error *err)
{
    erg_sim_spec spec;
    if (!erg_sim_spec_parse(argument, &spec, err))
        return false;

    char name[48];
    snprintf(name, sizeof(name), "sim:%s", spec.profile->name);
    erg_device *dev = erg_devices_add(found, &erg_driver_sim, name, err);
    simulation *own = dev ? erg_device_state(dev, sizeof(*own), err) : NULL;
    if (!own)
        return false;
    own->spec = spec;
    dev->info.scope = ERG_SCOPE_BOARD;
    snprintf(dev->info.model, sizeof(dev->info.model), "%s (simulated)",
             spec.profile->model);
    snprintf(dev->info.uuid, sizeof(dev->info.uuid), "%s", spec.uuid[0] ? spec.uuid : name);
    return true;
}

/* Of the board's limit: what the makers' tools offer on most boards. */
static const double least_limit = 0.4;
static const double least_fan = 0.2;
/* Of a fan that follows the die. */
static const char automatic[] = "auto";

static bool add_knobs(erg_device *dev, erg_error *err)
{
    const simulation *own = dev->own;
    double clocks_hz[ERG_SIM_CLOCKS_MOST];
    size_t count = erg_sim_clocks(own->spec.profile, clocks_hz);

    erg_device_knob *clock = erg_device_add_knob(dev, ERG_SM_CLOCK);
    clock->now = own->spec.clock_hz;
    erg_device_knob *limit = erg_device_add_knob(dev, ERG_POWER_LIMIT);
    limit->low = least_limit * own->spec.board_w;
    limit->high = limit->now = own->spec.board_w;
    if (own->spec.heat) {
        erg_device_knob *held = erg_device_add_knob(dev, ERG_FAN);
        held->low = least_fan;
        held->high = 1;
        held->now = own->spec.fan;
    }
    return erg_device_knob_values(clock, clocks_hz, count, err);
}

/* Now, once all is drawn that is drawn before it. */
static double turned_s(const erg_device *dev)
{
    simulation *own = dev->own;
    double at_s = erg_s_from_ns(erg_env_now_ns(dev->env) - own->start_ns);

    erg_smoothed_run(&own->smoothing.plant, at_s);
    return at_s;
}

/* Its law is what it draws at its usual limit: only a lower one cuts. */
static void set_limit(erg_device *dev, double limit_w)
{
    simulation *own = dev->own;
    double at_s = turned_s(dev);

    if (limit_w != own->limit_w)
        erg_capped_turn_to(&own->capped, at_s, limit_w < own->spec.board_w
                                                   ? limit_w : INFINITY);
    own->limit_w = limit_w;
}

/* One that warms up draws by its own plant, which has no place for more. */
static bool sim_fill(erg_device *dev, double extra_w)
{
    simulation *own = dev->own;
    double at_s = turned_s(dev);

    if (own->spec.heat)
        return false;
    if (extra_w != own->extra_w)
        erg_capped_fill(&own->capped, at_s, extra_w);
    own->extra_w = extra_w;
    return true;
}

static double *knob_value(simulation *own, erg_knob which)
{
    if (which == ERG_FAN)
        return &own->heat.plant.facts.fan;
    return which == ERG_SM_CLOCK ? &own->spec.clock_hz : &own->limit_w;
}

static bool sim_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    const simulation *own = dev->own;
    (void)err;
    if (erg_sim_smoothing_has(which)) {
        erg_sim_smoothing_save(&own->smoothing, which, to);
        return true;
    }
    double value = *knob_value(dev->own, which);
    if (isnan(value))
        erg_text_add(to, "%s", automatic);
    else
        erg_text_add(to, "%.17g", value);
    return true;
}

/* A refused clock is accepted and not taken, as some boards do. */
static bool sim_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                     erg_error *err)
{
    simulation *own = dev->own;
    if (erg_sim_smoothing_has(which)) {
        const erg_sim_turn turn = { dev->info.name, &own->capped, turned_s(dev) };
        *enforced = value;
        return erg_sim_smoothing_turn(&own->smoothing, which, value, &turn, err);
    }
    if (which == ERG_POWER_LIMIT)
        set_limit(dev, value);
    else if (which != ERG_SM_CLOCK || !(fabs(value - own->spec.refuse_hz) < 0.5e6))
        *knob_value(own, which) = value;
    *enforced = *knob_value(own, which);
    return true;
}

static bool sim_put_back(erg_device *dev, erg_knob which, const char *saved, erg_error *err)
{
    simulation *own = dev->own;
    double value = NAN;
    if (erg_sim_smoothing_has(which)) {
        const erg_sim_turn turn = { dev->info.name, &own->capped, turned_s(dev) };
        return erg_sim_smoothing_put_back(&own->smoothing, which, saved, &turn, err);
    }
    if (strcmp(saved, automatic) != 0
        && !erg_number_parse(saved, strlen(saved), '.', &value))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no setting of %s", saved,
                        dev->info.name);
    if (which == ERG_POWER_LIMIT)
        set_limit(dev, value);
    else
        *knob_value(dev->own, which) = value;
    return true;
}

/* Named as NVML's, so that whoever reads a board reads this one. */
static void add_heat(erg_device *dev)
{
    simulation *own = dev->own;
    erg_channel_info *temperature = &dev->channels[dev->channel_count - 1];

    temperature->resolution = own->spec.temp_step_k;
    add(dev, "use", ERG_USE, ERG_INSTANT, use);
    add(dev, "fan", ERG_OTHER, ERG_INSTANT, fan);
    erg_text_put(add(dev, "throttle", ERG_OTHER, ERG_INSTANT, throttle_bits)->unit, 8,
                 "bits");
}

static bool sim_open(erg_device *dev, erg_error *err)
{
    simulation *own = dev->own;
    const erg_sim_spec *spec = &own->spec;

    own->limit_w = spec->board_w;
    own->capped.law = &spec->load;
    own->start_ns =
        isnan(spec->start_s) ? erg_env_now_ns(dev->env) : erg_ns_from_s(spec->start_s);
    own->average = spec->sensor;
    own->average.window_s = spec->profile->average_s;
    if (spec->has_counter) {
        erg_channel_info *energy = add(dev, "energy", ERG_ENERGY, ERG_COUNTER, energy_j);
        energy->update_s = spec->counter.update_s;
        energy->range_j = spec->counter.range_j;
        energy->resolution = spec->counter.step_j;
        energy->max_w = 1.5 * spec->board_w;
    }
    add_power(dev, "power", &spec->sensor, power_w);
    if (spec->profile->average_s > 0)
        add_power(dev, "power_average", &own->average, average_w);
    add(dev, "sm_clock", ERG_CLOCK_RATE, ERG_INSTANT, clock_hz);
    add(dev, "temperature", ERG_TEMPERATURE, ERG_INSTANT, temperature_k);
    if (spec->heat)
        add_heat(dev);
    /* Not ERG_POWER: nobody may integrate a limit. */
    erg_text_put(add(dev, "power_limit", ERG_OTHER, ERG_INSTANT, power_limit_w)->unit, 8,
                 "W");
    return (!spec->heat || erg_sim_heat_open(&own->heat, spec, err)) && add_knobs(dev, err)
        && erg_sim_smoothing_add(dev, &own->smoothing, spec, err);
}

static void sim_close(erg_device *dev)
{
    simulation *own = dev->own;
    if (own->heat.spec)
        erg_sim_heat_close(&own->heat);
}

static bool sim_read(erg_device *dev, size_t channel, erg_reading *out, erg_error *err)
{
    enum { FOR_ERROR = 100 };
    simulation *own = dev->own;
    bool fails =
        erg_plant_chance(own->spec.sensor.seed, own->reads++, FOR_ERROR) < own->spec.error;
    int64_t t_ns = erg_env_now_ns(dev->env) - own->start_ns;
    (void)err;

    if (own->spec.heat)
        erg_sim_heat_run(&own->heat, t_ns, own->limit_w);
    erg_smoothed_run(&own->smoothing.plant, erg_s_from_ns(t_ns));
    erg_capped_mark(&own->capped, erg_s_from_ns(t_ns));

    erg_reading_put(out, fails ? NAN : own->value[channel](own, t_ns));
    return true;
}

const erg_driver erg_driver_sim = {
    .name = "sim",
    .about = "simulated device with known truth (sim:PROFILE[,KEY=VALUE...])",
    .asked_only = true,
    .find = sim_find,
    .open = sim_open,
    .read = sim_read,
    .close = sim_close,
    .save = sim_save,
    .turn = sim_turn,
    .put_back = sim_put_back,
    .forgets = true,
    .fill = sim_fill,
};
