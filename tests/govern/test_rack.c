/* SPDX-License-Identifier: Apache-2.0 */
/* A node and a coordinator of a rack with nothing between them but memory and a clock. */
#include "govern/rack_place.h"

static const char node_text[] = "mode: enforce\nnode: {id: n1, sensors: "
                                "['sim:a100-sxm4-80gb,heat'], fallback: 200W}\n"
                                "shaper: {ramp_up: 100000W/s}\n";
static const char desk_text[] = "role: rack\n"
                                "node: {id: c, sensors: ['sim:a100-sxm4-80gb']}\n"
                                "rack: {cap: 600W, nodes: [{id: n1, fallback: 200W}]}\n";

static double enforced_w(place *node)
{
    return erg_governor_claim(node->governor).enforced_w;
}

/* A node and its coordinator, joined. */
static void open_both(place *node, place *desk)
{
    erg_error err = { 0 };
    char folder[200];

    now_ns = 1000 * ERG_NS_PER_S;
    erg_text_put(folder, sizeof(folder), test_folder());
    CHECK_OK(place_open(node, folder, node_text, &err), err);
    CHECK_OK(place_open(desk, folder, desk_text, &err), err);
    erg_rack_up(node->rack, &(erg_rack_line){ put, &node->out });
    erg_rack_up(desk->rack, &(erg_rack_line){ put, &desk->out });
}

static void a_node_is_lent_more_and_falls_back_when_cut_off(void)
{
    place node, desk;
    double high_w = 0;

    open_both(&node, &desk);
    for (int i = 0; i < 250; i++, now_ns += ERG_NS_PER_S / 10) {
        step(&node);
        carry(&node, &desk);
        step(&desk);
        carry(&desk, &node);
        CHECK(enforced_w(&node) <= (i < 95 ? 200 : 600));     /* held for the first lease */
        high_w = fmax(high_w, enforced_w(&node));
    }
    CHECK(high_w > 250);
    for (int i = 0; i < 101; i++, now_ns += ERG_NS_PER_S / 10)
        step(&node);
    CHECK(enforced_w(&node) <= 200);
    place_close(&node);
    place_close(&desk);
}

/* The devices' least, 160 W, is above what the file says: the node counts with that, and is
 * lent more all the same. */
static void a_fallback_that_no_device_can_reach_keeps_nobody_down(void)
{
    place node, desk;
    erg_error err = { 0 };
    char folder[200];

    now_ns = 1000 * ERG_NS_PER_S;
    erg_text_put(folder, sizeof(folder), test_folder());
    CHECK_OK(place_open(&node, folder, "mode: enforce\nnode: {id: n1, sensors: "
                        "['sim:a100-sxm4-80gb'], fallback: 100W}\n", &err), err);
    CHECK_OK(place_open(&desk, folder, "role: rack\nnode: {id: c, sensors: "
                        "['sim:a100-sxm4-80gb']}\nrack: {cap: 600W, nodes: "
                        "[{id: n1, fallback: 100W}]}\n", &err), err);
    erg_rack_up(node.rack, &(erg_rack_line){ put, &node.out });
    erg_rack_up(desk.rack, &(erg_rack_line){ put, &desk.out });
    for (int i = 0; i < 250; i++, now_ns += ERG_NS_PER_S / 10) {
        step(&node);
        carry(&node, &desk);
        step(&desk);
        carry(&desk, &node);
        CHECK(enforced_w(&node) <= (i < 95 ? 160 : 600));
    }
    CHECK(enforced_w(&node) > 250);
    place_close(&node);
    place_close(&desk);
}

static void run_both(place *node, place *desk, int tenths)
{
    for (int i = 0; i < tenths; i++, now_ns += ERG_NS_PER_S / 10) {
        step(node);
        carry(node, desk);
        step(desk);
        carry(desk, node);
    }
}

static void limits_return_once_the_rack_counts_with_them(void)
{
    const erg_govern_request release = { .verb = ERG_GOVERN_RELEASE };
    place node, desk;

    open_both(&node, &desk);
    step(&node);
    erg_result_free(erg_governor_answer(node.governor, &release, "test", NULL));
    CHECK(erg_governor_wants_release(node.governor));
    for (int i = 0; i < 300; i++, now_ns += ERG_NS_PER_S / 10) {    /* nobody agrees */
        step(&node);
        CHECK(enforced_w(&node) <= 200);
    }
    node.out.count = 0;
    run_both(&node, &desk, 250);
    CHECK(!erg_governor_wants_release(node.governor) && enforced_w(&node) == 400);
    /* No lease ends it any more, and the coordinator knows. */
    for (int i = 0; i < 200; i++, now_ns += ERG_NS_PER_S / 10) {
        step(&node);
        step(&desk);
    }
    CHECK(enforced_w(&node) == 400);
    erg_result *told = erg_governor_tables(desk.governor, NULL);
    CHECK_NEAR(erg_table_find(erg_result_find(told, "leases"), 0, "cap_w").real, 400, 1e-9);
    erg_result_free(told);
    place_close(&node);
    place_close(&desk);
}

static const erg_journal_entry *last_event(const place *at)
{
    const erg_journal_entry *found = NULL;

    for (size_t i = 0; i < erg_journal_count(at->governor->journal); i++) {
        const erg_journal_entry *entry = erg_journal_at(at->governor->journal, i);
        if (strcmp(entry->rule, "event") == 0)
            found = entry;
    }
    return found;
}

/* A cap that somebody sets on a node stands in the coordinator's journal, and once. */
static void what_happens_on_a_node_is_told_to_the_rack(void)
{
    const erg_govern_request set = { .verb = ERG_GOVERN_SET, .cap_w = 300,
                                     .for_s = INFINITY };
    place node, desk;

    open_both(&node, &desk);
    run_both(&node, &desk, 20);
    CHECK(!last_event(&desk) && !last_event(&node));
    erg_result_free(erg_governor_answer(node.governor, &set, "uid 7", NULL));
    run_both(&node, &desk, 20);
    const erg_journal_entry *told = last_event(&desk);
    CHECK(told);
    CHECK_TEXT(told->who, "n1");
    CHECK_TEXT(told->text, "mark: set to 300 W by uid 7");
    CHECK(!last_event(&node));          /* neither its own nor an echo of it */
    place_close(&node);
    place_close(&desk);
}

/* Whoever may publish cannot fill a journal. */
static void a_flood_of_events_is_not_written_down(void)
{
    const char event[] = "{\"schema\":1,\"kind\":\"mark\",\"node\":\"n9\",\"device\":\"\","
                         "\"text\":\"again\"}";
    place node, desk;
    int taken = 0;
    erg_error err = { 0 };

    open_both(&node, &desk);
    size_t before = erg_journal_count(desk.governor->journal);
    for (int i = 0; i < 10000; i++)
        taken += erg_rack_take(desk.rack, "erg/r1/event", event, strlen(event), &err);
    CHECK(taken == 4 && err.code == ERG_REFUSED);
    step(&desk);
    CHECK(erg_journal_count(desk.governor->journal) == before + 4);
    now_ns += ERG_NS_PER_S;
    CHECK(erg_rack_take(desk.rack, "erg/r1/event", event, strlen(event), NULL));
    place_close(&node);
    place_close(&desk);
}

static void presence_and_will_are_kept_by_the_broker(void)
{
    place desk;
    erg_rack_post will;
    erg_error err = { 0 };

    CHECK_OK(place_open(&desk, test_folder(), desk_text, &err), err);
    erg_rack_will(desk.rack, &will);
    CHECK_TEXT(will.topic, "erg/r1/coord");
    CHECK(will.retain && will.qos == 1 && strstr(will.bytes, "\"up\":false"));
    erg_rack_up(desk.rack, &(erg_rack_line){ put, &desk.out });
    CHECK(desk.out.count == 1 && desk.out.mails[0].retain);
    CHECK_TEXT(desk.out.mails[0].topic, "erg/r1/coord");
    CHECK(!erg_rack_is_led(desk.rack, desk.out.mails[0].bytes, desk.out.mails[0].size));
    const char other[] = "{\"schema\":1,\"up\":true,\"boot\":1,\"epoch\":99}";
    CHECK(erg_rack_is_led(desk.rack, other, strlen(other)));
    place_close(&desk);
}

static void what_is_of_others_is_refused_with_a_reason(void)
{
    place desk;
    erg_error err = { 0 };

    CHECK_OK(place_open(&desk, test_folder(), desk_text, &err), err);
    CHECK(!erg_rack_take(desk.rack, "erg/r2/node/n1/status", "{}", 2, &err));
    CHECK(strstr(err.text, "another rack"));
    CHECK(!erg_rack_take(desk.rack, "erg/r1/node/n9/status", "{}", 2, &err));
    CHECK(strstr(err.text, "n9"));
    CHECK(!erg_rack_take(desk.rack, "erg/r1/node/n1/status", "[]", 2, &err));
    CHECK(strstr(err.text, "status"));
    place_close(&desk);
}

static bool is_refused(const char *rest, const char *says)
{
    place at;
    erg_error err = { 0 };
    bool refused = !place_open(&at, test_folder(), rest, &err);

    place_close(&at);
    return refused && strstr(err.text, says);
}

static void a_rack_that_cannot_keep_its_cap_is_refused_with_its_line(void)
{
    CHECK(is_refused("role: rack\nrack:\n  cap: 1kW\n  nodes: [{id: a, fallback: 600W}, "
                     "{id: b, fallback: 500W}]\n",
                     "test:6: the fallbacks of 2 nodes sum to 1100"));
    CHECK(is_refused("role: rack\nrack: {cap: 1kW, nodes: [{id: a, fallback: 1W}, "
                     "{id: a, fallback: 1W}]}\n", "twice"));
    CHECK(is_refused("role: rack\nrack: {cap: 1kW, nodes: [{id: a/b, fallback: 1W}]}\n",
                     "an id"));
    CHECK(is_refused("role: rack\nrack: {cap: 1kW, nodes: [{id: a}]}\n", "fallback"));
    CHECK(is_refused("role: rack\nnode: {sensors: ['sim:a100-sxm4-80gb']}\n"
                     "rack: {cap: 1kW}\n", "rack.nodes"));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_node_is_lent_more_and_falls_back_when_cut_off),
        TEST(a_fallback_that_no_device_can_reach_keeps_nobody_down),
        TEST(limits_return_once_the_rack_counts_with_them),
        TEST(what_happens_on_a_node_is_told_to_the_rack),
        TEST(a_flood_of_events_is_not_written_down),
        TEST(presence_and_will_are_kept_by_the_broker),
        TEST(what_is_of_others_is_refused_with_a_reason),
        TEST(a_rack_that_cannot_keep_its_cap_is_refused_with_its_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
