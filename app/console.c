#include "app/console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utf8.h"

static void show_log(void *data, enum log_level level, const char *line)
{
    struct console *c = data;
    (void)level;
    console_progress(c, NULL);
    fprintf(c->err, "pumice: %s\n", line);
}

static bool wants_color(enum color_when when, bool terminal)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (when != COLOR_AUTO)
        return when == COLOR_ALWAYS;
    return terminal && !(no && *no) && term && strcmp(term, "dumb");
}

void console_start(struct console *c, const struct options *o)
{
    *c = (struct console){.in = stdin, .out = stdout, .err = stderr, .quiet = o->quiet};
    c->in_terminal = isatty(STDIN_FILENO);
    c->err_terminal = isatty(STDERR_FILENO);
    c->color = wants_color(o->color, c->err_terminal);
    log_set_sink(show_log, c);
    log_set_level(o->verbose > 1 ? LOG_DEBUG
                  : o->verbose   ? LOG_INFO
                  : o->quiet     ? LOG_ERROR
                                 : LOG_WARNING);
}

static bool broken(struct console *c, struct error *e)
{
    if (!c->broken)
        c->broken = errno ? errno : EIO;
    return error_set(e, ERROR_RUNTIME, "standard output cannot be written: %s",
                     strerror(c->broken));
}

bool console_write(struct console *c, const char *text, size_t size, struct error *e)
{
    console_progress(c, NULL);
    errno = 0;
    if (fwrite(text, 1, size, c->out) == size && fflush(c->out) == 0)
        return true;
    if (errno != EINTR)
        return broken(c, e);
    // Ctrl+C while the reader of a full pipe was slow.
    clearerr(c->out);
    return error_set(e, ERROR_INTERRUPTED, "interrupted");
}

bool console_write_clean(struct console *c, const char *text, size_t size, struct error *e)
{
    char *clean = malloc(3 * size + 1);
    if (!clean)
        return error_no_memory(e);
    size_t n = utf8_clean(clean, 3 * size + 1, text, size);
    bool ok = console_write(c, clean, n, e);
    free(clean);
    return ok;
}

bool console_close(struct console *c, struct error *e)
{
    errno = 0;
    bool failed = ferror(c->out) != 0;
    if (fclose(c->out) != 0 || failed)
        return broken(c, e);
    return true;
}

// One line: whatever a file name holds, the message stays a sentence on a line of its own.
static void print_line(struct console *c, const char *text)
{
    char line[4096];
    size_t n = utf8_clean(line, sizeof(line), text, strlen(text));
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    console_progress(c, NULL);
    fprintf(c->err, "%s\n", line);
}

void console_error(struct console *c, const struct error *e)
{
    if (e->kind == ERROR_INTERRUPTED || e->kind == ERROR_NONE || c->broken == EPIPE)
        return;
    console_progress(c, NULL);
    fputs(c->color ? "\033[31mpumice:\033[0m " : "pumice: ", c->err);
    print_line(c, e->text);
}

static void print_format(struct console *c, const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof(text), format, args);
    print_line(c, text);
}

void console_note(struct console *c, const char *format, ...)
{
    if (c->quiet)
        return;
    va_list args;
    va_start(args, format);
    print_format(c, format, args);
    va_end(args);
}

void console_say(struct console *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_format(c, format, args);
    va_end(args);
}

void console_prompt(struct console *c, const char *text)
{
    console_progress(c, NULL);
    fprintf(c->err, c->color ? "\033[1m%s\033[0m" : "%s", text);
    fflush(c->err);
}

void console_progress(struct console *c, const char *text)
{
    size_t width = text ? strlen(text) : 0;
    if (!text && !c->line)
        return;
    // Spaces and a carriage return: no terminal is too dumb for them.
    fprintf(c->err, "\r%s%*s", text ? text : "", c->line > width ? (int)(c->line - width) : 0, "");
    if (!text)
        fputc('\r', c->err);
    fflush(c->err);
    c->line = width;
}

int console_exit_code(const struct console *c, const struct error *e)
{
    static const int codes[] = {
        [ERROR_NONE] = 0,    [ERROR_RUNTIME] = 1, [ERROR_USAGE] = 2,         [ERROR_MODEL] = 3,
        [ERROR_PICTURE] = 4, [ERROR_DEVICE] = 5,  [ERROR_INTERRUPTED] = 130,
    };
    return c->broken == EPIPE ? 141 : codes[e->kind];
}
