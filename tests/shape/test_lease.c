/* SPDX-License-Identifier: Apache-2.0 */
/* Leases, the node's side: each rule by itself. */
#include "shape/lease_desk.h"

static void a_lease_runs_from_the_request_however_late_the_grant_is(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant first = grant(7, 1, 1, 800);

    CHECK(step(&node, 0, 300).send);
    CHECK(!erg_lease_node_take(&node, &first, s(6)));
    CHECK(step(&node, 6, 300).want_w == 800);
    CHECK(step(&node, 8.999, 800).want_w == 800);
    CHECK(step(&node, 9, 800).want_w == 300);       /* 10 s less t_act */
}

static void what_is_not_its_own_is_not_taken(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant good = grant(7, 1, 5, 800);
    erg_lease_grant bad = good;

    step(&node, 0, 300);
    bad.boot = 6;
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "another start"));
    bad = grant(7, 2, 5, 800);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "no request"));
    bad = grant(7, 0, 5, 800);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "no request"));
    CHECK(strstr(erg_lease_node_take(&node, &good, s(9)), "too late"));
    bad = good;
    bad.cap_w = NAN;
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "its cap"));
    CHECK(!erg_lease_node_take(&node, &good, s(1)));
    CHECK(strstr(erg_lease_node_take(&node, &good, s(1)), "newer"));
    bad = grant(7, 1, 4, 900);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "newer"));
    bad = grant(7, 1, 1, 900);
    bad.epoch = 2;                                  /* a newer coordinator counts anew */
    CHECK(!erg_lease_node_take(&node, &bad, s(1)));
    bad = grant(7, 1, 99, 900);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "newer"));
}

static void a_request_too_old_to_be_remembered_is_none(void)
{
    erg_lease_node node = some_node(300, 7);

    for (int i = 0; i < ERG_LEASE_ASKED + 1; i++)
        step(&node, i, 300);
    const erg_lease_grant old = grant(7, 1, 1, 800);
    CHECK(strstr(erg_lease_node_take(&node, &old, s(5)), "no request"));
}

static void nothing_is_raised_while_a_lowering_is_not_seen(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant high = grant(7, 1, 1, 800), low = grant(7, 2, 2, 400),
                          again = grant(7, 3, 3, 900);

    step(&node, 0, 300);
    CHECK(!erg_lease_node_take(&node, &high, s(0.1)));
    CHECK(step(&node, 0.1, 300).want_w == 800);
    CHECK(step(&node, 1, 800).want_w == 800);
    CHECK(!erg_lease_node_take(&node, &low, s(1.1)));
    CHECK(step(&node, 2, 800).want_w == 400);
    CHECK(!erg_lease_node_take(&node, &again, s(2.1)));
    CHECK(step(&node, 2.2, 800).want_w == 400);     /* it still stands at 800 */
    CHECK(step(&node, 2.3, NAN).want_w == 400);
    CHECK(step(&node, 2.4, 400).want_w == 900);
}

static void a_lower_cap_is_acknowledged_once_it_is_read_back(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant high = grant(7, 1, 1, 800), low = grant(7, 2, 2, 400);

    step(&node, 0, 300);
    CHECK(!erg_lease_node_take(&node, &high, s(0.1)));
    CHECK(step(&node, 1, 300).status.sequence == 1);
    CHECK(!erg_lease_node_take(&node, &low, s(1.1)));
    erg_lease_node_out out = step(&node, 2, 800);
    CHECK(out.send && out.status.sequence == 1 && out.status.enforced_w == 800);
    CHECK(step(&node, 3, NAN).status.sequence == 1);
    CHECK(step(&node, 4, 400).status.sequence == 2);
}

static void a_brake_lowers_at_once_and_ends_with_one_lease(void)
{
    erg_lease_node node = some_node(300, 7);

    step(&node, 0, 300);
    erg_lease_node_brake(&node, true, s(0.5));
    CHECK(step(&node, 0.5, 300).want_w == 100);
    CHECK(step(&node, 10.4, 100).want_w == 100);
    CHECK(step(&node, 10.5, 100).want_w == 300);
    erg_lease_node_brake(&node, true, s(11));
    CHECK(step(&node, 11, 300).want_w == 100);
    erg_lease_node_brake(&node, false, s(12));
    CHECK(step(&node, 12, 100).want_w == 300);
}

static void terms_that_cannot_hold_are_refused(void)
{
    erg_lease_terms terms = erg_lease_terms_usual();
    erg_error err = { 0 };

    CHECK_OK(erg_lease_terms_check(&terms, &err), err);
    terms.lease_ns = s(4);
    CHECK(!erg_lease_terms_check(&terms, &err) && strstr(err.text, "4 s"));
    terms.lease_ns = INT64_MAX;
    CHECK(!erg_lease_terms_check(&terms, &err));
    terms = erg_lease_terms_usual();
    terms.rho = NAN;
    CHECK(!erg_lease_terms_check(&terms, &err));
    terms = erg_lease_terms_usual();
    terms.period_ns = 0;
    CHECK(!erg_lease_terms_check(&terms, &err));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_lease_runs_from_the_request_however_late_the_grant_is),
        TEST(what_is_not_its_own_is_not_taken),
        TEST(a_request_too_old_to_be_remembered_is_none),
        TEST(nothing_is_raised_while_a_lowering_is_not_seen),
        TEST(a_lower_cap_is_acknowledged_once_it_is_read_back),
        TEST(a_brake_lowers_at_once_and_ends_with_one_lease),
        TEST(terms_that_cannot_hold_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
