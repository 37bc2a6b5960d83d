/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks that Slurm sets. In a job its daemon, which is root, may turn what the user may
 * not, for as long as a step runs: so each run becomes a step. Slurm takes the options for
 * requests, hence the clock under load is checked as ever.
 */
#include <math.h>
#include <stdlib.h>
#include "sweep/sweep_inside.h"

enum { WORD_SIZE = 64, WORDS_OWN = 4 };

/* srun(1): --gpu-freq in MHz, --cpu-freq in kHz. */
bool erg_sweep_srun_has(erg_knob knob)
{
    return knob == ERG_SM_CLOCK || knob == ERG_MEM_CLOCK || knob == ERG_CPU_CLOCK;
}

static double asked(const erg_sweep_setup *setup, const erg_knob_setting *setting,
                    erg_knob knob)
{
    for (size_t d = 0; d < setup->dial_count; d++)
        if (setup->dials[d].knob == knob && setup->dials[d].by_srun)
            return setting->at[knob];
    return NAN;
}

/* The options as words of WORD_SIZE; returns how many. */
static size_t options_of(const erg_sweep_setup *setup, const erg_knob_setting *setting,
                         char words[][WORD_SIZE])
{
    double sm_hz = asked(setup, setting, ERG_SM_CLOCK);
    double mem_hz = asked(setup, setting, ERG_MEM_CLOCK);
    double cpu_hz = asked(setup, setting, ERG_CPU_CLOCK);
    size_t count = 0;

    snprintf(words[count++], WORD_SIZE, "srun");
    snprintf(words[count++], WORD_SIZE, "--ntasks=1");
    if (!isnan(sm_hz) && !isnan(mem_hz))
        snprintf(words[count++], WORD_SIZE, "--gpu-freq=%.0f,memory=%.0f", 1e-6 * sm_hz,
                 1e-6 * mem_hz);
    else if (!isnan(sm_hz))
        snprintf(words[count++], WORD_SIZE, "--gpu-freq=%.0f", 1e-6 * sm_hz);
    else if (!isnan(mem_hz))
        snprintf(words[count++], WORD_SIZE, "--gpu-freq=memory=%.0f", 1e-6 * mem_hz);
    if (!isnan(cpu_hz))
        snprintf(words[count++], WORD_SIZE, "--cpu-freq=%.0f", 1e-3 * cpu_hz);
    return count;
}

bool erg_sweep_by_srun(const erg_sweep_setup *setup)
{
    for (size_t d = 0; d < setup->dial_count; d++)
        if (setup->dials[d].by_srun)
            return true;
    return false;
}

char **erg_sweep_srun_argv(const erg_sweep_setup *setup, const erg_knob_setting *setting,
                           char *const argv[], erg_error *err)
{
    size_t given = 0;
    while (argv[given])
        given++;
    /* The words of srun lie behind the pointers to all words. */
    size_t room = (WORDS_OWN + given + 1) * sizeof(char *);
    char **list = malloc(room + sizeof(char[WORDS_OWN][WORD_SIZE]));
    if (!list) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a command");
        return NULL;
    }
    char(*words)[WORD_SIZE] = (void *)((char *)list + room);
    size_t count = options_of(setup, setting, words);
    for (size_t i = 0; i < count; i++)
        list[i] = words[i];
    for (size_t i = 0; i <= given; i++)
        list[count + i] = argv[i];
    return list;
}
