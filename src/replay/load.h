/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of erg_replay_load that stand alone. */
#ifndef ERG_REPLAY_LOAD_H
#define ERG_REPLAY_LOAD_H

#include "replay/replay.h"

/* Puts timings and plan together: by name and count, in order; then by name alone. */
void erg_replay_join(erg_replay *replay);
/* Fills `ran` of the timings from a signatures JSON; another file says nothing. */
bool erg_replay_read_ran(erg_replay *replay, const char *path, erg_error *err);
void erg_replay_ran_parse(erg_replay *replay, const char *bytes, size_t size);
/* Of several logs the one that saw the run; the first where none did. A note says which. */
bool erg_replay_read_power(erg_replay *into, const char *const paths[], size_t count,
                           const char *tz, erg_error *err);
/* The channel of power that rises most while the whole runs: of a device, before those of
 * all the machine, before a model; of each, a sum before its parts. -1: there is none. */
int erg_replay_choose_channel(const erg_replay *replay);
/* Of all the machine, where another one was chosen; -1: there is none. */
int erg_replay_choose_system(const erg_replay *replay);
/* The whole as a recording has it: its regions "full_model", else "run". */
void erg_replay_whole_from(erg_replay *replay, const erg_trace *trace);

#endif
