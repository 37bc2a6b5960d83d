/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon as it runs: who may ask, who cannot stall it, what it leaves behind. */
#include "govern/ergd_killed.h"

static const char *const observes = "node: {id: x, sensors: [rapl], ceil: 120W}\n";

static void it_turns_limits_and_puts_them_back_when_it_is_told_to_end(void)
{
    ergd_box is;
    ergd_prepare(&is, ergd_governs);
    ergd_start(&is);
    CHECK(ergd_await(ergd_is_turned, &is));
    CHECK(ergd_limit_uw(&is, 0) + ergd_limit_uw(&is, 1) <= 120000000);
    CHECK(ergd_stop(&is) == 0);
    CHECK(ergd_is_back(&is));
    CHECK(ergd_await(ergd_all_over, &is));      /* the watchdog, too */
    CHECK(access(is.socket, F_OK) != 0);
}

/* As logrotate sends it; its limits would have gone back, and nobody would govern. */
static void a_hangup_does_not_end_it(void)
{
    ergd_box is;
    ergd_prepare(&is, ergd_governs);
    ergd_start(&is);
    CHECK(ergd_await(ergd_is_turned, &is));
    kill(is.pid, SIGHUP);
    usleep(100000);
    char *answer = ergd_say(&is, "{\"do\": \"status\"}\n");
    CHECK(answer && strstr(answer, "grants") && ergd_is_turned(&is));
    free(answer);
    CHECK(ergd_stop(&is) == 0 && ergd_is_back(&is));
}

/* The same machine by another configuration with a state folder of its own. */
static ergd_box another_of(const ergd_box *first)
{
    ergd_box is = *first;

    snprintf(is.config, sizeof(is.config), "%.400s/other.yaml", is.box.root);
    snprintf(is.state, sizeof(is.state), "%.400s/other", is.box.root);
    FILE *file = fopen(is.config, "w");
    CHECK(file);
    fprintf(file, "version: 1\nperiod: 10ms\nstate: %s\nsocket: {path: %s/o}\n"
            "journal: {path: %s/other.jsonl}\n%s", is.state, is.box.root, is.box.root,
            ergd_governs);
    fclose(file);
    return is;
}

static void a_second_one_of_the_same_knobs_names_the_first_and_ends(void)
{
    char line[6 * ERG_PATH_MOST], said[1000], first[64];
    ergd_box is;
    ergd_prepare(&is, ergd_governs);
    ergd_start(&is);
    CHECK(ergd_await(ergd_is_turned, &is));
    ergd_box other = another_of(&is);
    snprintf(line, sizeof(line), "%s --config %s --root %s 2>&1", ergd_program(),
             other.config, is.box.root);
    FILE *second = popen(line, "r");
    CHECK(second && fgets(said, sizeof(said), second));
    int status = pclose(second);
    snprintf(first, sizeof(first), "(process %d, ", (int)is.pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    CHECK(strstr(said, "another ergd turns this machine's knobs") && strstr(said, first));
    CHECK(ergd_is_turned(&is) && access(other.state, F_OK) != 0);

    ergd_kill(is.pid); /* its watchdog puts back, and then it is the other's turn */
    CHECK(ergd_await(ergd_all_over, &is) && ergd_is_back(&is));
    ergd_start(&other);
    CHECK(ergd_await(ergd_is_turned, &other) && ergd_stop(&other) == 0);
    CHECK(ergd_is_back(&other));
}

static void it_turns_nothing_while_it_observes(void)
{
    ergd_box is;
    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    char *answer = ergd_say(&is, "{\"do\": \"set\", \"cap_w\": 80}\n");
    CHECK(answer && strstr(answer, "nothing is turned") && ergd_is_back(&is));
    free(answer);
    CHECK(access(is.state, F_OK) != 0 && ergd_stop(&is) == 0);
}

static void socket_and_journal_are_closed_to_others(void)
{
    struct stat facts;
    ergd_box is;
    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    CHECK(stat(is.socket, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    CHECK(stat(is.journal, &facts) == 0 && (facts.st_mode & 0777) == 0640);
    CHECK(ergd_stop(&is) == 0);
}

/* Linux says who asks; the test becomes somebody else to be refused. */
static void a_foreign_user_is_refused(void)
{
    enum { NOBODY = 65534 };
    ergd_box is;
    if (geteuid() != 0)
        SKIP("only root can become another user");
    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    chmod(is.socket, 0666);         /* as where others are in the list */
    pid_t pid = fork();
    if (pid == 0) {
        char *answer = setgid(NOBODY) == 0 && setuid(NOBODY) == 0
            ? ergd_say(&is, "{\"do\": \"status\"}\n") : NULL;
        _exit(answer && strstr(answer, "may not read") ? 0 : 1);
    }
    int status = 1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(ergd_stop(&is) == 0);
}

static void whoever_is_listed_may_read_but_not_set(void)
{
    enum { NOBODY = 65534 };
    ergd_box is;
    char more[300];
    if (geteuid() != 0)
        SKIP("only root can become another user");
    ergd_prepare(&is, "");
    snprintf(more, sizeof(more),
             "version: 1\nperiod: 10ms\nstate: %.100s\n"
             "node: {sensors: [rapl]}\nsocket: {path: %.100s, users: [\"65534\"]}\n",
             is.state, is.socket);
    test_write(is.config, more);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    pid_t pid = fork();
    if (pid == 0) {
        bool other = setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
        char *read = other ? ergd_say(&is, "{\"do\": \"status\"}\n") : NULL;
        char *set = other ? ergd_say(&is, "{\"do\": \"brake\"}\n") : NULL;
        _exit(read && strstr(read, "grants") && set && strstr(set, "may not set") ? 0 : 1);
    }
    int status = 1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(ergd_stop(&is) == 0);
}

/* ---- clients that stall, shout or hang up -------------------------------------------- */

static void no_client_can_stall_it(void)
{
    enum { TALKERS = 6, MUCH = 200000 };
    int talkers[TALKERS];
    ergd_box is;
    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    char *noise = malloc(MUCH);
    CHECK(noise);
    memset(noise, 'x', MUCH);
    for (int i = 0; i < TALKERS; i++)
        talkers[i] = ergd_connect(&is);
    CHECK(send(talkers[0], "{\"do\":", 6, MSG_NOSIGNAL) == 6);          /* never ends */
    CHECK(shutdown(talkers[1], SHUT_WR) == 0);                          /* half closed */
    send(talkers[2], noise, MUCH, MSG_NOSIGNAL | MSG_DONTWAIT);         /* no line at all */
    for (int i = 0; i < 2000; i++) /* and never reads */
        if (send(talkers[3], "{\"do\": \"sensors\"}\n", 18, MSG_NOSIGNAL | MSG_DONTWAIT)
            < 0)
            break;
    memset(noise, '\n', MUCH);
    send(talkers[4], noise, MUCH, MSG_NOSIGNAL | MSG_DONTWAIT);         /* empty lines */
    close(talkers[5]);
    for (int i = 0; i < 20; i++)
        CHECK(ergd_still_answers(&is));
    for (int i = 0; i < TALKERS - 1; i++)
        close(talkers[i]);
    free(noise);
    CHECK(ergd_still_answers(&is) && ergd_stop(&is) == 0);
}

/* As root the test may set, for which 4 places are kept. */
static void more_clients_than_allowed_are_hung_up_on(void)
{
    enum { ALLOWED = 8 + 4, MANY = 40 };
    int many[MANY], refused = 0;
    ergd_box is;
    char byte;
    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    for (int i = 0; i < MANY; i++)
        many[i] = ergd_connect(&is);
    usleep(200000);
    for (int i = 0; i < MANY; i++) {
        refused += recv(many[i], &byte, 1, MSG_DONTWAIT) == 0;
        close(many[i]);
    }
    CHECK(refused >= MANY - ALLOWED);
    usleep(100000);
    CHECK(ergd_still_answers(&is) && ergd_stop(&is) == 0);
}

static void nonsense_is_answered_with_a_sentence(void)
{
    static const char *const lines[] = { "\n", "{}\n", "[]\n", "{\"do\": \"sing\"}\n",
        "{\"do\": \"set\"}\n", "{\"do\": \"set\", \"cap_w\": -5}\n",
        "{\"do\": \"set\", \"cap_w\": \"a\"}\n", "\x80\xff\n",
        "{\"do\": \"set\", \"cap_w\": 9, \"device\": \"none\"}\n" };
    ergd_box is;
    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    for (size_t i = 0; i < ERG_COUNT(lines); i++) {
        char *answer = ergd_say(&is, lines[i]);
        CHECK(answer && strstr(answer, "\"error\""));
        free(answer);
    }
    CHECK(ergd_still_answers(&is) && ergd_stop(&is) == 0);
}

/* ---- its sensors for others ------------------------------------------------------- */

static void its_sensors_are_read_through_the_socket_with_their_facts(void)
{
    ergd_box is;
    char sensor[ERG_PATH_MOST + 8];
    const char *const sensors[] = { sensor };
    erg_error err = { 0 };
    erg_reading first, again;
    const erg_env here = { 0 };
    int at = 0;
    ergd_prepare(&is, "node: {id: x, sensors: [\"sim:plain,load=constant:123\"]}\n");
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    usleep(50000);                      /* one step, so that there is a reading */
    snprintf(sensor, sizeof(sensor), "ergd:%s", is.socket);
    erg_devices *found = erg_devices_find(&here, sensors, 1, &err);
    CHECK_OK(found, err);
    const erg_channel_info *power = machine_channel(found, "ergd:sim:plain", "power", &at);
    CHECK(power && power->method == ERG_METHOD_SIMULATED
          && power->scope == ERG_SCOPE_BOARD);
    CHECK(power->kind == ERG_INSTANT || power->kind == ERG_AVG_PREV);
    CHECK_OK(erg_devices_read(found, 0, (size_t)at, &first, &err), err);
    CHECK(first.count == 1 && fabs(first.at[0].value - 123) < 13 && first.at[0].t_ns > 0);
    CHECK_OK(erg_devices_read(found, 0, (size_t)at, &again, &err), err);
    CHECK(again.count == 0 || again.at[0].t_ns > first.at[0].t_ns);

    CHECK(ergd_stop(&is) == 0);         /* gone: nothing is known, and nothing hangs */
    usleep(50000);
    CHECK_OK(erg_devices_read(found, 0, (size_t)at, &again, &err), err);
    CHECK(again.count == 1 && isnan(again.at[0].value));
    erg_devices_free(found);
    CHECK(!erg_devices_find(&here, sensors, 1, &err)
          && strstr(err.text, "is ergd running"));
}

/* ---- death --------------------------------------------------------------------------- */

static void ten_orders_of_death_leave_the_limits_as_they_were(void)
{
    test_random random = { 11 };
    ergd_kills tally = { 0 };
    for (int i = 0; i < 10; i++)
        ergd_schedule(&random, &tally);
    CHECK(tally.by_watchdog > 0);
}

static void a_dead_watchdog_is_followed_by_another(void)
{
    ergd_box is;
    ergd_prepare(&is, ergd_governs);
    ergd_start(&is);
    CHECK(ergd_await(ergd_is_turned, &is));
    pid_t first = ergd_watchdog_of(is.pid), second = 0;
    CHECK(first > 0);
    kill(first, SIGKILL);
    for (int i = 0; i < 2000 && (second == 0 || second == first); i++) {
        usleep(5000);
        second = ergd_watchdog_of(is.pid);
    }
    CHECK(second > 0 && second != first);
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is) && ergd_is_back(&is));
}

static bool has_rack_mode(void)
{
    char command[1100], line[200];
    bool absent = false;

    snprintf(command, sizeof(command), "%s --version", ergd_program());
    FILE *said = popen(command, "r");
    CHECK(said);
    while (fgets(line, sizeof(line), said))
        absent |= strstr(line, "rack mode: not built") != NULL;
    return pclose(said) == 0 && !absent;
}

/* In a rack nobody may draw more than the fallback when the daemon is gone. */
static void in_a_rack_a_crash_leaves_the_fallback(void)
{
    ergd_box is;
    if (!has_rack_mode())
        SKIP("rack mode is not built: ergd --version says how it would be");
    ergd_prepare(&is, "mode: enforce\nnode: {id: x, sensors: [rapl], fallback: 100W}\n"
                      "mqtt: {host: none.invalid, rack: r}\n");
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    long sum_uw = ergd_limit_uw(&is, 0) + ergd_limit_uw(&is, 1);
    CHECK(sum_uw <= 100000000 && sum_uw > 99000000);
    ergd_start(&is);                    /* again: it still knows what they were */
    CHECK(ergd_await(ergd_listens, &is));
    CHECK(ergd_stop(&is) == 0);
    CHECK(ergd_limit_uw(&is, 0) + ergd_limit_uw(&is, 1) == sum_uw);
    char path[ERG_PATH_MOST + 32];
    snprintf(path, sizeof(path), "%s/before-rack.json", is.state);
    size_t count;
    char *text = erg_file_read(path, 10000, &count, NULL);
    CHECK(text && strstr(text, "150"));
    free(text);
}

/* Its folder of saved settings is its own: no lock there would keep a sweep off. */
static void nobody_else_turns_what_it_turns(void)
{
    static const struct { const char *mode; bool is_free; } rows[] = {
        { "observe", true }, { "enforce", false },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char path[ERG_PATH_MOST + 32], mode[200];
        ergd_box is;
        erg_error err = { 0 };
        snprintf(mode, sizeof(mode),
                 "mode: %s\nnode: {id: x, sensors: [rapl], ceil: 120W}\n", rows[i].mode);
        ergd_prepare(&is, mode);
        const erg_env env = { .root = is.box.root };
        CHECK(erg_govern_is_free(&env, "rapl:package-0", NULL));    /* there is none */
        snprintf(path, sizeof(path), "%s/run", is.box.root);
        CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
        snprintf(path, sizeof(path), "%s/run/ergd", is.box.root);
        CHECK(mkdir(path, 0700) == 0);
        snprintf(path, sizeof(path), "%s" ERG_GOVERN_SOCKET, is.box.root);
        CHECK(symlink(is.socket, path) == 0);
        ergd_start(&is);
        CHECK(ergd_await(ergd_listens, &is));
        CHECK(erg_govern_is_free(&env, "rapl:package-0", &err) == rows[i].is_free);
        CHECK(rows[i].is_free
              || (err.code == ERG_REFUSED && strstr(err.text, "rapl:package-0")));
        CHECK(erg_govern_is_free(&env, "nvml:3", NULL));    /* not its own */
        CHECK(ergd_stop(&is) == 0);
    }
}

static void it_hands_out_what_its_file_says_to_mpi(void)
{
    char settings[200];
    ergd_box is;
    erg_error err = { 0 };

    ergd_prepare(&is,
                 "node: {id: x, sensors: [rapl]}\nmpi: {wait: sleep, wait_after: 1ms}\n");
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    CHECK_OK(erg_govern_settings(is.socket, "mpi", settings, sizeof(settings), &err), err);
    CHECK_TEXT(settings, "wait=sleep,wait_after=0.001s,pace=0B/s,hierarchical=off,"
               "deterministic=on");
    CHECK(erg_govern_settings(is.socket, "nobody", settings, sizeof(settings), &err));
    CHECK_TEXT(settings, "");
    CHECK(ergd_stop(&is) == 0);
    CHECK(!erg_govern_settings(is.socket, "mpi", settings, sizeof(settings), &err));
}

int main(void)
{
    static const test tests[] = {
        TEST(it_turns_limits_and_puts_them_back_when_it_is_told_to_end),
        TEST(a_hangup_does_not_end_it),
        TEST(a_second_one_of_the_same_knobs_names_the_first_and_ends),
        TEST(it_turns_nothing_while_it_observes),
        TEST(socket_and_journal_are_closed_to_others),
        TEST(a_foreign_user_is_refused),
        TEST(whoever_is_listed_may_read_but_not_set),
        TEST(no_client_can_stall_it),
        TEST(more_clients_than_allowed_are_hung_up_on),
        TEST(nonsense_is_answered_with_a_sentence),
        TEST(its_sensors_are_read_through_the_socket_with_their_facts),
        TEST(ten_orders_of_death_leave_the_limits_as_they_were),
        TEST(a_dead_watchdog_is_followed_by_another),
        TEST(in_a_rack_a_crash_leaves_the_fallback),
        TEST(nobody_else_turns_what_it_turns),
        TEST(it_hands_out_what_its_file_says_to_mpi),
    };
    return test_run(tests, ERG_COUNT(tests));
}
