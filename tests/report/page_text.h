/* SPDX-License-Identifier: Apache-2.0 */
/* A page as the text that a browser would get. */
#ifndef ERG_TESTS_REPORT_PAGE_TEXT_H
#define ERG_TESTS_REPORT_PAGE_TEXT_H

#include "report/page.h"
#include "test.h"

/* free() it. */
static inline char *page_text(erg_page_of *write, const erg_result *result,
                              const char *title)
{
    char *text = NULL;
    size_t size = 0;
    erg_error err = { 0 };
    FILE *out = open_memstream(&text, &size);

    CHECK_OK(write(result, title, out, &err), err);
    fclose(out);
    return text;
}

#endif
