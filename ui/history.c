#include "ui/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"

enum { LINE_MOST = 1 << 20 }; // bytes; longer ones are no lines of ours

void history_finish(struct history *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->list[i]);
    free(h->list);
    *h = (struct history){0};
}

void history_add(struct history *h, const char *text)
{
    if (!*text || (h->count > 0 && strcmp(h->list[h->count - 1], text) == 0))
        return;
    char **list = array_reserve(h->list, h->count, &h->room, sizeof(*list));
    if (!list)
        return;
    h->list = list;
    char *copy = strdup(text);
    if (!copy)
        return;
    if (h->count == HISTORY_MOST) {
        free(h->list[0]);
        memmove(h->list, h->list + 1, --h->count * sizeof(*h->list));
    }
    h->list[h->count++] = copy;
}

static void unescape(char *line)
{
    char *to = line;
    for (const char *at = line; *at; at++) {
        if (*at == '\\' && at[1])
            *to++ = *++at == 'n' ? '\n' : *at;
        else
            *to++ = *at;
    }
    *to = '\0';
}

bool history_load(struct history *h, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT;
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, f)) > 0;) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        if (n > LINE_MOST || strlen(line) != (size_t)n)
            continue;
        unescape(line);
        history_add(h, line);
    }
    bool ok = !ferror(f);
    free(line);
    fclose(f);
    return ok;
}

static bool escape(struct buffer *b, const char *text)
{
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\\\n");
        if (!buffer_add(b, at, n))
            return false;
        at += n;
        if (*at && !buffer_add_text(b, *at++ == '\n' ? "\\n" : "\\\\"))
            return false;
    }
    return buffer_add(b, "\n", 1);
}

static bool write_all(int fd, const struct buffer *b)
{
    for (size_t done = 0; done < b->size;) {
        ssize_t n = write(fd, b->data + done, b->size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

// Beside its place first (mkstemp's files are 0600), then renamed.
static bool write_file(const char *path, const struct buffer *bytes)
{
    struct buffer beside = {0};
    if (!buffer_printf(&beside, "%s.XXXXXX", path))
        return false;
    int fd = mkstemp(beside.data);
    bool ok = fd >= 0 && write_all(fd, bytes);
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    ok = ok && rename(beside.data, path) == 0;
    if (!ok && fd >= 0)
        unlink(beside.data);
    buffer_free(&beside);
    return ok;
}

bool history_save(const struct history *h, const char *path)
{
    struct buffer b = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < h->count; i++)
        ok = escape(&b, h->list[i]);
    ok = ok && write_file(path, &b);
    buffer_free(&b);
    return ok;
}
