/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/plan_file.h"

#define WINDOW(field) { #field, offsetof(erg_window, field) }

const char *const erg_plan_matrix[ERG_PLAN_MATRIX] = { "batch", "m", "n", "k" };

const erg_plan_field erg_plan_window_lists[ERG_PLAN_WINDOW_LISTS] = {
    WINDOW(kernel), WINDOW(stride), WINDOW(pad_begin), WINDOW(pad_end), WINDOW(dilation),
    WINDOW(in), WINDOW(out),
};

const erg_plan_field erg_plan_window_numbers[ERG_PLAN_WINDOW_NUMBERS] = {
    WINDOW(channels_in), WINDOW(channels_out), WINDOW(groups),
};
