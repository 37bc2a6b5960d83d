/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in a rack, told to all of it: lines of one's own journal go out as events,
 * those of others come into it. Nothing is decided by an event.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"
#include "govern/rack.h"

/* Of the journal, by rule; what limits do many times a minute is not told. */
static const struct { const char *rule, *kind; } told[] = {
    { "migrate", "migrate" },       /* a device stays hot: its job should be moved */
    { "infeasible", "short" },      /* a node's least is above its limit */
    { "trip", "trip" },             /* by its model the breaker has tripped */
    { "brake", "brake" },
    { "set", "mark" },
    { "meter", "mark" },
    { "release", "mark" },
};

/* Who may publish may publish much: the journal must not be flooded. */
enum { WRITTEN_PER_S = 4 };

bool erg_rack_event_take(erg_rack *rack, const char *bytes, size_t size, erg_error *err)
{
    erg_rack_event event;
    int64_t now_ns = erg_env_boot_ns(&rack->env);

    if (!erg_rack_event_read(bytes, size, &event, err))
        return false;
    if (strcmp(event.node, rack->config->node.id) == 0)
        return true;                /* one's own, come back */
    if (now_ns - rack->heard_ns >= ERG_NS_PER_S) {
        rack->heard_ns = now_ns;
        rack->heard_count = 0;
    }
    if (rack->heard_count == WRITTEN_PER_S || rack->event_count == ERG_RACK_EVENTS)
        return erg_fail(err, ERG_REFUSED, "more events than are written down");
    rack->heard_count++;
    rack->events[rack->event_count++] = event;
    return true;
}

void erg_rack_event_note(erg_governor *governor, const char *rule, const char *text)
{
    const erg_journal_words words = { governor->config->node.id, rule, "ergd", text };

    erg_journal_say(governor->journal, &governor->env, &words, NULL);
}

static void write_down(erg_governor *governor, const erg_rack_event *event)
{
    char text[sizeof(event->kind) + sizeof(event->text) + 2];
    const erg_journal_words words = { event->device, "event", event->node, text };

    snprintf(text, sizeof(text), "%s%s%s", event->kind, event->text[0] ? ": " : "",
             event->text);
    erg_journal_say(governor->journal, &governor->env, &words, NULL);
}

static void put_words(const erg_journal_entry *entry, char *to, size_t size)
{
    char who[24];

    erg_text_put(who, sizeof(who), entry->who);
    if (entry->text[0])
        erg_text_put(to, size, entry->text);
    else if (strcmp(entry->rule, "infeasible") == 0)
        snprintf(to, size, "least %.4g W, limit %.4g W", entry->clamped_w,
                 entry->requested_w);
    else if (!isnan(entry->requested_w))
        snprintf(to, size, "%.8s to %.4g W by %s", entry->rule, entry->requested_w, who);
    else
        snprintf(to, size, "%.8s by %s", entry->rule, who);
}

static void tell(erg_rack *rack, const erg_rack_line *line, const erg_journal_entry *entry)
{
    erg_rack_event event = { 0 };

    for (size_t i = 0; i < ERG_COUNT(told); i++)
        if (strcmp(told[i].rule, entry->rule) == 0)
            erg_text_put(event.kind, sizeof(event.kind), told[i].kind);
    if (!event.kind[0])
        return;
    erg_text_put(event.node, sizeof(event.node), rack->config->node.id);
    erg_text_put(event.device, sizeof(event.device), entry->device);
    put_words(entry, event.text, sizeof(event.text));
    erg_rack_post_to(rack, line, "event",
                     &(erg_rack_post){ .size = erg_rack_event_write(&event, rack->text),
                                       .qos = 1,
                                       .expiry_s = 1
                                           + (unsigned)rack->config->mqtt.lease_s });
}

void erg_rack_event_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line)
{
    size_t kept = erg_journal_count(governor->journal);
    uint64_t total = erg_journal_total(governor->journal);
    uint64_t fresh = total - rack->journal_total;

    for (size_t i = fresh < kept ? kept - (size_t)fresh : 0; i < kept; i++)
        tell(rack, line, erg_journal_at(governor->journal, i));
    for (size_t i = 0; i < rack->event_count; i++)
        write_down(governor, &rack->events[i]);
    rack->journal_total = erg_journal_total(governor->journal);
    rack->event_count = 0;
}
