/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node or the coordinator of a rack: carries messages between the broker and erg_rack,
 * which does all the deciding.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon.h"
#include "link.h"

typedef struct service {
    ergd *daemon;
    erg_rack *rack;
    ergd_link *link;
    bool is_started;
    erg_error said;             /* once */
} service;

static void send_post(void *self, const erg_rack_post *post)
{
    ergd_link_send(((service *)self)->link, post);
}

static void take_message(service *is, const ergd_link_event *event)
{
    erg_error fault = { 0 };

    if (erg_rack_take(is->rack, event->topic, event->bytes, event->size, &fault)
        || fault.code == ERG_REFUSED || strcmp(fault.text, is->said.text) == 0)
        return;
    ergd_log(is->daemon, "%s", fault.text);
    is->said = fault;
}

static void take_event(service *is, const ergd_link_event *event)
{
    const erg_rack_line line = { send_post, is };

    switch (event->kind) {
    case LINK_UP:
        ergd_log(is->daemon, "the broker is there");
        erg_rack_up(is->rack, &line);
        ergd_settle(is->daemon);
        break;
    case LINK_DOWN:
        erg_rack_down(is->rack, false);
        break;
    case LINK_TAKEN_OVER:
        ergd_log(is->daemon,
                 "another has taken over: this one stands by and does not return");
        erg_rack_down(is->rack, true);
        break;
    case LINK_MESSAGE:
        take_message(is, event);
        break;
    }
}

static void ready(void *self, uint32_t events)
{
    service *is = self;
    (void)events;

    for (ergd_link_event *event; (event = ergd_link_next(is->link)); free(event))
        take_event(is, event);
}

static void close_service(void *self)
{
    service *is = self;

    if (is->link) {
        ergd_forget(is->daemon, ergd_link_file(is->link));
        ergd_link_close(is->link);
    }
    erg_rack_free(is->rack);
    free(is);
}

static bool open_service(ergd *daemon, void **self, erg_error *err)
{
    const erg_govern_config *config = ergd_config(daemon);

    if (!config->mqtt.host)
        return config->role == ERG_ROLE_NODE
            || erg_fail(err, ERG_BAD_INPUT,
                        "role rack needs mqtt: the broker to speak through");
    service *is = calloc(1, sizeof(*is));
    if (!is)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a rack");
    *self = is;
    is->daemon = daemon;
    is->rack = erg_rack_new(config, NULL, err);
    is->link = is->rack ? ergd_link_open(config, is->rack, err) : NULL;
    return is->link
        && ergd_watch(daemon, ergd_link_file(is->link), EPOLLIN, ready, is, err);
}

/* Not before the first step of the loop: a thread keeps the privileges it was born with. */
static void start(service *is)
{
    erg_error fault = { 0 };

    is->is_started = ergd_link_start(is->link, &fault);
    if (!is->is_started && strcmp(fault.text, is->said.text) != 0)
        ergd_log(is->daemon, "%s", fault.text);
    is->said = is->is_started ? is->said : fault;
}

static void step(void *self)
{
    service *is = self;
    const erg_rack_line line = { send_post, is };

    if (!is->is_started)
        start(is);
    erg_rack_step(is->rack, ergd_governor(is->daemon), &line);
}

const ergd_service ergd_service_rack = {
    .name = "rack",
    .open = open_service,
    .step = step,
    .close = close_service,
};
