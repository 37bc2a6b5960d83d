/* SPDX-License-Identifier: Apache-2.0 */
/* The windows, and how a table of other tools says them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/rows.h"
#include "replay/regress.h"

erg_regress_set *erg_regress_set_new(const char *source, erg_error *err)
{
    erg_regress_set *set = calloc(1, sizeof(*set));

    if (!set) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for the windows of %s", source);
        return NULL;
    }
    erg_text_put(set->source, sizeof(set->source), source);
    set->base_w = set->condition = set->left_out_error = NAN;
    return set;
}

void erg_regress_set_free(erg_regress_set *set)
{
    if (!set)
        return;
    free(set->windows);
    free(set->kernels);
    free(set->counts);
    free(set->predicted_j);
    free(set);
}

size_t erg_regress_window_of(erg_regress_set *set, const char *name, erg_error *err)
{
    for (size_t i = 0; i < set->window_count; i++)
        if (strcmp(set->windows[i].name, name) == 0)
            return i;
    if (!erg_grow((void **)&set->windows, &set->window_capacity, set->window_count,
                  sizeof(*set->windows), err))
        return SIZE_MAX;
    erg_regress_window *window = &set->windows[set->window_count];
    *window = (erg_regress_window){ .time_s = NAN, .energy_j = NAN, .system_j = NAN };
    erg_text_put(window->name, sizeof(window->name), name);
    return set->window_count++;
}

size_t erg_regress_kernel_of(erg_regress_set *set, const char *name, erg_error *err)
{
    char whole[ERG_KERNEL_NAME];

    erg_replay_name_put(whole, name, strlen(name));
    for (size_t i = 0; i < set->kernel_count; i++)
        if (strcmp(set->kernels[i].name, whole) == 0)
            return i;
    if (!erg_grow((void **)&set->kernels, &set->kernel_capacity, set->kernel_count,
                  sizeof(*set->kernels), err))
        return SIZE_MAX;
    erg_regress_kernel *kernel = &set->kernels[set->kernel_count];
    *kernel = (erg_regress_kernel){ .tier = erg_tier_of(whole, ERG_OP_UNKNOWN),
                                    .energy_j = NAN, .low_j = NAN, .high_j = NAN,
                                    .isolated_j = NAN, .isolated_u_j = NAN,
                                    .agreement_en = NAN };
    memcpy(kernel->name, whole, sizeof(whole));
    return set->kernel_count++;
}

bool erg_regress_add(erg_regress_set *set, size_t window, size_t kernel, double count,
                     erg_error *err)
{
    if (window == SIZE_MAX || kernel == SIZE_MAX
        || !erg_grow((void **)&set->counts, &set->count_capacity, set->count_count,
                     sizeof(*set->counts), err))
        return false;
    set->counts[set->count_count++] = (struct erg_regress_count){ window, kernel, count };
    return true;
}

/* ---- CSV ----------------------------------------------------------------------- */

typedef struct csv_row {
    char model[80], module[80], kernel[ERG_KERNEL_NAME];
    double count, gpu_j, latency_us, system_j;
} csv_row;

#define AT(field) offsetof(csv_row, field)
#define SIZE(field) sizeof(((csv_row *)NULL)->field)

static const erg_row_field fields[] = {
    { "model", AT(model), SIZE(model), 0, false },
    { "module_name", AT(module), SIZE(module), 0, true },
    { "kernel_name", AT(kernel), SIZE(kernel), 0, false },
    { "invocation_count", AT(count), 0, 0, false },
    { "gpu_energy_j", AT(gpu_j), 0, 0, true },
    { "latency_us", AT(latency_us), 0, 0, true },
    { "system_energy_j", AT(system_j), 0, 0, true },
};
enum { ROWS_MOST = 1000000 };
static const erg_row_layout layout = { fields, ERG_COUNT(fields), sizeof(csv_row),
                                       ROWS_MOST };

/* All rows of a window repeat what was measured of it. */
static bool state(double *to, double value, const erg_regress_window *window,
                  const char *what, erg_error *err)
{
    if (isnan(*to) || isnan(value) || *to == value) {
        *to = isnan(*to) ? value : *to;
        return true;
    }
    return erg_fail(err, ERG_BAD_INPUT,
                    "window %s has two values of %s, %g and %g: a window was measured "
                    "once",
                    window->name, what, *to, value);
}

static bool add_row(erg_regress_set *set, const csv_row *row, erg_error *err)
{
    char name[sizeof(set->windows->name) + 4];

    snprintf(name, sizeof(name), "%s%s%s", row->model, row->module[0] ? "/" : "",
             row->module);
    size_t at = erg_regress_window_of(set, name, err);
    if (at == SIZE_MAX)
        return false;
    erg_regress_window *window = &set->windows[at];
    return state(&window->energy_j, row->gpu_j, window, "gpu_energy_j", err)
           && state(&window->system_j, row->system_j, window, "system_energy_j", err)
           && state(&window->time_s, 1e-6 * row->latency_us, window, "latency_us", err)
           && erg_regress_add(set, at, erg_regress_kernel_of(set, row->kernel, err),
                              row->count, err);
}

/* The device's joules; the machine's only where no window has any of the device's: never
 * one in place of the other. */
static bool choose_energies(erg_regress_set *set, erg_error *err)
{
    set->is_system = set->window_count > 0;
    for (size_t i = 0; i < set->window_count; i++)
        set->is_system = set->is_system && isnan(set->windows[i].energy_j);
    for (size_t i = 0; i < set->window_count; i++) {
        erg_regress_window *window = &set->windows[i];
        if (set->is_system)
            window->energy_j = window->system_j;
        if (isnan(window->energy_j))
            return erg_fail(err, ERG_BAD_INPUT, "%s: window %s has no %s: fill it in, or "
                            "leave the window out", set->source, window->name,
                            set->is_system ? "energy" : "gpu_energy_j, and others have");
    }
    return true;
}

erg_regress_set *erg_regress_read(const char *path, erg_error *err)
{
    size_t count = 0;
    csv_row *rows = erg_rows_read(&layout, path, &count, err);
    erg_regress_set *set = rows ? erg_regress_set_new(path, err) : NULL;
    bool ok = set != NULL;

    for (size_t i = 0; i < count && ok; i++)
        ok = add_row(set, &rows[i], err);
    ok = ok && choose_energies(set, err);
    free(rows);
    if (!ok)
        erg_regress_set_free(set);
    return ok ? set : NULL;
}
