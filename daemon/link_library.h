/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmosquitto, opened when a rack is configured: it brings OpenSSL, 1.6 MiB that an ergd
 * alone on its machine has no use for.
 */
#ifndef ERGD_LINK_LIBRARY_H
#define ERGD_LINK_LIBRARY_H

#include <stdbool.h>
#include <mosquitto.h>
#include "erg/error.h"

typedef struct ergd_mqtt {
    __typeof__(&mosquitto_lib_init) lib_init;
    __typeof__(&mosquitto_lib_cleanup) lib_cleanup;
    __typeof__(&mosquitto_new) new;
    __typeof__(&mosquitto_destroy) destroy;
    __typeof__(&mosquitto_int_option) int_option;
    __typeof__(&mosquitto_threaded_set) threaded_set;
    __typeof__(&mosquitto_username_pw_set) username_pw_set;
    __typeof__(&mosquitto_tls_set) tls_set;
    __typeof__(&mosquitto_will_set_v5) will_set;
    __typeof__(&mosquitto_connect_v5_callback_set) on_connect;
    __typeof__(&mosquitto_disconnect_v5_callback_set) on_disconnect;
    __typeof__(&mosquitto_subscribe_v5_callback_set) on_subscribe;
    __typeof__(&mosquitto_message_v5_callback_set) on_message;
    __typeof__(&mosquitto_connect_bind_async) connect;
    __typeof__(&mosquitto_disconnect_v5) disconnect;
    __typeof__(&mosquitto_loop) loop;
    __typeof__(&mosquitto_socket) socket;
    __typeof__(&mosquitto_subscribe_v5) subscribe;
    __typeof__(&mosquitto_publish_v5) publish;
    __typeof__(&mosquitto_property_add_int32) add_int32;
    __typeof__(&mosquitto_property_free_all) free_all;
} ergd_mqtt;

/* Stays loaded once it is. False: it is not installed, or lacks a function of MQTT 5. */
bool ergd_mqtt_find(ergd_mqtt *out, erg_error *err);

#endif
