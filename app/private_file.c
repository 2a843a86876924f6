#include "app/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

// Into a new file beside `path`, then over it; errno says what failed.
static bool write_over(const char *path, const void *bytes, size_t size)
{
    struct buffer working = {0};
    int fd = buffer_printf(&working, "%s.XXXXXX", path) ? mkostemp(working.data, O_CLOEXEC) : -1;
    bool ok = fd >= 0 && write_all(fd, bytes, size);
    int failure = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        failure = errno;
        ok = false;
    }
    if (ok && rename(working.data, path) != 0) {
        failure = errno;
        ok = false;
    }
    if (fd >= 0 && !ok)
        unlink(working.data);
    buffer_free(&working);
    errno = failure;
    return ok;
}

bool private_file_write(const char *path, const void *bytes, size_t size, bool replace,
                        struct error *e)
{
    // An empty file takes the name first: unlike a look whether it is free, this cannot be outrun.
    int taken = replace ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (!replace && taken < 0 && errno == EEXIST)
        return error_set(e, ERROR_RUNTIME, "%s is already there: choose another name", path);
    if (replace || taken >= 0) {
        if (taken >= 0)
            close(taken);
        if (write_over(path, bytes, size))
            return true;
        int failure = errno;
        if (taken >= 0)
            unlink(path);
        errno = failure;
    }
    return error_set(e, ERROR_RUNTIME, "%s cannot be written: %s", path, strerror(errno));
}

static bool read_all(int fd, size_t most, struct buffer *out)
{
    size_t before = out->size;
    for (;;) {
        if (!buffer_reserve(out, CHUNK))
            return false;
        ssize_t n = read(fd, out->data + out->size, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0)
            out->size += (size_t)n;
        out->data[out->size] = '\0';
        if (n <= 0)
            return n == 0;
        if (out->size - before > most) {
            errno = EFBIG;
            return false;
        }
    }
}

bool private_file_read(const char *path, size_t most, struct buffer *out, struct error *e)
{
    size_t before = out->size;
    struct stat s;
    // Without waiting, should it be a pipe.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool opened = fd >= 0 && fstat(fd, &s) == 0;
    if (opened && !S_ISREG(s.st_mode)) {
        close(fd);
        return error_set(e, ERROR_RUNTIME, "%s is no ordinary file", path);
    }
    bool ok = opened && read_all(fd, most, out);
    if (!ok && errno == EFBIG)
        error_set(e, ERROR_RUNTIME, "%s is over %zu KiB: make it smaller", path, most >> 10);
    else if (!ok)
        error_set(e, ERROR_RUNTIME, "%s cannot be read: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (!ok && out->data)
        out->data[out->size = before] = '\0';
    return ok;
}
