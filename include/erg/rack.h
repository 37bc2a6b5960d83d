/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node or the coordinator of a rack, without its network: messages in, messages out. Caps
 * are leases; whatever is lost, late or repeated, their sum keeps to the rack's limit.
 *
 *   Units    SI; time stamps are those of the environment's clocks.
 *   Owning   An erg_rack * is yours: erg_rack_free it. It borrows its configuration and
 *            environment. What a post points at is good until the call returns.
 *   Failing  Takes erg_error *err (or NULL) last; returns false or NULL.
 *   Threads  One at a time for each rack.
 *   Source   docs/rack.md.
 */
#ifndef ERG_RACK_H
#define ERG_RACK_H

#include <stddef.h>
#include "erg/govern.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_rack erg_rack;

typedef struct erg_rack_post {
    const char *topic, *bytes;
    size_t size;
    int qos;
    bool retain;
    unsigned expiry_s;      /* 0: never */
} erg_rack_post;

typedef void (*erg_rack_send)(void *self, const erg_rack_post *post);
typedef struct erg_rack_line { erg_rack_send send; void *self; } erg_rack_line;

/* config names a broker (mqtt), and a coordinator's the nodes (rack.nodes). */
erg_rack *erg_rack_new(const erg_govern_config *config, const erg_env *env, erg_error *err);
/* Its names and times fit a rack, as erg_rack_new asks; true where it names no broker. */
bool erg_rack_check(const erg_govern_config *config, erg_error *err);
void erg_rack_free(erg_rack *rack);

/* How to connect: a name that only one may have at a time, topics to subscribe to (NULL
 * behind the last), and what the broker says when the connection is lost. */
const char *erg_rack_client(const erg_rack *rack);
const char *const *erg_rack_topics(const erg_rack *rack);
void erg_rack_will(erg_rack *rack, erg_rack_post *out);

/* Where a coordinator says that it leads, and whether that is said by another: these two
 * may be called from any thread. */
const char *erg_rack_lead_topic(const erg_rack *rack);
bool erg_rack_is_led(const erg_rack *rack, const char *bytes, size_t size);

/* Connected and subscribed. */
void erg_rack_up(erg_rack *rack, const erg_rack_line *line);
/* The connection is lost; taken_over: to another coordinator, so this one stands by. */
void erg_rack_down(erg_rack *rack, bool taken_over);
/* A message. False: it is none of ours, or not taken, and why. */
bool erg_rack_take(erg_rack *rack, const char *topic, const char *bytes, size_t size,
                   erg_error *err);
/* After each step of the governor: reads what it has, lends it what is held, sends. */
void erg_rack_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
