/* SPDX-License-Identifier: Apache-2.0 */
/* What NVML says of one GPU, one call each, brought to SI; blanks become NAN. */
#include <math.h>
#include "device/drivers/nvml.h"

static const double kelvin_at_0_c = 273.15;

/* The driver's tools mark blanks by 0x7ffffff0 and above, in either width. A counter
 * passes 2^31 mJ after hours: in a wide value only the wide blanks are blanks. */
static double milli(unsigned value) { return value >= 0x7ffffff0u ? NAN : 1e-3 * value; }

static double milli_wide(unsigned long long value)
{
    return value >= 0x7ffffffffffffff0u ? NAN : 1e-3 * (double)value;
}

static double field_milli(const nvml_field *field)
{
    switch (field->type) {
    case NVML_DOUBLE:
        return field->value.real < 0x1p47 ? 1e-3 * field->value.real : NAN;
    case NVML_UINT:
        return milli(field->value.natural);
    case NVML_ULONG:
        return milli_wide(field->value.natural_long);
    case NVML_ULONGLONG:
        return milli_wide(field->value.natural_wide);
    case NVML_LONGLONG:
        return milli_wide((unsigned long long)field->value.integer_wide);
    case NVML_INT:
        return milli((unsigned)field->value.integer);
    case NVML_USHORT:
        return 1e-3 * field->value.natural_short;
    }
    return NAN;
}

unsigned nvml_read_field(const nvml *own, unsigned id, unsigned scope, double *out)
{
    nvml_field field = { .id = id, .scope = scope };
    if (!own->api.fields)
        return NVML_NOT_SUPPORTED;
    unsigned code = own->api.fields(own->gpu, 1, &field);
    if (code == NVML_DONE)
        code = field.code;
    if (code == NVML_DONE)
        *out = field_milli(&field);
    return code;
}

static unsigned read_energy(const nvml *own, double *out)
{
    unsigned long long mj;
    if (!own->api.energy)
        return nvml_read_field(own, NVML_FIELD_ENERGY, 0, out);
    unsigned code = own->api.energy(own->gpu, &mj);
    if (code == NVML_DONE)
        *out = milli_wide(mj);
    return code;
}

static unsigned read_power(const nvml *own, double *out)
{
    unsigned mw;
    if (own->has_instant)
        return nvml_read_field(own, NVML_FIELD_INSTANT, 0, out);
    unsigned code = own->api.power ? own->api.power(own->gpu, &mw) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = milli(mw);
    return code;
}

static unsigned read_average(const nvml *own, double *out)
{
    return nvml_read_field(own, NVML_FIELD_AVERAGE, 0, out);
}

static unsigned read_module(const nvml *own, double *out)
{
    return nvml_read_field(own, NVML_FIELD_INSTANT, NVML_MODULE, out);
}

static unsigned read_memory(const nvml *own, double *out)
{
    return nvml_read_field(own, NVML_FIELD_INSTANT, NVML_MEMORY, out);
}

static unsigned read_limit_min(const nvml *own, double *out)
{
    return nvml_read_field(own, NVML_FIELD_LIMIT_MIN, NVML_CHIP, out);
}

static unsigned read_limit_max(const nvml *own, double *out)
{
    return nvml_read_field(own, NVML_FIELD_LIMIT_MAX, NVML_CHIP, out);
}

static unsigned read_limit_default(const nvml *own, double *out)
{
    return nvml_read_field(own, NVML_FIELD_LIMIT_DEFAULT, NVML_CHIP, out);
}

static unsigned read_limit_requested(const nvml *own, double *out)
{
    return nvml_read_field(own, NVML_FIELD_LIMIT_REQUESTED, NVML_CHIP, out);
}

static unsigned read_clock(const nvml *own, unsigned type, double *out)
{
    unsigned mhz;
    unsigned code =
        own->api.clock ? own->api.clock(own->gpu, type, &mhz) : NVML_NOT_SUPPORTED;
    if (code == NVML_DONE)
        *out = mhz < 0x7ffffff0u ? 1e6 * mhz : NAN;
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
        *out = celsius < 0x7ffffff0u ? kelvin_at_0_c + celsius : NAN;
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
        *out = milli(mw);
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

/* A limit is not ERG_POWER, so that nobody integrates it. */
/* clang-format off */
const nvml_quantity nvml_quantities[] = {
    { "energy",        ERG_ENERGY,      ERG_COUNTER,  NVML_CHIP,   "",  read_energy },
    { "power",         ERG_POWER,       ERG_INSTANT,  NVML_CHIP,   "",  read_power },
    { "power_average", ERG_POWER,       ERG_SMOOTHED, NVML_CHIP,   "",  read_average },
    { "power_module",  ERG_POWER,       ERG_INSTANT,  NVML_MODULE, "",  read_module },
    { "power_memory",  ERG_POWER,       ERG_INSTANT,  NVML_MEMORY, "",  read_memory },
    { "sm_clock",      ERG_CLOCK_RATE,  ERG_INSTANT,  NVML_CHIP,   "",  read_sm_clock },
    { "mem_clock",     ERG_CLOCK_RATE,  ERG_INSTANT,  NVML_CHIP,   "",  read_mem_clock },
    { "temperature",   ERG_TEMPERATURE, ERG_INSTANT,  NVML_CHIP,   "",  read_temperature },
    { "use",           ERG_USE,         ERG_INSTANT,  NVML_CHIP,   "",  read_use },
    { "power_limit",   ERG_OTHER,       ERG_INSTANT,  NVML_CHIP,   "W", nvml_read_limit },
    { "power_limit_requested", ERG_OTHER, ERG_INSTANT, NVML_CHIP,  "W", read_limit_requested },
    { "power_limit_default", ERG_OTHER, ERG_INSTANT,  NVML_CHIP,   "W", read_limit_default },
    { "power_limit_min", ERG_OTHER,     ERG_INSTANT,  NVML_CHIP,   "W", read_limit_min },
    { "power_limit_max", ERG_OTHER,     ERG_INSTANT,  NVML_CHIP,   "W", read_limit_max },
    { "throttle",      ERG_OTHER,       ERG_INSTANT,  NVML_CHIP,   "bits", read_throttle },
};
/* clang-format on */
const size_t nvml_quantity_count = ERG_COUNT(nvml_quantities);
