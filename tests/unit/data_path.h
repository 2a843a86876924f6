// Where the files of tests/data are.
#pragma once

#include <stdio.h>
#include <stdlib.h>

// Valid until the next call.
static inline const char *data_path(const char *name)
{
    static char path[4096];
    const char *folder = getenv("PUMICE_TEST_DATA");
    snprintf(path, sizeof(path), "%s/%s", folder ? folder : "tests/data", name);
    return path;
}
