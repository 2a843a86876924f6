#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/term_internal.h"

// Terminals that know it paint everything between the two at once; others ignore it.
#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END   "\033[?2026l"

void term_write(const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(STDOUT_FILENO, bytes + done, size - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN) {
            // Another program left the terminal non-blocking.
            poll(&(struct pollfd){STDOUT_FILENO, POLLOUT, 0}, 1, 1000);
        } else if (errno != EINTR) {
            return; // the terminal is gone; term_read tells
        }
    }
}

void term_write_text(const char *text)
{
    term_write(text, strlen(text));
}

static void show_cursor(struct term *t, bool wanted)
{
    if (wanted != t->cursor_shown)
        term_write_text(wanted ? "\033[?25h" : "\033[?25l");
    t->cursor_shown = wanted;
}

static void send_cells(struct term *t)
{
    if (t->everything)
        clearok(curscr, TRUE);
    // Hidden, it rests in a corner, so that a frame like the last one sends nothing.
    const bool hidden = t->cursor_row < 0;
    wmove(stdscr, hidden ? 0 : t->cursor_row, hidden ? 0 : t->cursor_col);
    wnoutrefresh(stdscr);
    doupdate();
}

static bool send_images(struct term *t, const bool *chosen)
{
    buffer_clear(&t->out);
    if (!images_add(t, chosen, &t->out))
        return false;
    term_write(t->out.data, t->out.size);
    return true;
}

static void end_frame(struct term *t)
{
    struct term_frame shown = t->now;
    t->now = t->before;
    t->before = shown;
    frame_clear(&t->now, t->rows, t->cols);
    for (int i = 0; i < shown.n_images; i++)
        shown.images[i].bytes = NULL;
    t->everything = false;
}

void term_show(struct term *t)
{
    bool *chosen = calloc((size_t)t->now.n_images + 1, sizeof(*chosen));
    const bool any = chosen && images_choose(t, chosen);
    const bool together = any || t->everything, cursor = t->cursor_row >= 0;
    bool sent = chosen;
    if (together)
        term_write_text(SYNC_BEGIN);
    // It would be seen to jump about while pictures are drawn.
    show_cursor(t, cursor && !any);
    send_cells(t);
    if (any) {
        sent = send_images(t, chosen);
        show_cursor(t, cursor);
    }
    if (together)
        term_write_text(SYNC_END);
    free(chosen);
    end_frame(t);
    if (!sent)
        frame_clear(&t->before, t->rows, t->cols); // the next frame tries again
    if (t->probe_due)
        term_probe(t);
    t->probe_due = false;
}

void term_repaint(struct term *t)
{
    t->everything = true;
}

void term_bell(struct term *t)
{
    (void)t;
    term_write_text("\a");
}

static bool add_base64(struct buffer *out, const char *text, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        uint32_t bits =
            (uint32_t)s[i] << 16 | (n > 1 ? (uint32_t)s[i + 1] << 8 : 0) | (n > 2 ? s[i + 2] : 0);
        char group[4];
        for (size_t k = 0; k < 4; k++)
            group[k] = k <= n ? letters[bits >> (18 - 6 * k) & 63] : '=';
        if (!buffer_add(out, group, 4))
            return false;
    }
    return true;
}

void term_copy(struct term *t, const char *text, size_t size)
{
    buffer_clear(&t->out);
    if (buffer_add_text(&t->out, "\033]52;c;") && add_base64(&t->out, text, size) &&
        buffer_add_text(&t->out, "\033\\"))
        term_write(t->out.data, t->out.size);
}
