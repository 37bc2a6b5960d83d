/* SPDX-License-Identifier: Apache-2.0 */
/* The budget of joules and watts of a process: one, whatever calls it launches by. */
#ifndef ERG_PLUGIN_LAUNCH_BUDGET_H
#define ERG_PLUGIN_LAUNCH_BUDGET_H

#include <stdbool.h>
#include <erg/launch.h>

enum { BUDGET_SENSOR_MOST = 160, BUDGET_SOCKET_MOST = 108 };

typedef struct budget_config {
    erg_launch_budget budget;
    char sensor[BUDGET_SENSOR_MOST];    /* "": none */
    bool follows;                       /* what ergd grants, over the socket; "": the
                                         * usual one */
    char socket[BUDGET_SOCKET_MOST];
} budget_config;

typedef struct budget budget;

/* NULL: none is asked for. uuid: of the GPU; "": unknown. It lives as long as the
 * process. */
budget *budget_new(const budget_config *config, const char *uuid);

/* As those of <erg/launch.h>, from any thread, now. */
double budget_admit(budget *of, uint64_t kind, bool must, erg_launch_item *item);
void budget_done(budget *of, const erg_launch_item *item, double took_s);

#endif
