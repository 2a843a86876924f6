// Small pictures in a temporary folder, for the tests of app/.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct picture_folder {
    char path[64];
};

static inline int make_folder(struct picture_folder *f)
{
    strcpy(f->path, "/tmp/pumice-test-XXXXXX");
    return mkdtemp(f->path) ? chdir(f->path) : -1;
}

// A 3 x 2 PPM.
static inline void make_picture(const char *name)
{
    FILE *f = fopen(name, "wb");
    if (!f || fwrite("P6\n3 2\n255\nabcdefghijklmnopqr", 1, 29, f) != 29 || fclose(f) != 0)
        abort();
}

static inline void make_text(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

static inline int remove_folder(struct picture_folder *f)
{
    char command[96];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->path);
    return chdir("/") || system(command);
}
