/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the journal. */
#include <math.h>
#include "govern/govern.h"

void erg_govern_note_fault(erg_governor *governor, const erg_error *fault)
{
    governor->fault = *fault;
    governor->fault_ns = governor->now_ns;
}

/* Before its first step a governor has no time of its own. */
static void note(erg_governor *governor, erg_journal_entry *entry, const char *device,
                 const char *rule, const char *who)
{
    erg_error fault = { 0 };

    entry->t_ns = governor->now_ns ? governor->now_ns : erg_env_now_ns(&governor->env);
    entry->utc_ns = erg_env_utc_ns(&governor->env);
    erg_text_put(entry->device, sizeof(entry->device), device);
    erg_text_put(entry->rule, sizeof(entry->rule), rule ? rule : "free");
    erg_text_put(entry->who, sizeof(entry->who), who);
    if (erg_journal_add(governor->journal, entry, &fault))
        return;
    erg_govern_note_fault(governor, &fault);
    erg_env_log(&governor->env, ERG_WARNING, "%s", fault.text);
}

static const char *name_of(const erg_governor *governor, const erg_governed *item)
{
    return item ? erg_devices_info(governor->devices, item->index)->name
                : governor->config->node.id;
}

void erg_govern_note(erg_governor *governor, const erg_govern_change *change)
{
    erg_journal_entry entry = {
        .old_w = change->old_w, .requested_w = change->requested_w,
        .clamped_w = change->clamped_w, .enforced_w = change->enforced_w,
    };

    if (change->item)
        erg_text_put(entry.text, sizeof(entry.text), change->item->reason);
    note(governor, &entry, name_of(governor, change->item), change->rule, change->who);
}

void erg_govern_note_clock(erg_governor *governor, const erg_govern_clock_change *change)
{
    erg_journal_entry entry = {
        .old_w = NAN, .requested_w = NAN, .clamped_w = NAN, .enforced_w = NAN,
        .old_hz = change->old_hz, .requested_hz = change->requested_hz,
        .clamped_hz = change->clamped_hz, .enforced_hz = change->enforced_hz,
    };

    if (change->item)
        erg_text_put(entry.text, sizeof(entry.text), change->item->clock.reason);
    note(governor, &entry, name_of(governor, change->item), change->rule, change->who);
}

void erg_governor_note_clock(erg_governor *governor, const char *device, const char *rule,
                             const char *who, double old_hz, double requested_hz)
{
    erg_journal_entry entry = {
        .old_w = NAN, .requested_w = NAN, .clamped_w = NAN, .enforced_w = NAN,
        .old_hz = old_hz, .requested_hz = requested_hz, .clamped_hz = NAN,
        .enforced_hz = NAN,
    };

    note(governor, &entry, device, rule, who);
}
