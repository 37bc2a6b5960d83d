/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a study weaker and refuses nothing. */
#include <math.h>
#include <stdlib.h>
#include "base/sort.h"
#include "erg/thermal.h"
#include "math/contrast.h"
#include "math/stats.h"
#include "couple/couple_inside.h"

#define SETTLED_K_PER_S (0.1 / 60)
#define SETTLING_S 300.0        /* 5 tau of a heat sink of a minute: tau is not known */
#define SETTLING_TAUS 5
#define SETTLING_LEAST_S 20.0
#define BEFORE_S 2.0            /* a run begins a little before its first record */
#define FAN_MOVES 0.15
enum { SLOPES_MOST = 600, QUARTER_LEAST = 8, LAG_BINS = 3 };

static bool put(erg_joint *joint, const char *device, erg_check check, erg_error *err)
{
    erg_text_put(check.device, sizeof(check.device), device);
    return erg_joint_check(joint, &check, err);
}

static erg_check_state hit_if(bool hit) { return hit ? ERG_CHECK_HIT : ERG_CHECK_OK; }

/* ---- a device ---------------------------------------------------------------------- */

static bool flag_regime(erg_joint *joint, int device, erg_error *err)
{
    const erg_joint_channel *fan = erg_joint_find(joint, device, "fan");
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; fan && i < fan->count; i++) {
        low = fmin(low, fan->points[i].value);
        high = fmax(high, fan->points[i].value);
    }
    bool is_known = high >= low;
    erg_check check = { .code = ERG_CHECK_MIXED_REGIME,
                        .value = is_known ? high - low : NAN,
                        .limit = FAN_MOVES,
                        .state = !is_known ? ERG_CHECK_UNKNOWN
                                           : hit_if(high - low > FAN_MOVES
                                                    || (low == 0 && high > 0)) };
    if (check.state == ERG_CHECK_HIT)
        snprintf(check.what, sizeof(check.what), "the fan goes from %.0f to %.0f %%",
                 100 * low, 100 * high);
    return put(joint, joint->devices[device].log->name, check, err);
}

/* One pole of the whole record, fitted once for all who ask. */
static bool fit_heat(erg_joint *joint, int device, erg_error *err)
{
    erg_joint_device *of = &joint->devices[device];
    const erg_thermal_options how = { .poles = 1 };
    erg_thermal model;
    erg_error why = { 0 };

    if (of->is_fit_tried)
        return true;
    of->is_fit_tried = true;
    of->fit_tau_s = of->fit_delay_s = NAN;
    bool is_fitted = erg_thermal_fit(of->log, &how, &model, &why);
    if (!erg_can_do_without(&why, err))
        return false;
    if (is_fitted && model.verdict != ERG_THERMAL_NOT_IDENTIFIABLE) {
        of->fit_tau_s = model.poles[0].tau_s;
        of->fit_delay_s = model.delay_s;
    }
    return true;
}

/* How long before the run the temperature must hold still, and why so long. */
typedef struct settling { double span_s; char why[64]; } settling;

static bool find_settling(erg_joint *joint, int device, settling *out, erg_error *err)
{
    double tau_s = joint->options->tau_s;
    bool is_given = tau_s > 0;

    if (!is_given && !fit_heat(joint, device, err))
        return false;
    tau_s = is_given ? tau_s : joint->devices[device].fit_tau_s;
    if (isnan(tau_s)) {
        out->span_s = SETTLING_S;
        snprintf(out->why, sizeof(out->why), "300 s asked for: no tau is known");
    } else {
        out->span_s = fmax(SETTLING_TAUS * tau_s, SETTLING_LEAST_S + 2 * BEFORE_S);
        snprintf(out->why, sizeof(out->why), "5 tau of %.3g s, %s", tau_s,
                 is_given ? "as given" : "fitted");
    }
    return true;
}

static bool flag_settled(erg_joint *joint, int device, erg_error *err)
{
    settling wanted;
    if (!find_settling(joint, device, &wanted, err))
        return false;
    const erg_joint_channel *temp = erg_joint_find(joint, device, "temp");
    double *t = temp ? calloc(2 * temp->count + 1, sizeof(*t)) : NULL;
    erg_check check = { .code = ERG_CHECK_NOT_SETTLED,
                        .value = NAN,
                        .limit = SETTLED_K_PER_S,
                        .state = ERG_CHECK_UNKNOWN };
    erg_line line;
    size_t n = 0;

    for (size_t i = 0; t && i < temp->count; i++) {
        double at_s = erg_s_from_ns(temp->points[i].t_ns - joint->start_ns);
        if (at_s < -BEFORE_S && at_s >= -wanted.span_s) {
            t[n] = at_s;
            t[temp->count + n++] = temp->points[i].value;
        }
    }
    if (t && n > 2 && t[n - 1] - t[0] >= SETTLING_LEAST_S
        && erg_line_fit(t, t + temp->count, n, &line)) {
        check.value = fabs(line.slope);
        check.state = hit_if(check.value >= SETTLED_K_PER_S);
        snprintf(check.what, sizeof(check.what), "K/s over %.0f s before the run (%s)",
                 t[n - 1] - t[0], wanted.why);
    }
    free(t);
    return put(joint, joint->devices[device].log->name, check, err);
}

static bool flag_rows(erg_joint *joint, int device, erg_error *err)
{
    const erg_monitor_device *log = joint->devices[device].log;
    size_t restarts = 0;

    for (size_t i = 1; i < log->count; i++) {
        double apart_s = erg_s_from_ns(log->rows[i].t_ns - log->rows[i - 1].t_ns);
        restarts += apart_s > fmax(1.5, 1.5 * log->period_s)
                 && log->rows[i].value[ERG_MONITOR_PEAK] == 0
                 && log->rows[i - 1].value[ERG_MONITOR_PEAK] > 0;
    }
    erg_check gaps = { .code = ERG_CHECK_GAPS, .value = (double)log->gaps, .limit = 0,
                       .state = hit_if(log->gaps > 0) };
    erg_check restarted = { .code = ERG_CHECK_RESTARTED,
                            .value = (double)restarts,
                            .limit = 0,
                            .state = hit_if(restarts > 0) };
    return put(joint, log->name, gaps, err) && put(joint, log->name, restarted, err);
}

/* Where a thermal fit finds the delay of the power sensor, it is taken off its stamps. */
static bool apply_delay(erg_joint *joint, int device, erg_error *err)
{
    erg_joint_device *of = &joint->devices[device];
    erg_joint_channel *power = erg_joint_find(joint, device, "power");
    double known_s = of->log->delay_s[ERG_MONITOR_POWER_W];     /* already taken off */

    if (!fit_heat(joint, device, err))
        return false;
    if (!(of->fit_delay_s > known_s))
        return true;
    of->delay_s = of->fit_delay_s;
    for (size_t i = 0; i < power->count; i++)
        power->points[i].t_ns -= erg_ns_from_s(of->delay_s - known_s);
    return erg_joint_fill(joint, power, err);
}

/* Heat before power, in first differences of the whole record: the greatest r at lags
 * below 0. */
static double early_r(const erg_pair *test, int *lag)
{
    double most = 0;

    for (int k = -(int)test->lags; k < 0; k++) {
        double r = test->ccf_differenced[k + (int)test->lags];
        if (r > most) {
            most = r;
            *lag = k;
        }
    }
    return most;
}

static bool flag_lag(erg_joint *joint, int device, erg_error *err)
{
    erg_joint_device *of = &joint->devices[device];
    const erg_joint_channel *temp = erg_joint_find(joint, device, "temp");
    const erg_joint_channel *power = erg_joint_find(joint, device, "power");
    const erg_pair_options how = { .lags = LAG_BINS,
                                   .draws = 1,
                                   .key = joint->options->key };
    erg_check check = { .code = ERG_CHECK_SENSOR_LAG, .value = NAN, .limit = NAN,
                        .state = ERG_CHECK_UNKNOWN };
    erg_pair test;
    int lag = 0;

    if (temp && power && !temp->is_void && !power->is_void
        && erg_pair_test(power->bins, temp->bins, joint->bin_count, &how, &test, NULL)) {
        check.value = early_r(&test, &lag);
        check.limit = test.band;
        check.state = hit_if(check.value > check.limit);
        of->sensor_lag = check.state == ERG_CHECK_HIT;
        erg_pair_free(&test);
    }
    if (of->sensor_lag && !apply_delay(joint, device, err))
        return false;
    if (of->delay_s > 0)
        snprintf(check.what, sizeof(check.what),
                 "heat leads power by %g s; a delay of %.3g s is "
                 "taken off",
                 -lag * joint->dt_s, of->delay_s);
    else if (of->sensor_lag)
        snprintf(check.what, sizeof(check.what), "heat leads power by %g s",
                 -lag * joint->dt_s);
    return put(joint, of->log->name, check, err);
}

/* ---- the training log -------------------------------------------------------------- */

/* Theil and Sen: the median of all slopes; and P of as many falls by chance, by Mann (1945)
 * and Kendall. NAN: too few. */
static double fall_of(const double x[], size_t n, double *slope)
{
    double *slopes = calloc(n * n / 2 + 1, sizeof(*slopes)), score = 0;
    size_t count = 0;

    *slope = NAN;
    if (!slopes || n < QUARTER_LEAST) {
        free(slopes);
        return NAN;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            slopes[count++] = (x[j] - x[i]) / (double)(j - i);
            score += (x[j] > x[i]) - (x[j] < x[i]);
        }
    qsort(slopes, count, sizeof(*slopes), erg_by_value);
    *slope =
        count % 2 ? slopes[count / 2] : (slopes[count / 2 - 1] + slopes[count / 2]) / 2;
    free(slopes);
    double m = (double)n, sd = sqrt(m * (m - 1) * (2 * m + 5) / 18);
    return erg_normal_p((score + (score < 0 ? 1 : -1)) / sd);
}

static bool flag_loss(erg_joint *joint, erg_error *err)
{
    const erg_joint_channel *loss = erg_joint_find(joint, -1, "loss");
    erg_check check = { .code = ERG_CHECK_NOT_CONVERGING, .value = NAN, .limit = 0,
                        .state = ERG_CHECK_UNKNOWN };
    double some[SLOPES_MOST], slope;
    size_t n = loss->count < SLOPES_MOST ? loss->count : SLOPES_MOST;

    for (size_t i = 0; i < n; i++)
        some[i] = loss->points[i * loss->count / n].value;
    double p = fall_of(some, n, &slope);
    if (!isnan(p)) {
        check.value = slope * (double)n / (double)loss->count;
        check.state = hit_if(!(slope < 0 && p < 0.05));
        snprintf(check.what, sizeof(check.what), "slope of loss a record");
    }
    return put(joint, "", check, err);
}

static bool flag_gradient(erg_joint *joint, erg_error *err)
{
    const erg_joint_channel *grad = erg_joint_find(joint, -1, "grad_norm");
    size_t quarter = grad->count / 4;
    double first = 0, last = 0;
    erg_check check = { .code = ERG_CHECK_NOT_CONVERGING, .value = NAN, .limit = NAN,
                        .state = ERG_CHECK_UNKNOWN };

    for (size_t i = 0; i < quarter; i++) {
        first += grad->points[i].value / (double)quarter;
        last += grad->points[grad->count - 1 - i].value / (double)quarter;
    }
    if (quarter >= QUARTER_LEAST) {
        check.value = last;
        check.limit = first;
        check.state = hit_if(!(last < first));
        snprintf(check.what, sizeof(check.what),
                 "mean grad_norm of the last quarter, and of the "
                 "first");
    }
    return put(joint, "", check, err);
}

bool erg_joint_flag(erg_joint *joint, erg_error *err)
{
    bool (*const flags[])(erg_joint *, int, erg_error *) = {
        flag_lag, flag_regime, flag_settled, flag_rows,
    };
    size_t torn = erg_monitor_torn(joint->monitor, NULL, 0) + joint->log_torn;

    for (size_t k = 0; k < ERG_COUNT(flags); k++)
        for (size_t i = 0; i < joint->device_count; i++)
            if (!flags[k](joint, (int)i, err))
                return false;
    return put(joint, "",
               (erg_check){ .code = ERG_CHECK_TORN,
                            .value = (double)torn,
                            .state = hit_if(torn > 0) },
               err)
           && put(joint, "",
                  (erg_check){ .code = ERG_CHECK_NO_AMBIENT,
                               .limit = NAN,
                               .value = joint->options->ambient_k > 0
                                            ? joint->options->ambient_k - 273.15
                                            : NAN,
                               .state = hit_if(!(joint->options->ambient_k > 0)) },
                  err)
           && flag_loss(joint, err) && flag_gradient(joint, err);
}
