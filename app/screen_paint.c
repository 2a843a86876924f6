// One frame: the conversation, the pictures that wait, the input, the status line.
#include "app/screen.h"

#include <stdio.h>
#include <string.h>

#include "app/clock.h"

enum { LEAST_ROWS = 10, LEAST_COLS = 40, PREVIEW_ROWS = 4, PREVIEW_COLS = 14, MARGIN = 1 };
enum { FIGURES = 3, LEAST_LEFT = 16 }; // of the status line: what stands right; cells on the left

static const struct style text = {STYLE_TEXT, 0}, dim = {STYLE_DIM, 0},
                          accent = {STYLE_ACCENT, EMPHASIS_BOLD}, bar = {STYLE_BAR, 0};

static int put(struct screen *s, int row, int col, int cols, const char *words, struct style style)
{
    return term_put(s->term, row, col, cols, words, strlen(words), style);
}

static int words_width(const char *words)
{
    return text_width(words, strlen(words));
}

// With an ellipsis where it does not fit.
static void put_cut(struct screen *s, int row, int col, int cols, const char *words,
                    struct style style)
{
    int used = cols;
    if (cols < 1)
        return;
    size_t size = words_width(words) <= cols ? strlen(words)
                                             : text_fit(words, strlen(words), cols - 1, &used);
    term_put(s->term, row, col, cols, words, size, style);
    if (words[size])
        put(s, row, col + used, 1, "…", style);
}

// ---- the status line

static void phase_text(const struct screen *s, char *out, size_t room)
{
    static const char *names[] = {[PHASE_TRY] = "trying kernels",
                                  [PHASE_LOAD] = "loading",
                                  [PHASE_ENCODE] = "looking",
                                  [PHASE_PREFILL] = "reading"};
    if (s->broken)
        snprintf(out, room, "no engine");
    else if (s->answering && s->said)
        snprintf(out, room, "answering");
    else if (s->in_phase && s->total > 0)
        snprintf(out, room, "%s %.0f%%", names[s->phase],
                 100.0 * (double)s->done / (double)s->total);
    else if (s->in_phase || s->answering)
        snprintf(out, room, "%s", names[s->in_phase ? s->phase : PHASE_PREFILL]);
    else if (!s->loaded)
        snprintf(out, room, "%s", names[PHASE_LOAD]);
    else
        snprintf(out, room, "ready");
}

// What there is room for: the phase, the rate, how much of the context is used.
static void status_text(const struct screen *s, int figures, char *out, size_t room)
{
    char phase[64];
    int n = 0;
    out[0] = '\0';
    phase_text(s, phase, sizeof(phase));
    if (figures >= 3 && s->loaded && s->used)
        n += snprintf(out + n, room - (size_t)n, "%u of %u used · ", s->used, s->info.context);
    if (figures >= 2 && s->rate > 0)
        n += snprintf(out + n, room - (size_t)n, "%.0f tok/s · ", s->rate);
    if (figures >= 1)
        snprintf(out + n, room - (size_t)n, "%s", phase);
}

static void paint_status(struct screen *s, int row, int cols)
{
    char left[640], right[256];
    if (s->note[0])
        snprintf(left, sizeof(left), "%s", s->note);
    else if (s->loaded)
        snprintf(left, sizeof(left), "%s · %s", s->info.model, s->info.device);
    else
        snprintf(left, sizeof(left), "pumice");
    // A note is read in full before anything, a part of the model's name before the figures.
    int wanted = s->note[0] ? words_width(left) : LEAST_LEFT, width = 0;
    for (int most = FIGURES; most >= 0; most--) {
        status_text(s, most, right, sizeof(right));
        width = words_width(right);
        if (wanted + width + (width ? 5 : 2) * MARGIN <= cols)
            break;
    }
    term_fill(s->term, row, 0, 1, cols, bar);
    put_cut(s, row, MARGIN, cols - width - (width ? 5 : 2) * MARGIN, left,
            (struct style){STYLE_BAR, s->note[0] ? EMPHASIS_BOLD : 0});
    put(s, row, cols - width - MARGIN, width, right, bar);
}

// ---- the input

static int editor_rows(struct screen *s, int width, int most, struct text_rows *rows,
                       int *cursor_row, int *cursor_col)
{
    if (!editor_layout(s->editor, width, rows, cursor_row, cursor_col))
        return 1;
    int n = (int)rows->count;
    return n < 1 ? 1 : n > most ? most : n;
}

// Chips are set off from what is written around them.
static void put_row(struct screen *s, int row, int col, int cols, const char *words, size_t size)
{
    while (size > 0 && cols > 0) {
        const char *chip = memmem(words, size, "[picture ", 9);
        const char *end = chip ? memchr(chip, ']', size - (size_t)(chip - words)) : NULL;
        size_t plain = chip && end ? (size_t)(chip - words) : size;
        int used = term_put(s->term, row, col, cols, words, plain, text);
        col += used;
        cols -= used;
        if (!chip || !end)
            return;
        size_t length = (size_t)(end - chip) + 1;
        used = term_put(s->term, row, col, cols, chip, length, (struct style){STYLE_CHIP, 0});
        col += used;
        cols -= used;
        words = end + 1;
        size -= plain + length;
    }
}

static void paint_editor(struct screen *s, int row, int rows, int cols,
                         const struct text_rows *wrapped, int cursor_row, int cursor_col)
{
    int first = cursor_row >= rows ? cursor_row - rows + 1 : 0;
    const char *words = editor_text(s->editor);
    put(s, row, MARGIN, 2, "›", accent);
    for (int i = 0; i < rows && (size_t)(first + i) < wrapped->count; i++) {
        const struct text_row *r = &wrapped->list[first + i];
        put_row(s, row + i, MARGIN + 2 + r->indent, cols - r->indent, words + r->begin,
                r->end - r->begin);
    }
    if (editor_empty(s->editor))
        put_cut(s, row, MARGIN + 2, cols,
                s->chat && chat_turn_count(s->chat) ? "Ask on, or /help"
                                                    : "Ask, attach a picture with Ctrl+O, or /help",
                dim);
    if (s->popup == POPUP_NONE || s->popup == POPUP_COMPLETE)
        term_cursor(s->term, row + cursor_row - first, MARGIN + 2 + cursor_col);
}

static void paint_rule(struct screen *s, int row, int cols)
{
    for (int c = MARGIN; c < cols - MARGIN; c++)
        put(s, row, c, 1, "─", dim);
    int unseen = transcript_unseen(s->transcript);
    char words[160] = "";
    if (s->searching)
        snprintf(words, sizeof(words), " search: %s ", s->search);
    else if (unseen > 0)
        snprintf(words, sizeof(words), " %d new line%s below ", unseen, unseen == 1 ? "" : "s");
    else if (editor_search_text(s->editor))
        snprintf(words, sizeof(words), " earlier: %s ", editor_search_text(s->editor));
    else if (!transcript_following(s->transcript) && editor_empty(s->editor))
        snprintf(words, sizeof(words), " / searches, G goes to the end ");
    if (words[0])
        put(s, row, MARGIN + 3, cols - 8, words, accent);
}

// ---- pictures that wait

static void describe(const struct waiting *w, char *out, size_t room)
{
    const char *slash = w->path ? strrchr(w->path, '/') : NULL;
    const char *name = slash ? slash + 1 : w->path ? w->path : "clipboard";
    if (!w->preview)
        snprintf(out, room, "%d  %s: reading", w->number, name);
    else if (w->tokens)
        snprintf(out, room, "%d  %s  %ux%u, %u tokens", w->number, name, w->width, w->height,
                 w->tokens);
    else
        snprintf(out, room, "%d  %s  %ux%u", w->number, name, w->width, w->height);
}

static int strip_rows(const struct screen *s, int rows)
{
    return s->n_waiting == 0 ? 0
           : rows >= 18      ? PREVIEW_ROWS + 1
                             : (int)(s->n_waiting < 3 ? s->n_waiting : 3);
}

static void paint_strip(struct screen *s, int row, int rows, int cols)
{
    const struct term_caps *caps = term_get_caps(s->term);
    char words[512];
    if (rows <= PREVIEW_ROWS) {
        for (int i = 0; i < rows && (size_t)i < s->n_waiting; i++) {
            describe(&s->waiting[i], words, sizeof(words));
            put_cut(s, row + i, MARGIN + 2, cols - 4, words, dim);
        }
        return;
    }
    int col = MARGIN + 2;
    for (size_t i = 0; i < s->n_waiting && col < cols - PREVIEW_COLS; i++) {
        struct waiting *w = &s->waiting[i];
        int wide = 0, high = 0;
        if (w->preview)
            ui_picture_fit(w->preview, caps, PREVIEW_COLS, PREVIEW_ROWS, &wide, &high);
        if (wide > 0)
            ui_picture_draw(w->preview, s->term, row, col, wide, high, 0, high);
        describe(w, words, sizeof(words));
        int room = cols - col - wide - 2;
        if (i + 1 < s->n_waiting && room > 26)
            room = 26;
        // Name, size and tokens below one another beside the picture.
        int line = 0;
        for (char *part = words, *next; part && line < PREVIEW_ROWS; part = next, line++) {
            next = strstr(part + 3, line == 0 ? "  " : ", ");
            if (next) {
                *next = '\0';
                next += 2;
            }
            put_cut(s, row + line, col + wide + 1, room, part, line == 0 ? text : dim);
        }
        col += wide + room + 2;
    }
}

// ---- all of it

static void paint_small(struct screen *s, int cols)
{
    put(s, 0, 0, cols, "Pumice needs 40 x 10 cells.", text);
    put(s, 1, 0, cols, "Make the window larger.", dim);
    term_cursor(s->term, -1, 0);
}

void screen_paint(struct screen *s)
{
    int rows, cols;
    term_size(s->term, &rows, &cols);
    term_begin(s->term);
    if (rows < LEAST_ROWS || cols < LEAST_COLS) {
        paint_small(s, cols);
        term_show(s->term);
        return;
    }
    struct text_rows wrapped = {0};
    int cursor_row = 0, cursor_col = 0, width = cols - 2 * MARGIN - 2;
    int input = editor_rows(s, width, rows / 3, &wrapped, &cursor_row, &cursor_col);
    int strip = strip_rows(s, rows);
    int transcript = rows - 1 - input - strip - 1;
    transcript_draw(s->transcript, s->term, 0, MARGIN, transcript, cols - 2 * MARGIN);
    s->rule = transcript;
    paint_rule(s, transcript, cols);
    paint_strip(s, transcript + 1, strip, cols);
    paint_editor(s, transcript + 1 + strip, input, width, &wrapped, cursor_row, cursor_col);
    paint_status(s, rows - 1, cols);
    screen_paint_popup(s);
    text_rows_finish(&wrapped);
    term_show(s->term);
}
