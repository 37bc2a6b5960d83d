/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power smoothing as a user sets it through the daemon's socket, on the fake NVML, whose
 * settings outlive the process as a real GPU's do: whatever ends the daemon, they are as
 * they were.
 */
#include "fake/turned.h"
#include "govern/ergd.h"

static const char *const governs = "mode: enforce\nnode: {id: x, sensors: [nvml]}\n";

static void prepare(ergd_box *is, const char *script)
{
    ergd_program();
    ergd_prepare_nvml(is, governs, script);
}

/* The switch, the preset and its parameters; then the mask of profiles asked for. */
static void look(char *to, size_t size)
{
    unsigned (*profiles)(unsigned gpu);
    void *fake = turned_open(ergd_fake_nvml());
    void *found = turned_symbol(fake, "fake_nvml_workloads");

    memcpy(&profiles, &found, sizeof(found));
    turned_tell(fake, "fake_nvml_smoothing", to, size);
    snprintf(to + strlen(to), size - strlen(to), " %u", profiles(0));
    turned_close(fake);
}

static bool is_at(const char *want)
{
    char text[160];
    look(text, sizeof(text));
    if (strcmp(text, want) != 0)
        print_message("# it is at %s\n", text);
    return strcmp(text, want) == 0;
}

#define SCRIPT "a100-sxm4-80gb;presets=3,workloads=195"
#define WAS "off 1: 61 810 510 260 310 14 10 60 0"
#define HELD "on 1: 70 810 510 260 310 14 10 60 64"

static void say(const ergd_box *is, const char *line, const char *want)
{
    char *answer = ergd_say(is, line);
    CHECK(answer && strstr(answer, want));
    free(answer);
}

static void hold(ergd_box *is)
{
    ergd_start(is);
    CHECK(ergd_await(ergd_listens, is));
    say(is, "{\"do\": \"set\", \"knob\": \"smoothing_floor\", \"value\": 0.7}\n",
        "\"enforced\"");
    say(is, "{\"do\": \"set\", \"knob\": \"smoothing\", \"value\": 1}\n", "\"enforced\"");
    say(is, "{\"do\": \"set\", \"knob\": \"workload_profile\", \"value\": 6}\n",
        "\"enforced\"");
    CHECK(is_at(HELD));
}

static void released_or_told_to_end_it_puts_them_back(void)
{
    ergd_box is;
    prepare(&is, SCRIPT);
    hold(&is);
    say(&is, "{\"do\": \"release\"}\n", "\"held\": []");
    CHECK(is_at(WAS));
    say(&is, "{\"do\": \"why\"}\n", "smoothing_floor was 0.61, asked 0.7");
    say(&is, "{\"do\": \"set\", \"knob\": \"smoothing\", \"value\": 1}\n", "\"enforced\"");
    CHECK(ergd_stop(&is) == 0 && ergd_await(ergd_all_over, &is));
    CHECK(is_at(WAS));
}

static void killed_the_watchdog_puts_them_back(void)
{
    ergd_box is;
    prepare(&is, SCRIPT);
    hold(&is);
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    CHECK(is_at(WAS));
}

static void killed_with_its_watchdog_the_next_one_puts_them_back(void)
{
    ergd_box is;
    prepare(&is, SCRIPT);
    hold(&is);
    kill(ergd_watchdog_of(is.pid), SIGKILL);
    kill(is.pid, SIGKILL);
    CHECK(ergd_await(ergd_all_over, &is));
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is) && is_at(WAS));
    CHECK(ergd_stop(&is) == 0 && ergd_await(ergd_all_over, &is));
}

/* An old board has none; a Blackwell one whose controller grants nothing says so. */
static void a_board_without_them_is_refused_with_the_reason(void)
{
    static const struct { const char *script, *what; } rows[] = {
        { "a100-sxm4-80gb", "nothing here has the knob smoothing" },
        { "a100-sxm4-80gb;architecture=10", "grants this machine no access" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        ergd_box is;
        prepare(&is, rows[i].script);
        ergd_start(&is);
        CHECK(ergd_await(ergd_listens, &is));
        say(&is, "{\"do\": \"set\", \"knob\": \"smoothing\", \"value\": 1}\n",
            rows[i].what);
        CHECK(ergd_stop(&is) == 0 && ergd_await(ergd_all_over, &is));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(released_or_told_to_end_it_puts_them_back),
        TEST(killed_the_watchdog_puts_them_back),
        TEST(killed_with_its_watchdog_the_next_one_puts_them_back),
        TEST(a_board_without_them_is_refused_with_the_reason),
    };
    return test_run(tests, ERG_COUNT(tests));
}
