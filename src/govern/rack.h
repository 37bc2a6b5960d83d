/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a rack's two roles: rack_node.c and rack_desk.c, behind rack.c. */
#ifndef ERG_GOVERN_RACK_H
#define ERG_GOVERN_RACK_H

#include "erg/rack.h"
#include "govern/rack_message.h"
#include "shape/breaker.h"

enum { ERG_RACK_TOPIC_MOST = 192, ERG_RACK_TOPICS = 3, ERG_RACK_EVENTS = 16 };

struct erg_rack {
    const erg_govern_config *config;
    erg_env env;
    erg_lease_terms terms;
    uint64_t boot;                  /* of this process; not 0 */
    bool is_up;
    char client[ERG_RACK_TOPIC_MOST], prefix[80];   /* "erg/RACK/" */
    char topics[ERG_RACK_TOPICS][ERG_RACK_TOPIC_MOST];
    const char *topic_list[ERG_RACK_TOPICS + 1];
    char text[ERG_RACK_MESSAGE_MOST], topic[ERG_RACK_TOPIC_MOST];   /* of the next post */

    erg_rack_event events[ERG_RACK_EVENTS];     /* heard, not yet written down */
    size_t event_count;
    int64_t heard_ns;               /* since then so many were heard */
    int heard_count;
    uint64_t journal_total;         /* of the journal: told up to there */

    erg_lease_node node;
    const char *state;              /* of the node, one word */
    bool has_told;                  /* that it will fall back to nothing less than its
                                     * most */
    uint64_t told, full;            /* requests: that told it first; last answered with it
                                     * all */

    erg_lease_rack desk;            /* of the coordinator */
    erg_lease_answer *answers;
    erg_govern_lent *lent;
    erg_breaker breaker;
    double power_w;                 /* of the rack, as of the last step */
    int64_t next_ns;
    uint64_t kept_epoch;            /* that the file has */
    bool is_braked, has_tripped;
};

/* topic: behind the prefix. */
void erg_rack_post_to(erg_rack *rack, const erg_rack_line *line, const char *topic,
                      const erg_rack_post *how);

bool erg_rack_node_begin(erg_rack *rack, erg_error *err);
bool erg_rack_node_take(erg_rack *rack, const char *topic, const char *bytes, size_t size,
                        erg_error *err);
void erg_rack_node_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line);

bool erg_rack_event_take(erg_rack *rack, const char *bytes, size_t size, erg_error *err);
/* A line of the node's own journal, which is told as an event. */
void erg_rack_event_note(erg_governor *governor, const char *rule, const char *text);
void erg_rack_event_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line);

bool erg_rack_desk_begin(erg_rack *rack, erg_error *err);
void erg_rack_desk_up(erg_rack *rack);
bool erg_rack_desk_take(erg_rack *rack, const char *topic, const char *bytes, size_t size,
                        erg_error *err);
void erg_rack_desk_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line);
void erg_rack_desk_end(erg_rack *rack);

#endif
