/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "govern/rack.h"

/* ---- begin and end ------------------------------------------------------------------- */

static erg_lease_terms terms_of(const erg_govern_config *config)
{
    erg_lease_terms terms = erg_lease_terms_usual();

    terms.lease_ns = erg_ns_from_s(config->mqtt.lease_s);
    terms.period_ns = erg_ns_from_s(config->mqtt.status_s);
    terms.actuation_ns = erg_ns_from_s(config->mqtt.actuation_s);
    return terms;
}

/* Differs between any two starts; below 2^53, as numbers of JSON are. */
static uint64_t new_boot(const erg_env *env)
{
    uint64_t boot = 0;

    if (getrandom(&boot, sizeof(boot), GRND_NONBLOCK) != sizeof(boot))
        boot = (uint64_t)(erg_env_utc_ns(env) / ERG_NS_PER_US);
    boot &= ((uint64_t)1 << 53) - 1;
    return boot ? boot : 1;
}

static bool check(const erg_govern_config *config, const erg_lease_terms *terms,
                  erg_error *err)
{
    if (!config->mqtt.host || !config->mqtt.rack)
        return erg_fail(err, ERG_BAD_INPUT, "mqtt needs host and rack");
    if (strlen(config->mqtt.rack) >= 64 || strlen(config->node.id) >= 64
        || strpbrk(config->mqtt.rack, "/+#$ ") || strpbrk(config->node.id, "/+#$ "))
        return erg_fail(err, ERG_BAD_INPUT,
                        "node.id and mqtt.rack are parts of topics: up to 63 "
                        "characters, none of / + # $ or blank");
    if (2 * config->period_s > config->mqtt.actuation_s)
        return erg_fail(err, ERG_BAD_INPUT,
                        "mqtt.actuation (%g s) must be at least two periods "
                        "of the loop (%g s)", config->mqtt.actuation_s, config->period_s);
    return erg_lease_terms_check(terms, err);
}

bool erg_rack_check(const erg_govern_config *config, erg_error *err)
{
    const erg_lease_terms terms = terms_of(config);

    return !config->mqtt.host || check(config, &terms, err);
}

static void name_all(erg_rack *rack)
{
    const erg_govern_config *config = rack->config;
    bool is_node = config->role == ERG_ROLE_NODE;

    snprintf(rack->prefix, sizeof(rack->prefix), "erg/%s/", config->mqtt.rack);
    snprintf(rack->client, sizeof(rack->client), "erg-%s-%s", config->mqtt.rack,
             is_node ? config->node.id : "coordinator");
    snprintf(rack->topics[0], sizeof(rack->topics[0]), is_node ? "erg/%s/node/%s/grant"
             : "erg/%s/node/+/status", config->mqtt.rack, config->node.id);
    snprintf(rack->topics[1], sizeof(rack->topics[1]),
             is_node ? "erg/%s/brake" : "erg/%s/coord", config->mqtt.rack);
    snprintf(rack->topics[2], sizeof(rack->topics[2]), "erg/%s/event", config->mqtt.rack);
    for (size_t i = 0; i < ERG_RACK_TOPICS; i++)
        rack->topic_list[i] = rack->topics[i];
}

erg_rack *erg_rack_new(const erg_govern_config *config, const erg_env *env, erg_error *err)
{
    erg_lease_terms terms = terms_of(config);
    erg_rack *rack = check(config, &terms, err) ? calloc(1, sizeof(*rack)) : NULL;

    if (!rack) {
        if (!err || err->code == ERG_OK)
            erg_fail(err, ERG_NO_MEMORY, "out of memory for a rack");
        return NULL;
    }
    rack->config = config;
    rack->env = env ? *env : (erg_env){ 0 };
    rack->terms = terms;
    rack->boot = new_boot(&rack->env);
    name_all(rack);
    if (config->role == ERG_ROLE_NODE ? erg_rack_node_begin(rack, err)
                                      : erg_rack_desk_begin(rack, err))
        return rack;
    erg_rack_free(rack);
    return NULL;
}

void erg_rack_free(erg_rack *rack)
{
    if (!rack)
        return;
    erg_rack_desk_end(rack);
    free(rack);
}

/* ---- the connection ------------------------------------------------------------------ */

const char *erg_rack_client(const erg_rack *rack) { return rack->client; }
const char *const *erg_rack_topics(const erg_rack *rack) { return rack->topic_list; }

static void presence_topic(const erg_rack *rack, char *to, size_t size)
{
    if (rack->config->role == ERG_ROLE_NODE)
        snprintf(to, size, "node/%s/up", rack->config->node.id);
    else
        snprintf(to, size, "coord");
}

static size_t write_presence(erg_rack *rack, bool is_up)
{
    uint64_t epoch = rack->config->role == ERG_ROLE_NODE
        ? rack->node.epoch : rack->desk.epoch;

    return erg_rack_presence_write(&(erg_rack_presence){ is_up, rack->boot, epoch },
                                   rack->text);
}

const char *erg_rack_lead_topic(const erg_rack *rack) { return rack->topics[1]; }

bool erg_rack_is_led(const erg_rack *rack, const char *bytes, size_t size)
{
    erg_rack_presence presence;

    return erg_rack_presence_read(bytes, size, &presence, NULL) && presence.is_up
        && presence.boot != rack->boot;
}

void erg_rack_will(erg_rack *rack, erg_rack_post *out)
{
    char topic[80];

    presence_topic(rack, topic, sizeof(topic));
    snprintf(rack->topic, sizeof(rack->topic), "%s%s", rack->prefix, topic);
    *out = (erg_rack_post){ rack->topic, rack->text, write_presence(rack, false), 1,
                            true, 0 };
}

void erg_rack_up(erg_rack *rack, const erg_rack_line *line)
{
    char topic[80];

    rack->is_up = true;
    if (rack->config->role == ERG_ROLE_RACK)
        erg_rack_desk_up(rack);
    presence_topic(rack, topic, sizeof(topic));
    erg_rack_post_to(rack, line, topic,
                     &(erg_rack_post){ .size = write_presence(rack, true), .qos = 1,
                                       .retain = true });
}

void erg_rack_down(erg_rack *rack, bool taken_over)
{
    rack->is_up = false;
    if (taken_over && rack->config->role == ERG_ROLE_RACK)
        rack->desk.stands_by = true;
}

bool erg_rack_take(erg_rack *rack, const char *topic, const char *bytes, size_t size,
                   erg_error *err)
{
    size_t length = strlen(rack->prefix);

    if (strncmp(topic, rack->prefix, length) != 0)
        return erg_fail(err, ERG_BAD_INPUT, "%.100s: of another rack", topic);
    if (strcmp(topic + length, "event") == 0)
        return erg_rack_event_take(rack, bytes, size, err);
    return rack->config->role == ERG_ROLE_NODE
               ? erg_rack_node_take(rack, topic + length, bytes, size, err)
               : erg_rack_desk_take(rack, topic + length, bytes, size, err);
}

void erg_rack_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line)
{
    if (rack->config->role == ERG_ROLE_NODE)
        erg_rack_node_step(rack, governor, line);
    else
        erg_rack_desk_step(rack, governor, line);
    erg_rack_event_step(rack, governor, line);
}
