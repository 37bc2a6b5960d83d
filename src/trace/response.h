/* SPDX-License-Identifier: Apache-2.0 */
/* Does a meter follow the load? Its readings, told apart by whether work was being done. */
#ifndef ERG_TRACE_RESPONSE_H
#define ERG_TRACE_RESPONSE_H

#include "base/base.h"

typedef struct erg_response {
    double *w, *active, *load_w, *idle_w;
    size_t count, loads, idles, room;
} erg_response;

/* The two signs of life. */
typedef struct erg_response_signs {
    double rise_w;      /* of the median under load */
    double correlation; /* of readings and work */
    bool is_flat;       /* it does not rise by more than 5 MAD and 3 steps */
    bool is_strange;    /* it correlates with 0.7 or less */
} erg_response_signs;

/* For at most so many readings; false: no memory, and nothing to free. */
bool erg_response_new(erg_response *of, size_t room);
/* One that is no number is left out. */
void erg_response_add(erg_response *of, double w, bool active);
void erg_response_free(erg_response *of);
/* resolution_w 0: the least step that was seen. Uses up load_w and idle_w. */
erg_response_signs erg_response_judge(erg_response *of, double resolution_w);

#endif
