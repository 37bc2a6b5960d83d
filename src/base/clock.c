/* SPDX-License-Identifier: Apache-2.0 */
/* The real clock, the handed-in clock, and stamps for people. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/base.h"

static int64_t read_clock(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * ERG_NS_PER_S + now.tv_nsec;
}

int64_t erg_env_now_ns(const erg_env *env)
{
    if (env && env->clock)
        return env->clock->now_ns(env->clock->self);
    return read_clock(CLOCK_MONOTONIC);
}

int64_t erg_env_boot_ns(const erg_env *env)
{
    if (env && env->clock)
        return env->clock->boot_ns ? env->clock->boot_ns(env->clock->self)
                                   : env->clock->now_ns(env->clock->self);
    return read_clock(CLOCK_BOOTTIME);
}

int64_t erg_env_utc_ns(const erg_env *env)
{
    if (env && env->clock)
        return env->clock->utc_ns(env->clock->self);
    return read_clock(CLOCK_REALTIME);
}

void erg_env_sleep_until_ns(const erg_env *env, int64_t at_ns)
{
    if (env && env->clock) {
        env->clock->sleep_until_ns(env->clock->self, at_ns);
        return;
    }
    struct timespec at = { .tv_sec = at_ns / ERG_NS_PER_S,
                           .tv_nsec = at_ns % ERG_NS_PER_S };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

void erg_env_log(const erg_env *env, erg_level level, const char *format, ...)
{
    if (!env || !env->log)
        return;
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    env->log(env->log_self, level, text);
}

void erg_utc_format(int64_t utc_ns, int digits, char *to, size_t size)
{
    int64_t second = utc_ns / ERG_NS_PER_S, rest = utc_ns % ERG_NS_PER_S;
    if (rest < 0)
        rest += ERG_NS_PER_S, second--;

    struct tm day;
    time_t when = (time_t)second;
    char text[64] = "n/a";
    if (gmtime_r(&when, &day)) {
        size_t count = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &day);
        if (digits > 0) {
            for (int i = 9; i > digits; i--)
                rest /= 10;
            count += (size_t)snprintf(text + count, sizeof(text) - count, ".%0*lld", digits,
                                      (long long)rest);
        }
        erg_text_put(text + count, sizeof(text) - count, "Z");
    }
    erg_text_put(to, size, text);
}
