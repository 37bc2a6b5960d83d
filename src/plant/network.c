/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "plant/network.h"

typedef struct parcel {
    size_t from, to;
    bool under_way;
} parcel;

struct erg_network {
    erg_agenda *agenda;
    uint32_t who;
    size_t ends, body_bytes;
    bool *is_cut;
    int64_t *last_ns;       /* of arrivals, from * ends + to */
    parcel *parcels;
    unsigned char *bodies;  /* parcel k's at k * body_bytes */
    size_t capacity, count;
    erg_network_habits habits;
    erg_xoshiro random;
};

erg_network *erg_network_new(erg_agenda *agenda, uint32_t who, size_t ends,
                             size_t body_bytes, erg_error *err)
{
    erg_network *network = calloc(1, sizeof(*network));

    if (network) {
        *network = (erg_network){ .agenda = agenda, .who = who, .ends = ends,
                                  .body_bytes = body_bytes,
                                  .random = erg_xoshiro_of(0, 0) };
        network->is_cut = calloc(ends, sizeof(*network->is_cut));
        network->last_ns = calloc(ends * ends, sizeof(*network->last_ns));
    }
    if (network && network->is_cut && network->last_ns)
        return network;
    erg_network_free(network);
    erg_fail(err, ERG_NO_MEMORY, "out of memory for a network of %zu ends", ends);
    return NULL;
}

void erg_network_free(erg_network *network)
{
    if (!network)
        return;
    free(network->is_cut);
    free(network->last_ns);
    free(network->parcels);
    free(network->bodies);
    free(network);
}

void erg_network_set(erg_network *network, const erg_network_habits *habits, uint64_t key)
{
    network->habits = *habits;
    network->random = erg_xoshiro_of(key, network->who);
}

void erg_network_cut(erg_network *network, size_t end, bool is_cut)
{
    network->is_cut[end] = is_cut;
}

bool erg_network_is_cut(const erg_network *network, size_t end)
{
    return network->is_cut[end];
}

void erg_network_drop(erg_network *network)
{
    for (size_t k = 0; k < network->count; k++)
        network->parcels[k].under_way = false;
}

static int64_t delay_ns(erg_network *network)
{
    const erg_network_habits *habits = &network->habits;
    double share = erg_xoshiro_uniform(&network->random);
    bool is_late = erg_xoshiro_uniform(&network->random) < habits->late_share;
    int64_t most_ns = is_late ? habits->late_ns : habits->delay_most_ns;

    return habits->delay_least_ns
        + (int64_t)(share * (double)(most_ns - habits->delay_least_ns));
}

/* Parcels are never used twice: an event names one for good. */
static bool post(erg_network *network, const parcel *what, const void *body, erg_error *err)
{
    size_t room = network->capacity;

    if (!erg_grow((void **)&network->parcels, &room, network->count,
                  sizeof(*network->parcels), err))
        return false;
    if (!erg_grow((void **)&network->bodies, &network->capacity, network->count,
                  network->body_bytes, err))
        return false;
    network->parcels[network->count] = *what;
    memcpy(network->bodies + network->count * network->body_bytes, body,
           network->body_bytes);

    int64_t at_ns = network->agenda->now_ns + delay_ns(network);
    int64_t *last_ns = &network->last_ns[what->from * network->ends + what->to];
    if (network->habits.in_order && at_ns < *last_ns)
        at_ns = *last_ns;
    if (at_ns > *last_ns)
        *last_ns = at_ns;
    return erg_agenda_plan(network->agenda, at_ns, network->who, (uint32_t)network->count++,
                           err);
}

bool erg_network_send(erg_network *network, size_t from, size_t to, const void *body,
                      erg_error *err)
{
    bool is_lost = erg_xoshiro_uniform(&network->random) < network->habits.loss;
    bool is_repeated = erg_xoshiro_uniform(&network->random) < network->habits.repeat;
    const parcel what = { from, to, true };

    if (is_lost || network->is_cut[from])
        return true;
    return post(network, &what, body, err)
        && (!is_repeated || post(network, &what, body, err));
}

bool erg_network_deliver(erg_network *network, const erg_event *event, size_t *from,
                         size_t *to, void *body)
{
    parcel *what = &network->parcels[event->serial];
    bool arrives = what->under_way && !network->is_cut[what->to];

    what->under_way = false;
    *from = what->from;
    *to = what->to;
    memcpy(body, network->bodies + event->serial * network->body_bytes,
           network->body_bytes);
    return arrives;
}
