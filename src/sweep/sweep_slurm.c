/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep as a Slurm job array: one task a block. A task may land on any node; as each
 * holds every setting, what is peculiar to a node is the same for all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/base.h"
#include "erg/sweep.h"

extern char **environ;

/* As sh(1) reads it back. */
static void add_quoted(erg_text *text, const char *word)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "_-+=:,./%@";

    if (*word && word[strspn(word, plain)] == '\0') {
        erg_text_add(text, "%s", word);
        return;
    }
    erg_text_add(text, "'");
    for (const char *c = word; *c; c++)
        if (*c == '\'')
            erg_text_add(text, "'\\''");
        else
            erg_text_add_bytes(text, c, 1);
    erg_text_add(text, "'");
}

static void add_word(erg_text *text, const char *word)
{
    erg_text_add(text, " ");
    add_quoted(text, word);
}

static void add_option(erg_text *text, const char *name, const char *value)
{
    if (value)
        erg_text_add(text, "#SBATCH --%s=%s\n", name, value);
}

/* What each begins with, and how it is known again. */
static const char script_head[] = "#!/bin/sh\n#SBATCH --job-name=erg-sweep\n";

/* A line break in a value would begin a line of its own. */
static bool is_one_line(const char *value) { return !value || !strpbrk(value, "\n\r"); }

static bool check(const erg_slurm_options *options, erg_error *err)
{
    const char *const values[] = { options->folder, options->partition, options->account,
                                   options->time,   options->mem,       options->cpus };

    for (size_t i = 0; i < ERG_COUNT(values); i++)
        if (!is_one_line(values[i]))
            return erg_fail(err, ERG_BAD_INPUT, "an option of Slurm goes over two lines");
    return options->blocks > 0 || erg_fail(err, ERG_BAD_INPUT, "a job array of no blocks");
}

static void add_command(erg_text *text, const erg_slurm_options *options,
                        const char *folder)
{
    erg_text_add(text, "# One block of the sweep; `erg sweep --gather` joins them.\n"
                       "exec erg sweep");
    for (size_t i = 0; i < options->word_count; i++)
        add_word(text, options->words[i]);
    erg_text_add(text, " --block \"$SLURM_ARRAY_TASK_ID\" \\\n    --output");
    add_word(text, folder);
    erg_text_add(text, "/\"block-$SLURM_ARRAY_TASK_ID.erg\"");
    for (size_t i = 0; options->argv && options->argv[i]; i++) {
        if (i == 0)
            erg_text_add(text, " --");
        add_word(text, options->argv[i]);
    }
    erg_text_add(text, "\n");
}

char *erg_slurm_script(const erg_slurm_options *options, erg_error *err)
{
    const char *folder = options->folder ? options->folder : ".";
    erg_text text = { 0 };

    if (!check(options, err))
        return NULL;
    erg_text_add(&text, "%s#SBATCH --array=0-%d\n", script_head, options->blocks - 1);
    add_option(&text, "partition", options->partition);
    add_option(&text, "account", options->account);
    add_option(&text, "time", options->time);
    add_option(&text, "mem", options->mem);
    add_option(&text, "cpus-per-task", options->cpus);
    erg_text_add(&text, "#SBATCH --gpus-per-node=1\n");
    if (options->exclusive)
        erg_text_add(&text, "#SBATCH --exclusive\n");
    const char *quote = strpbrk(folder, " \t'") ? "\"" : "";
    erg_text_add(&text, "#SBATCH --output=%s%s/block-%%a.log%s\n", quote, folder, quote);
    if (options->cpus) { /* srun does not take it from sbatch */
        erg_text_add(&text, "export SRUN_CPUS_PER_TASK=");
        add_quoted(&text, options->cpus);
        erg_text_add(&text, "\n");
    }
    add_command(&text, options, folder);
    char *script = erg_text_take(&text);
    if (!script)
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a script");
    return script;
}

/* ---- handing it over ----------------------------------------------------------------- */

/* A script of somebody's own is not written over; what is not there is nobody's. */
static bool is_ours(const char *path, erg_error *err)
{
    char head[sizeof(script_head)] = "";
    FILE *file = fopen(path, "re");
    size_t count = file ? fread(head, 1, sizeof(head) - 1, file) : 0;

    if (file)
        fclose(file);
    return (!file && errno == ENOENT)
        || (count == sizeof(head) - 1 && strcmp(head, script_head) == 0)
        || erg_fail(err, ERG_BAD_INPUT, "%s is there and is no script of erg sweep "
                    "--slurm: name another folder with --output", path);
}

static bool write_script(const erg_slurm_options *options, const char *path, erg_error *err)
{
    erg_aside aside;
    bool may = erg_may_be_replaced(path, err) && is_ours(path, err);
    char *script = may ? erg_slurm_script(options, err) : NULL;
    bool good = script && erg_aside_begin(&aside, path, err);

    if (good) {
        good = fputs(script, aside.stream) >= 0
               || erg_fail(err, ERG_IO, "cannot write %s: %s", path, strerror(errno));
        good = erg_aside_end(&aside, good, good ? err : NULL) && good;
    }
    free(script);
    return good
           && (chmod(path, 0755) == 0
               || erg_fail(err, ERG_IO, "cannot write %s: %s", path, strerror(errno)));
}

/* The program in a list of folders, as execvp(3) would find it. */
static bool find_program(const char *path, const char *name, char to[ERG_PATH_MOST])
{
    for (const char *from = path; from && *from;) {
        size_t size = strcspn(from, ":");
        snprintf(to, ERG_PATH_MOST, "%.*s/%s", (int)size, from, name);
        if (access(to, X_OK) == 0)
            return true;
        from += size + (from[size] == ':');
    }
    return false;
}

/* Its first line on stdout, and its status. */
static bool run_sbatch(const char *program, const char *script, char said[200],
                       erg_error *err)
{
    char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)script, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2], status = 0;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return erg_fail(err, ERG_IO, "cannot start sbatch: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int fault = posix_spawn(&child, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *from = fault ? NULL : fdopen(ends[0], "r");
    said[0] = '\0';
    if (from && fgets(said, 200, from))
        said[strcspn(said, "\n")] = '\0';
    if (from)
        fclose(from);
    else
        close(ends[0]);
    if (fault)
        return erg_fail(err, ERG_IO, "cannot start %s: %s", program, strerror(fault));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0)
           || erg_fail(err, ERG_UNSUPPORTED, "sbatch did not take %s", script);
}

bool erg_slurm_submit(const erg_env *env, const erg_slurm_options *options, char said[200],
                      erg_error *err)
{
    const char *folder = options->folder ? options->folder : ".";
    char program[ERG_PATH_MOST], script[ERG_PATH_MOST];

    if (!find_program(env ? env->path : NULL, "sbatch", program))
        return erg_fail(err, ERG_NOT_FOUND,
                        "there is no sbatch on the PATH: log in to a node of "
                        "a Slurm cluster, or print the script with --dry-run");
    if (snprintf(script, sizeof(script), "%s/sweep.sh", folder) >= (int)sizeof(script))
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", folder);
    return erg_folder_make(folder, err) && write_script(options, script, err)
           && run_sbatch(program, script, said, err);
}
