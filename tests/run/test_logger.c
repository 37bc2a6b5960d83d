/* SPDX-License-Identifier: Apache-2.0 */
/* Background loggers: noted, listed, stopped, and found dead. */
#include <signal.h>
#include <sys/wait.h>
#include "erg/run.h"
#include "test.h"

static volatile int asked;

static void on_term(int number)
{
    asked = number;
}

static void record_in_the_background(const erg_env *env, const char *file)
{
    static const char *const sensors[] = { "sim:a100-sxm4-80gb" };
    struct sigaction action = { .sa_handler = on_term };
    sigaction(SIGTERM, &action, NULL);
    erg_logger *logger = erg_logger_begin(env, file, NULL);
    erg_measure_options options = { .sensors = sensors, .sensor_count = 1, .output = file,
                                    .ask_stop = &asked };
    erg_measure_outcome outcome;
    bool good = logger && erg_measure(env, NULL, &options, &outcome, NULL);
    erg_logger_end(logger);
    _exit(!good);
}

static void wait_for(const erg_env *env, erg_logger_info *info)
{
    int64_t until_ns = erg_env_now_ns(NULL) + 20 * ERG_NS_PER_S;
    while (erg_logger_list(env, info, 1, NULL) != 1 || access(info->file, F_OK) != 0) {
        CHECK(erg_env_now_ns(NULL) < until_ns);
        usleep(10000);
    }
    usleep(100000);
}

static void a_logger_is_listed_and_stopped_with_a_complete_file(void)
{
    char folder[ERG_PATH_MOST - 64], file[ERG_PATH_MOST], state[ERG_PATH_MOST];
    erg_error err = { 0 };
    erg_logger_info info;
    int status;
    erg_text_put(folder, sizeof(folder), test_folder());
    snprintf(file, sizeof(file), "%s/power.erg", folder);
    snprintf(state, sizeof(state), "%s/a/state", folder);
    erg_env env = { .state_dir = state };
    CHECK(erg_logger_list(&env, &info, 1, &err) == 0);

    pid_t child = fork();
    if (child == 0)
        record_in_the_background(&env, file);
    wait_for(&env, &info);
    CHECK_TEXT(info.file, file);
    CHECK(info.pid == child && info.is_running && info.begin_utc_ns > 0);
    CHECK(!erg_logger_begin(&env, file, &err) && err.code == ERG_REFUSED);
    CHECK_OK(erg_logger_stop(&env, file, 20, &err), err);
    erg_trace *trace = erg_trace_load(file, &err);
    CHECK_OK(trace, err);
    CHECK(erg_trace_flag_count(trace) == 0);
    erg_trace_free(trace);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(erg_logger_list(&env, &info, 1, &err) == 0);
    CHECK(!erg_logger_stop(&env, file, 1, &err) && err.code == ERG_NOT_FOUND);
}

static void a_killed_logger_is_told_from_a_living_one(void)
{
    char file[ERG_PATH_MOST];
    erg_error err = { 0 };
    erg_logger_info info;
    erg_env env = { .state_dir = test_folder() };
    snprintf(file, sizeof(file), "%s/power.erg", env.state_dir);
    pid_t child = fork();
    if (child == 0)
        record_in_the_background(&env, file);
    wait_for(&env, &info);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK(erg_logger_list(&env, &info, 1, &err) == 1 && !info.is_running);
    CHECK(!erg_logger_stop(&env, file, 1, &err) && strstr(err.text, "killed"));
    CHECK(erg_logger_list(&env, &info, 1, &err) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_logger_is_listed_and_stopped_with_a_complete_file),
        TEST(a_killed_logger_is_told_from_a_living_one),
    };
    return test_run(tests, ERG_COUNT(tests));
}
