#include "app/clipboard.h"

#include <stdlib.h>
#include <string.h>

#include "app/child.h"
#include "app/clock.h"

enum { READ_MS = 5000, WRITE_MS = 200, MOST_TYPES = 64 << 10, MOST_WORDS = 8 };

#define BY_PATH "attach a file with /image PATH"

// A program, the variable that says that its desktop is there, and its arguments. `type` stands for
// the type that is asked for.
struct source {
    const char *variable, *program;
    const char *list[MOST_WORDS], *get[MOST_WORDS];
};

static const char type[] = "TYPE";

static const struct source sources[] = {
    {"WAYLAND_DISPLAY",
     "wl-paste",
     {"wl-paste", "--list-types"},
     {"wl-paste", "--no-newline", "--type", type}},
    {"DISPLAY",
     "xclip",
     {"xclip", "-selection", "clipboard", "-t", "TARGETS", "-o"},
     {"xclip", "-selection", "clipboard", "-t", type, "-o"}},
};

static const struct {
    const char *variable;
    const char *argv[MOST_WORDS];
} writers[] = {
    {"WAYLAND_DISPLAY", {"wl-copy", "--type", "text/plain;charset=utf-8"}},
    {"DISPLAY", {"xclip", "-selection", "clipboard", "-i"}},
    {"DISPLAY", {"xsel", "-b", "-i"}},
};

// By preference: what loses nothing first.
static const char *const wanted[] = {"image/png", "image/jpeg", "image/webp", "image/bmp",
                                     "image/gif"};

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

// Is `word` a line of the list?
static bool has_line(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *line = list; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, word, size) && (!line[size] || strchr("\r\n", line[size])))
            return true;
    }
    return false;
}

static const char *choose_type(const char *list)
{
    for (size_t i = 0; list && i < sizeof(wanted) / sizeof(*wanted); i++)
        if (has_line(list, wanted[i]))
            return wanted[i];
    return NULL;
}

static enum child_end get(const struct source *r, const char *chosen,
                          const struct child_limits *limits, struct buffer *out)
{
    const char *argv[MOST_WORDS];
    for (size_t i = 0; i < MOST_WORDS; i++)
        argv[i] = r->get[i] == type ? chosen : r->get[i];
    return child_read(argv, limits, out);
}

static bool explain(enum child_end end, const char *program, struct error *e)
{
    switch (end) {
    case CHILD_STOPPED:
        return error_set(e, ERROR_INTERRUPTED, "reading the clipboard was stopped");
    case CHILD_TOO_SLOW:
        return error_set(e, ERROR_PICTURE,
                         "%s did not give the clipboard within %d seconds: try again, or " BY_PATH,
                         program, READ_MS / 1000);
    case CHILD_TOO_LARGE:
        return error_set(e, ERROR_PICTURE,
                         "the picture in the clipboard is over %d MiB: copy a smaller one",
                         CLIPBOARD_MOST_PICTURE >> 20);
    default:
        return error_set(e, ERROR_PICTURE,
                         "there is no picture in the clipboard: copy one, or " BY_PATH);
    }
}

static enum child_end read_with(const struct source *r, const atomic_bool *stop, struct buffer *out)
{
    struct child_limits limits = {MOST_TYPES, clock_ms() + READ_MS, stop};
    struct buffer types = {0};
    size_t before = out->size;
    enum child_end end = child_read(r->list, &limits, &types);
    const char *chosen = end == CHILD_DONE ? choose_type(types.data) : NULL;
    if (chosen) {
        limits.bytes = CLIPBOARD_MOST_PICTURE;
        end = get(r, chosen, &limits, out);
        if (end == CHILD_MISSING || (end == CHILD_DONE && out->size == before))
            end = CHILD_FAILED;
    } else if (end == CHILD_DONE || end == CHILD_TOO_LARGE) {
        end = CHILD_FAILED;
    }
    buffer_free(&types);
    return end;
}

bool clipboard_read_picture(struct buffer *out, const atomic_bool *stop, struct error *e)
{
    const char *missing = NULL;
    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
        if (!is_set(sources[i].variable))
            continue;
        enum child_end end = read_with(&sources[i], stop, out);
        if (end != CHILD_MISSING)
            return end == CHILD_DONE || explain(end, sources[i].program, e);
        if (!missing)
            missing = sources[i].program;
    }
    if (missing)
        return error_set(e, ERROR_PICTURE,
                         "the clipboard cannot be read without %s: install it, or " BY_PATH,
                         missing);
    return error_set(e, ERROR_PICTURE,
                     "there is no clipboard here (neither WAYLAND_DISPLAY nor DISPLAY is set): "
                     "copy the picture to this machine and " BY_PATH);
}

bool clipboard_write_text(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof(writers) / sizeof(*writers); i++)
        if (is_set(writers[i].variable) &&
            child_feed(writers[i].argv, text, size, WRITE_MS) == CHILD_DONE)
            return true;
    return false;
}
