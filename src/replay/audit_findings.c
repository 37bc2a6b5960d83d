/* SPDX-License-Identifier: Apache-2.0 */
/* How a check says what it found. */
#include <string.h>
#include "replay/audit.h"

static void say(erg_finding *out, erg_audit_state state, const char *format,
                va_list arguments)
{
    out->state = state;
    vsnprintf(out->what, sizeof(out->what), format, arguments);
}

void erg_audit_passes(erg_finding *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(out, ERG_AUDIT_PASSED, format, arguments);
    va_end(arguments);
}

void erg_audit_fails(erg_finding *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(out, ERG_AUDIT_FAILED, format, arguments);
    va_end(arguments);
}

void erg_audit_cannot(erg_finding *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(out, ERG_AUDIT_NOT_ASSESSABLE, format, arguments);
    va_end(arguments);
}

/* Figures follow each other with a semicolon. */
void erg_audit_shows(erg_finding *out, const char *format, ...)
{
    size_t count = strlen(out->evidence);
    va_list arguments;

    if (count && count + 3 < sizeof(out->evidence)) {
        memcpy(out->evidence + count, "; ", 3);
        count += 2;
    }
    va_start(arguments, format);
    vsnprintf(out->evidence + count, sizeof(out->evidence) - count, format, arguments);
    va_end(arguments);
}

const erg_replay_kernel *erg_audit_planned(const erg_replay *replay,
                                           const erg_kernel_timing *kernel)
{
    bool known = replay->plan && kernel->kernel >= 0
                 && (size_t)kernel->kernel < replay->plan->kernel_count;
    return known ? &replay->plan->kernels[kernel->kernel] : NULL;
}
