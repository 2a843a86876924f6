#include "engine/vk/host_memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_ROOM = 1024 };

// Where the two versions of control groups tell of a group's memory (Linux,
// Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst).
struct version {
    const char *folder, *limit, *used, *cache;
};
static const struct version first = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                     "memory.usage_in_bytes", "total_inactive_file"};
static const struct version second = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                      "inactive_file"};

// The number behind a key at the beginning of a line, "key: 12" or "key 12"; "": the file's first.
// False: there is none.
static bool read_number(const char *folder, const char *name, const char *key, uint64_t *out)
{
    char path[PATH_ROOM + 64], line[256];
    size_t length = strlen(key);
    bool found = false;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof(line), file)) {
        const char *at = line + length;
        if (strncmp(line, key, length) == 0 && (!length || *at == ':' || *at == ' '))
            found = sscanf(at + (*at == ':'), "%" SCNu64, out) == 1;
    }
    if (file)
        fclose(file);
    return found;
}

// What a group's processes have read of files counts as used, but makes room when it is wanted.
static void apply_limit(struct host_memory *m, const char *folder, const struct version *v)
{
    uint64_t limit, used = 0, cache = 0;
    if (!read_number(folder, v->limit, "", &limit)) // "max", or no such group
        return;
    read_number(folder, v->used, "", &used);
    read_number(folder, "memory.stat", v->cache, &cache);
    used -= cache < used ? cache : used;
    uint64_t left = used < limit ? limit - used : 0;
    m->total = limit < m->total ? limit : m->total;
    m->free = left < m->free ? left : m->free;
}

// A group's limit holds for all below it. In a container its own folder may be shown as the root,
// though the process is told the path outside: what is not there says nothing.
static void apply_limits(struct host_memory *m, const char *root, const struct version *v,
                         const char *group)
{
    char folder[PATH_ROOM];
    int base = snprintf(folder, sizeof(folder), "%s%s", root, v->folder);
    int all = snprintf(folder, sizeof(folder), "%s%s%s", root, v->folder, group);
    if (all >= (int)sizeof(folder))
        return;
    for (;;) {
        apply_limit(m, folder, v);
        char *slash = strrchr(folder, '/');
        if (slash < folder + base)
            return;
        *slash = '\0';
    }
}

// Of a line of /proc/self/cgroup, "0::/path" or "4:cpu,memory:/path"; NULL: not about memory.
static const struct version *find_version(const char *controllers)
{
    if (!*controllers)
        return &second;
    for (const char *at = controllers; (at = strstr(at, "memory")); at++)
        if ((at == controllers || at[-1] == ',') && (!at[6] || at[6] == ','))
            return &first;
    return NULL;
}

static void apply_groups(struct host_memory *m, const char *root)
{
    char path[PATH_ROOM], line[PATH_ROOM];
    snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        char *controllers = strchr(line, ':'), *group;
        line[strcspn(line, "\n")] = '\0';
        if (!controllers || !(group = strchr(++controllers, ':')))
            continue;
        *group++ = '\0';
        const struct version *v = find_version(controllers);
        if (v)
            apply_limits(m, root, v, group);
    }
    if (file)
        fclose(file);
}

struct host_memory host_memory_read(const char *root)
{
    struct host_memory m = {0};
    char folder[PATH_ROOM];
    snprintf(folder, sizeof(folder), "%s/proc", root);
    if (!read_number(folder, "meminfo", "MemTotal", &m.total) ||
        !read_number(folder, "meminfo", "MemAvailable", &m.free))
        return (struct host_memory){0};
    m.total <<= 10; // from KiB
    m.free <<= 10;
    apply_groups(&m, root);
    return m;
}
