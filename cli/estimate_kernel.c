/* SPDX-License-Identifier: Apache-2.0 */
/* erg estimate --kernel: what single products and attentions cost, by learnt models. */
#include <stdlib.h>
#include <string.h>
#include <erg/kernel.h>
#include "estimate.h"

enum { MODELS_MOST = 16, NAME_MOST = 64 };

typedef struct asked {
    const erg_kernels *models[MODELS_MOST];
    erg_kernels *owned[MODELS_MOST];
    size_t model_count, shape_count;
    erg_kernel_shape shapes[CLI_LIST_MOST];
} asked;

static bool load(asked *to, const erg_catalog *catalog, const char *on, erg_error *err)
{
    while (*on && to->model_count < MODELS_MOST) {
        char name[NAME_MOST];
        size_t length = strcspn(on, ",");
        snprintf(name, sizeof(name), "%.*s", (int)length, on);
        erg_kernels *model = erg_kernels_load(catalog, name, NULL, err);
        if (!model)
            return false;
        to->models[to->model_count] = to->owned[to->model_count] = model;
        to->model_count++;
        on += length + (on[length] == ',');
    }
    return true;
}

static bool parse(asked *to, const cli_list *kernels, erg_error *err)
{
    for (; to->shape_count < kernels->count; to->shape_count++)
        if (!erg_kernel_shape_parse(kernels->items[to->shape_count],
                                    &to->shapes[to->shape_count], err))
            return false;
    return true;
}

int cli_estimate_kernels(const cli *call, const erg_catalog *catalog, const char *on,
                         const cli_list *kernels)
{
    asked *all = calloc(1, sizeof(*all));
    erg_error err = { 0 };

    if (!all)
        return CLI_FAULT;
    if (!parse(all, kernels, &err)) {
        free(all);
        return cli_misused(call, "--kernel: %s", err.text);
    }
    erg_result *result = load(all, catalog, on, &err)
        ? erg_kernels_table(all->models, all->model_count, all->shapes,
                            all->shape_count, &err)
        : NULL;
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);

    erg_result_free(result);
    for (size_t i = 0; i < all->model_count; i++)
        erg_kernels_free(all->owned[i]);
    free(all);
    return status;
}
