// What the entries of a folder are to somebody who looks for a picture: told by type and extension,
// without opening them. Any thread.
#pragma once

#include <dirent.h>

enum file_kind {
    FILE_PICTURE, // an ordinary file with the extension of a format that we read
    FILE_FOLDER,
    FILE_OTHER, // any other ordinary file
    FILE_NONE,  // ".", "..", devices, pipes, links to nothing
};

// `folder` is where the entry was read. Links are followed.
enum file_kind file_kind_of(DIR *folder, const struct dirent *entry);

// The order of names in a list: letters of ASCII without their case first, then byte by byte.
int file_compare_names(const char *a, const char *b);
