/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message of a rack, taken by a node and a coordinator:
 * never beyond a limit. */
#include <math.h>
#include <stdlib.h>
#include "govern/rack_message.h"

static void as_status(const char *bytes, size_t size)
{
    static erg_lease_member members[2];
    static erg_claim claims[2];
    static size_t order[2], who[2];
    static double grants_w[2], bounds_w[2];
    static erg_cut_node cuts[2];
    static size_t job_of[2];
    static erg_balance_rank ranks[2];
    static double settled_w[2];
    static erg_lease_job jobs[2];
    erg_lease_rack rack = {
        .terms = erg_lease_terms_usual(),
        .room = { members, 2, claims, order, who, grants_w, bounds_w, cuts, job_of, ranks,
                  settled_w, jobs },
        .limit_w = 1000, .balances = true,
    };
    erg_lease_rack_in in = { 20 * ERG_NS_PER_S, NAN, NAN };
    erg_lease_answer answers[2];
    erg_lease_rack_out out;
    erg_lease_status status;
    erg_error err = { 0 };

    if (!erg_rack_status_read(bytes, size, &status, &err)) {
        if (!err.text[0])
            abort();
        return;
    }
    members[0].fallback_w = members[1].fallback_w = 200;
    if (!erg_lease_rack_start(&rack, 0, 0, &err))
        abort();
    erg_lease_rack_hear(&rack, 0, &status, in.now_ns);
    erg_lease_rack_hear(&rack, 1, &status, in.now_ns);  /* of one job, if of any */
    erg_lease_rack_step(&rack, &in, answers, &out);
    if (out.bound_w > 1000 + 1e-6 && !(status.fallback_w > 200))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    const erg_lease_node_setup setup = { erg_lease_terms_usual(), 300, 100, 900, 0, 1 };
    erg_lease_node_in in = { 0, 300, 300, 300 };
    erg_lease_node node;
    erg_lease_node_out out;
    erg_lease_grant grant;
    erg_rack_presence presence;
    erg_rack_brake brake;
    erg_rack_event event;

    as_status(text, size);
    erg_rack_presence_read(text, size, &presence, NULL);
    erg_rack_brake_read(text, size, &brake, NULL);
    if (erg_rack_event_read(text, size, &event, NULL)) {
        char again[ERG_RACK_MESSAGE_MOST];
        if (erg_rack_event_write(&event, again) == 0)
            abort();
    }
    if (!erg_rack_grant_read(text, size, &grant, NULL))
        return 0;
    erg_lease_node_start(&node, &setup, 0);
    erg_lease_node_step(&node, &in, &out);
    erg_lease_node_take(&node, &grant, 0);
    erg_lease_node_step(&node, &in, &out);
    if (!(out.want_w >= 0 && out.want_w <= 900))
        abort();
    return 0;
}
