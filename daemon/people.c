/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a peer is, as Linux says, and what the configuration lets it do. Root and the
 * daemon's own user may do everything; who may set, may read. Names are looked up once,
 * before the loop runs: where they come over a network, a client's connecting
 * must not wait for one.
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

static bool has(const unsigned ids[], size_t count, unsigned id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool is_listed(const ergd_ids *people, const identity *who)
{
    if (people->everyone || has(people->users, people->user_count, who->uid))
        return true;
    for (size_t i = 0; i < people->group_count; i++)
        if (has(who->groups, who->group_count, people->groups[i]))
            return true;
    return false;
}

/* A name that nobody has would shut out the one it was meant for. */
static bool find_ids(const erg_govern_people *people, ergd_ids *to, erg_error *err)
{
    *to = (ergd_ids){ 0 };
    for (size_t i = 0; i < people->users.count; i++) {
        if (strcmp(people->users.items[i], "*") == 0)
            to->everyone = true;
        else if (!user_of(people->users.items[i], &to->users[to->user_count++]))
            return erg_fail(err, ERG_BAD_INPUT, "socket: there is no user '%.60s'",
                            people->users.items[i]);
    }
    for (size_t i = 0; i < people->groups.count; i++)
        if (!group_of(people->groups.items[i], &to->groups[to->group_count++]))
            return erg_fail(err, ERG_BAD_INPUT, "socket: there is no group '%.60s'",
                            people->groups.items[i]);
    return true;
}

bool ergd_people_find(const erg_govern_config *config, ergd_people *out, erg_error *err)
{
    const char *policy = config->cap.policy;

    out->readers_tell = !config->op_count && !(policy && strcmp(policy, "balance") == 0)
        && (!config->gpu.dvfs || strcmp(config->gpu.dvfs, "auto") != 0);
    return find_ids(&config->socket.read, &out->read, err)
        && find_ids(&config->socket.set, &out->set, err)
        && find_ids(&config->socket.work, &out->tell, err);
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

bool ergd_peer_of(int fd, const ergd_people *people, ergd_peer *out, erg_error *err)
{
    identity who = { 0 };

    if (!identify(fd, &who, out))
        return erg_fail(err, ERG_NO_ACCESS, "nobody knows who asks: %s", strerror(errno));
    out->may_set =
        who.uid == 0 || who.uid == geteuid() || is_listed(&people->set, &who);
    out->may_tell = out->may_set || is_listed(&people->tell, &who);
    out->may_read = out->may_tell || is_listed(&people->read, &who);
    out->may_hint = out->may_tell;
    out->may_tell |= out->may_read && people->readers_tell;
    return true;
}
