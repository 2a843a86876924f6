#include "engine/vk/cache_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

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
