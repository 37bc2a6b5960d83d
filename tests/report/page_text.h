/* SPDX-License-Identifier: Apache-2.0 */
/* A page as the text that a browser would get. */
#ifndef ERG_TESTS_REPORT_PAGE_TEXT_H
#define ERG_TESTS_REPORT_PAGE_TEXT_H

#include "erg/report.h"
#include "test.h"

typedef bool page_writer(const erg_result *result, const char *title, FILE *out,
                         erg_error *err);

/* free() it. */
static inline char *page_text(page_writer *write, const erg_result *result,
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
