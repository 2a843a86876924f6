#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "ui/term_internal.h"

enum { ESCAPE_MS = 40, CHUNK = 64 << 10 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

enum arrival { NOTHING, BYTES, END };

static enum arrival receive(struct term *t)
{
    struct pollfd p = {STDIN_FILENO, POLLIN, 0};
    if (poll(&p, 1, 0) <= 0)
        return NOTHING;
    char bytes[CHUNK];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (n <= 0)
        return n < 0 && (errno == EINTR || errno == EAGAIN) ? NOTHING : END;
    for (ssize_t i = 0; i < n && t->typed_ahead > 0; i++, t->typed_ahead--)
        if (bytes[i] == '\n')
            bytes[i] = '\r';
    input_feed(t->input, bytes, (size_t)n);
    t->heard_at = now_ms();
    return BYTES;
}

// The next event of what has come, or of what was waited for in vain.
static bool next_event(struct term *t, struct event *out, bool waited)
{
    if (!waited)
        return input_next(t->input, out);
    t->heard_at = now_ms();
    return input_flush(t->input, out);
}

enum term_read term_read(struct term *t, struct event *out)
{
    bool waited = false;
    for (;;) {
        if (t->changed) {
            t->changed = false;
            return TERM_CHANGED;
        }
        if (next_event(t, out, waited)) {
            if (out->kind != EVENT_REPLY)
                return TERM_EVENT;
            if (term_heard(t, out)) {
                // Pictures of another cell size may reach over cells that are not theirs.
                t->changed = true;
                t->everything = true;
            }
            continue;
        }
        if (waited)
            return TERM_NOTHING;
        enum arrival a = receive(t);
        if (a == END)
            return TERM_CLOSED;
        if (a == BYTES)
            continue;
        waited = input_pending(t->input) && now_ms() - t->heard_at >= ESCAPE_MS;
        if (!waited)
            return TERM_NOTHING;
    }
}

bool term_pending(const struct term *t)
{
    return input_pending(t->input);
}
