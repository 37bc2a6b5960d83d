/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a Chrome trace. What is handed over must lie within them, and its values are
 * read as an importer would; a prefix gives no event that the whole does not give.
 */
#include <stdlib.h>
#include "import/chrome_work.h"

static void read_value(const erg_chrome_text *text)
{
    char word[64];
    int64_t number, list[4];

    if (text->count == 0)
        return;
    erg_chrome_put(text, word, sizeof(word));
    erg_chrome_ns(text, &number);
    erg_chrome_whole(text, &number);
    erg_chrome_list(text, list, 4);
}

static bool take(void *self, const erg_chrome_event *event, erg_error *err)
{
    int64_t *count = self;

    (void)err;
    ++*count;
    read_value(&event->name);
    read_value(&event->category);
    read_value(&event->process);
    read_value(&event->thread);
    for (size_t i = 0; erg_chrome_args[i]; i++)
        read_value(&event->args[i]);
    if (event->duration_ns < 0 || erg_chrome_kind(event) >= ERG_EVENT_KINDS)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    int64_t whole = 0, part = 0;
    erg_chrome_facts facts;
    const erg_chrome_asked all = { erg_chrome_args, take, &whole };
    const erg_chrome_asked some = { erg_chrome_args, take, &part };

    erg_chrome_sniff((const char *)bytes, size);
    erg_chrome_read_bytes("fuzz", (const char *)bytes, size, &all, &facts, NULL);
    erg_chrome_read_bytes("fuzz", (const char *)bytes, size / 2, &some, &facts, NULL);
    if (part > whole)
        abort();
    return 0;
}
