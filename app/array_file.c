#include "app/array_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

struct array_file {
    char *path;    // owned, as all here
    char *working; // NULL: `path` is no regular file (a pipe, /dev/null) and is written itself
    FILE *file;
};

static bool failed(const struct array_file *f, struct error *e)
{
    return error_set(e, ERROR_RUNTIME, "%s cannot be written: %s", f->path, strerror(errno));
}

static void array_file_free(struct array_file *f)
{
    free(f->path);
    free(f->working);
    free(f);
}

static FILE *open_working(struct array_file *f)
{
    struct buffer name = {0};
    if (!buffer_printf(&name, "%s.XXXXXX", f->path))
        return NULL;
    f->working = name.data;
    int fd = mkostemp(f->working, O_CLOEXEC);
    if (fd < 0) {
        free(f->working);
        f->working = NULL;
        return NULL;
    }
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    return fdopen(fd, "wb");
}

struct array_file *array_file_create(const char *path, struct error *e)
{
    struct array_file *f = calloc(1, sizeof(*f));
    if (!f || !(f->path = strdup(path))) {
        free(f);
        error_no_memory(e);
        return NULL;
    }
    struct stat s;
    bool special = stat(path, &s) == 0 && !S_ISREG(s.st_mode);
    f->file = special ? fopen(path, "wbe") : open_working(f);
    if (f->file)
        return f;
    failed(f, e);
    array_file_free(f);
    return NULL;
}

bool array_file_add(struct array_file *f, const float *values, size_t count, struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof(bits));
        bits = htole32(bits);
        if (fwrite(&bits, sizeof(bits), 1, f->file) != 1)
            return failed(f, e);
    }
    return true;
}

bool array_file_finish(struct array_file *f, bool keep, struct error *e)
{
    if (!f)
        return false;
    bool ok = fclose(f->file) == 0 || !keep || failed(f, e);
    if (f->working && ok && keep)
        ok = rename(f->working, f->path) == 0 || failed(f, e);
    if (f->working && !(ok && keep))
        unlink(f->working);
    array_file_free(f);
    return ok;
}

bool array_file_save(const char *path, const float *values, size_t count, struct error *e)
{
    struct array_file *f = array_file_create(path, e);
    bool ok = f && array_file_add(f, values, count, e);
    return array_file_finish(f, ok, e) && ok;
}

static bool read_list(json_t *list, struct id_list *out)
{
    size_t n = json_array_size(list);
    out->ids = calloc(n + 1, sizeof(*out->ids));
    if (!json_is_array(list) || !out->ids)
        return false;
    for (out->count = 0; out->count < n; out->count++) {
        json_t *id = json_array_get(list, out->count);
        json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
        if (value < 0 || value > INT32_MAX)
            return false;
        out->ids[out->count] = (int32_t)value;
    }
    return true;
}

bool id_lists_read(const char *json, const char *option, bool nested, struct id_list **out,
                   size_t *count, struct error *e)
{
    json_t *root = json_loads(json, 0, NULL);
    size_t n = nested ? json_array_size(root) : 1;
    *count = 0;
    *out = calloc(n + 1, sizeof(**out));
    bool ok = root && *out && json_is_array(root) && n > 0;
    for (size_t i = 0; ok && i < n; i++) {
        ok = read_list(nested ? json_array_get(root, i) : root, &(*out)[i]);
        (*count)++;
    }
    json_decref(root);
    return ok || error_set(e, ERROR_USAGE, "%s takes %s of token ids, not '%s'", option,
                           nested ? "lists ('[[1,2],[3]]')" : "a list ('[1,2]')", json);
}

void id_lists_free(struct id_list *lists, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lists[i].ids);
    free(lists);
}
