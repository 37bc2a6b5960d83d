/* SPDX-License-Identifier: Apache-2.0 */
/* What NVML says of one GPU, one call each, brought to SI; blanks become NAN. */
#include <math.h>
#include "device/drivers/nvml.h"

static const double kelvin_at_0_c = 273.15;

/* The driver's tools mark blanks by 0x7ffffff0 and above, in either width. A counter
 * passes 2^31 mJ after hours: in a wide value only the wide blanks are blanks. */
double nvml_narrow(unsigned value)
{
    return value >= 0x7ffffff0u ? NAN : (double)value;
}

static double wide(unsigned long long value)
{
    return value >= 0x7ffffffffffffff0u ? NAN : (double)value;
}

double nvml_value_of(unsigned type, const nvml_value *value)
{
    switch ((nvml_value_type)type) {
    case NVML_DOUBLE:
        return value->real < 0x1p47 ? value->real : NAN;
    case NVML_UINT:
        return nvml_narrow(value->natural);
    case NVML_ULONG:
        return wide(value->natural_long);
    case NVML_ULONGLONG:
        return wide(value->natural_wide);
    case NVML_LONGLONG:
        return wide((unsigned long long)value->integer_wide);
    case NVML_INT:
        return nvml_narrow((unsigned)value->integer);
    case NVML_USHORT:
        return value->natural_short;
    }
    return NAN;
}

static unsigned get_field(const nvml *own, nvml_field *field, double to_si, double *out)
{
    if (!own->api.fields)
        return NVML_NOT_SUPPORTED;
    unsigned code = own->api.fields(own->gpu, 1, field);
    if (code == NVML_DONE)
        code = field->code;
    if (code == NVML_DONE)
        *out = to_si * nvml_value_of(field->type, &field->value);
    return code;
}

unsigned nvml_read_field(const nvml *own, unsigned id, unsigned scope, double *out)
{
    return get_field(own, &(nvml_field){ .id = id, .scope = scope }, 1e-3, out);
}

unsigned nvml_read_number(const nvml *own, unsigned id, unsigned scope, double *out)
{
    return get_field(own, &(nvml_field){ .id = id, .scope = scope }, 1, out);
}

/* The headers of NVML 12.9 and 13.0 number the last three counters of throttling lower, and
 * give their later numbers to power smoothing. */
static unsigned number_of(const nvml *own, unsigned id)
{
    bool is_last = id >= NVML_FIELD_PAST_SW_THERMAL && id <= NVML_FIELD_PAST_BRAKE;

    return is_last && own->is_renumbered
        ? id - NVML_FIELD_PAST_SW_THERMAL + NVML_FIELD_SMOOTHING : id;
}

unsigned nvml_read(const nvml *own, const nvml_quantity *row, double *out)
{
    if (!row->field)
        return row->read(own, out);
    nvml_field field = { .id = number_of(own, row->field), .scope = row->scope };
    return get_field(own, &field, row->to_si, out);
}

static unsigned read_energy(const nvml *own, double *out)
{
    unsigned long long mj;
    if (!own->api.energy)
        return nvml_read_field(own, NVML_FIELD_ENERGY, 0, out);
    unsigned code = own->api.energy(own->gpu, &mj);
    if (code == NVML_DONE)
        *out = 1e-3 * wide(mj);
    return code;
}

static unsigned read_power(const nvml *own, double *out)
{
    unsigned mw;
    if (own->has_instant)
        return nvml_read_field(own, NVML_FIELD_INSTANT, 0, out);
    unsigned code = own->api.power ? own->api.power(own->gpu, &mw) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = 1e-3 * nvml_narrow(mw);
    return code;
}

static unsigned read_clock(const nvml *own, unsigned type, double *out)
{
    unsigned mhz;
    unsigned code =
        own->api.clock ? own->api.clock(own->gpu, type, &mhz) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = 1e6 * nvml_narrow(mhz);
    return code;
}

static unsigned read_sm_clock(const nvml *own, double *out)
{
    return read_clock(own, NVML_CLOCK_SM, out);
}

static unsigned read_mem_clock(const nvml *own, double *out)
{
    return read_clock(own, NVML_CLOCK_MEMORY, out);
}

static unsigned read_temperature(const nvml *own, double *out)
{
    unsigned celsius;
    unsigned code = own->api.temperature ? own->api.temperature(own->gpu, 0, &celsius)
                                         : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = kelvin_at_0_c + nvml_narrow(celsius);
    return code;
}

/* Where the clock is taken back. */
static unsigned read_temperature_limit(const nvml *own, double *out)
{
    unsigned celsius;
    unsigned code = own->api.threshold
                        ? own->api.threshold(own->gpu, NVML_SLOWDOWN, &celsius)
                        : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = kelvin_at_0_c + nvml_narrow(celsius);
    return code;
}

static unsigned read_memory(const nvml *own, size_t at, double *out)
{
    nvml_memory memory;
    unsigned code =
        own->api.memory ? own->api.memory(own->gpu, &memory) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = wide(*(unsigned long long *)(void *)((char *)&memory + at));
    return code;
}

static unsigned read_memory_used(const nvml *own, double *out)
{
    return read_memory(own, offsetof(nvml_memory, used), out);
}

static unsigned read_memory_total(const nvml *own, double *out)
{
    return read_memory(own, offsetof(nvml_memory, total), out);
}

/* Since the driver was loaded, corrected ones too: both say that memory wears. */
static unsigned read_ecc_errors(const nvml *own, double *out)
{
    static const unsigned types[] = { NVML_ECC_CORRECTED, NVML_ECC_UNCORRECTED };
    unsigned code = own->api.ecc ? NVML_DONE : NVML_NOT_SUPPORTED;
    double sum = 0;

    for (size_t i = 0; code == NVML_DONE && i < ERG_COUNT(types); i++) {
        unsigned long long errors;
        code = own->api.ecc(own->gpu, types[i], NVML_ECC_VOLATILE, &errors);
        sum += code == NVML_DONE ? wide(errors) : 0;
    }
    if (code == NVML_DONE)
        *out = sum;
    return code;
}

static unsigned read_use(const nvml *own, double *out)
{
    nvml_use use;
    unsigned code = own->api.use ? own->api.use(own->gpu, &use) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = use.gpu <= 100 ? 0.01 * use.gpu : NAN;
    return code;
}

unsigned nvml_read_limit(const nvml *own, double *out)
{
    unsigned mw;
    if (!own->api.limit)
        return nvml_read_field(own, NVML_FIELD_LIMIT, 0, out);
    unsigned code = own->api.limit(own->gpu, &mw);
    if (code == NVML_DONE)
        *out = 1e-3 * nvml_narrow(mw);
    return code;
}

/* Of the first fan: GPUs without one of their own say NotSupported. */
static unsigned read_fan(const nvml *own, double *out)
{
    unsigned percent;
    unsigned code = own->api.fan ? own->api.fan(own->gpu, &percent) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = 0.01 * nvml_narrow(percent);
    return code;
}

static unsigned read_throttle(const nvml *own, double *out)
{
    unsigned long long reasons;
    unsigned code =
        own->api.throttle ? own->api.throttle(own->gpu, &reasons) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = (double)reasons;
    return code;
}

/* A limit is not ERG_POWER, so that nobody integrates it. The counters of throttled time
 * show what lasts shorter than two looks at the reasons. */
/* clang-format off */
#define FIELD(id, to_si) NVML_FIELD_##id, to_si, NULL
#define CALL(read) 0, 0, read
const nvml_quantity nvml_quantities[] = {
    { "energy", ERG_ENERGY, ERG_COUNTER, NVML_CHIP, "", CALL(read_energy) },
    { "power", ERG_POWER, ERG_INSTANT, NVML_CHIP, "", CALL(read_power) },
    { "power_average", ERG_POWER, ERG_SMOOTHED, NVML_CHIP, "", FIELD(AVERAGE, 1e-3) },
    { "power_module", ERG_POWER, ERG_INSTANT, NVML_MODULE, "", FIELD(INSTANT, 1e-3) },
    { "power_memory", ERG_POWER, ERG_INSTANT, NVML_MEMORY, "", FIELD(INSTANT, 1e-3) },
    { "sm_clock", ERG_CLOCK_RATE, ERG_INSTANT, NVML_CHIP, "", CALL(read_sm_clock) },
    { "mem_clock", ERG_CLOCK_RATE, ERG_INSTANT, NVML_CHIP, "", CALL(read_mem_clock) },
    { "temperature", ERG_TEMPERATURE, ERG_INSTANT, NVML_CHIP, "", CALL(read_temperature) },
    { "temperature_limit", ERG_TEMPERATURE, ERG_INSTANT, NVML_CHIP, "",
      CALL(read_temperature_limit) },
    { "memory_used", ERG_BYTES, ERG_INSTANT, NVML_CHIP, "", CALL(read_memory_used) },
    { "memory_total", ERG_BYTES, ERG_INSTANT, NVML_CHIP, "", CALL(read_memory_total) },
    { "ecc_errors", ERG_OTHER, ERG_COUNTER, NVML_CHIP, "", CALL(read_ecc_errors) },
    { "use", ERG_USE, ERG_INSTANT, NVML_CHIP, "", CALL(read_use) },
    { "fan", ERG_OTHER, ERG_INSTANT, NVML_CHIP, "", CALL(read_fan) },
    { "power_limit", ERG_OTHER, ERG_INSTANT, NVML_CHIP, "W", CALL(nvml_read_limit) },
    { "power_limit_requested", ERG_OTHER, ERG_INSTANT, NVML_CHIP, "W",
      FIELD(LIMIT_REQUESTED, 1e-3) },
    { "power_limit_default", ERG_OTHER, ERG_INSTANT, NVML_CHIP, "W",
      FIELD(LIMIT_DEFAULT, 1e-3) },
    { "power_limit_min", ERG_OTHER, ERG_INSTANT, NVML_CHIP, "W", FIELD(LIMIT_MIN, 1e-3) },
    { "power_limit_max", ERG_OTHER, ERG_INSTANT, NVML_CHIP, "W", FIELD(LIMIT_MAX, 1e-3) },
    { "throttle", ERG_OTHER, ERG_INSTANT, NVML_CHIP, "bits", CALL(read_throttle) },
    { "throttled_power", ERG_DURATION, ERG_COUNTER, NVML_CHIP, "",
      FIELD(PAST_POWER, 1e-9) },
    { "throttled_thermal", ERG_DURATION, ERG_COUNTER, NVML_CHIP, "",
      FIELD(PAST_THERMAL, 1e-9) },
    { "throttled_board", ERG_DURATION, ERG_COUNTER, NVML_CHIP, "",
      FIELD(PAST_BOARD, 1e-9) },
    { "throttled_reliability", ERG_DURATION, ERG_COUNTER, NVML_CHIP, "",
      FIELD(PAST_RELIABILITY, 1e-9) },
    { "throttled_sw_thermal", ERG_DURATION, ERG_COUNTER, NVML_CHIP, "",
      FIELD(PAST_SW_THERMAL, 1e-9) },
    { "throttled_hw_thermal", ERG_DURATION, ERG_COUNTER, NVML_CHIP, "",
      FIELD(PAST_HW_THERMAL, 1e-9) },
    { "throttled_brake", ERG_DURATION, ERG_COUNTER, NVML_CHIP, "",
      FIELD(PAST_BRAKE, 1e-9) },
};
#undef FIELD
#undef CALL
/* clang-format on */
const size_t nvml_quantity_count = ERG_COUNT(nvml_quantities);
