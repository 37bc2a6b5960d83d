/* SPDX-License-Identifier: Apache-2.0 */
/* What handing a sweep to Slurm writes, and what it does not write over. */
#include <sys/stat.h>
#include "erg/sweep.h"
#include "test.h"

static const char *script_in(const char *folder)
{
    static char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%s/sweep.sh", folder);
    return path;
}

/* By an sbatch that says what it was given. */
static bool submit(const char *folder, erg_error *err)
{
    char *argv[] = { (char *)(uintptr_t) "./bench", NULL }, said[200];
    const char *sbatch = test_file("sbatch", "#!/bin/sh\necho \"took $1\"\n");
    char path[ERG_PATH_MOST];

    CHECK(chmod(sbatch, 0755) == 0);
    snprintf(path, sizeof(path), "%.*s", (int)(strrchr(sbatch, '/') - sbatch), sbatch);
    erg_env env = { .path = path };
    erg_slurm_options options = { .folder = folder, .blocks = 3, .argv = argv };
    if (!erg_slurm_submit(&env, &options, said, err))
        return false;
    CHECK(strncmp(said, "took ", 5) == 0 && strcmp(said + 5, script_in(folder)) == 0);
    return true;
}

static void a_script_of_ours_is_written_again(void)
{
    erg_error err = { 0 };
    struct stat there;
    const char *folder = test_folder();
    CHECK_OK(submit(folder, &err), err);
    CHECK(stat(script_in(folder), &there) == 0 && (there.st_mode & 0777) == 0755);
    CHECK_OK(submit(folder, &err), err);
}

static void a_script_of_somebody_else_stays_as_it_is(void)
{
    erg_error err = { 0 };
    const char *folder = test_folder();
    test_write(script_in(folder), "#!/bin/sh\n./mine\n");
    CHECK(!submit(folder, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "name another folder"));
    size_t count;
    char *found = erg_file_read(script_in(folder), 1000, &count, &err);
    CHECK_OK(found, err);
    CHECK_TEXT(found, "#!/bin/sh\n./mine\n");
    free(found);
}

static void a_pipe_or_a_folder_is_no_script(void)
{
    erg_error err = { 0 };
    struct stat there;
    const char *folder = test_folder();
    CHECK(mkfifo(script_in(folder), 0600) == 0);
    CHECK(!submit(folder, &err) && err.code == ERG_BAD_INPUT);      /* and does not wait */
    CHECK(strstr(err.text, "a pipe or a device"));
    CHECK(stat(script_in(folder), &there) == 0 && S_ISFIFO(there.st_mode));
    CHECK(unlink(script_in(folder)) == 0 && mkdir(script_in(folder), 0700) == 0);
    CHECK(!submit(folder, &err) && strstr(err.text, "it is a folder"));
    CHECK(!submit("/dev/null", &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "no folder"));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_script_of_ours_is_written_again),
        TEST(a_script_of_somebody_else_stays_as_it_is),
        TEST(a_pipe_or_a_folder_is_no_script),
    };
    return test_run(tests, ERG_COUNT(tests));
}
