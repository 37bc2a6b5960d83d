/* SPDX-License-Identifier: Apache-2.0 */
/* A recipe as its reader leaves it. */
#ifndef ERG_WORKLOAD_RECIPE_H
#define ERG_WORKLOAD_RECIPE_H

#include "base/base.h"
#include "erg/recipe.h"

/* "Where model is sdxl, steps is 30", unless steps is set. */
typedef struct erg_recipe_rule {
    size_t if_setting;
    const char *if_value;
    size_t setting;
    const char *value;
} erg_recipe_rule;

struct erg_recipe {
    erg_arena *arena;
    erg_recipe_facts facts;
    erg_recipe_setting *settings;
    const char *const *command;
    size_t command_count;
    erg_recipe_rule *rules;
    size_t rule_count, rule_capacity;
    char runners[ERG_PATH_MOST];    /* what {runners} stands for */
};

/* The path names the file in sentences, and its folder is where runners are looked for. */
erg_recipe *erg_recipe_parse(const char *path, const char *bytes, size_t count,
                             erg_error *err);
/* setting_count where there is none. */
size_t erg_recipe_find(const erg_recipe *recipe, const char *name, size_t length);
bool erg_recipe_lists(const erg_recipe_setting *setting, const char *value);

#endif
