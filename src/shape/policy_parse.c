/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as people type them: "bucket=850W:20ms", joined by + where they act together. */
#include <math.h>
#include <string.h>
#include "shape/policy.h"

enum { WORD_MOST = 64 };

typedef struct word { const char *text; size_t count; } word;

/* Takes the part of *rest before `end`, and `end`. */
static word cut(word *rest, char end)
{
    const char *found = memchr(rest->text, end, rest->count);
    word first = { rest->text, found ? (size_t)(found - rest->text) : rest->count };
    size_t skip = first.count + (found ? 1 : 0);

    *rest = (word){ rest->text + skip, rest->count - skip };
    return first;
}

/* Beyond it time does not fit nanoseconds, and watts are a slip of the unit. */
static double most_of(const erg_policy_form *form)
{
    return strcmp(form->unit, "s") == 0 ? 1e6 : 1e12;
}

static bool parse_value(const erg_policy *policy, const erg_policy_form *form, word typed,
                        double *out, erg_error *err)
{
    char text[WORD_MOST];

    if (typed.count == 0 || typed.count >= sizeof(text))
        return erg_fail(err, ERG_BAD_INPUT, "policy %s: its %s is missing or too long",
                        policy->name, form->name);
    memcpy(text, typed.text, typed.count);
    text[typed.count] = '\0';
    if (!erg_quantity_parse(text, form->unit, out, err))
        return false;
    if (!(*out >= form->least))
        return erg_fail(err, ERG_BAD_INPUT, "policy %s: its %s is at least %g%s, not '%s'",
                        policy->name, form->name, form->least, form->unit, text);
    return *out <= most_of(form)
        || erg_fail(err, ERG_BAD_INPUT, "policy %s: its %s is at most %g%s, not '%s'",
                    policy->name, form->name, most_of(form), form->unit, text);
}

static bool parse_values(const erg_policy *policy, word typed, double values[],
                         erg_error *err)
{
    for (size_t i = 0; i < ERG_POLICY_VALUES; i++) {
        const erg_policy_form *form = &policy->forms[i];
        values[i] = NAN;
        if (!form->name || (typed.count == 0 && !form->needed))
            continue;
        if (!parse_value(policy, form, cut(&typed, ':'), &values[i], err))
            return false;
    }
    if (typed.count)
        return erg_fail(err, ERG_BAD_INPUT, "policy %s takes no '%.*s'", policy->name,
                        (int)typed.count, typed.text);
    if (policy->check)
        return policy->check(values, err);
    return true;
}

/* Of the others, which look at a unit, the least cap and the longest wait count. */
static bool acts_alone(const erg_policy *policy)
{
    return policy->scope != ERG_PER_UNIT && policy->scope != ERG_PER_RACK;
}

static bool parse_one(word typed, erg_policy_chain *out, erg_error *err)
{
    word name = cut(&typed, '=');
    const erg_policy *policy = erg_policy_find(name.text, name.count);

    if (!policy)
        return erg_fail(err, ERG_BAD_INPUT, "there is no policy '%.*s': --policy list",
                        (int)(name.count < WORD_MOST ? name.count : WORD_MOST), name.text);
    if (out->count == ERG_POLICY_CHAIN)
        return erg_fail(err, ERG_BAD_INPUT, "at most %d policies can act together",
                        ERG_POLICY_CHAIN);
    for (size_t i = 0; policy->admits && i < out->count; i++)
        if (out->policies[i]->admits)
            return erg_fail(err, ERG_BAD_INPUT,
                            "one bucket alone can admit items, not two");
    for (size_t i = 0; i < out->count; i++)
        if (acts_alone(policy) && out->policies[i]->scope == policy->scope)
            return erg_fail(err, ERG_BAD_INPUT, "%s and %s would both act on the same "
                            "groups, supplies, racks or jobs: name one of them",
                            out->policies[i]->name, policy->name);
    out->policies[out->count] = policy;
    return parse_values(policy, typed, out->values[out->count++], err);
}

bool erg_policy_parse(const char *text, size_t count, erg_policy_chain *out, erg_error *err)
{
    word rest = { text, count };

    *out = (erg_policy_chain){ 0 };
    if (count == 0 || count >= sizeof(out->text))
        return erg_fail(err, ERG_BAD_INPUT, "a policy has 1 to %zu letters, not %zu",
                        sizeof(out->text) - 1, count);
    memcpy(out->text, text, count);
    if (strcmp(out->text, "none") == 0)
        return true;
    /* Once more behind a + at the end, which then lacks its policy. */
    do
        if (!parse_one(cut(&rest, '+'), out, err))
            return false;
    while (rest.count || rest.text[-1] == '+');
    return true;
}
