/* SPDX-License-Identifier: Apache-2.0 */
/* 500 orders of death, some at a time. */
#include "govern/ergd_killed.h"

enum { WORKERS = 10, EACH = 50 };

static int work(int number, int to)
{
    test_random random = { 1000 + (uint64_t)number };
    ergd_kills tally = { 0 };
    for (int i = 0; i < EACH; i++)
        ergd_schedule(&random, &tally);
    return write(to, &tally, sizeof(tally)) == sizeof(tally) ? 0 : 1;
}

/* A failed check ends its worker by a signal or a status. */
static void whatever_dies_when_the_limits_are_back_at_the_end(void)
{
    ergd_kills sum = { 0 }, one;
    int ends[2], status, failed = 0;
    pid_t workers[WORKERS];
    ergd_program();
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        CHECK(workers[i] >= 0);
        if (workers[i] == 0)
            exit(work(i, ends[1]));
    }
    for (int i = 0; i < WORKERS; i++)
        failed += waitpid(workers[i], &status, 0) != workers[i] || status != 0;
    close(ends[1]);
    while (read(ends[0], &one, sizeof(one)) == sizeof(one)) {
        sum.by_watchdog += one.by_watchdog;
        sum.by_next += one.by_next;
        sum.before_turn += one.before_turn;
    }
    close(ends[0]);
    print_message("# %d by the watchdog, %d by the next, %d before anything was turned\n",
                  sum.by_watchdog, sum.by_next, sum.before_turn);
    CHECK(failed == 0 && sum.by_watchdog + sum.by_next == WORKERS * EACH);
    CHECK(sum.by_watchdog > WORKERS * EACH / 2 && sum.by_next > 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(whatever_dies_when_the_limits_are_back_at_the_end),
    };
    return test_run(tests, ERG_COUNT(tests));
}
