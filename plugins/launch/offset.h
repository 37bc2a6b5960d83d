/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By how much a communicator's collectives are delayed, pure. All of its ranks must decide
 * alike: the delay follows from the communicator's identity, how many collectives it has
 * had, and the configuration; nothing here sees a clock, a rank or a device.
 */
#ifndef ERG_PLUGIN_LAUNCH_OFFSET_H
#define ERG_PLUGIN_LAUNCH_OFFSET_H

#include <stddef.h>
#include <stdint.h>
#include "chance.h"

typedef struct offset_config {
    double stagger_s;           /* communicators are spread over it; 0: none is delayed */
    double slack_s;             /* what each can spare before others wait for it */
    double timeout_s;           /* of a collective: 1 % of it is the most delay of one */
    chance_jitter jitter;       /* on top; its every counts for both */
} offset_config;

/* What all ranks know of a communicator: the bytes of the id that it was made of, or the
 * one it was split from, the number of that split and its colour. */
uint64_t offset_key(const void *id, size_t size);
uint64_t offset_key_split(uint64_t parent, uint64_t number, int colour);

/* 0: nothing is ever delayed. */
static inline double offset_most_s(const offset_config *config)
{
    return config->stagger_s + config->jitter.to_s;
}

/* sequence: collectives before this one. */
double offset_s(const offset_config *config, uint64_t key, uint64_t sequence);

#endif
