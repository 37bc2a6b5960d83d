/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at a run reads and says: rows in, findings out. */
#include <math.h>
#include "advise/advise_look.h"

double erg_look_real(erg_look_row of, const char *column)
{
    return erg_table_find(of.table, of.at, column).real;
}

const char *erg_look_text(erg_look_row of, const char *column)
{
    const char *found = erg_table_find(of.table, of.at, column).text;

    return found ? found : "";
}

erg_finding *erg_look_tell(erg_look *to, erg_look_row of, double share, const char *advice)
{
    erg_finding *one = &to->list[to->count < ERG_FINDINGS_MOST ? to->count++ : to->count];

    *one = (erg_finding){ .advice = advice,
                          .share = share,
                          .energy_j = share * erg_look_real(of, "energy_j"),
                          .low_j = NAN,
                          .high_j = NAN,
                          .method = share < 1 ? "model" : erg_look_text(of, "method") };
    if (share >= 1) {
        one->low_j = erg_look_real(of, "energy_low_j");
        one->high_j = erg_look_real(of, "energy_high_j");
    }
    erg_text_put(one->source, sizeof(one->source), erg_look_text(of, "source"));
    return one;
}

void erg_look_say(erg_finding *one, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(one->text, sizeof(one->text), format, arguments);
    va_end(arguments);
}
