// What the terminal can do: asked once, with a question at the end that every terminal answers, and
// worked out from whatever answers come.
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ui/term_internal.h"

enum { DRAIN_MS = 200 };
enum { DEFAULT_WIDTH = 10, DEFAULT_HEIGHT = 20 };
enum { XTERM_MOST = 1000 }; // pixels a side: xterm's answer for any larger window
enum { SIXEL_COLORS = 256 };

void term_probe(struct term *t)
{
    // Colour registers, pixels of the screen, pixels of a cell; device attributes end it.
    term_write_text("\033[?1;1;0S\033[?2;1;0S\033[16t\033[c");
    t->probing = true;
}

// Pixels of a cell along one side, from what the terminal said of its graphics. Some answer with
// the largest picture instead of the size of the screen: not a multiple of the cells.
static int from_graphics(int pixels, int cells)
{
    if (pixels <= 0 || pixels == XTERM_MOST || pixels % cells != 0)
        return 0;
    int cell = pixels / cells;
    return cell >= 2 && cell <= 200 ? cell : 0;
}

// The kernel's figure for the window counts xterm's border too, which is less than a pixel a cell.
static int from_window(int pixels, int cells, int least)
{
    int cell = pixels / cells;
    return cell >= least ? cell : 0;
}

static void find_cell(const struct term *t, int *width, int *height)
{
    struct winsize w = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
    const struct term_replies *r = &t->replies;
    const int widths[] = {from_graphics(r->graphics_width, t->cols),
                          from_window(w.ws_xpixel, t->cols, 2), r->reported_width, DEFAULT_WIDTH};
    const int heights[] = {from_graphics(r->graphics_height, t->rows),
                           from_window(w.ws_ypixel, t->rows, 4), r->reported_height,
                           DEFAULT_HEIGHT};
    for (int i = 0; !*width || !*height; i++) {
        *width = *width ? *width : widths[i];
        *height = *height ? *height : heights[i];
    }
}

bool term_find_caps(struct term *t)
{
    struct term_caps caps = {.true_color = t->true_color, .colors = t->colors};
    find_cell(t, &caps.cell_width, &caps.cell_height);
    caps.sixel_colors = t->replies.sixel_colors ? t->replies.sixel_colors : SIXEL_COLORS;
    caps.pictures = t->params.pictures != PICTURES_AUTO ? t->params.pictures
                    : t->replies.sixel                  ? PICTURES_SIXEL
                                                        : PICTURES_HALF;
    const bool other = caps.pictures != t->caps.pictures || caps.cell_width != t->caps.cell_width ||
                       caps.cell_height != t->caps.cell_height ||
                       caps.sixel_colors != t->caps.sixel_colors;
    t->caps = caps;
    return other;
}

bool term_heard(struct term *t, const struct event *reply)
{
    const int *v = reply->values;
    struct term_replies *r = &t->replies;
    switch (reply->reply) {
    case REPLY_ATTRIBUTES:
        // The first is the class of the terminal: a VT132 has class 4 and no sixel.
        for (int i = 1; i < reply->n_values; i++)
            r->sixel = r->sixel || v[i] == 4;
        t->probing = false;
        break;
    case REPLY_GRAPHICS:
        if (v[1] != 0)
            return false;
        if (v[0] == 1 && reply->n_values >= 3 && v[2] >= 2)
            r->sixel_colors = v[2];
        if (v[0] == 2 && reply->n_values >= 4) {
            r->graphics_width = v[2];
            r->graphics_height = v[3];
        }
        break;
    case REPLY_CELLS:
        if (v[0] != 6 || v[1] < 4 || v[1] > 200 || v[2] < 2 || v[2] > 200)
            return false;
        r->reported_height = v[1];
        r->reported_width = v[2];
        break;
    case REPLY_OTHER:
        return false;
    }
    // All at once when the last has come, so that nothing is laid out twice.
    return !t->probing && term_find_caps(t);
}

void term_drain(struct term *t)
{
    struct pollfd p = {STDIN_FILENO, POLLIN, 0};
    while (t->probing && poll(&p, 1, DRAIN_MS) > 0) {
        char bytes[4096];
        ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
        if (n <= 0)
            break;
        input_feed(t->input, bytes, (size_t)n);
        struct event event;
        while (input_next(t->input, &event))
            if (event.kind == EVENT_REPLY)
                term_heard(t, &event);
    }
    t->probing = false;
}
