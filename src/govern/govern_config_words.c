/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the configuration that say one of a few words. */
#include <string.h>
#include "govern/govern_keys.h"

#define AT(field) offsetof(erg_govern_draft, field)
#define OF(field) offsetof(erg_govern_draft, config.field)

static const struct { size_t section, at; const char *key, *words[5]; } choices[] = {
    { 0, AT(mode), "mode", { "observe", "enforce" } },
    { 0, AT(role), "role", { "node", "rack" } },
    { AT(gpu), OF(gpu.policy), "policy", { "limit", "throughput_per_watt" } },
    { AT(gpu), OF(gpu.dvfs), "dvfs", { "auto", "off" } },
    { AT(gpu), OF(gpu.objective), "objective", { "energy", "edp", "ed2p" } },
    { AT(cap), OF(cap.scope), "scope", { "node", "gpu" } },
    { AT(cap), OF(cap.policy), "policy", { "token_bucket", "limit", "balance" } },
    { AT(rack), OF(rack.policy), "policy", { "demand", "balance" } },
    { AT(mpi), AT(job.wait), "wait", { "busy", "sleep", "slack", "freq" } },
    { AT(shaper), OF(shaper.jitter_scope), "jitter_scope", { "microbatch", "step" } },
    { AT(phase), AT(job.dp_groups), "dp_groups", { "auto" } },
    { AT(phase), AT(job.pp_stages), "pp_stages", { "round_robin" } },
    { AT(phase), AT(job.tp), "tp", { "group_offset" } },
};

/* "a or b or c"; of one word "a or nothing". */
static void list_words(const char *const words[], erg_text *to)
{
    for (const char *const *word = words; *word; word++)
        erg_text_add(to, "%s%s", word == words ? "" : " or ", *word);
    if (!words[1])
        erg_text_add(to, " or nothing");
}

bool erg_govern_words_check(const erg_govern_draft *is, const erg_yaml *root,
                            erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(choices); i++) {
        const char *text =
            *(const char *const *)(const void *)((const char *)is + choices[i].at);
        const char *const *word = choices[i].words;
        erg_text all = { 0 };
        while (text && *word && strcmp(*word, text) != 0)
            word++;
        if (!text || *word)
            continue;
        list_words(choices[i].words, &all);
        const erg_yaml *in = choices[i].section
            ? erg_govern_node_at(is, choices[i].section) : root;
        erg_fail(err, ERG_BAD_INPUT, "%s:%d: %s is %s, not '%.60s'", is->name,
                 erg_yaml_line_of(in, choices[i].key), choices[i].key,
                 all.data ? all.data : "another word", text);
        erg_text_free(&all);
        return false;
    }
    return true;
}
