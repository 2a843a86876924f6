// The file that is written: beside its place, then renamed, so that a half of one is never there.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/model/gguf_write_internal.h"

static bool cannot_write(const struct gguf_writer *w, int code, struct error *e)
{
    if (code == ENOSPC || code == EDQUOT)
        return error_set(e, ERROR_RUNTIME, "the disk is full, %s was not written; free some space",
                         w->shown);
    if (code == ENOENT || code == ENOTDIR)
        return error_set(e, ERROR_RUNTIME, "the folder of %s does not exist; create it first",
                         w->shown);
    return error_set(e, ERROR_RUNTIME, "%s cannot be written: %s", w->shown, strerror(code));
}

// mkstemp would make a file of mode 0600, and the umask cannot be asked for without changing it.
bool gguf_create_temporary(struct gguf_writer *w, struct error *e)
{
    const char *slash = strrchr(w->path, '/');
    int folder = slash ? (int)(slash - w->path) + 1 : 0;
    for (int attempt = 0; attempt < 100; attempt++) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        free(w->temporary);
        if (asprintf(&w->temporary, "%.*s.gguf-%ld-%09ld.part", folder, w->path, (long)getpid(),
                     now.tv_nsec) < 0) {
            w->temporary = NULL;
            return error_no_memory(e);
        }
        w->file = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (w->file >= 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    int code = errno;
    free(w->temporary);
    w->temporary = NULL;
    return cannot_write(w, code, e);
}

void gguf_discard_temporary(struct gguf_writer *w)
{
    if (w->file >= 0)
        close(w->file);
    w->file = -1;
    if (w->temporary)
        unlink(w->temporary);
    free(w->temporary);
    w->temporary = NULL;
}

bool gguf_write_all(const struct gguf_writer *w, const void *bytes, uint64_t size, struct error *e)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = write(w->file, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cannot_write(w, errno, e);
        at += n;
        size -= (uint64_t)n;
    }
    return true;
}

// A rename lasts through a power cut only once its folder is synced. Not every file system can do
// that, and the file is in place by then: no failure.
static void sync_folder(const struct gguf_writer *w)
{
    const char *slash = strrchr(w->path, '/');
    char *folder = slash ? strndup(w->path, (size_t)(slash - w->path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

bool gguf_put_in_place(struct gguf_writer *w, struct error *e)
{
    if (fsync(w->file) != 0)
        return cannot_write(w, errno, e);
    int closed = close(w->file);
    w->file = -1;
    if (closed != 0 || rename(w->temporary, w->path) != 0)
        return cannot_write(w, errno, e);
    free(w->temporary);
    w->temporary = NULL;
    sync_folder(w);
    return true;
}
