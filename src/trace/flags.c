/* SPDX-License-Identifier: Apache-2.0 */
/* What every flag is called, whether it forbids the figure, and what it means. */
#include "base/base.h"
#include "erg/trace.h"

static const erg_flag_info flags[ERG_FLAG_COUNT_OF] = {
    [ERG_FLAG_METER_SILENT] = { "METER_SILENT", true,
        "The meter does not follow the load: it is dead, or wired to another machine. "
        "Check the plug and name the machine with --wired-to." },
    [ERG_FLAG_HOST_MISMATCH] = { "HOST_MISMATCH", true,
        "The meter is wired to another machine than the one that ran the command. "
        "Move the meter, or correct --wired-to." },
    [ERG_FLAG_TIME_MISMATCH] = { "TIME_MISMATCH", true,
        "The runs, each as long as stated, do not fill the window to within 10 %, so no "
        "energy per run is given. Check the stamps, their zone and the number of runs." },
    [ERG_FLAG_STALE_RESULT] = { "STALE_RESULT", true,
        "The result file is older than the run: it belongs to an earlier one. "
        "Delete it and run again." },
    [ERG_FLAG_COMMAND_FAILED] = { "COMMAND_FAILED", true,
        "The command ended with a failure, so its runs are not counted. "
        "Make it succeed and measure again." },
    [ERG_FLAG_NO_DATA] = { "NO_DATA", true,
        "Nothing was measured in this stretch. Look at erg devices for the reason." },
    [ERG_FLAG_PARTIAL] = { "PARTIAL", false,
        "Only a part of the window was seen; the figure is for the part that was. "
        "Poll faster, or look for read errors." },
    [ERG_FLAG_TOO_SHORT] = { "TOO_SHORT", false,
        "Fewer than 10 updates of the sensor fall in the window. "
        "Repeat the work until it lasts at least 50 updates." },
    [ERG_FLAG_ALIASED] = { "ALIASED", false,
        "The sensor looks only a part of the time and the load repeats at nearly its "
        "period, so it sees the same phase again and again. Use --dither or the counter." },
    [ERG_FLAG_CLOCK_OFFSET_UNKNOWN] = { "CLOCK_OFFSET_UNKNOWN", false,
        "The meter's clock could not be lined up with the machine's; the interval is "
        "wider for it. Record with --marker and import with --align." },
    [ERG_FLAG_LOCAL_TIME] = { "LOCAL_TIME", false,
        "The stamps have no time zone and were taken as they stand. Name it with --tz." },
    [ERG_FLAG_WRAP_AMBIGUOUS] = { "WRAP_AMBIGUOUS", true,
        "The counter may have returned to 0 more than once between two readings. "
        "Poll at least every half wrap time." },
    [ERG_FLAG_COUNTER_DISAGREES] = { "COUNTER_DISAGREES", false,
        "Energy counter and integrated power are more than 5 % apart. The counter is the "
        "answer; check which of the two to trust with erg devices --check." },
    [ERG_FLAG_SUSPENDED] = { "SUSPENDED", false,
        "The machine slept during the recording; the stretch is not covered. "
        "Keep it awake while measuring." },
    [ERG_FLAG_COLD_CLOCKS] = { "COLD_CLOCKS", false,
        "The device was still speeding up when the window began. Add --warmup runs." },
    [ERG_FLAG_THERMAL_DRIFT] = { "THERMAL_DRIFT", false,
        "The temperature drifted by more than 3 K within the window. "
        "Warm up longer before measuring." },
    [ERG_FLAG_IDLE_DRIFT] = { "IDLE_DRIFT", false,
        "Idle power before and after the work differs by more than 3 %. When it changed is "
        "not known, so the interval of the net energy is wider. Measure idle longer, on a "
        "quiet machine." },
    [ERG_FLAG_NOT_CONVERGED] = { "NOT_CONVERGED", false,
        "The interval did not reach the wanted width. Allow more repetitions or time." },
    [ERG_FLAG_SKEWED] = { "SKEWED", false,
        "Mean and median of the repetitions are far apart: some were unlike the rest. "
        "Look at the single values." },
    [ERG_FLAG_OPEN_WORK] = { "OPEN_WORK", false,
        "A region ended while the device was still at load: work given to the GPU ran on. "
        "Wait for the stream before the region ends." },
    [ERG_FLAG_SCOPE_OVERLAP] = { "SCOPE_OVERLAP", true,
        "The channels contain each other, so their joules must not be added. "
        "Name one of them with --device." },
    [ERG_FLAG_SHARED] = { "SHARED", false,
        "Others' joules are in the figure: MIG instances or other processes share the "
        "device. Measure alone, or read it as the device's energy." },
    [ERG_FLAG_COUNTER_RESET] = { "COUNTER_RESET", false,
        "The energy counter started anew (a driver was loaded again); the step across is "
        "not counted. Measure without reloading the driver." },
    [ERG_FLAG_MADE_UP_STAMPS] = { "MADE_UP_STAMPS", false,
        "The file has no time stamps; they were made from --start and --period. "
        "Compare with another clock before relying on short windows." },
    [ERG_FLAG_TORN_INPUT] = { "TORN_INPUT", false,
        "The last line of the file was incomplete and was dropped. "
        "Let the logger end before copying its file." },
    [ERG_FLAG_CLOCK_NOT_REACHED] = { "CLOCK_NOT_REACHED", false,
        "The device did not run at the clock that was asked for. "
        "Use the measured clock, or look for a power or thermal limit." },
    [ERG_FLAG_PERIOD_MISMATCH] = { "PERIOD_MISMATCH", false,
        "The sampling period found from counter and power is not the stated one. "
        "Give the found one with --period." },
    [ERG_FLAG_INTERRUPTED] = { "INTERRUPTED", false,
        "The recording has no end: it was killed, or is still running. "
        "At most its last second is missing." },
    [ERG_FLAG_READ_ERRORS] = { "READ_ERRORS", false,
        "Some readings failed; they are gaps, not zeros. Look at erg devices --check." },
    [ERG_FLAG_CONTAMINATED] = { "CONTAMINATED", false,
        "Other work ran on the machine during the recording. Measure on a quiet one." },
};

const erg_flag_info *erg_flag_describe(erg_flag_code code)
{
    return (unsigned)code < ERG_FLAG_COUNT_OF ? &flags[code] : NULL;
}
