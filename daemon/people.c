/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a peer is, as Linux says, and what the configuration lets it do. Root and the daemon's
 * own user may do everything; who may set, may read.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon.h"

enum { GROUPS_MOST = 1024 };

typedef struct identity { unsigned uid, groups[GROUPS_MOST]; size_t group_count; } identity;

static bool number_of(const char *text, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);

    *out = (unsigned)value;
    return *text >= '0' && *text <= '9' && !*end && !errno && value < UINT32_MAX;
}

static bool user_of(const char *name, unsigned *out)
{
    const struct passwd *user = number_of(name, out) ? NULL : getpwnam(name);

    if (user)
        *out = user->pw_uid;
    return user || number_of(name, out);
}

static bool group_of(const char *name, unsigned *out)
{
    const struct group *group = number_of(name, out) ? NULL : getgrnam(name);

    if (group)
        *out = group->gr_gid;
    return group || number_of(name, out);
}

static bool is_in_group(const identity *who, unsigned group)
{
    for (size_t i = 0; i < who->group_count; i++)
        if (who->groups[i] == group)
            return true;
    return false;
}

static bool is_listed(const erg_govern_people *people, const identity *who)
{
    unsigned id;

    for (size_t i = 0; i < people->users.count; i++) {
        const char *name = people->users.items[i];
        if (strcmp(name, "*") == 0 || (user_of(name, &id) && id == who->uid))
            return true;
    }
    for (size_t i = 0; i < people->groups.count; i++)
        if (group_of(people->groups.items[i], &id) && is_in_group(who, id))
            return true;
    return false;
}

/* A name that nobody has would shut out the one it was meant for. */
static bool check_names(const erg_govern_people *people, erg_error *err)
{
    unsigned id;

    for (size_t i = 0; i < people->users.count; i++)
        if (strcmp(people->users.items[i], "*") != 0
            && !user_of(people->users.items[i], &id))
            return erg_fail(err, ERG_BAD_INPUT, "socket: there is no user '%.60s'",
                            people->users.items[i]);
    for (size_t i = 0; i < people->groups.count; i++)
        if (!group_of(people->groups.items[i], &id))
            return erg_fail(err, ERG_BAD_INPUT, "socket: there is no group '%.60s'",
                            people->groups.items[i]);
    return true;
}

bool ergd_people_check(const erg_govern_config *config, erg_error *err)
{
    return check_names(&config->socket.read, err) && check_names(&config->socket.set, err);
}

static bool identify(int fd, identity *who, ergd_peer *out)
{
    struct ucred peer;
    socklen_t size = sizeof(peer), room = sizeof(who->groups);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, who->groups, &room) == 0)
        who->group_count = room / sizeof(who->groups[0]);
    if (who->group_count < GROUPS_MOST)
        who->groups[who->group_count++] = peer.gid;
    who->uid = peer.uid;
    *out = (ergd_peer){ .uid = peer.uid, .gid = peer.gid, .pid = peer.pid };
    return true;
}

bool ergd_peer_of(int fd, const erg_govern_config *config, ergd_peer *out, erg_error *err)
{
    identity who = { 0 };

    if (!identify(fd, &who, out))
        return erg_fail(err, ERG_NO_ACCESS, "nobody knows who asks: %s", strerror(errno));
    out->may_set =
        who.uid == 0 || who.uid == geteuid() || is_listed(&config->socket.set, &who);
    out->may_read = out->may_set || is_listed(&config->socket.read, &who);
    return true;
}
