/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of ergd's configuration: govern_keys.c has the tables, govern_config.c reads. */
#ifndef ERG_GOVERN_GOVERN_KEYS_H
#define ERG_GOVERN_GOVERN_KEYS_H

#include "erg/govern.h"
#include "format/yaml.h"

typedef struct erg_govern_draft {
    erg_govern_config config;       /* first: AT is of both */
    const char *name;
    const erg_yaml *node, *gpu, *cap, *shaper, *ops, *mpi, *rack, *mqtt, *thermal, *socket,
        *http, *journal;
    const erg_yaml *members, *holds;
    erg_govern_member member;       /* the one that is being read */
    const erg_yaml *sensors, *enforcement, *phase, *breaker, *curve, *bands, *aisle,
        *migrate, *filler, *users, *groups, *set, *set_users, *set_groups,
        *work, *work_users, *work_groups;
    const char *mode, *role;
    int64_t version;
    struct {
        bool staggers, levels, exact;
        int64_t every;
        double pace_bytes_per_s, after_s, delay_s, nap_s;
        const char *wait, *dp_groups, *pp_stages, *tp;
    } job;                          /* mpi and shaper.phase */
} erg_govern_draft;

/* A mapping and the keys that it may have. */
typedef struct erg_govern_section {
    size_t at;
    const erg_yaml_field *fields;
} erg_govern_section;

/* ops (NULL: none) into the configuration; ERG_BAD_INPUT names the line. */
bool erg_govern_ops_take(const erg_yaml *list, const char *name, erg_govern_config *to,
                         erg_error *err);

/* mpi and shaper.phase into config.mpi. */
bool erg_govern_job_take(erg_govern_draft *is, erg_error *err);
/* By what cap.limit is held: enforcement and policy together. */
bool erg_govern_cap_take(erg_govern_draft *is, erg_error *err);
bool erg_govern_has_gate(const erg_govern_config *config);
bool erg_govern_has_bucket(const erg_govern_config *config);
/* The mapping or the list that the draft holds there; NULL: none was said. */
static inline const erg_yaml *erg_govern_node_at(const erg_govern_draft *is, size_t at)
{
    return *(const erg_yaml *const *)(const void *)((const char *)is + at);
}
/* Keys that say one of a few words do. */
bool erg_govern_words_check(const erg_govern_draft *is, const erg_yaml *root,
                            erg_error *err);
/* gpu.hold, likewise. */
bool erg_govern_hold_take(const erg_yaml *list, const char *name, erg_govern_config *to,
                          erg_error *err);

enum { ERG_GOVERN_SECTIONS = 18 };
extern const erg_yaml_field erg_govern_file_keys[], erg_govern_member_keys[];
/* Parents before children: a child's place is known once its parent is read. */
extern const erg_govern_section erg_govern_sections[ERG_GOVERN_SECTIONS];

#endif
