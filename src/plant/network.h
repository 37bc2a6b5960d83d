/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between numbered ends over a bad network: delayed, lost, repeated, out of order,
 * and not at all across a cut. Deliveries are events on the caller's agenda; the same key
 * gives the same fate to the same messages.
 */
#ifndef ERG_PLANT_NETWORK_H
#define ERG_PLANT_NETWORK_H

#include "math/xoshiro.h"
#include "plant/agenda.h"

typedef struct erg_network_habits {
    int64_t delay_least_ns, delay_most_ns;
    double late_share;          /* of messages that take up to late_ns */
    int64_t late_ns;
    double loss, repeat;        /* shares */
    bool in_order;              /* between two ends, as over one connection */
} erg_network_habits;

typedef struct erg_network erg_network;

/* Messages are of body_bytes; an event of `who` is ours: hand it to erg_network_deliver. */
erg_network *erg_network_new(erg_agenda *agenda, uint32_t who, size_t ends,
                             size_t body_bytes, erg_error *err);
void erg_network_free(erg_network *network);
void erg_network_set(erg_network *network, const erg_network_habits *habits, uint64_t key);
/* An end that is cut neither sends nor gets; what is under way to it is lost on arrival. */
void erg_network_cut(erg_network *network, size_t end, bool is_cut);
bool erg_network_is_cut(const erg_network *network, size_t end);
/* Drops all that is under way: the broker has died. */
void erg_network_drop(erg_network *network);
bool erg_network_send(erg_network *network, size_t from, size_t to, const void *body,
                      erg_error *err);
/* False: it was lost on the way. */
bool erg_network_deliver(erg_network *network, const erg_event *event, size_t *from,
                         size_t *to, void *body);

#endif
