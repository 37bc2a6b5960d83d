/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ERG_MPI asks for: "wait=sleep,wait_after=500us,stagger=20ms". A key that is left
 * out stays at its neutral value, and a neutral configuration changes no call.
 */
#ifndef ERG_PLUGIN_MPI_CONFIG_H
#define ERG_PLUGIN_MPI_CONFIG_H

#include "chance.h"
#include "erg/error.h"

typedef enum mpi_waiting {
    WAIT_BUSY,      /* as the MPI library does it */
    WAIT_SLEEP,     /* the nonblocking form, tested between naps */
    WAIT_SLACK,     /* naps only until every rank has come, then the plain call */
    WAIT_FREQ       /* tested at the core's least clock; where that cannot be, as SLEEP */
} mpi_waiting;

/* Rank 0 sends it as bytes: no pointers. */
typedef struct mpi_config {
    int wait;                   /* mpi_waiting */
    double wait_after_s;        /* so long is tested without a nap */
    double nap_s;               /* the longest nap; none is over 2 % of the wait so far */
    double stagger_s;           /* the groups' entries are spread over it; 0: not */
    chance_jitter jitter;       /* of every group, the world too */
    double timeout_s;           /* of a collective: 1 % of it is the most delay of one */
    double pace_bytes_per_s;    /* 0: not paced */
    double chunk_bytes;         /* 0: 512 KiB inside a node, 256 KiB between nodes */
    double node_ranks;          /* ranks that count as a node; 0: as MPI says */
    int hierarchical;
    int deterministic;          /* neither cuts nor reorders a sum */
} mpi_config;

/* NULL and "" are neutral. ERG_BAD_INPUT names the key. */
bool mpi_config_parse(const char *text, mpi_config *out, erg_error *err);
/* False: no call is changed. */
bool mpi_config_acts(const mpi_config *config);

#endif
