#include "engine/vk/cache_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// A variable that holds an absolute path; a relative one would scatter caches over working folders.
static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

static bool make_folders(char *path)
{
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *p = end;
        if (!made || end == '\0')
            return made;
    }
}

bool vk_cache_folder(const char *sub, char *path, size_t room)
{
    const char *parent, *folder;
    if ((parent = getenv("PUMICE_HOME")) && *parent)
        folder = "cache";
    else if ((parent = absolute("XDG_CACHE_HOME")))
        folder = "pumice";
    else if ((parent = absolute("HOME")))
        folder = ".cache/pumice";
    else
        return false;
    int n = snprintf(path, room, "%s/%s%s%s", parent, folder, sub ? "/" : "", sub ? sub : "");
    return n > 0 && (size_t)n < room && make_folders(path);
}

bool vk_cache_write(const char *path, const void *first, size_t first_size, const void *second,
                    size_t second_size)
{
    char aside[4096 + 160];
    if (snprintf(aside, sizeof(aside), "%s.XXXXXX", path) >= (int)sizeof(aside))
        return false;
    int fd = mkostemp(aside, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = write(fd, first, first_size) == (ssize_t)first_size &&
              (second_size == 0 || write(fd, second, second_size) == (ssize_t)second_size);
    ok &= close(fd) == 0;
    ok = ok && rename(aside, path) == 0;
    if (!ok)
        unlink(aside);
    return ok;
}
