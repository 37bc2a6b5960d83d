/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of others that a trace goes out in. */
#include <errno.h>
#include <locale.h>
#include <string.h>
#include "report/export/exporter.h"

static const erg_exporter *const exporters[] = {
    &erg_exporter_csv,      &erg_exporter_json,       &erg_exporter_energy_report,
    &erg_exporter_perfetto, &erg_exporter_prometheus, &erg_exporter_tape,
};

size_t erg_exporter_count(void)
{
    return ERG_COUNT(exporters);
}

const char *erg_exporter_name(size_t index)
{
    return index < ERG_COUNT(exporters) ? exporters[index]->name : NULL;
}

static const erg_exporter *find(const char *name, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(exporters); i++)
        if (name && strcmp(exporters[i]->name, name) == 0)
            return exporters[i];
    erg_fail(err, ERG_BAD_INPUT,
             "no format '%.40s': there are csv json energy-report perfetto "
             "prometheus tape", name ? name : "");
    return NULL;
}

/* The program we are loaded into may write numbers with a comma: this thread must not. */
bool erg_export(const erg_trace *trace, const erg_export_options *options, FILE *out,
                erg_error *err)
{
    const erg_exporter *exporter = find(options->format, err);
    locale_t plain = exporter ? newlocale(LC_NUMERIC_MASK, "C", (locale_t)0) : (locale_t)0;
    if (!exporter)
        return false;
    if (!plain)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");

    locale_t before = uselocale(plain);
    bool good = exporter->write(trace, options, out, err);
    if (good && (fflush(out) != 0 || ferror(out)))
        good = erg_fail(err, ERG_IO, "cannot write: %s", strerror(errno));
    uselocale(before);
    freelocale(plain);
    return good;
}
