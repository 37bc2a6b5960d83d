/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of sessions, made to order: a monitor's log and a training log at 1 Hz. */
#ifndef TEST_COUPLE_MADE_SESSION_H
#define TEST_COUPLE_MADE_SESSION_H

#include "erg/session.h"
#include "test.h"

enum { SECONDS = 420, BEGIN = 40, END = 220 };

static inline FILE *begin_file(const char *folder, const char *name)
{
    char path[ERG_PATH_MOST + 32];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    CHECK(file != NULL);
    return file;
}

/* Zero means no. */
typedef struct made_one {
    uint64_t seed;
    double strength;            /* of the gradient in power 2 s later, against its noise */
    double trend;               /* of both over the run, in the gradient's deviations */
    double swing_w;             /* of its noise in power; 0: 6 W */
    bool no_off;                /* the monitor knows the run alone */
    bool no_temp;
} made_one;

/* Of the last one made. */
static char made_folder[ERG_PATH_MOST];

/* Off, on, off. */
static inline erg_session *made_session(const made_one *of)
{
    test_random random = { of->seed };
    char *folder = made_folder;
    double grad[SECONDS] = { 0 }, slow = 0, temp = 40, drift = 0;
    erg_error err = { 0 };

    snprintf(folder, sizeof(made_folder), "%s", test_folder());
    FILE *log = begin_file(folder, "rle_data_1.csv");
    FILE *steps = begin_file(folder, "training_log_1.json");
    fputs("timestamp,device,temp_c,power_w,util_pct\n", log);
    for (int t = 0; t < SECONDS; t++) {
        bool on = t >= BEGIN && t < END;
        slow = 0.8 * slow + test_normal(&random);
        drift = 0.7 * drift + test_normal(&random);
        double trend = of->trend * (t - BEGIN) / (END - BEGIN);
        grad[t] = 10 + slow - trend;
        double swing_w = of->swing_w > 0 ? of->swing_w : 6;
        double swing = on ? of->strength * (grad[t - 2] - 10) + drift + trend : 0;
        double power = on ? 150 + swing_w * swing : 30 + test_normal(&random);
        temp += (22 + 0.25 * power - temp) / 20;
        double read = temp + 0.1 * test_normal(&random), noise = test_normal(&random);
        if (on || !of->no_off) {
            fprintf(log, "%.3f,gpu,", 1761699200 + t + 0.5);
            if (!of->no_temp)
                fprintf(log, "%.2f", read);
            fprintf(log, ",%.2f,%.1f\n", power, on ? 90 + 2 * noise : 3 + 0.5 * noise);
        }
        if (on)
            fprintf(steps, "{\"step\": %d, \"timestamp_shared\": %.2f, \"loss\": %.4f, "
                    "\"grad_norm\": %.4f}\n", t - BEGIN + 1, 1761699200 + t + 0.5,
                    6 - t / 50.0 + 0.05 * test_normal(&random), grad[t]);
    }
    fclose(log);
    fclose(steps);
    erg_session *session = erg_session_load(folder, NULL, &err);
    CHECK_OK(session != NULL, err);
    return session;
}

#endif
