#include "app/external.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/child.h"
#include "app/private_file.h"
#include "base/utf8.h"

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *find_editor(void)
{
    const char *editor = environment("VISUAL");
    if (!editor)
        editor = environment("EDITOR");
    return editor ? editor : "vi";
}

// ---- the file in between

// Makes an empty file that only we may read; false: no folder takes one.
static bool make_file(struct buffer *path)
{
    const char *folders[] = {environment("XDG_RUNTIME_DIR"), environment("TMPDIR"), "/tmp"};
    for (size_t i = 0; i < 3; i++) {
        buffer_clear(path);
        if (!folders[i] || !buffer_printf(path, "%s/pumice-XXXXXX.md", folders[i]))
            continue;
        int fd = mkostemps(path->data, 3, O_CLOEXEC);
        if (fd >= 0)
            return close(fd) == 0;
    }
    return false;
}

// Editors end a text with a newline, so it gets one here and loses one in read_text.
static bool write_text(const char *path, const char *text, struct error *e)
{
    struct buffer b = {0};
    bool ok = !*text || buffer_printf(&b, "%s\n", text) || error_no_memory(e);
    ok = ok && private_file_write(path, b.data, b.size, true, e);
    buffer_free(&b);
    return ok;
}

static bool read_text(const char *path, struct buffer *out, struct error *e)
{
    size_t before = out->size;
    if (!private_file_read(path, EXTERNAL_MOST_TEXT, out, e))
        return false;
    const char *text = out->data + before;
    size_t size = out->size - before;
    if (memchr(text, 0, size) || !utf8_valid(text, size))
        return error_set(e, ERROR_RUNTIME, "the edited text is not UTF-8: save it as UTF-8");
    if (size && text[size - 1] == '\n')
        out->data[--out->size] = '\0';
    return true;
}

// ---- the editor

// The shell splits "code -w" as the person meant it; the file's name is an argument of its own.
static bool run_editor(const char *path, struct error *e)
{
    const char *editor = find_editor();
    struct buffer script = {0};
    int status = 0;
    if (!buffer_printf(&script, "%s \"$1\"", editor))
        return error_no_memory(e);
    const char *argv[] = {"/bin/sh", "-c", script.data, "sh", path, NULL};
    enum child_end end = child_foreground(argv, &status);
    buffer_free(&script);
    if (end == CHILD_DONE && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    bool absent = end != CHILD_DONE ||
                  (WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126));
    if (absent)
        return error_set(e, ERROR_RUNTIME,
                         "the editor '%s' cannot be run: set VISUAL or EDITOR to one that is here",
                         editor);
    if (WIFSIGNALED(status))
        return error_set(e, ERROR_RUNTIME,
                         "the editor '%s' was ended by signal %d: the text is as it was", editor,
                         WTERMSIG(status));
    return error_set(e, ERROR_RUNTIME, "the editor '%s' failed (status %d): the text is as it was",
                     editor, WEXITSTATUS(status));
}

bool external_edit(const char *text, struct buffer *out, struct error *e)
{
    struct buffer path = {0};
    size_t before = out->size;
    bool made = make_file(&path);
    bool ok = made || error_set(e, ERROR_RUNTIME,
                                "no temporary file can be made (%s): set TMPDIR to a folder with "
                                "room",
                                strerror(errno));
    ok = ok && write_text(path.data, text, e) && run_editor(path.data, e) &&
         read_text(path.data, out, e);
    if (made)
        unlink(path.data);
    buffer_free(&path);
    if (!ok && out->data)
        out->data[out->size = before] = '\0';
    return ok;
}
