// The folder where compiled kernels are kept between runs: $PUMICE_HOME/cache, else
// $XDG_CACHE_HOME/pumice, else ~/.cache/pumice. Created with mode 0700 when first asked for.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Path of the folder, or of its subfolder `sub` (NULL: none). false: there is none, and that is no
// failure: nothing is cached then.
bool vk_cache_folder(const char *sub, char *path, size_t room);

// Makes the file `path` of these bytes, the second behind the first; a reader never sees half of
// it.
bool vk_cache_write(const char *path, const void *first, size_t first_size, const void *second,
                    size_t second_size);
