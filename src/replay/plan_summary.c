/* SPDX-License-Identifier: Apache-2.0 */
/* Summary JSON: how many launches were seen, kept and left out. It lists no kernel. */
#include <string.h>
#include "format/json.h"
#include "replay/plan_read.h"

enum { FILE_BYTES_MOST = 1 << 20 };

static int64_t whole(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) >= 0
        && json_integer_value(value) <= 1LL << 53 ? json_integer_value(value) : ERG_NONE;
}

static bool check(const json_t *root, const char *path, erg_replay_plan *plan,
                  erg_error *err)
{
    const json_t *totals = json_object_get(root, "totals");
    int64_t seen = whole(totals, "seen"), kept = whole(totals, "kept");
    int64_t excluded = whole(totals, "excluded"),
            filtered = whole(totals, "device_filtered");

    if (kept == ERG_NONE)
        return erg_fail(err, ERG_BAD_INPUT, "%s: \"totals\" says not how many were kept",
                        path);
    plan->left_out = (excluded == ERG_NONE ? 0 : excluded)
        + (filtered == ERG_NONE ? 0 : filtered);
    plan->said_launches = kept;
    plan->said_kernels = whole(root, "unique_count");
    return seen == ERG_NONE || seen - kept == plan->left_out
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s: %lld were seen, but %lld kept and %lld left out", path,
                    (long long)seen, (long long)kept, (long long)plan->left_out);
}

static bool read_summary(const erg_plan_input *input,
                         const erg_replay_plan_options *options, erg_replay_plan *plan,
                         erg_error *err)
{
    json_t *root = erg_json_load(input->path, FILE_BYTES_MOST, err);
    bool good = root && check(root, input->path, plan, err);

    (void)options;
    json_decref(root);
    return good;
}

static bool is_summary(const erg_plan_input *input)
{
    return erg_json_begins(input->head, input->head_size, '{')
        && strstr(input->head, "\"totals\"") && strstr(input->head, "\"kept\"");
}

const erg_plan_reader erg_plan_summary = { .name = "summary", .sniff = is_summary,
                                           .read = read_summary };
