/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include "link_library.h"

typedef struct function { const char *name; size_t at; } function;

static const function functions[] = {
    { "mosquitto_lib_init", offsetof(ergd_mqtt, lib_init) },
    { "mosquitto_lib_cleanup", offsetof(ergd_mqtt, lib_cleanup) },
    { "mosquitto_new", offsetof(ergd_mqtt, new) },
    { "mosquitto_destroy", offsetof(ergd_mqtt, destroy) },
    { "mosquitto_int_option", offsetof(ergd_mqtt, int_option) },
    { "mosquitto_threaded_set", offsetof(ergd_mqtt, threaded_set) },
    { "mosquitto_username_pw_set", offsetof(ergd_mqtt, username_pw_set) },
    { "mosquitto_tls_set", offsetof(ergd_mqtt, tls_set) },
    { "mosquitto_will_set_v5", offsetof(ergd_mqtt, will_set) },
    { "mosquitto_connect_v5_callback_set", offsetof(ergd_mqtt, on_connect) },
    { "mosquitto_disconnect_v5_callback_set", offsetof(ergd_mqtt, on_disconnect) },
    { "mosquitto_subscribe_v5_callback_set", offsetof(ergd_mqtt, on_subscribe) },
    { "mosquitto_message_v5_callback_set", offsetof(ergd_mqtt, on_message) },
    { "mosquitto_connect_bind_async", offsetof(ergd_mqtt, connect) },
    { "mosquitto_disconnect_v5", offsetof(ergd_mqtt, disconnect) },
    { "mosquitto_loop", offsetof(ergd_mqtt, loop) },
    { "mosquitto_socket", offsetof(ergd_mqtt, socket) },
    { "mosquitto_subscribe_v5", offsetof(ergd_mqtt, subscribe) },
    { "mosquitto_publish_v5", offsetof(ergd_mqtt, publish) },
    { "mosquitto_property_add_int32", offsetof(ergd_mqtt, add_int32) },
    { "mosquitto_property_free_all", offsetof(ergd_mqtt, free_all) },
};

static const char *const libraries[] = { "libmosquitto.so.1", "libmosquitto.so" };

bool ergd_mqtt_find(ergd_mqtt *out, erg_error *err)
{
    void *library = NULL;

    for (size_t i = 0; !library && i < sizeof(libraries) / sizeof(libraries[0]); i++)
        library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return erg_fail(err, ERG_NOT_FOUND,
                        "a rack needs libmosquitto: install libmosquitto1");
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *symbol = dlsym(library, functions[i].name);
        memcpy((char *)out + functions[i].at, &symbol, sizeof(symbol));
        if (!symbol)
            return erg_fail(err, ERG_NOT_FOUND,
                            "libmosquitto has no %s: 1.6 or newer is needed",
                            functions[i].name);
    }
    return true;
}
