/* SPDX-License-Identifier: Apache-2.0 */
/* Applications left out in turn, and the score of one kind of model. */
#ifndef TEST_FIT_VALIDATED_H
#define TEST_FIT_VALIDATED_H

#include "fit/validate.h"
#include "test.h"

static inline erg_validation *validate(const erg_points *points,
                                       const erg_points *tests,
                                       const erg_validate_options *options)
{
    erg_error err = { 0 };
    erg_validation *validation = erg_fit_validate(points, tests, options, &err);
    CHECK_OK(validation != NULL, err);
    return validation;
}

static inline const erg_fit_score *find(const erg_validation *validation,
                                        const char *name, erg_target target, bool is_test)
{
    for (size_t i = 0; i < erg_validation_count(validation); i++) {
        const erg_fit_score *score = erg_validation_at(validation, i);
        if (strcmp(erg_fit_name(score->fit), name) == 0 && score->target == target
            && score->is_test == is_test)
            return score;
    }
    print_message("no score of %s\n", name);
    CHECK(false);
    return NULL;
}

#endif
