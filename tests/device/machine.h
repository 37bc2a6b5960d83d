/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captured machines: tests/fixtures/machines/NAME.tree, as tools/gather-machine
 * writes it, unpacked to a folder that stands for / (env.root). A clock that moves
 * only when told; each look at it takes 10 us.
 */
#ifndef ERG_TESTS_MACHINE_H
#define ERG_TESTS_MACHINE_H

#include <sys/stat.h>
#include "erg/device.h"
#include "test.h"

typedef struct machine {
    char root[128];
    int64_t now_ns;
    erg_clock clock;
    erg_env env;
} machine;

static inline int64_t machine_now_ns(void *self)
{
    return ((machine *)self)->now_ns += 10000;
}

static inline void machine_sleep_until_ns(void *self, int64_t at_ns)
{
    machine *box = self;
    box->now_ns = box->now_ns < at_ns ? at_ns : box->now_ns;
}

/* text "!denied": nobody but root may read it. "\n" in text is a new line. */
static inline void machine_write(machine *box, const char *path, const char *text)
{
    char full[ERG_PATH_MOST];
    int count = snprintf(full, sizeof(full), "%s%s", box->root, path);
    CHECK(count > 0 && count < ERG_PATH_MOST);
    for (char *slash = full + strlen(box->root) + 1; (slash = strchr(slash, '/'));
         slash++) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    CHECK(file);
    bool denied = strcmp(text, "!denied") == 0;
    for (const char *c = denied ? "0" : text; *c; c++) {
        bool line = c[0] == '\\' && c[1] == 'n';
        fputc(line ? '\n' : *c, file);
        c += line;
    }
    fputc('\n', file);
    fclose(file);
    if (denied)
        chmod(full, 0);
}

static inline void machine_number(machine *box, const char *path, double value)
{
    char text[32];
    snprintf(text, sizeof(text), "%.0f", value);
    machine_write(box, path, text);
}

static inline void machine_remove(machine *box, const char *path)
{
    char full[ERG_PATH_MOST];
    snprintf(full, sizeof(full), "%s%s", box->root, path);
    CHECK(remove(full) == 0);
}

/* Lines "path = text"; other lines are remarks. NULL: a bare machine. */
static inline void machine_open(machine *box, const char *name)
{
    char path[64], line[4096];
    *box = (machine){ .now_ns = ERG_NS_PER_S };
    snprintf(box->root, sizeof(box->root), "%s", test_folder());
    chmod(box->root, 0755);
    box->clock = (erg_clock){ machine_now_ns, machine_now_ns, machine_sleep_until_ns, box };
    box->env = (erg_env){ .root = box->root, .clock = &box->clock };
    if (!name)
        return;
    snprintf(path, sizeof(path), "machines/%s.tree", name);
    FILE *file = fopen(test_fixture(path), "r");
    CHECK(file);
    while (fgets(line, sizeof(line), file)) {
        char *value = strstr(line, " = ");
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '/' || !value)
            continue;
        *value = '\0';
        machine_write(box, line, value + 3);
    }
    fclose(file);
}

static inline erg_devices *machine_find(machine *box, const char *sensor)
{
    erg_error err = { 0 };
    erg_devices *found = erg_devices_find(&box->env, &sensor, sensor != NULL, &err);
    CHECK_OK(found, err);
    return found;
}

/* Index of a device by name, -1 if there is none. */
static inline int machine_device(const erg_devices *found, const char *name)
{
    for (size_t i = 0; i < erg_devices_count(found); i++)
        if (strcmp(erg_devices_info(found, i)->name, name) == 0)
            return (int)i;
    return -1;
}

static inline const erg_channel_info *machine_channel(const erg_devices *found,
                                                      const char *device, const char *name,
                                                      int *index)
{
    int at = machine_device(found, device);
    for (size_t i = 0; at >= 0 && i < erg_devices_channel_count(found, (size_t)at); i++) {
        const erg_channel_info *channel = erg_devices_channel(found, (size_t)at, i);
        *index = (int)i;
        if (strcmp(channel->name, name) == 0)
            return channel;
    }
    return NULL;
}

/* One read; NAN for a read error; fails the test if there is no such channel. */
static inline double machine_read(erg_devices *found, const char *device, const char *name)
{
    static erg_reading reading;
    erg_error err = { 0 };
    int channel = 0;
    CHECK(machine_channel(found, device, name, &channel));
    CHECK_OK(erg_devices_read(found, (size_t)machine_device(found, device), (size_t)channel,
                              &reading, &err), err);
    CHECK(reading.count == 1);
    return reading.at[0].value;
}

#endif
