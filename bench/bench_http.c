/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_http ERGD: how long a scrape of ergd takes with 8 GPUs, and what the daemon costs,
 * beside node_exporter where it is installed. One kept connection, as Prometheus has it.
 */
#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

enum { SCRAPES = 2000, ROOM = 4 << 20 };
#define WATCH_S 10.0

typedef struct figures { double p50_ms, p99_ms, resident_mb, share; size_t count; } figures;

static void fail(const char *why)
{
    fprintf(stderr, "bench_http: %s\n", why);
    exit(1);
}

static struct sockaddr_in local(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

static int free_port(void)
{
    struct sockaddr_in at = local(0);
    socklen_t size = sizeof(at);
    int one = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(one, (struct sockaddr *)&at, sizeof(at)) != 0
        || getsockname(one, (struct sockaddr *)&at, &size) != 0)
        fail("no free port");
    close(one);
    return ntohs(at.sin_port);
}

static int connect_soon(int port)
{
    const struct sockaddr_in at = local(port);

    for (int i = 0; i < 200; i++, usleep(50000)) {
        int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(one, (const struct sockaddr *)&at, sizeof(at)) == 0)
            return one;
        close(one);
    }
    fail("nobody listens");
    return -1;
}

static bool is_whole(const char *text, size_t size)
{
    const char *body = strstr(text, "\r\n\r\n"),
               *length = strcasestr(text, "content-length: ");

    if (!body)
        return false;
    if (length && length < body)
        return size >= (size_t)(body + 4 - text) + strtoul(length + 16, NULL, 10);
    return size > 7 && memcmp(text + size - 7, "\r\n0\r\n\r\n", 7) == 0;
}

static double scrape_s(int to, char *room)
{
    static const char ask[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    double begin_s = bench_now_s(CLOCK_MONOTONIC);
    size_t size = 0;

    if (write(to, ask, sizeof(ask) - 1) != sizeof(ask) - 1)
        fail("the connection is closed");
    do {
        ssize_t got = read(to, room + size, ROOM - 1 - size);
        if (got <= 0)
            fail("the connection is closed");
        size += (size_t)got;
        room[size] = '\0';
    } while (!is_whole(room, size));
    return bench_now_s(CLOCK_MONOTONIC) - begin_s;
}

/* Of /proc/PID/status, in kB. */
static double resident_mb(int pid)
{
    char path[64], line[256];
    double kb = NAN;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "VmRSS: %lf", &kb) == 1)
            break;
    if (file)
        fclose(file);
    return kb / 1024;
}

static double cpu_s(int pid)
{
    unsigned long user = 0, system = 0;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file || fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                        &user, &system) != 2)
        fail("no /proc");
    fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static figures measure(char *const argv[], int port, size_t scrapes)
{
    static char room[ROOM];
    static double times_s[SCRAPES];
    figures out = { .count = scrapes };
    int pid = bench_start(argv), to = connect_soon(port);

    for (int i = 0; i < 5; i++)
        scrape_s(to, room);
    for (size_t i = 0; i < scrapes; i++)
        times_s[i] = scrape_s(to, room);
    out.p50_ms = 1e3 * bench_median(times_s, scrapes);      /* sorts */
    out.p99_ms = 1e3 * times_s[scrapes * 99 / 100];
    double before_s = cpu_s(pid);
    usleep((useconds_t)(1e6 * WATCH_S));
    out.share = (cpu_s(pid) - before_s) / WATCH_S;
    out.resident_mb = resident_mb(pid);
    close(to);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    return out;
}

static figures measure_ergd(char *program)
{
    const char *temporary = getenv("TMPDIR");
    char folder[256], path[320], words[384];
    int port = free_port();

    snprintf(folder, sizeof(folder), "%s/bench_http.XXXXXX",
             temporary ? temporary : P_tmpdir);
    if (!mkdtemp(folder))
        fail("no folder");
    snprintf(path, sizeof(path), "%s/ergd.yaml", folder);
    FILE *out = fopen(path, "we");
    fprintf(out, "version: 1\nnode: {id: n07, ceil: 5kW, sensors: [");
    for (int i = 0; i < 8; i++)
        fprintf(out, "%s\"sim:h100-sxm5-80gb\"", i ? ", " : "");
    fprintf(out, "]}\nstate: %s/state\nsocket: {path: %s/s}\n"
            "http: {address: 127.0.0.1, port: %d}\n", folder, folder, port);
    fclose(out);
    char *const argv[] = { program, (char[]){ "--config" }, path, NULL };
    figures found = measure(argv, port, SCRAPES);
    snprintf(words, sizeof(words), "rm -r '%s'", folder);
    if (system(words) != 0)
        fprintf(stderr, "bench_http: %s is left\n", folder);
    return found;
}

static figures measure_other(void)
{
    char program[] = "/usr/bin/prometheus-node-exporter", listen[64];
    int port = free_port();

    if (access(program, X_OK) != 0)
        return (figures){ NAN, NAN, NAN, NAN, 0 };
    snprintf(listen, sizeof(listen), "--web.listen-address=127.0.0.1:%d", port);
    char *const argv[] = { program, listen, NULL };
    return measure(argv, port, SCRAPES / 10);
}

int main(int argc, char *argv[])
{
    if (argc != 2)
        fail("needs ERGD");
    figures is = measure_ergd(argv[1]), other = measure_other();
    const bench_row rows[] = {
        { "scrape of 8 GPUs, p50; floor: node_exporter", "ms", is.p50_ms, other.p50_ms, 0.3,
          is.count },
        { "scrape of 8 GPUs, p99", "ms", is.p99_ms, other.p99_ms, 1, is.count },
        { "ergd resident", "MiB", is.resident_mb, other.resident_mb, 8, 1 },
        { "ergd at 10 Hz, of one core, no scrape", "%", 100 * is.share,
          100 * other.share, 1, 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        bench_print(&rows[i]);
    return 0;
}
