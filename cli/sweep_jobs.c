/* SPDX-License-Identifier: Apache-2.0 */
/* The workloads of a sweep: a command as it is typed, or the grid of a workload profile. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <erg/fit.h>
#include "sweep_jobs.h"

void cli_jobs_free(cli_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count && jobs->names; i++)
        free(jobs->names[i]);
    for (size_t i = 0; i < jobs->count && jobs->variants; i++)
        cli_variant_free(jobs->variants[i]);
    free(jobs->variants);
    free(jobs->names);
    free(jobs->requires);
    if (jobs->items != &jobs->one)
        free(jobs->items);
    erg_recipe_grid_free(jobs->grid);
    erg_recipe_free(jobs->recipe);
}

/* Asks without loading it, which takes seconds: the version is of what installed it. */
static const char look[] =
    "import importlib.util, sys\n"
    "if importlib.util.find_spec(sys.argv[1]) is None: sys.exit(1)\n"
    "try:\n"
    "    import importlib.metadata as d\n"
    "    names = d.packages_distributions().get(sys.argv[1].split('.')[0])\n"
    "    print(d.version(names[0] if names else sys.argv[1]))\n"
    "except Exception:\n"
    "    pass\n";

/* What the child prints, without the newline; "" where it prints nothing. */
static void read_line(int fd, char *to, size_t size)
{
    FILE *file = fdopen(fd, "r");

    *to = '\0';
    if (!file || !fgets(to, (int)size, file))
        *to = '\0';
    to[strcspn(to, "\r\n")] = '\0';
    if (file)
        fclose(file);
}

/* True if the interpreter finds the module;
 * anything else is for the first visit to tell. */
static bool find_module(const char *interpreter, const char *module, char *version,
                        size_t size)
{
    int status = 0, ends[2];

    *version = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return true;
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        execlp(interpreter, interpreter, "-c", look, module, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    read_line(ends[0], version, size);
    return child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status)
        || WEXITSTATUS(status) == 0;
}

/* Before anything is turned. */
static bool check_modules(cli_jobs *jobs, erg_error *err)
{
    const erg_recipe_facts *facts = erg_recipe_facts_of(jobs->recipe);
    const char *interpreter = erg_recipe_grid_at(jobs->grid, 0)->argv[0];

    jobs->requires = calloc(facts->require_count + 1, sizeof(*jobs->requires));
    if (!jobs->requires)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < facts->require_count; i++) {
        erg_sweep_require *one = &jobs->requires[jobs->require_count];
        one->name = facts->requires[i];
        if (!find_module(interpreter, one->name, one->version, sizeof(one->version)))
            return erg_fail(err, ERG_UNSUPPORTED,
                            "%s needs the Python module %s, which %s does not find",
                            facts->name, facts->requires[i], interpreter);
        jobs->require_count++;
    }
    return true;
}

static bool fill(cli_jobs *jobs, bool simulated, erg_error *err)
{
    const erg_recipe_facts *facts = erg_recipe_facts_of(jobs->recipe);
    size_t count = erg_recipe_grid_count(jobs->grid);

    jobs->items = calloc(count, sizeof(*jobs->items));
    jobs->names = calloc(count, sizeof(*jobs->names));
    if (!jobs->items || !jobs->names)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (jobs->count = 0; jobs->count < count; jobs->count++) {
        const erg_recipe_choice *choice = erg_recipe_grid_at(jobs->grid, jobs->count);
        if (asprintf(&jobs->names[jobs->count], "%s/%s", facts->name,
                     choice->settings) < 0) {
            jobs->names[jobs->count] = NULL;
            return erg_fail(err, ERG_NO_MEMORY, "out of memory");
        }
        jobs->items[jobs->count] = (erg_sweep_job){
            .argv = simulated ? NULL : choice->argv, .name = jobs->names[jobs->count],
            .profile = facts->name, .settings = choice->settings };
    }
    return true;
}

bool cli_jobs_of_profile(const cli *call, const cli_profile_options *wish, bool simulated,
                         cli_jobs *jobs, erg_error *err)
{
    cli_folders folders;
    const erg_catalog *catalog = cli_catalog(call, &folders);

    *jobs = (cli_jobs){ 0 };
    return (jobs->recipe = erg_recipe_load(catalog->data_dir, wish->profile, err))
        && (jobs->grid = erg_recipe_grid_new(jobs->recipe, wish->sets.items,
                                             wish->sets.count, wish->force, err))
        && fill(jobs, simulated, err)
        && (simulated || wish->no_check || check_modules(jobs, err));
}

void cli_jobs_of_command(const cli *call, const char *name, bool simulated, cli_jobs *jobs)
{
    *jobs = (cli_jobs){ .one = { .argv = call->argc ? call->argv : NULL, .name = name },
                        .count = call->argc || simulated };
    jobs->items = &jobs->one;
}

int cli_list_profiles(const cli *call)
{
    erg_error err = { 0 };
    cli_folders folders;
    erg_result *result = erg_recipe_list(cli_catalog(call, &folders)->data_dir, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);

    erg_result_free(result);
    return status;
}

bool cli_take_knee(const char *path, erg_sweep_options *options, erg_error *err)
{
    erg_model *model = path ? erg_model_load(path, err) : NULL;
    bool knows = model && erg_model_knee(model, &options->knee, &options->low_voltage);

    erg_model_free(model);
    if (model && !knows)
        erg_fail(err, ERG_BAD_INPUT,
                 "%s holds no model `physical`, from which a search could start: erg fit "
                 "--model physical --save learns one", path);
    return !path || knows;
}

bool cli_has_nothing_good(const erg_points *points)
{
    for (size_t i = 0; i < erg_points_visits(points); i++)
        if (erg_points_visit_at(points, i)->state == ERG_VISIT_OK
            || erg_points_visit_at(points, i)->state == ERG_VISIT_THROTTLED)
            return false;
    return true;
}

bool cli_read_block(const char *text, int *only)
{
    char *end;
    long number = strtol(text, &end, 10);

    *only = (int)number + 1;
    return end != text && !*end && number >= 0 && number < 10000;
}
