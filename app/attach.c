#include "app/attach.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/clipboard.h"

static const char blanks[] = " \t\r\n";

static bool exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool add_byte(struct buffer *out, char c, struct error *e)
{
    return buffer_add(out, &c, 1) || error_no_memory(e);
}

// file:///x%20y and file://localhost/x.
static bool add_uri(const char *text, size_t size, struct buffer *out, struct error *e)
{
    const char *path = memchr(text, '/', size);
    size_t host = path ? (size_t)(path - text) : size;
    if (!path || (host && !(host == 9 && !memcmp(text, "localhost", 9))))
        return error_set(e, ERROR_PICTURE, "file://%.*s is not a file of this machine", (int)size,
                         text);
    for (size_t i = host; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 1 < size ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < size ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return error_set(e, ERROR_PICTURE,
                                 "file://%.*s has a %% that no two hexadecimal digits follow",
                                 (int)size, text);
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (!add_byte(out, c, e))
            return false;
    }
    return true;
}

// As a shell reads a word, except that blanks need no quoting. An apostrophe within a name
// ("it's.png") that nothing closes is a letter.
static bool add_quoted(const char *text, size_t size, struct buffer *out, struct error *e)
{
    char quote = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool escapes = c == '\\' && quote != '\'' && i + 1 < size &&
                       (!quote || text[i + 1] == '"' || text[i + 1] == '\\');
        if (escapes) {
            c = text[++i];
        } else if (quote && c == quote) {
            quote = 0;
            continue;
        } else if (!quote && (c == '"' || c == '\'')) {
            bool closed = memchr(text + i + 1, c, size - i - 1) != NULL;
            if (!closed && i == 0)
                return error_set(e, ERROR_PICTURE, "the quote in %.*s is not closed", (int)size,
                                 text);
            quote = closed ? c : 0;
            if (closed)
                continue;
        }
        if (!add_byte(out, c, e))
            return false;
    }
    return true;
}

static bool interpret(const char *text, size_t size, struct buffer *out, struct error *e)
{
    if (size > 7 && !memcmp(text, "file://", 7))
        return add_uri(text + 7, size - 7, out, e);
    const char *home = getenv("HOME");
    if (text[0] == '~' && (size == 1 || text[1] == '/') && home && *home) {
        if (!buffer_add_text(out, home))
            return error_no_memory(e);
        text++;
        size--;
    }
    return add_quoted(text, size, out, e);
}

bool attach_path(const char *typed, struct buffer *out, struct error *e)
{
    if (exists(typed))
        return buffer_add_text(out, typed) || error_no_memory(e);
    typed += strspn(typed, blanks);
    size_t size = strlen(typed);
    // A blank after a backslash belongs to the name.
    while (size && strchr(blanks, typed[size - 1]) && !(size > 1 && typed[size - 2] == '\\'))
        size--;
    if (!size)
        return error_set(e, ERROR_PICTURE, "a picture's name is missing");

    size_t before = out->size;
    if (!buffer_add(out, typed, size))
        return error_no_memory(e);
    if (exists(out->data + before))
        return true;
    out->size = before;
    return interpret(typed, size, out, e);
}

bool attach_is_file(const char *typed, struct buffer *out)
{
    typed += strspn(typed, blanks);
    if (!*typed || (!strchr("/~.\"'", *typed) && strncmp(typed, "file://", 7) != 0))
        return false;
    struct stat s;
    return attach_path(typed, out, NULL) && stat(out->data, &s) == 0 && S_ISREG(s.st_mode);
}

struct picture *attach_read(const char *typed, char **path, struct error *e)
{
    struct buffer b = {0};
    if (!attach_path(typed, &b, e)) {
        buffer_free(&b);
        return NULL;
    }
    struct picture *p = picture_read(b.data, e);
    if (!p) {
        buffer_free(&b);
        return NULL;
    }
    *path = b.data;
    return p;
}

struct picture *attach_clipboard(const atomic_bool *stop, struct error *e)
{
    struct buffer bytes = {0};
    struct picture *p = NULL;
    if (clipboard_read_picture(&bytes, stop, e))
        p = picture_create(bytes.data, bytes.size, "clipboard", e);
    buffer_free(&bytes);
    return p;
}
