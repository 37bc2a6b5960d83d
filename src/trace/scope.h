/* SPDX-License-Identifier: Apache-2.0 */
/* Which joules lie inside which: what is contained is never added to its container. */
#ifndef ERG_TRACE_SCOPE_H
#define ERG_TRACE_SCOPE_H

#include "erg/trace.h"

/* Strictly: no scope contains itself, so two packages are two summands. */
bool erg_scope_contains(erg_scope outer, erg_scope inner);

/* chosen[i]: scopes[i] lies in no other of the list. The sum of the chosen, all of
 * one machine, counts every joule once. */
void erg_scope_outermost(const erg_scope scopes[], size_t count, bool chosen[]);

#endif
