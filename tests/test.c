/* SPDX-License-Identifier: Apache-2.0 */
/* What every test program shares. */
#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include "test.h"

static char folders[64][64];
static size_t folder_count;

void test_near(double got, double want, double most, const char *what,
               const char *file, int line)
{
    if (!(fabs(got - want) <= most))
        print_error("%s is %.12g, wanted %.12g +- %.3g\n", what, got, want, most);
    _assert_true(fabs(got - want) <= most, what, file, line);
}

void test_text(const char *got, const char *want, const char *what,
               const char *file, int line)
{
    _assert_string_equal(got ? got : "(null)", want, file, line);
    (void)what;
}

void test_ok(bool good, const erg_error *err, const char *what, const char *file, int line)
{
    if (!good)
        print_error("%s failed: %s\n", what, err->text);
    _assert_true(good, what, file, line);
}

const char *test_data(const char *name)
{
    static char path[ERG_PATH_MOST];
    const char *shared = getenv("ERG_SHARED");
    snprintf(path, sizeof(path), "%s/data/%s",
             shared ? shared : ERG_TEST_SOURCE "/../shared", name);
    if (access(path, R_OK) != 0) {
        print_message("# skipped: %s is not here\n", path);
        skip();
    }
    return path;
}

const char *test_fixture(const char *name)
{
    static char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%s/tests/fixtures/%s", ERG_TEST_SOURCE, name);
    return path;
}

static int remove_one(const char *path, const struct stat *facts, int kind,
                      struct FTW *walk)
{
    (void)facts, (void)kind, (void)walk;
    return remove(path);
}

static void remove_folders(void)
{
    while (folder_count)
        nftw(folders[--folder_count], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_folder(void)
{
    if (folder_count == ERG_COUNT(folders))
        remove_folders();
    if (folder_count == 0)
        atexit(remove_folders);
    char *folder = folders[folder_count++];
    snprintf(folder, sizeof(folders[0]), "/tmp/erg-test-XXXXXX");
    if (!mkdtemp(folder))
        abort();
    return folder;
}

void test_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        fail_msg("cannot write %s", path);
}

const char *test_file(const char *name, const char *text)
{
    static char paths[4][ERG_PATH_MOST];
    static size_t next;
    char *path = paths[next++ % ERG_COUNT(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", test_folder(), name);
    test_write(path, text);
    return path;
}

size_t test_files_in(const char *folder)
{
    size_t count = 0;
    DIR *list = opendir(folder);
    CHECK(list);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

size_t test_count(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        count++;
    return count;
}

bool test_has_note(const erg_result *result, const char *words)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        if (strstr(erg_result_note_at(result, i), words))
            return true;
    return false;
}

double test_uniform(test_random *random)
{
    uint64_t mixed = random->state += 0x9e3779b97f4a7c15u;     /* splitmix64 */
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (double)((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53;
}

double test_normal(test_random *random)
{
    double radius = sqrt(-2.0 * log(1.0 - test_uniform(random)));
    return radius * cos(6.283185307179586 * test_uniform(random));
}

static void call_test(void **state)
{
    const test *one = *state;
    one->run();
}

/* cmocka 1.1 says "not ok # SKIP", which TAP readers take for a failure. */
static FILE *skips_are_not_failures(void)
{
    fflush(stdout);
    FILE *filter =
        popen("sed -u 's/^not ok \\([0-9]*\\) # SKIP \\(.*\\)/ok \\1 - \\2 # SKIP/'", "w");
    if (filter)
        dup2(fileno(filter), STDOUT_FILENO);
    return filter;
}

int test_run(const test *tests, size_t count)
{
    FILE *filter = skips_are_not_failures();
    struct CMUnitTest *rows = calloc(count, sizeof(*rows));
    if (!rows)
        return 1;
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct CMUnitTest){ .name = tests[i].name, .test_func = call_test,
                                       .initial_state = (void *)(uintptr_t)&tests[i] };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = _cmocka_run_group_tests("tests", rows, count, NULL, NULL);
    free(rows);
    fflush(stdout);
    close(STDOUT_FILENO);
    if (filter)
        pclose(filter);
    return failed ? 1 : 0;
}
