/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a rack with nothing between them but memory and a clock. */
#ifndef ERG_TESTS_RACK_PLACE_H
#define ERG_TESTS_RACK_PLACE_H

#include "erg/govern.h"
#include "erg/rack.h"
#include "govern/govern.h"
#include "test.h"

static int64_t now_ns;

static inline int64_t read_now(void *self)
{
    (void)self;
    return now_ns;
}

static inline void no_sleep(void *self, int64_t at_ns)
{
    (void)self;
    now_ns = at_ns;
}

static const erg_clock clock_by_hand = { read_now, read_now, no_sleep, NULL, read_now };

typedef struct mail { char topic[200], bytes[1100]; size_t size; bool retain; } mail;
typedef struct box { mail mails[32]; size_t count; } box;

static inline void put(void *self, const erg_rack_post *post)
{
    box *to = self;

    if (to->count == ERG_COUNT(to->mails))
        return;
    mail *at = &to->mails[to->count++];
    erg_text_put(at->topic, sizeof(at->topic), post->topic);
    memcpy(at->bytes, post->bytes, post->size);
    at->size = post->size;
    at->retain = post->retain;
}

typedef struct place {
    erg_govern_config *config;
    erg_governor *governor;
    erg_rack *rack;
    box out;
    char text[900];
} place;

static inline bool place_open(place *at, const char *folder, const char *rest,
                              erg_error *err)
{
    const erg_env env = { .clock = &clock_by_hand };

    *at = (place){ 0 };
    snprintf(at->text, sizeof(at->text), "version: 1\nstate: %s\n%s"
             "mqtt: {host: nowhere, rack: r1}\n", folder, rest);
    at->config = erg_govern_config_parse("test", at->text, strlen(at->text), err);
    at->governor = at->config ? erg_governor_open(at->config, &env, err) : NULL;
    at->rack = at->governor ? erg_rack_new(at->config, &env, err) : NULL;
    return at->rack != NULL;
}

static inline void place_close(place *at)
{
    erg_rack_free(at->rack);
    erg_governor_free(at->governor);
    erg_govern_config_free(at->config);
}

static inline void carry(place *from, place *to)
{
    for (size_t i = 0; i < from->out.count; i++)
        erg_rack_take(to->rack, from->out.mails[i].topic, from->out.mails[i].bytes,
                      from->out.mails[i].size, NULL);
    from->out.count = 0;
}

static inline void step(place *at)
{
    erg_rack_line line = { put, &at->out };

    CHECK(erg_governor_step(at->governor, now_ns, NULL));
    erg_rack_step(at->rack, at->governor, &line);
}

#endif
