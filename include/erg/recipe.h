/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipes: which program runs a workload, and which settings of it make sense. On the
 * command line they are --profile NAME; the files are data/workloads/NAME.json.
 *
 *   Units    None: values are words as they are typed.
 *   Owning   A recipe, a grid and a result are yours to free; a grid borrows its recipe. A
 *            const pointer returned here belongs to the recipe or the grid.
 *   Failing  ERG_NOT_FOUND: no such file; ERG_BAD_INPUT: the file, or a value that it does
 *            not list.
 *   Missing  Texts that a file does not give are NULL.
 *   Threads  Any, once loaded.
 *   Source   docs/formats.md, "Workload profiles".
 */
#ifndef ERG_RECIPE_H
#define ERG_RECIPE_H

#include <stddef.h>
#include "erg/error.h"
#include "erg/table.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_recipe erg_recipe;

/* Values as "fp16", "0.25". */
typedef struct erg_recipe_setting {
    const char *name;
    const char *const *values;
    size_t value_count;
    const char *usual;          /* the default */
    const char *baseline;       /* the most faithful one; NULL: the default */
    bool is_open;               /* other values make sense as well */
} erg_recipe_setting;

typedef struct erg_recipe_facts {
    const char *name, *about, *path;
    const char *unit;           /* "token": what energy is counted per */
    const char *work_metric;
    const char *notes;
    const erg_recipe_setting *settings;
    size_t setting_count;
    const char *const *quality; /* metrics that fit */
    size_t quality_count;
    const char *const *requires;    /* Python modules */
    size_t require_count;
    int warmup;                 /* runs before each visit; -1: not said */
} erg_recipe_facts;

/* name: of a file in data_dir/workloads, or a path that ends in .json. */
erg_recipe *erg_recipe_load(const char *data_dir, const char *name, erg_error *err);
void erg_recipe_free(erg_recipe *recipe);
const erg_recipe_facts *erg_recipe_facts_of(const erg_recipe *recipe);
/* Table profiles, a row a file of data_dir/workloads. */
erg_result *erg_recipe_list(const char *data_dir, erg_error *err);

/* ---- the grid that --set asks for ---------------------------------------------------- */

typedef struct erg_recipe_choice {
    char *const *argv;          /* ends in NULL; no shell */
    size_t argc;
    const char *settings;       /* "model=..,precision=fp16,batch=8": all, in the file's
                                 * order */
    bool is_baseline;
} erg_recipe_choice;

typedef struct erg_recipe_grid erg_recipe_grid;

/* sets: "precision=fp16,int8" once a setting; the last varies fastest. A value that the
 * file does not list is refused unless force. */
erg_recipe_grid *erg_recipe_grid_new(const erg_recipe *recipe, const char *const sets[],
                                     size_t set_count, bool force, erg_error *err);
void erg_recipe_grid_free(erg_recipe_grid *grid);
size_t erg_recipe_grid_count(const erg_recipe_grid *grid);
const erg_recipe_choice *erg_recipe_grid_at(const erg_recipe_grid *grid, size_t index);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
