/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a monitor's log: read, both writers, every dialect. */
#include "erg/rle.h"

static void use(const char *bytes, size_t size, const erg_monitor_options *options)
{
    erg_monitor *log = erg_monitor_parse("log", bytes, size, options, NULL);

    for (size_t i = 0; log && i < erg_rle_dialect_count(); i++) {
        const erg_rle_options wish = { .dialect = erg_rle_dialect_at(i)->name,
                                       .decide = true };
        erg_result_free(erg_rle_run(log, &wish, NULL));
    }
    erg_monitor_free(log);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    if (size > 20000)
        return 0;
    use((const char *)bytes, size, &(erg_monitor_options){ .writer = 0 });
    use((const char *)bytes, size, &(erg_monitor_options){ .writer = 2 });
    use((const char *)bytes, size, &(erg_monitor_options){ .map = "temp_c=T [C]#2" });
    use((const char *)bytes, size, &(erg_monitor_options){ .zone = "+05:30" });
    return 0;
}
