/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts between the nodes of one synchronous job, a part of the coordinator: who is early
 * gives to who is late (shape/balance.h). It changes what is wished alone, within what the
 * job's nodes would have together; what may go out is decided as ever, by the bounds.
 *
 *   Source   docs/rack.md.
 */
#ifndef ERG_SHAPE_LEASE_BALANCE_H
#define ERG_SHAPE_LEASE_BALANCE_H

#include "shape/lease.h"

/* A status that is newer than member's last, before it becomes that. */
void erg_lease_balance_hear(erg_lease_rack *rack, erg_lease_member *member,
                            const erg_lease_status *status);
/* Before water filling: who is lowered wants less and who is raised more, and to those
 * beside them the job would lose by that. So its nodes want alike what they want together.
 * live: nodes in who, claims beside them. order may be written over. */
void erg_lease_balance_claims(erg_lease_rack *rack, size_t live);
/* Afterwards, with the same jobs: grants_w anew. */
void erg_lease_balance(erg_lease_rack *rack, size_t live);

#endif
