/* SPDX-License-Identifier: Apache-2.0 */
/* Power over time and by frequency, of every policy or of two records. */
#include <math.h>
#include <stdlib.h>
#include "govern/shape_rows.h"

enum { WAVES_MOST = 64 };
#define STEP_S 0.01
#define SPECTRUM_MOST_HZ 25.0   /* the band, and a little beyond its end */

static const erg_column spectrum_columns[] = {
    { "policy", ERG_TEXT, "as typed" },
    { "frequency_hz", ERG_REAL, "of a bin" },
    { "amplitude_w", ERG_REAL, "of the line that would give the bin what it holds" },
};

/* ---- wave ---------------------------------------------------------------------------- */

static double end_of(const erg_shaped *shaped)
{
    return (double)shaped->count * shaped->dt_s;
}

static bool put_wave_row(erg_table *table, const erg_shape_wave waves[], size_t count,
                         double time_s, erg_error *err)
{
    bool ok = erg_table_row(table, err) && erg_table_real(table, "time_s", time_s, err);

    for (size_t i = 0; ok && i < count; i++) {
        size_t at = (size_t)round(time_s / waves[i].shaped->dt_s);
        if (at < waves[i].shaped->count)
            ok = erg_table_real(table, erg_table_column(table, i + 1)->name,
                                waves[i].shaped->wave_w[at], err);
    }
    return ok;
}

static bool put_wave(const erg_shape_tables *tables, const erg_shape_wave waves[],
                     size_t count, erg_error *err)
{
    double wish_s = tables->options->wave_s > 0 ? tables->options->wave_s : STEP_S;
    double dt_s = waves[0].shaped->dt_s, end_s = 0;
    double every = fmax(1, round(wish_s / dt_s));
    char names[WAVES_MOST][112];
    erg_column columns[WAVES_MOST
                       + 1] = { { "time_s", ERG_REAL, "from the end of the warm-up" } };

    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "%s_power_w", waves[i].name);
        columns[i + 1] = (erg_column){ names[i], ERG_REAL, "of all units together" };
        end_s = fmax(end_s, end_of(waves[i].shaped));
    }
    const erg_column *heads = erg_result_keep(tables->result, columns, count + 1, err);
    erg_table *table = heads ? erg_result_add(tables->result, "wave", heads, count + 1, err)
                             : NULL;
    bool ok = table != NULL;
    for (size_t k = 0; ok && (double)k * every * dt_s < end_s - dt_s / 2; k++)
        ok = put_wave_row(table, waves, count, (double)k * every * dt_s, err);
    return ok;
}

/* ---- spectrum ------------------------------------------------------------------------ */

static bool put_lines(erg_table *table, const erg_shape_wave *wave, erg_error *err)
{
    const erg_shaped *of = wave->shaped;
    const erg_wave_view view = { .power_w = of->wave_w, .count = of->count,
                                 .dt_s = of->dt_s,
                                 .window_s = of->window_s };
    erg_spectrum spectrum;
    bool ok = erg_spectrum_of(&view, of->metrics.mean_w, &spectrum, err);

    for (size_t k = 1; ok && k < spectrum.seen; k++) {
        double frequency_hz = (double)k * spectrum.df_hz;
        if (frequency_hz > SPECTRUM_MOST_HZ + 1e-9)
            break;
        ok = erg_table_row(table, err) && erg_table_text(table, "policy", wave->name, err)
            && erg_table_real(table, "frequency_hz", frequency_hz, err)
            && erg_table_real(table, "amplitude_w", erg_spectrum_line_w(&spectrum, k), err);
    }
    free(spectrum.density);
    return ok;
}

static bool put_spectrum(const erg_shape_tables *tables, const erg_shape_wave waves[],
                         size_t count, erg_error *err)
{
    erg_table *table = erg_result_add(tables->result, "spectrum", spectrum_columns,
                                      ERG_COUNT(spectrum_columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < count; i++)
        ok = put_lines(table, &waves[i], err);
    return ok;
}

bool erg_shape_waves_add(const erg_shape_tables *tables, const erg_shape_wave waves[],
                         size_t count, erg_error *err)
{
    return (!tables->options->wave || put_wave(tables, waves, count, err))
        && (!tables->options->spectrum || put_spectrum(tables, waves, count, err));
}
