/* SPDX-License-Identifier: Apache-2.0 */
/* Places at the daemon's socket: who may not even read takes few, and no files left is no
 * reason to turn in circles. */
#include <dirent.h>
#include <sys/resource.h>
#include "govern/ergd.h"

static const char *const observes = "node: {id: x, sensors: [rapl], ceil: 120W}\n";

static int hung_up_on(const int fds[], int count)
{
    int over = 0;
    char byte;

    for (int i = 0; i < count; i++)
        over += recv(fds[i], &byte, 1, MSG_DONTWAIT) == 0;
    return over;
}

/* Half of the eight places at most: until they are hung up on, readers have the rest. */
static void who_may_do_nothing_holds_few_places(void)
{
    enum { NOBODY = 65534, MANY = 8, HALF = 4 };
    int many[MANY], over = 0, status = 1;
    ergd_box is;

    if (geteuid() != 0)
        SKIP("only root can become another user");
    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    chmod(is.socket, 0666); /* as where others are in the list */
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
            _exit(2);
        for (int i = 0; i < MANY; i++)
            many[i] = ergd_connect(&is);
        for (int tries = 0; tries < 1000 && over < MANY - HALF; tries++) {
            usleep(5000);
            over = hung_up_on(many, MANY);
        }
        _exit(over == MANY - HALF ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(ergd_still_answers(&is) && ergd_stop(&is) == 0);
}

static int files_of(pid_t pid)
{
    char path[64];
    int count = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    CHECK(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

static double cpu_s_of(pid_t pid)
{
    char path[64], text[1000] = "";
    long user = 0, own = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    erg_file_line(path, text, sizeof(text), NULL);
    const char *at = strrchr(text, ')');
    CHECK(at
          && sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user,
                    &own)
                 == 2);
    return (double)(user + own) / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_s_in(pid_t pid, unsigned wait_s)
{
    double before_s = cpu_s_of(pid);

    sleep(wait_s);
    return cpu_s_of(pid) - before_s;
}

/* A client that cannot be taken stays in line: it must not wake the loop for ever. */
static void no_file_left_is_no_busy_loop(void)
{
    enum { MANY = 6 };
    int many[MANY];
    ergd_box is;

    ergd_prepare(&is, observes);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is));
    double alone_s = cpu_s_in(is.pid, 1);
    rlim_t files = (rlim_t)files_of(is.pid) + 1;
    const struct rlimit few = { files, files };
    CHECK(prlimit(is.pid, RLIMIT_NOFILE, &few, NULL) == 0);
    for (int i = 0; i < MANY; i++)
        many[i] = ergd_connect(&is);
    usleep(100000);
    double used_s = cpu_s_in(is.pid, 1);
    print_message("# %.2f s of a second, %.2f without them\n", used_s, alone_s);
    CHECK(used_s < alone_s + 0.15);
    for (int i = 0; i < MANY; i++)
        close(many[i]);
    CHECK(ergd_still_answers(&is) && ergd_stop(&is) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(who_may_do_nothing_holds_few_places),
        TEST(no_file_left_is_no_busy_loop),
    };
    return test_run(tests, ERG_COUNT(tests));
}
