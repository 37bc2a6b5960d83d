/* SPDX-License-Identifier: Apache-2.0 */
/* What dead processes left turned: found, put back, and told where it cannot be. */
#include <signal.h>
#include <sys/wait.h>
#include "device/saved.h"
#include "machine.h"

#define CPU "/sys/devices/system/cpu/cpufreq/"

typedef struct bench {
    machine box;
    char state[ERG_PATH_MOST], said[2048];
} bench;

static void hear(void *self, erg_level level, const char *text)
{
    bench *of = self;
    size_t used = strlen(of->said);
    if (level == ERG_WARNING)
        snprintf(of->said + used, sizeof(of->said) - used, "%s\n", text);
}

static void opened(bench *of)
{
    machine_open(&of->box, "xeon-cpufreq");
    snprintf(of->state, sizeof(of->state), "%s/state", of->box.root);
    of->said[0] = '\0';
    of->box.env.state_dir = of->state;
    of->box.env.log = hear;
    of->box.env.log_self = of;
}

static double highest_khz(const bench *of)
{
    char path[ERG_PATH_MOST], text[64];
    snprintf(path, sizeof(path), "%s" CPU "policy0/scaling_max_freq", of->box.root);
    CHECK(erg_file_line(path, text, sizeof(text), NULL));
    return strtod(text, NULL);
}

static const char *state_file(const bench *of)
{
    static char path[ERG_PATH_MOST];
    char command[ERG_PATH_MOST + 64];
    snprintf(command, sizeof(command), "ls %s/knobs/*.json 2>/dev/null", of->state);
    FILE *list = popen(command, "r");
    path[0] = '\0';
    if (fgets(path, sizeof(path), list))
        path[strcspn(path, "\n")] = '\0';
    pclose(list);
    return path;
}

static bool turn(erg_devices *found, double hz, erg_error *err)
{
    erg_turn to = { .knob = ERG_CPU_CLOCK, .requested = hz };
    return erg_devices_turn(found, 0, &to, err);
}

/* A process that turns the clock and then stands still; it writes a byte once it has. */
static pid_t turner(bench *of, double hz)
{
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        erg_devices *found = machine_find(&of->box, "cpufreq");
        bool good = turn(found, hz, NULL);
        if (write(ends[1], "x", 1) != 1 || !good)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK(child > 0 && read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void end(pid_t child)
{
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
}

static const char *recovered(bench *of, const char *column)
{
    static char text[480];
    erg_error err = { 0 };
    erg_result *result = erg_devices_recover(&of->box.env, &err);
    CHECK_OK(result, err);
    const erg_table *rows = erg_result_find(result, "restored");
    CHECK(erg_table_row_count(rows) <= 1);
    const char *cell = erg_table_row_count(rows)
        ? erg_table_find(rows, 0, column).text : "none";
    snprintf(text, sizeof(text), "%s", cell ? cell : "NULL");
    erg_result_free(result);
    return text;
}

static void a_killed_process_is_put_back_by_recover(void)
{
    bench of;
    opened(&of);
    end(turner(&of, 1500e6));
    CHECK(highest_khz(&of) == 1500000);
    CHECK_TEXT(recovered(&of, "state"), "restored");
    CHECK(highest_khz(&of) == 3600000);
    CHECK_TEXT(recovered(&of, "state"), "none");
    CHECK_TEXT(state_file(&of), "");
}

static void the_next_turn_saves_what_was_before_the_killed_process(void)
{
    bench of;
    erg_error err = { 0 };
    opened(&of);
    end(turner(&of, 1500e6));
    erg_devices *found = machine_find(&of.box, "cpufreq");
    CHECK_OK(turn(found, 2000e6, &err), err);
    CHECK(highest_khz(&of) == 2000000);
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK(highest_khz(&of) == 3600000);
    erg_devices_free(found);
}

static void two_processes_at_once_are_refused_and_the_first_is_left_alone(void)
{
    bench of;
    erg_error err = { 0 };
    opened(&of);
    pid_t child = turner(&of, 1500e6);
    erg_devices *found = machine_find(&of.box, "cpufreq");
    CHECK(!turn(found, 2000e6, &err) && err.code == ERG_REFUSED);
    CHECK(strstr(err.text, "another process"));
    CHECK_TEXT(recovered(&of, "state"), "busy");
    CHECK(highest_khz(&of) == 1500000);
    erg_devices_free(found);
    CHECK(highest_khz(&of) == 1500000);
    end(child);
    CHECK_TEXT(recovered(&of, "state"), "restored");
}

static void another_machine_and_another_boot_are_not_ours(void)
{
    bench of;
    opened(&of);
    end(turner(&of, 1500e6));
    machine_write(&of.box, "/proc/sys/kernel/hostname", "other");
    CHECK_TEXT(recovered(&of, "state"), "none");
    CHECK(highest_khz(&of) == 1500000 && *state_file(&of));
    machine_write(&of.box, "/proc/sys/kernel/hostname", "xeon");
    machine_write(&of.box, "/proc/sys/kernel/random/boot_id", "another");
    CHECK_TEXT(recovered(&of, "state"), "rebooted");
    CHECK(highest_khz(&of) == 1500000 && !*state_file(&of));
}

static void what_was_turned_through_another_door_is_told(void)
{
    bench of, other;
    opened(&of);
    opened(&other);
    end(turner(&of, 1500e6));
    other.box.env.state_dir = of.state;
    CHECK_TEXT(recovered(&other, "state"), "elsewhere");
    CHECK(strstr(recovered(&other, "reason"), of.box.root));
    CHECK(highest_khz(&of) == 1500000);
    CHECK_TEXT(recovered(&of, "state"), "restored");
}

static void a_corrupt_state_is_a_sentence_and_nothing_is_turned(void)
{
    static const char *const texts[] = { "", "{", "[]", "{\"format\": 1}",
                                         "{\"format\": 2}" };
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        bench of;
        erg_error err = { 0 };
        opened(&of);
        end(turner(&of, 1500e6));
        test_write(state_file(&of), texts[i]);
        erg_devices *found = machine_find(&of.box, "cpufreq");
        CHECK(!turn(found, 2000e6, &err) && err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, "remove the file") && strstr(err.text, "/knobs/"));
        CHECK(highest_khz(&of) == 1500000);
        erg_devices_free(found);
        CHECK_TEXT(recovered(&of, "state"), "failed");
        CHECK(strstr(recovered(&of, "reason"), "remove the file"));
        CHECK(*state_file(&of));
    }
}

static void what_cannot_be_put_back_stays_saved(void)
{
    bench of;
    opened(&of);
    end(turner(&of, 1500e6));
    machine_remove(&of.box, CPU "policy1/scaling_max_freq");
    CHECK_TEXT(recovered(&of, "state"), "failed");
    CHECK(strstr(recovered(&of, "reason"), "policy1/scaling_max_freq"));
    CHECK(highest_khz(&of) == 3600000);     /* the others are */
    CHECK(*state_file(&of));
    machine_write(&of.box, CPU "policy1/scaling_max_freq", "1500000");
    CHECK_TEXT(recovered(&of, "state"), "restored");
    CHECK(!*state_file(&of));
}

static void a_part_written_by_a_killed_process_is_swept(void)
{
    bench of;
    char part[ERG_PATH_MOST + 16];
    opened(&of);
    end(turner(&of, 1500e6));
    snprintf(part, sizeof(part), "%s.part-1", state_file(&of));
    FILE *file = fopen(part, "w");
    CHECK(file && fclose(file) == 0);
    CHECK_TEXT(recovered(&of, "state"), "restored");
    CHECK(access(part, F_OK) != 0);
}

static void a_full_disk_turns_nothing(void)
{
    bench of;
    erg_error err = { 0 };
    opened(&of);
    of.box.env.state_dir = "/proc/nowhere";
    erg_devices *found = machine_find(&of.box, "cpufreq");
    CHECK(!turn(found, 2000e6, &err) && err.text[0]);
    CHECK(highest_khz(&of) == 3600000);
    erg_devices_free(found);
    CHECK(highest_khz(&of) == 3600000);
}

static void what_is_saved_reads_back(void)
{
    bench of;
    erg_saved saved;
    erg_error err = { 0 };
    opened(&of);
    pid_t child = turner(&of, 1500e6);
    CHECK_OK(erg_saved_read(state_file(&of), &saved, &err), err);
    CHECK(saved.pid == child && saved.count == 1 && saved.knobs[0].knob == ERG_CPU_CLOCK);
    CHECK_TEXT(saved.knobs[0].was, "policy0:800000:3600000 policy1:1200000:3000000 "
                                   "policy2:600000:2400000");
    CHECK_TEXT(saved.host, "xeon");
    erg_saved_free(&saved);
    end(child);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_killed_process_is_put_back_by_recover),
        TEST(the_next_turn_saves_what_was_before_the_killed_process),
        TEST(two_processes_at_once_are_refused_and_the_first_is_left_alone),
        TEST(another_machine_and_another_boot_are_not_ours),
        TEST(what_was_turned_through_another_door_is_told),
        TEST(a_corrupt_state_is_a_sentence_and_nothing_is_turned),
        TEST(what_cannot_be_put_back_stays_saved),
        TEST(a_part_written_by_a_killed_process_is_swept),
        TEST(a_full_disk_turns_nothing),
        TEST(what_is_saved_reads_back),
    };
    return test_run(tests, ERG_COUNT(tests));
}
