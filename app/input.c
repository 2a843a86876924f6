#include "app/input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "app/interrupt.h"
#include "base/utf8.h"

// Reading goes past stdio, because a signal must end it and poll must see what is there.
bool input_read_all(struct console *c, struct buffer *out, size_t most, enum error_kind kind,
                    struct error *e)
{
    int fd = fileno(c->in);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (poll(&wait, 1, 500) == 0)
        console_note(c, "pumice: reading standard input");
    size_t start = out->size;
    for (;;) {
        if (interrupt_pending())
            return error_set(e, ERROR_INTERRUPTED, "interrupted");
        if (!buffer_reserve(out, 1 << 16))
            return error_no_memory(e);
        ssize_t n = read(fd, out->data + out->size, 1 << 16);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(e, ERROR_RUNTIME, "standard input cannot be read: %s",
                             strerror(errno));
        out->size += (size_t)n;
        out->data[out->size] = '\0';
        if (out->size - start > most)
            return error_set(e, kind, "standard input is larger than %zu MiB", most >> 20);
        if (n == 0)
            return true;
    }
}

bool input_check_text(const char *text, size_t size, const char *what, struct error *e)
{
    if (memchr(text, '\0', size) || !utf8_valid(text, size))
        return error_set(e, ERROR_USAGE, "%s is not UTF-8 text", what);
    return true;
}

enum input_line input_read_line(struct console *c, struct buffer *out, struct error *e)
{
    buffer_clear(out);
    bool too_long = false, memory = true;
    int byte;
    // A Ctrl+C that came before the wait would not end it.
    while ((byte = interrupt_pending() ? EOF : getc(c->in)) != EOF && byte != '\n') {
        char letter = (char)byte;
        too_long = too_long || out->size >= INPUT_MOST_LINE;
        if (!too_long && memory)
            memory = buffer_add(out, &letter, 1);
    }
    if (interrupt_pending()) {
        clearerr(c->in);
        error_set(e, ERROR_INTERRUPTED, "interrupted");
        return INPUT_FAILED;
    }
    if (byte == EOF && out->size == 0)
        return INPUT_END;
    if (!memory) {
        error_no_memory(e);
        return INPUT_FAILED;
    }
    if (too_long) {
        error_set(e, ERROR_USAGE, "the line is longer than %d MiB", INPUT_MOST_LINE >> 20);
        return INPUT_FAILED;
    }
    if (out->size && out->data[out->size - 1] == '\r')
        out->data[--out->size] = '\0';
    return input_check_text(out->data ? out->data : "", out->size, "the line", e) ? INPUT_LINE
                                                                                  : INPUT_FAILED;
}
