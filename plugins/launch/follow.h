/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The budget that ergd grants a GPU now, asked for by a thread of its own twice a second:
 * no launch waits for the daemon. A grant counts from when it was asked for, and holds for
 * 2 s: a daemon that has died, hangs or cannot be reached is heard of no more, and it ends.
 */
#ifndef ERG_PLUGIN_LAUNCH_FOLLOW_H
#define ERG_PLUGIN_LAUNCH_FOLLOW_H

#include <stdint.h>
#include <erg/govern.h>

typedef void follow_tell(void *self, const erg_govern_allowance *grant, int64_t until_ns);

/* socket: "" is the usual one. uuid: of the GPU; "": unknown. Tells once before it returns,
 * if there is an answer. Ends with the process. */
void follow_start(const char *socket, const char *uuid, follow_tell *tell, void *self);
/* How long what is in force now may hold without one. */
int64_t follow_until_ns(void);

#endif
