/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings of a monitor and a training program, made to order:
 * planted, broken, or neither. */
#ifndef TEST_COUPLE_MADE_H
#define TEST_COUPLE_MADE_H

#include "test.h"

enum { BEFORE = 40, AFTER_MOST = 1000, RUN_MOST = 800, START_S = 1761699200 };

/* A recording at 1 Hz. Zero means no: nothing planted, nothing broken. */
typedef struct made {
    uint64_t seed;
    int run_s;                  /* as long again is off behind it */
    double planted;             /* of grad_norm in power, 2 s later */
    double driver;              /* of use in both */
    double log_offset_s, zone_s;
    bool is_local, is_since_start, no_off, is_idle;
    bool derived, formula, placeholder, starved;
    int held;                   /* rows that a value lasts; 0: 1 */
    int gaps;                   /* rows left out */
} made;

typedef struct texts { erg_text monitor, log; } texts;

static inline double slow(double before, double rho, test_random *random)
{
    return rho * before + sqrt(1 - rho * rho) * test_normal(random);
}

static inline void write_step(const made *of, erg_text *to, int t, double grad)
{
    double at_s = t + 0.5 + of->log_offset_s;
    long clock = (long)(START_S + t + of->zone_s) % 86400;

    if (of->is_local)
        erg_text_add(to, "{\"timestamp_iso\": \"2025-10-29T%02ld:%02ld:%02ld.5\"",
                     clock / 3600, clock / 60 % 60, clock % 60);
    else
        erg_text_add(to, "{\"t\": %.3f", at_s + (of->is_since_start ? -100 : START_S));
    erg_text_add(to, ", \"loss\": %.5f, \"grad_norm\": %.6f}\n",
                 9 - 0.01 * t + 0.001 * grad, 12 + grad);
}

typedef struct state { double use, other, temp, power, fresh_temp, fresh_power; } state;

static inline void write_row(const made *of, erg_text *to, int t, const state *now,
                             bool on)
{
    double use = on && !of->is_idle ? 80 + 5 * now->use : 4 + now->use;
    double power = of->derived ? 1.25 * round(use * 10) / 10 : now->power;
    double temp = of->formula ? 50 + 0.01 * t + 6 * sin(t / 9.0)
                : of->placeholder ? 50 : now->temp;

    erg_text_add(to, "%.3f,gpu,%.3f,%.3f,%.1f\n", START_S + t + 0.5, temp, power, use);
}

static inline void make(const made *of, texts *out)
{
    test_random random = { of->seed + 1 };
    double grad[RUN_MOST + AFTER_MOST + BEFORE] = { 0 };
    state now = { .temp = 60, .fresh_temp = 60 };
    int begin = of->no_off ? 0 : BEFORE, run_end = begin + of->run_s;
    int all = of->no_off ? run_end : run_end + of->run_s + 20;

    *out = (texts){ .monitor = { 0 } };
    erg_text_add(&out->monitor, "timestamp,device,temp_c,power_w,util_pct\n");
    for (int t = 0; t < all; t++) {
        bool on = t >= begin && t < run_end;
        double own = t ? grad[t - 1] - of->driver * now.use : 0, before_use = now.use;
        now.use = slow(now.use, 0.7, &random);
        grad[t] = slow(own, 0.87, &random) + of->driver * now.use;
        now.other = slow(now.other, 0.85, &random);
        now.fresh_power = (on && !of->is_idle ? 160 : 25)
            + (on ? 12 : 1) * (now.other + of->driver * before_use
                               + (t > 1 ? of->planted * grad[t - 2] : 0));
        now.fresh_temp = 60 + 4 * slow((now.fresh_temp - 60) / 4, 0.9, &random);
        if (of->held < 2 || t % of->held == 0) {
            now.power = now.fresh_power;
            now.temp = now.fresh_temp;
        }
        bool dropped = (of->starved && on && t % 4 == 1)
                    || (of->gaps && test_uniform(&random) < (double)of->gaps / all);
        if (!dropped)
            write_row(of, &out->monitor, t, &now, on);
        if (on)
            write_step(of, &out->log, t, grad[t]);
    }
}

#endif
