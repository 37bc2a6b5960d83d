/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power smoothing as a user sets it through the daemon's socket, on the fake NVML, whose
 * settings outlive the process as a real GPU's do: whatever ends the daemon, they are as
 * they were.
 */
#include <arpa/inet.h>
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

/* ---- over HTTP ----------------------------------------------------------------------- */

static uint16_t port;               /* free when the test looked */

static uint16_t free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0
          && getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    close(fd);
    return ntohs(at.sin_port);
}

/* The answer's first bytes; false: nobody serves. */
static bool get(const char *path, char *to, size_t size)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    char line[100];
    size_t count = 0;
    ssize_t got;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int length = snprintf(line, sizeof(line), "GET %s HTTP/1.0\r\n\r\n", path);
    bool good = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0
        && send(fd, line, (size_t)length, MSG_NOSIGNAL) == length;
    while (good && (got = recv(fd, to + count, size - 1 - count, 0)) > 0)
        count += (size_t)got;
    to[count] = '\0';
    close(fd);
    return good && count > 0;
}

static bool has(const char *path, const char *want)
{
    static char page[1 << 17];

    return get(path, page, sizeof(page)) && strstr(page, want);
}

static bool serves(const ergd_box *is) { (void)is; return has("/healthz", "\r\n\r\nok\n"); }

static bool tells_what_is_held(const ergd_box *is)
{
    (void)is;
    return has("/metrics", "erg_govern_held_enforced{node=\"x/nvml:0\",knob=\"smoothing_"
                           "floor\"} 0.7")
        && has("/metrics", "state=\"enforced\",rule=\"set\"");
}

static bool tells_what_is_refused(const ergd_box *is)
{
    (void)is;
    return has("/healthz", "degraded\nx/nvml:0: smoothing_floor refused: ");
}

/* What is rendered once a second. A parameter of a preset that is no more in force is
 * refused by the board. */
static void what_is_held_is_in_the_metrics_and_what_is_refused_in_health(void)
{
    char more[300];
    ergd_box is;
    ergd_program();
    port = free_port();
    snprintf(more, sizeof(more), "%shttp: {address: 127.0.0.1, port: %u}\n", governs, port);
    ergd_prepare_nvml(&is, more, SCRIPT);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    char page[200];
    if (!get("/healthz", page, sizeof(page))) {
        CHECK(ergd_stop(&is) == 0);
        SKIP("ergd is built without libmicrohttpd");
    }
    CHECK(ergd_await(serves, &is));
    say(&is, "{\"do\": \"set\", \"knob\": \"smoothing_floor\", \"value\": 0.7}\n",
        "\"enforced\"");
    CHECK(ergd_await(tells_what_is_held, &is) && ergd_await(serves, &is));
    say(&is, "{\"do\": \"release\", \"knob\": \"smoothing_floor\"}\n", "\"held\": []");
    say(&is, "{\"do\": \"set\", \"knob\": \"smoothing_profile\", \"value\": 2}\n",
        "\"enforced\"");
    say(&is, "{\"do\": \"set\", \"knob\": \"smoothing_floor\", \"value\": 0.7}\n",
        "\"refused\"");
    CHECK(ergd_await(tells_what_is_refused, &is));
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
        TEST(what_is_held_is_in_the_metrics_and_what_is_refused_in_health),
        TEST(a_board_without_them_is_refused_with_the_reason),
    };
    return test_run(tests, ERG_COUNT(tests));
}
