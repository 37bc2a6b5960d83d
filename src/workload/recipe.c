/* SPDX-License-Identifier: Apache-2.0 */
/* Reading recipes: every hole has a setting, and every setting a hole. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "format/json.h"
#include "workload/recipe.h"

static const char runners_hole[] = "runners";

typedef struct recipe_reader {
    erg_recipe *recipe;
    const json_t *root;
    erg_error *err;
} recipe_reader;

static bool wrong(const recipe_reader *from, const char *what, const char *name)
{
    return erg_fail(from->err, ERG_BAD_INPUT, "%s: %s%s%s", from->recipe->facts.path, what,
                    name ? " " : "", name ? name : "");
}

static const char *keep(const recipe_reader *from, const char *text)
{
    return erg_arena_text(from->recipe->arena, text, from->err);
}

/* A text, or a number as it is written. */
static const char *word_of(const recipe_reader *from, const json_t *value)
{
    char number[32];

    if (json_is_string(value))
        return keep(from, json_string_value(value));
    if (json_is_integer(value))
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, sizeof(number), "%.12g", json_real_value(value));
    else {
        wrong(from, "a value is neither a text nor a number", NULL);
        return NULL;
    }
    return keep(from, number);
}

static bool read_words(const recipe_reader *from, const char *key, const json_t *list,
                       const char *const **to, size_t *count)
{
    size_t size = json_array_size(list);
    const char **words = erg_arena_take(from->recipe->arena, (size + 1) * sizeof(*words),
                                        from->err);

    if (!words || (list && !json_is_array(list)))
        return words && wrong(from, "no list is", key);
    for (size_t i = 0; i < size; i++)
        if (!(words[i] = word_of(from, json_array_get(list, i))))
            return false;
    *to = words;
    *count = size;
    return true;
}

static bool read_text(const recipe_reader *from, const char *key, bool needed,
                      const char **to)
{
    const json_t *value = json_object_get(from->root, key);

    if (!value)
        return !needed || wrong(from, "there is no", key);
    if (!json_is_string(value) || (needed && json_string_length(value) == 0))
        return wrong(from, "no text is", key);
    return (*to = keep(from, json_string_value(value))) != NULL;
}

/* ---- settings ------------------------------------------------------------------------ */

size_t erg_recipe_find(const erg_recipe *recipe, const char *name, size_t length)
{
    size_t i = 0;

    while (i < recipe->facts.setting_count
           && (strlen(recipe->settings[i].name) != length
               || strncmp(recipe->settings[i].name, name, length) != 0))
        i++;
    return i;
}

bool erg_recipe_lists(const erg_recipe_setting *setting, const char *value)
{
    for (size_t i = 0; i < setting->value_count; i++)
        if (strcmp(setting->values[i], value) == 0)
            return true;
    return false;
}

static bool read_settings(const recipe_reader *from)
{
    json_t *all = json_object_get(from->root, "settings");
    size_t count = json_object_size(all), i = 0;
    const char *key;
    json_t *values;

    if (!json_is_object(all))
        return wrong(from, "no object is", "settings");
    erg_recipe_setting *settings
        = erg_arena_take(from->recipe->arena, (count + 1) * sizeof(*settings), from->err);
    if (!settings)
        return false;
    json_object_foreach(all, key, values) {
        erg_recipe_setting *one = &settings[i++];
        if (!(one->name = keep(from, key))
            || !read_words(from, key, values, &one->values, &one->value_count))
            return false;
        if (one->value_count == 0 || strpbrk(key, "={},") || strcmp(key, runners_hole) == 0)
            return wrong(from, "no setting can be", key);
        one->usual = one->values[0];
    }
    from->recipe->settings = settings;
    from->recipe->facts.settings = settings;
    from->recipe->facts.setting_count = count;
    return true;
}

/* The setting of a key, and the value that it names, which must be listed. */
static bool read_choice(const recipe_reader *from, const char *key, const json_t *value,
                        size_t *setting, const char **word)
{
    const erg_recipe *recipe = from->recipe;

    *setting = erg_recipe_find(recipe, key, strlen(key));
    if (*setting == recipe->facts.setting_count)
        return wrong(from, "there is no setting", key);
    if (!(*word = word_of(from, value)))
        return false;
    return recipe->settings[*setting].is_open
        || erg_recipe_lists(&recipe->settings[*setting], *word)
        || erg_fail(from->err, ERG_BAD_INPUT, "%s: %s is not among the values of %s",
                    recipe->facts.path, *word, key);
}

typedef enum choice_kind { USUAL, BASELINE } choice_kind;

static bool read_choices(const recipe_reader *from, const char *name, choice_kind kind)
{
    json_t *all = json_object_get(from->root, name), *value;
    const char *key, *word;
    size_t setting;

    if (all && !json_is_object(all))
        return wrong(from, "no object is", name);
    json_object_foreach(all, key, value) {
        if (!read_choice(from, key, value, &setting, &word))
            return false;
        if (kind == USUAL)
            from->recipe->settings[setting].usual = word;
        else
            from->recipe->settings[setting].baseline = word;
    }
    return true;
}

static bool read_open(const recipe_reader *from)
{
    const char *const *names = NULL;
    size_t count = 0;

    if (!read_words(from, "open", json_object_get(from->root, "open"), &names, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t at = erg_recipe_find(from->recipe, names[i], strlen(names[i]));
        if (at == from->recipe->facts.setting_count)
            return wrong(from, "there is no setting", names[i]);
        from->recipe->settings[at].is_open = true;
    }
    return true;
}

/* "by": {"model": {"sdxl": {"steps": 30}}} */
static bool read_rule(const recipe_reader *from, erg_recipe_rule base, json_t *all)
{
    erg_recipe *recipe = from->recipe;
    const char *key;
    json_t *value;

    if (!json_is_object(all))
        return wrong(from, "no object of settings is in by", base.if_value);
    json_object_foreach(all, key, value) {
        if (!read_choice(from, key, value, &base.setting, &base.value)
            || !erg_grow((void **)&recipe->rules, &recipe->rule_capacity,
                         recipe->rule_count, sizeof(*recipe->rules), from->err))
            return false;
        recipe->rules[recipe->rule_count++] = base;
    }
    return true;
}

static bool read_rules_of(const recipe_reader *from, size_t setting, json_t *all)
{
    const char *key;
    json_t *value;

    if (!json_is_object(all))
        return wrong(from, "no object is in", "by");
    json_object_foreach(all, key, value) {
        const char *word = keep(from, key);
        if (!word)
            return false;
        if (!erg_recipe_lists(&from->recipe->settings[setting], word))
            return wrong(from, "by has a value that is not listed:", key);
        if (!read_rule(from, (erg_recipe_rule){ setting, word, 0, NULL }, value))
            return false;
    }
    return true;
}

static bool read_rules(const recipe_reader *from)
{
    json_t *all = json_object_get(from->root, "by"), *value;
    const char *key;

    if (all && !json_is_object(all))
        return wrong(from, "no object is", "by");
    json_object_foreach(all, key, value) {
        size_t at = erg_recipe_find(from->recipe, key, strlen(key));
        if (at == from->recipe->facts.setting_count)
            return wrong(from, "there is no setting", key);
        if (!read_rules_of(from, at, value))
            return false;
    }
    return true;
}

/* ---- the command --------------------------------------------------------------------- */

static bool mark_holes(const recipe_reader *from, const char *word, bool seen[])
{
    const char *at = word, *end;

    while ((at = strchr(at, '{'))) {
        end = strchr(++at, '}');
        if (!end)
            return wrong(from, "a hole is not closed in", word);
        size_t length = (size_t)(end - at);
        size_t setting = erg_recipe_find(from->recipe, at, length);
        bool runners = length == strlen(runners_hole) && !strncmp(at, runners_hole, length);
        if (!runners && setting == from->recipe->facts.setting_count)
            return wrong(from, "a hole has no setting in", word);
        seen[setting] = true;
        at = end;
    }
    return true;
}

static bool check_holes(const recipe_reader *from)
{
    const erg_recipe *recipe = from->recipe;
    bool *seen = calloc(recipe->facts.setting_count + 1, sizeof(*seen));
    bool ok = seen || erg_fail(from->err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < recipe->command_count; i++)
        ok = mark_holes(from, recipe->command[i], seen);
    for (size_t i = 0; ok && i < recipe->facts.setting_count; i++)
        ok = seen[i]
            || wrong(from, "the command has no hole for", recipe->settings[i].name);
    free(seen);
    return ok;
}

static bool read_command(const recipe_reader *from)
{
    erg_recipe *recipe = from->recipe;

    if (!read_words(from, "command", json_object_get(from->root, "command"),
                    &recipe->command, &recipe->command_count))
        return false;
    return recipe->command_count > 0
        ? check_holes(from) : wrong(from, "there is no", "command");
}

/* Installed beside the folder of recipes; in a source tree under examples. */
static void find_runners(erg_recipe *recipe)
{
    static const char *const places[] = { "../runners", "../../examples/runners" };
    const char *slash = strrchr(recipe->facts.path, '/');
    int length = slash ? (int)(slash - recipe->facts.path) : 1;
    struct stat there;

    for (size_t i = 0; i < ERG_COUNT(places); i++) {
        snprintf(recipe->runners, sizeof(recipe->runners), "%.*s/%s", length,
                 slash ? recipe->facts.path : ".", places[i]);
        if (stat(recipe->runners, &there) == 0)
            return;
    }
}

static bool read_all(const recipe_reader *from)
{
    erg_recipe_facts *facts = &from->recipe->facts;
    const json_t *warmup = json_object_get(from->root, "warmup");

    facts->warmup = json_is_integer(warmup) ? (int)json_integer_value(warmup) : -1;
    if (warmup && (!json_is_integer(warmup) || facts->warmup < 0 || facts->warmup > 1000))
        return wrong(from, "no whole number up to 1000 is", "warmup");
    return read_text(from, "name", true, &facts->name)
        && read_text(from, "about", true, &facts->about)
        && read_text(from, "unit", true, &facts->unit)
        && read_text(from, "work_metric", false, &facts->work_metric)
        && read_text(from, "notes", false, &facts->notes)
        && read_words(from, "quality", json_object_get(from->root, "quality"),
                      &facts->quality, &facts->quality_count)
        && read_words(from, "requires", json_object_get(from->root, "requires"),
                      &facts->requires, &facts->require_count)
        && read_settings(from) && read_open(from) && read_choices(from, "defaults", USUAL)
        && read_choices(from, "baseline", BASELINE) && read_rules(from)
        && read_command(from);
}

erg_recipe *erg_recipe_parse(const char *path, const char *bytes, size_t count,
                             erg_error *err)
{
    erg_recipe *recipe = calloc(1, sizeof(*recipe));
    json_t *root = erg_json_parse(path, bytes, count, err);
    recipe_reader from = { recipe, root, err };
    bool ok = root && recipe && (recipe->arena = erg_arena_new(err))
           && (recipe->facts.path = erg_arena_text(recipe->arena, path, err));

    ok = ok && (json_is_object(root) || wrong(&from, "a profile is an object", NULL))
      && read_all(&from);
    json_decref(root);
    if (ok) {
        find_runners(recipe);
        return recipe;
    }
    if (!recipe)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    erg_recipe_free(recipe);
    return NULL;
}

void erg_recipe_free(erg_recipe *recipe)
{
    if (!recipe)
        return;
    free(recipe->rules);
    erg_arena_free(recipe->arena);
    free(recipe);
}

const erg_recipe_facts *erg_recipe_facts_of(const erg_recipe *recipe)
{
    return &recipe->facts;
}
