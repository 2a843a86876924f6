#include "app/file_kind.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool has_picture_extension(const char *name)
{
    static const char *const extensions[] = {"jpg", "jpeg", "png", "webp", "gif", "bmp", "ppm"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof(extensions) / sizeof(*extensions); i++)
        if (!strcasecmp(dot + 1, extensions[i]))
            return true;
    return false;
}

enum file_kind file_kind_of(DIR *folder, const struct dirent *entry)
{
    const char *name = entry->d_name;
    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return FILE_NONE;
    bool is_folder = entry->d_type == DT_DIR, is_file = entry->d_type == DT_REG;
    struct stat s;
    if ((entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) &&
        fstatat(dirfd(folder), name, &s, 0) == 0) {
        is_folder = S_ISDIR(s.st_mode);
        is_file = S_ISREG(s.st_mode);
    }
    if (is_folder)
        return FILE_FOLDER;
    if (!is_file)
        return FILE_NONE;
    return has_picture_extension(name) ? FILE_PICTURE : FILE_OTHER;
}

int file_compare_names(const char *a, const char *b)
{
    int order = strcasecmp(a, b);
    return order ? order : strcmp(a, b);
}
