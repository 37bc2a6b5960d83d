/* SPDX-License-Identifier: Apache-2.0 */
/* erg: one grammar for every command. Only this file reads the environment. */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"
#include "plugins_built.h"

/* In the order of a study: look, measure, learn, tell. */
const cli_command *const cli_commands[] = {
    &cmd_devices,
    &cmd_hardware,
    &cmd_zoo,
    &cmd_estimate,
    &cmd_calibrate,
    &cmd_run,
    &cmd_show,
    &cmd_compare,
    &cmd_import,
    &cmd_export,
    &cmd_timeline,
    &cmd_sweep,
    &cmd_fit,
    &cmd_predict,
    &cmd_choose,
    &cmd_quality,
    &cmd_couple,
    &cmd_thermal,
    &cmd_rle,
    &cmd_shape,
    &cmd_govern,
    &cmd_replay,
    &cmd_advise,
    &cmd_report,
    &cmd_help,
    NULL,
};

enum { PATH_MOST = CLI_PATH_MOST, OPTIONS_BYTES_MOST = 4096 };

const cli_command *cli_find(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

static void log_line(void *self, erg_level level, const char *text)
{
    const cli *call = self;
    if (level == ERG_WARNING ? !call->common.quiet : call->common.verbose)
        fprintf(stderr, "erg %s: %s\n", call->command->name, text);
}

/* $XDG_STATE_HOME/erg or ~/.local/state/erg; NULL where there is no home. */
static const char *state_folder(char *to)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int count = 0;

    if (state && *state)
        count = snprintf(to, PATH_MOST, "%s/erg", state);
    else if (home && *home)
        count = snprintf(to, PATH_MOST, "%s/.local/state/erg", home);
    return count > 0 && count < PATH_MOST ? to : NULL;
}

static erg_env live_env(cli *call, char *state)
{
    return (erg_env){
        .root = call->common.root,
        .nvml = call->common.nvml,
        .path = getenv("PATH"),
        .state_dir = state_folder(state),
        .ring = getenv("ERG_RING"),
        .log = log_line,
        .log_self = call,
    };
}

static bool checked_common(const cli *call)
{
    const cli_common *common = &call->common;

    if (common->color && strcmp(common->color, "auto") && strcmp(common->color, "always")
        && strcmp(common->color, "never")) {
        cli_misused(call, "--color is auto, always or never, not '%s'", common->color);
        return false;
    }
    if (common->root && access(common->root, X_OK) != 0) {
        cli_misused(call, "--root: there is no folder %s", common->root);
        return false;
    }
    return true;
}

/* With the engines of erg replay and the plugins:
 * what was left out of this build, and why. */
static void print_version(void)
{
    erg_result *engines = erg_replay_engines(NULL);
    const erg_table *table = engines ? erg_result_table(engines, 0) : NULL;

    printf("erg %s\n", erg_version());
    for (size_t i = 0; table && i < erg_table_row_count(table); i++)
        printf("engine %s: %s\n", erg_table_find(table, i, "engine").text,
               erg_table_find(table, i, "reason").text);
    erg_result_free(engines);
    for (const struct plugin *plugin = plugins; plugin->name; plugin++)
        printf("plugin %s: %s\n", plugin->name, plugin->state);
}

/* What is short touches some hundred pages of heap, each for a microsecond or more: as
 * one large page they come together. The heap is begun one small page before it, for a
 * large one must be asked for before anything of it is touched. Where Linux has none to
 * give, or malloc goes elsewhere, nothing is lost. */
static void take_large_page(void)
{
#if defined(M_TOP_PAD) && defined(MADV_HUGEPAGE)
    const uintptr_t large = (uintptr_t)2 << 20, small = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t end = (uintptr_t)sbrk(0), begin = (end + small + large - 1) & ~(large - 1);
    void *volatile first;       /* or gcc would leave it out */

    if (sbrk((intptr_t)(begin - small - end)) == (void *)-1)
        return;
    mallopt(M_TOP_PAD, (int)large);
    first = malloc(1);
    free(first);
    madvise((void *)begin, large, MADV_HUGEPAGE);
#endif
}

/* What runs a command lives long beside somebody's work: what its threads ask for lies in
 * the room that the start left, not in a heap of their own. */
static void keep_one_heap(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
#endif
}

static int run_command(const cli_command *command, int argc, char *argv[])
{
    _Alignas(max_align_t) char options[OPTIONS_BYTES_MOST] = { 0 };
    char state[PATH_MOST];
    cli call = { .command = command };

    if (command->is_short)
        take_large_page();
    if (command->hands_on)
        keep_one_heap();
    if (command->options_size > sizeof(options)) {
        fprintf(stderr, "erg %s: its options do not fit\n", command->name);
        return CLI_FAULT;
    }
    if (!cli_parse(&call, options, argc, argv) || !checked_common(&call))
        return command->hands_on ? 125 : CLI_USAGE;
    if (call.common.help) {
        cli_help(command, stdout);
        return CLI_DONE;
    }
    if (call.common.version) {
        print_version();
        return CLI_DONE;
    }
    call.env = live_env(&call, state);
    call.places = (cli_places){ getenv("ERG_DATA"), getenv("XDG_CONFIG_HOME"),
                                getenv("HOME") };
    return command->run(&call);
}

/* A closed stdout must not become the run file's descriptor: what the command
 * prints would go into it. The fillers fail as closed ones do and end at exec. */
static void fill_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

/* A command is short and asks again for what it let go; a page that Linux took back and
 * gives anew costs microseconds, under some hypervisors ten. */
static void keep_freed_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    enum { KEPT_BYTES = 16 << 20, AHEAD_BYTES = 1 << 20 };

    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_TOP_PAD, AHEAD_BYTES);
    mallopt(M_MMAP_THRESHOLD, AHEAD_BYTES);
#endif
}

int main(int argc, char *argv[])
{
    fill_closed_streams();
    keep_freed_memory();
    const char *name = argc > 1 ? argv[1] : "help";

    if (strcmp(name, "--version") == 0) {
        print_version();
        return CLI_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    const cli_command *command = cli_find(name);
    if (!command) {
        fprintf(stderr, "erg: there is no command '%s'; see erg help\n", name);
        return CLI_USAGE;
    }
    int status = argc > 1 ? run_command(command, argc - 1, argv + 1)
                          : run_command(command, 1, (char *[]){ "help", NULL });
    if (fflush(stdout) != 0 && status == CLI_DONE) {
        perror("erg: stdout");
        status = CLI_FAULT;
    }
    return status;
}
