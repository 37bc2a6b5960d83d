/* SPDX-License-Identifier: Apache-2.0 */
/* Every combination of what is set, as argument vectors. */
#include <stdlib.h>
#include <string.h>
#include "workload/recipe.h"

enum { CHOICES_MOST = 100000 };

/* What --set gives for each setting; count 0: nothing. */
typedef struct set_values { const char **values; size_t count, capacity; } set_values;

struct erg_recipe_grid {
    erg_arena *arena;
    erg_recipe_choice *choices;
    size_t count;
};

void erg_recipe_grid_free(erg_recipe_grid *grid)
{
    if (!grid)
        return;
    free(grid->choices);
    erg_arena_free(grid->arena);
    free(grid);
}

size_t erg_recipe_grid_count(const erg_recipe_grid *grid) { return grid->count; }

const erg_recipe_choice *erg_recipe_grid_at(const erg_recipe_grid *grid, size_t index)
{
    return index < grid->count ? &grid->choices[index] : NULL;
}

/* ---- what is set -------------------------------------------------------------------- */

static bool refuse_value(const erg_recipe *recipe, const erg_recipe_setting *setting,
                         const char *value, erg_error *err)
{
    erg_text listed = { 0 };

    for (size_t i = 0; i < setting->value_count; i++)
        erg_text_add(&listed, " %s", setting->values[i]);
    erg_fail(err, ERG_BAD_INPUT, "%s of %s is%s, not '%s'; --force takes it all the same",
             setting->name, recipe->facts.name, listed.failed ? " another" : listed.data,
             value);
    erg_text_free(&listed);
    return false;
}

static bool add_value(const erg_recipe *recipe, size_t at, char *value, bool force,
                      set_values *to, erg_error *err)
{
    const erg_recipe_setting *setting = &recipe->settings[at];

    if (!*value)
        return erg_fail(err, ERG_BAD_INPUT, "--set %s= has an empty value", setting->name);
    if (!force && !setting->is_open && !erg_recipe_lists(setting, value))
        return refuse_value(recipe, setting, value, err);
    for (size_t i = 0; i < to->count; i++)
        if (strcmp(to->values[i], value) == 0)
            return erg_fail(err, ERG_BAD_INPUT, "--set %s=%s is given twice", setting->name,
                            value);
    if (!erg_grow((void **)&to->values, &to->capacity, to->count, sizeof(*to->values), err))
        return false;
    to->values[to->count++] = value;
    return true;
}

static bool parse_set(const erg_recipe *recipe, erg_arena *arena, const char *text,
                      bool force, set_values sets[], erg_error *err)
{
    const char *equal = strchr(text, '=');
    size_t length = equal ? (size_t)(equal - text) : strlen(text);
    size_t at = erg_recipe_find(recipe, text, length);

    if (!equal || at == recipe->facts.setting_count)
        return erg_fail(err, ERG_BAD_INPUT, "--set %s: %s has no setting '%.*s'", text,
                        recipe->facts.name, (int)length, text);
    if (sets[at].count)
        return erg_fail(err, ERG_BAD_INPUT, "--set %s is given twice",
                        recipe->settings[at].name);
    char *copy = erg_arena_text(arena, equal + 1, err);
    while (copy) {
        char *comma = strchr(copy, ',');
        if (comma)
            *comma = '\0';
        if (!add_value(recipe, at, copy, force, &sets[at], err))
            return false;
        if (!comma)
            return true;
        copy = comma + 1;
    }
    return false;
}

/* ---- one choice ---------------------------------------------------------------------- */

static size_t count_choices(const erg_recipe *recipe, const set_values sets[])
{
    size_t count = 1;

    for (size_t i = 0; i < recipe->facts.setting_count; i++)
        if (sets[i].count)
            count = count > CHOICES_MOST ? count : count * sets[i].count;
    return count;
}

/* The values of the index-th choice; the last setting varies fastest. */
static void pick(const erg_recipe *recipe, const set_values sets[], size_t index,
                 const char *picked[])
{
    for (size_t i = recipe->facts.setting_count; i-- > 0;) {
        picked[i] = sets[i].count ? sets[i].values[index % sets[i].count]
                                  : recipe->settings[i].usual;
        index /= sets[i].count ? sets[i].count : 1;
    }
    for (size_t i = 0; i < recipe->rule_count; i++) {
        const erg_recipe_rule *rule = &recipe->rules[i];
        if (!sets[rule->setting].count
            && strcmp(picked[rule->if_setting], rule->if_value) == 0)
            picked[rule->setting] = rule->value;
    }
}

static char *take_text(erg_arena *arena, erg_text *text, erg_error *err)
{
    char *copy = text->failed || !text->data
        ? NULL : erg_arena_text(arena, text->data, err);

    if (!copy)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    erg_text_free(text);
    return copy;
}

static char *fill(const erg_recipe *recipe, erg_arena *arena, const char *word,
                  const char *const picked[], erg_error *err)
{
    erg_text filled = { 0 };

    erg_text_add(&filled, "%s", "");
    for (const char *open; (open = strchr(word, '{'));) {
        const char *end = strchr(open, '}');
        size_t at = erg_recipe_find(recipe, open + 1, (size_t)(end - open - 1));
        erg_text_add_bytes(&filled, word, (size_t)(open - word));
        erg_text_add(&filled, "%s",
                     at < recipe->facts.setting_count ? picked[at] : recipe->runners);
        word = end + 1;
    }
    erg_text_add(&filled, "%s", word);
    return take_text(arena, &filled, err);
}

static const char *describe(const erg_recipe *recipe, erg_arena *arena,
                            const char *const picked[], erg_error *err)
{
    erg_text text = { 0 };

    erg_text_add(&text, "%s", "");
    for (size_t i = 0; i < recipe->facts.setting_count; i++)
        erg_text_add(&text, "%s%s=%s", i ? "," : "", recipe->settings[i].name, picked[i]);
    return take_text(arena, &text, err);
}

static bool is_baseline(const erg_recipe *recipe, const char *const picked[])
{
    bool any = false;

    for (size_t i = 0; i < recipe->facts.setting_count; i++) {
        const char *want = recipe->settings[i].baseline;
        any |= want != NULL;
        if (want && (!picked[i] || strcmp(picked[i], want) != 0))
            return false;
    }
    return any;
}

static bool make_choice(const erg_recipe *recipe, erg_arena *arena,
                        const char *const picked[], erg_recipe_choice *to, erg_error *err)
{
    char **argv = erg_arena_take(arena, (recipe->command_count + 1) * sizeof(*argv), err);

    for (size_t i = 0; argv && i < recipe->command_count; i++)
        if (!(argv[i] = fill(recipe, arena, recipe->command[i], picked, err)))
            return false;
    *to = (erg_recipe_choice){ .argv = argv, .argc = recipe->command_count,
                               .settings = describe(recipe, arena, picked, err),
                               .is_baseline = is_baseline(recipe, picked) };
    return argv && to->settings;
}

static bool fill_grid(const erg_recipe *recipe, const set_values sets[],
                      erg_recipe_grid *grid, erg_error *err)
{
    size_t count = count_choices(recipe, sets);
    const char **picked = calloc(recipe->facts.setting_count + 1, sizeof(*picked));
    bool ok = true;

    if (count > CHOICES_MOST)
        ok = erg_fail(err, ERG_BAD_INPUT, "--set asks for more than %d combinations",
                      CHOICES_MOST);
    else if (!picked || !(grid->choices = calloc(count, sizeof(*grid->choices))))
        ok = erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; ok && i < count; i++) {
        pick(recipe, sets, i, picked);
        ok = make_choice(recipe, grid->arena, picked, &grid->choices[grid->count++], err);
    }
    free(picked);
    return ok;
}

erg_recipe_grid *erg_recipe_grid_new(const erg_recipe *recipe, const char *const sets[],
                                     size_t set_count, bool force, erg_error *err)
{
    size_t settings = recipe->facts.setting_count;
    erg_recipe_grid *grid = calloc(1, sizeof(*grid));
    set_values *values = calloc(settings + 1, sizeof(*values));
    bool ok = grid && values ? (grid->arena = erg_arena_new(err)) != NULL
                             : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < set_count; i++)
        ok = parse_set(recipe, grid->arena, sets[i], force, values, err);
    ok = ok && fill_grid(recipe, values, grid, err);
    for (size_t i = 0; values && i < settings; i++)
        free(values[i].values);
    free(values);
    if (ok)
        return grid;
    erg_recipe_grid_free(grid);
    return NULL;
}
