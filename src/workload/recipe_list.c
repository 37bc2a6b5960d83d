/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes by name, and all that there are. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "workload/recipe.h"

static const char folder[] = "workloads", ending[] = ".json";

static bool is_path(const char *name)
{
    size_t count = strlen(name);
    return count > 5 && strcmp(name + count - 5, ending) == 0;
}

erg_recipe *erg_recipe_load(const char *data_dir, const char *name, erg_error *err)
{
    char path[ERG_PATH_MOST];
    size_t count = 0;

    if (!is_path(name) && (strchr(name, '/') || !data_dir)) {
        erg_fail(err, ERG_NOT_FOUND, "there is no profile '%s'", name);
        return NULL;
    }
    int length = is_path(name) ? snprintf(path, sizeof(path), "%s", name)
               : snprintf(path, sizeof(path), "%s/%s/%s%s", data_dir, folder, name, ending);
    char *bytes = length < (int)sizeof(path)
        ? erg_file_read(path, 1 << 20, &count, err) : NULL;
    erg_recipe *recipe = bytes ? erg_recipe_parse(path, bytes, count, err) : NULL;
    free(bytes);
    if (!bytes && !is_path(name))
        erg_fail(err, ERG_NOT_FOUND, "there is no profile '%s'; --profile list names them",
                 name);
    return recipe;
}

static const erg_column columns[] = {
    { "profile", ERG_TEXT, "its name" },
    { "about", ERG_TEXT, "what runs" },
    { "unit", ERG_TEXT, "what energy is counted per" },
    { "settings", ERG_TEXT, "values, the default first" },
    { "quality", ERG_TEXT, "metrics that fit" },
    { "requires", ERG_TEXT, "Python modules" },
};

static void add_words(erg_text *to, const char *const words[], size_t count,
                      const char *usual)
{
    erg_text_add(to, "%s", usual ? usual : "");
    for (size_t i = 0, some = usual != NULL; i < count; i++)
        if (!usual || strcmp(words[i], usual) != 0)
            erg_text_add(to, "%s%s", some++ ? "," : "", words[i]);
}

static bool put_words(erg_table *table, const char *column, erg_text *text, erg_error *err)
{
    bool ok = !text->failed && erg_table_text(table, column, text->data, err);
    erg_text_free(text);
    return ok;
}

static bool put_recipe(erg_table *table, const erg_recipe_facts *facts, erg_error *err)
{
    erg_text settings = { 0 }, quality = { 0 }, requires = { 0 };

    for (size_t i = 0; i < facts->setting_count; i++) {
        const erg_recipe_setting *one = &facts->settings[i];
        erg_text_add(&settings, "%s%s=", i ? " " : "", one->name);
        add_words(&settings, one->values, one->value_count, one->usual);
        erg_text_add(&settings, "%s", one->is_open ? ",.." : "");
    }
    add_words(&quality, facts->quality, facts->quality_count, NULL);
    add_words(&requires, facts->requires, facts->require_count, NULL);
    bool ok = erg_table_row(table, err)
        && erg_table_text(table, "profile", facts->name, err)
           && erg_table_text(table, "about", facts->about, err)
           && erg_table_text(table, "unit", facts->unit, err);
    ok = put_words(table, "settings", &settings, err) && ok;
    ok = put_words(table, "quality", &quality, err) && ok;
    return put_words(table, "requires", &requires, err) && ok;
}

static int is_recipe(const struct dirent *entry) { return is_path(entry->d_name); }

erg_result *erg_recipe_list(const char *data_dir, erg_error *err)
{
    char path[ERG_PATH_MOST];
    struct dirent **entries = NULL;
    erg_result *result = erg_result_new("sweep", err);
    erg_table *table = result
        ? erg_result_add(result, "profiles", columns, ERG_COUNT(columns),
                         err) : NULL;
    bool ok = table != NULL;

    snprintf(path, sizeof(path), "%s/%s", data_dir ? data_dir : ".", folder);
    int count = ok ? scandir(path, &entries, is_recipe, alphasort) : 0;
    if (count < 0)
        ok = erg_fail(err, ERG_NOT_FOUND, "there is no folder %s of profiles", path);
    for (int i = 0; i < count; i++) {
        char file[2 * ERG_PATH_MOST];
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        erg_recipe *recipe = ok ? erg_recipe_load(data_dir, file, err) : NULL;
        ok = recipe && put_recipe(table, &recipe->facts, err);
        erg_recipe_free(recipe);
        free(entries[i]);
    }
    free(entries);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}
