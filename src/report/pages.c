/* SPDX-License-Identifier: Apache-2.0 */
/* Which result has which page. */
#include <string.h>
#include "report/page.h"

static const struct { const char *result; erg_page_of *page; } pages[] = {
    { "estimate", erg_report_estimate }, { "choose", erg_report_choice },
    { "fit", erg_report_fit },           { "couple", erg_report_couple },
    { "thermal", erg_report_thermal },   { "rle", erg_report_rle },
    { "shape", erg_report_shape },       { "replay", erg_report_replay },
};

bool erg_report_result(const erg_result *result, const char *title, FILE *out,
                       erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(pages); i++)
        if (strcmp(pages[i].result, erg_result_name(result)) == 0)
            return pages[i].page(result, title, out, err);
    return erg_fail(err, ERG_BAD_INPUT, "a result of erg %s has no page: erg report --help "
                    "names those that have one", erg_result_name(result));
}
