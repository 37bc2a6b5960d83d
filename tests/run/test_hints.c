/* SPDX-License-Identifier: Apache-2.0 */
/* What erg run asks of the hardware: held while it runs, put back whatever happens. */
#include "erg/run.h"
#include "govern/ergd.h"

#define CAP_UW 100000000
static const char *const sensors[] = { "rapl" };
static const erg_hint cap = { .power_cap_w = 100 };

/* The command copies what is in force while it runs. */
static int measure(const ergd_box *is, const erg_hint *hint, const char *line,
                   const char *file)
{
    char *const argv[] = { "sh", "-c", (char *)line, NULL };
    erg_env env = { .root = is->box.root, .state_dir = is->state };
    erg_measure_options options = { .sensors = sensors, .sensor_count = 1, .output = file,
                                    .hint = hint, .no_wait = true };
    erg_measure_outcome out = { 0 };
    erg_error err = { 0 };
    if (!erg_measure(&env, argv, &options, &out, &err))
        print_message("# %s\n", err.text);
    return out.exit_status;
}

static long number_in(const char *path)
{
    char text[64] = "";
    CHECK(erg_file_line(path, text, sizeof(text), NULL));
    return strtol(text, NULL, 10);
}

static bool hint_says(const char *file, size_t row, const char *column, const char *want)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_load(file, &err);
    CHECK_OK(trace, err);
    erg_result *result = erg_trace_summary(trace, &(erg_summary_options){ .file = file },
                                           &err);
    CHECK_OK(result, err);
    const erg_table *hints = erg_result_find(result, "hints");
    const char *text = hints ? erg_table_find(hints, row, column).text : NULL;
    bool good = text && strstr(text, want);
    if (!good)
        print_message("# %s is %s, not %s\n", column, text ? text : "-", want);
    erg_result_free(result);
    erg_trace_free(trace);
    return good;
}

typedef struct place {
    ergd_box is;
    char file[ERG_PATH_MOST], line[2 * ERG_PATH_MOST], seen[ERG_PATH_MOST];
} place;

static void begin(place *at)
{
    ergd_prepare(&at->is, "mode: enforce\nnode: {id: x, sensors: [rapl]}\n");
    snprintf(at->file, sizeof(at->file), "%s/a.erg", at->is.box.root);
    snprintf(at->seen, sizeof(at->seen), "%s/seen", at->is.box.root);
    int count = snprintf(at->line, sizeof(at->line), "cat %.200s" ERGD_LIMIT " > %.200s",
                         at->is.box.root, 1, at->seen);
    CHECK(count > 0 && count < (int)sizeof(at->line));
}

static void a_cap_is_in_force_for_as_long_as_the_command_runs(void)
{
    place at;
    begin(&at);
    CHECK(measure(&at.is, &cap, at.line, at.file) == 0);
    CHECK(number_in(at.seen) == CAP_UW && ergd_is_back(&at.is));
    CHECK(hint_says(at.file, 0, "state", "enforced") && hint_says(at.file, 0, "by", "erg"));
    CHECK(hint_says(at.file, 1, "device", "rapl:package-1"));
}

static void one_that_fails_leaves_nothing_turned(void)
{
    place at;
    begin(&at);
    CHECK(measure(&at.is, &cap, "exit 7", at.file) == 7 && ergd_is_back(&at.is));
    CHECK(measure(&at.is, &cap, "kill -KILL $$", at.file) == 137 && ergd_is_back(&at.is));
    char *const none[] = { "./nothing-here", NULL };
    erg_env env = { .root = at.is.box.root, .state_dir = at.is.state };
    erg_measure_options options = { .sensors = sensors, .sensor_count = 1,
                                    .output = at.file, .hint = &cap };
    erg_measure_outcome out = { 0 };
    CHECK(!erg_measure(&env, none, &options, &out, NULL) && out.exit_status == 127);
    CHECK(ergd_is_back(&at.is));
}

static void killed_a_second_process_puts_it_back(void)
{
    place at;
    begin(&at);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    at.is.pid = fork();
    if (at.is.pid == 0)
        _exit(measure(&at.is, &cap, "sleep 2", at.file));
    CHECK(ergd_await(ergd_is_turned, &at.is));
    kill(at.is.pid, SIGKILL);
    CHECK(ergd_await(ergd_is_back, &at.is));
    CHECK(waitpid(at.is.pid, NULL, 0) == at.is.pid);
}

static void a_limit_that_is_lower_already_is_left_alone(void)
{
    place at;
    begin(&at);
    CHECK(measure(&at.is, &(erg_hint){ .power_cap_w = 400 }, at.line, at.file) == 0);
    CHECK(number_in(at.seen) == ERGD_LIMIT_UW);
    CHECK(hint_says(at.file, 0, "reason", "as low already"));
}

/* Of the sensors that another user may read, but whose limits only root writes. */
static void who_may_not_write_runs_all_the_same_and_is_told_why(void)
{
    enum { NOBODY = 65534 };
    place at;
    int status = 1;
    if (geteuid() != 0)
        SKIP("only root can become another user");
    begin(&at);
    chmod(at.is.box.root, 0777);
    pid_t pid = fork();
    if (pid == 0) {
        bool is_other = setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
        _exit(is_other ? measure(&at.is, &cap, at.line, at.file) : 99);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(number_in(at.seen) == ERGD_LIMIT_UW);
    CHECK(hint_says(at.file, 0, "state", "refused"));
    CHECK(hint_says(at.file, 0, "reason", "constraint_0_power_limit_uw"));
}

static void a_clock_for_each_phase_needs_ergd(void)
{
    place at;
    begin(&at);
    const erg_hint both = { .power_cap_w = 100, .dvfs = "auto" };
    CHECK(measure(&at.is, &both, at.line, at.file) == 0);
    CHECK(number_in(at.seen) == CAP_UW);
    CHECK(hint_says(at.file, 2, "reason", "no GPU here"));
}

static void a_wrong_word_starts_nothing(void)
{
    place at;
    begin(&at);
    CHECK(measure(&at.is, &(erg_hint){ .dvfs = "now" }, at.line, at.file) == 125);
    CHECK(access(at.seen, F_OK) != 0);
}

/* ---- with a daemon ------------------------------------------------------------------ */

static void start(place *at)
{
    char path[ERG_PATH_MOST];
    ergd_program();
    begin(at);
    machine_write(&at->is.box, "/run/ergd/x", "");
    int count = snprintf(path, sizeof(path), "%s/run/ergd/ergd.sock", at->is.box.root);
    CHECK(count > 0 && count < ERG_PATH_MOST && symlink(at->is.socket, path) == 0);
    ergd_start(&at->is);
    CHECK(ergd_await(ergd_listens, &at->is));
}

static bool has_hint(const ergd_box *is)
{
    char *answer = ergd_say(is, "{\"do\": \"status\"}\n");
    bool has = answer && strstr(answer, "\"job\": \"run-");
    free(answer);
    return has;
}

static void where_ergd_governs_it_is_asked(void)
{
    place at;
    start(&at);
    CHECK(measure(&at.is, &cap, at.line, at.file) == 0);
    CHECK(number_in(at.seen) == CAP_UW);
    CHECK(hint_says(at.file, 0, "by", "ergd")
          && hint_says(at.file, 0, "state", "enforced"));
    CHECK(!has_hint(&at.is));       /* taken back; ergd raises by its own ramp */
    CHECK(ergd_await(ergd_is_back, &at.is) && ergd_stop(&at.is) == 0);
}

static void a_daemon_that_dies_meanwhile_harms_no_run(void)
{
    char over[ERG_PATH_MOST + 8], line[sizeof(over) + 80];
    place at;
    int status = 1;
    start(&at);
    snprintf(over, sizeof(over), "%s.over", at.file);
    snprintf(line, sizeof(line), "until [ -e '%s' ]; do sleep 0.02; done; exit 5", over);
    pid_t pid = fork();
    if (pid == 0)
        _exit(measure(&at.is, &cap, line, at.file));
    CHECK(ergd_await(ergd_is_turned, &at.is));
    kill(at.is.pid, SIGKILL);
    CHECK(ergd_await(ergd_is_back, &at.is));        /* its watchdog */
    int fd = creat(over, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
    CHECK(ergd_await(ergd_all_over, &at.is));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_cap_is_in_force_for_as_long_as_the_command_runs),
        TEST(one_that_fails_leaves_nothing_turned),
        TEST(killed_a_second_process_puts_it_back),
        TEST(a_limit_that_is_lower_already_is_left_alone),
        TEST(who_may_not_write_runs_all_the_same_and_is_told_why),
        TEST(a_clock_for_each_phase_needs_ergd),
        TEST(a_wrong_word_starts_nothing),
        TEST(where_ergd_governs_it_is_asked),
        TEST(a_daemon_that_dies_meanwhile_harms_no_run),
    };
    return test_run(tests, ERG_COUNT(tests));
}
