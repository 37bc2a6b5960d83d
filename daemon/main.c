/* SPDX-License-Identifier: Apache-2.0 */
/* ergd: one node under one hand. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon.h"

enum { DONE, USAGE = 2, FAULT = 4 };

static const char help[] =
"ergd --config FILE: reads this machine's power, shares its watts out, keeps its limits\n"
"\n"
"  --config FILE    what it may do, as YAML (docs/formats.md)\n"
"  --check-config   reads FILE and says what is wrong with it\n"
"  --recover        puts back what a killed ergd left turned, and ends\n"
"  --root DIR       before /sys, /proc and /dev\n"
"  --nvml FILE      the library of NVIDIA's management interface\n"
"  --help, --version\n"
"\n"
"In mode observe, which is usual, it turns nothing. erg govern talks to it.\n";

typedef enum act {
    ACT_CONFIG,
    ACT_CHECK,
    ACT_ROOT,
    ACT_NVML,
    ACT_WATCHDOG,
    ACT_RECOVER,
    ACT_FILLER,
    ACT_HELP,
    ACT_VERSION
} act;

static const struct option longs[] = {
    { "config", required_argument, NULL, ACT_CONFIG },
    { "check-config", no_argument, NULL, ACT_CHECK },
    { "root", required_argument, NULL, ACT_ROOT },
    { "nvml", required_argument, NULL, ACT_NVML },
    { "recover", no_argument, NULL, ACT_RECOVER },
    { "watchdog", no_argument, NULL, ACT_WATCHDOG },     /* by ergd itself alone */
    { "filler", required_argument, NULL, ACT_FILLER },  /* likewise */
    { "help", no_argument, NULL, ACT_HELP },
    { "version", no_argument, NULL, ACT_VERSION },
    { 0 },
};

/* -1: go on. */
static int take(int code, ergd_options *options)
{
    switch (code) {
    case ACT_CONFIG: options->config = optarg; return -1;
    case ACT_CHECK: options->check_only = true; return -1;
    case ACT_ROOT: options->root = optarg; return -1;
    case ACT_NVML: options->nvml = optarg; return -1;
    case ACT_RECOVER: options->recover_only = true; return -1;
    case ACT_WATCHDOG: options->is_watchdog = true; return -1;
    case ACT_FILLER: options->silence_s = strtod(optarg, NULL); return -1;
    case ACT_HELP: fputs(help, stdout); return DONE;
    case ACT_VERSION:
        printf("ergd %s (%s)\n%s\nrack mode: %s\n", erg_version(), ergd_privileges(),
               ergd_http_about(), ergd_rack_mode());
        return DONE;
    default: return USAGE;
    }
}

static int recover(const ergd_options *options, const erg_govern_config *config)
{
    const erg_env env = { .root = options->root, .nvml = options->nvml };
    erg_error err = { 0 };
    ergd_ownership knobs;
    bool good = ergd_own_knobs(options, config, &knobs, &err)
        && ergd_waits_recover(options, config, &err)
        && erg_governor_recover(config, &env, "recover", &err);

    ergd_disown_knobs(&knobs);
    if (!good)
        fprintf(stderr, "ergd: %s\n", err.text);
    return good ? DONE : FAULT;
}

static int run(const ergd_options *options)
{
    erg_error err = { 0 };
    erg_govern_config *config = erg_govern_config_load(options->config, &err);
    ergd_people people;
    int status = USAGE;

    bool good = config && ergd_people_find(config, &people, &err)
        && (!options->check_only
            || (erg_govern_sweep_check(config, &err) && erg_rack_check(config, &err)));
    if (!good)
        fprintf(stderr, "ergd: %s\n", err.text);
    else if (options->check_only)
        status = DONE;
    else if (options->recover_only)
        status = recover(options, config);
    else if (options->is_watchdog)
        status = ergd_watch_over(options, config);
    else
        status = ergd_run(options, config);
    erg_govern_config_free(config);
    return status;
}

int main(int argc, char *argv[])
{
    ergd_options options = { 0 };

    for (int code, status; (code = getopt_long(argc, argv, "", longs, NULL)) != -1;)
        if ((status = take(code, &options)) >= 0)
            return status;
    if (options.silence_s > 0)
        return ergd_spin(options.silence_s);
    if (options.config && optind == argc)
        return run(&options);
    fputs("ergd: needs --config FILE and nothing else; --help says more\n", stderr);
    return USAGE;
}
