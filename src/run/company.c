/* SPDX-License-Identifier: Apache-2.0 */
/* Who else computes on the devices, while they are recorded. */
#include <stdlib.h>
#include "run/company.h"

bool erg_company_open(erg_company *company, const erg_devices *devices, erg_error *err)
{
    company->of = calloc(erg_devices_count(devices) + 1, sizeof(*company->of));
    return company->of || erg_fail(err, ERG_NO_MEMORY, "out of memory for a recording");
}

void erg_company_free(erg_company *company)
{
    free(company->of);
    company->of = NULL;
}

bool erg_company_is_there(erg_company *company, erg_devices *devices, size_t device)
{
    bool is_there = erg_devices_has_others(devices, device);

    company->of[device].is_told = is_there || erg_devices_info(devices, device)->shared;
    return is_there;
}

static void tell(erg_companion *of, const erg_devices *devices, size_t device,
                 const erg_sampler *sampler, int64_t now_ns, erg_sink *sink)
{
    erg_flag flag = { .code = ERG_FLAG_SHARED, .span = { of->told_ns, now_ns } };

    of->told_ns = now_ns;
    if (flag.span.end_ns <= flag.span.begin_ns)
        return;
    snprintf(flag.text, sizeof(flag.text), "others computed on %s for a time: their joules "
             "are in its figures; measure when it is free, or read them as the device's",
             erg_devices_info(devices, device)->name);
    for (size_t i = 0; i < sampler->count; i++) {
        const erg_sampled *channel = &sampler->channels[i];
        flag.channel = (int)i;
        if (channel->device == device && erg_has_joules(channel->info.quantity))
            erg_sink_flag(sink, &flag);
    }
}

/* At once, and then as often as the stretch has doubled: a day with others is some twenty
 * flags, and a kill loses the half of it at most. */
static bool is_due(const erg_companion *of, int64_t now_ns)
{
    return now_ns - of->told_ns >= of->told_ns - of->came_ns;
}

static void look_at(erg_company *company, erg_devices *devices, size_t device,
                    const erg_sampler *sampler, int64_t now_ns, bool is_last,
                    erg_sink *sink)
{
    erg_companion *of = &company->of[device];
    bool is_there = erg_devices_has_others(devices, device);

    if (is_there && !of->is_there)
        of->came_ns = of->told_ns = company->looked_ns;
    if ((is_there && (is_last || is_due(of, now_ns))) || (of->is_there && !is_there))
        tell(of, devices, device, sampler, now_ns, sink);
    of->is_there = is_there;
}

void erg_company_look(erg_company *company, erg_devices *devices,
                      const erg_sampler *sampler, int64_t now_ns, bool is_last,
                      erg_sink *sink)
{
    for (size_t i = 0; i < erg_devices_count(devices); i++)
        if (erg_devices_state(devices, i) == ERG_PRESENT && !company->of[i].is_told)
            look_at(company, devices, i, sampler, now_ns, is_last, sink);
    company->looked_ns = now_ns;
}
