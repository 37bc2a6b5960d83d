/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a broker that may block, in a thread of its own: what arrives waits in a
 * bounded queue, and a file descriptor says that it does. It connects again by itself, anew
 * each time, so that nothing old is sent; but not once another has taken its name.
 */
#ifndef ERGD_LINK_H
#define ERGD_LINK_H

#include <erg/erg.h>

typedef struct ergd_link ergd_link;

typedef enum ergd_link_kind {
    LINK_UP, LINK_DOWN, LINK_TAKEN_OVER, LINK_MESSAGE
} ergd_link_kind;

typedef struct ergd_link_event {
    struct ergd_link_event *next;
    ergd_link_kind kind;
    size_t size;
    char *bytes;            /* of a message */
    char topic[];
} ergd_link_event;

/* Reads what it needs, and does nothing yet. rack: asked for its names and its last will;
 * it must outlive the link. */
ergd_link *ergd_link_open(const erg_govern_config *config, erg_rack *rack, erg_error *err);
/* Starts the thread, once privileges are dropped: it keeps those it is born with. */
bool ergd_link_start(ergd_link *link, erg_error *err);
/* Readable while events wait. */
int ergd_link_file(const ergd_link *link);
/* The next event, to be freed; NULL: none waits. */
ergd_link_event *ergd_link_next(ergd_link *link);
/* Lost while the connection is down. */
void ergd_link_send(ergd_link *link, const erg_rack_post *post);
void ergd_link_close(ergd_link *link);

#endif
