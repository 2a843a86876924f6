#include "ui/term.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ui/term_internal.h"
#include "ui/term_open.h"

enum { SIDE_MOST = 2000 }; // rows and columns of a window that we believe in

// Paste brackets, and wheel events in the form that has no limit of columns.
#define PASTE_ON "\033[?2004h"
#define MOUSE_ON "\033[?1000h\033[?1006h"
// The end of a picture that was being sent, of a synchronised frame, and of all that was set.
#define LEAVE "\033\\\033[?2026l\033[0m\033[?1006l\033[?1000l\033[?2004l\033[?25h"

static bool set_locale(struct error *e)
{
    if (setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        return true;
    return setlocale(LC_CTYPE, "C.UTF-8") ||
           error_set(e, ERROR_RUNTIME,
                     "this system has no UTF-8 locale (C.UTF-8): install it, or use --plain");
}

static bool prepare_leaving(const struct termios *ordinary)
{
    const char *screen = term_capability("rmcup");
    struct buffer leave = {0};
    // Without another screen to leave, what follows starts below.
    bool ok = buffer_printf(&leave, LEAVE "%s", *screen ? screen : "\r\n") &&
              restore_prepare(STDOUT_FILENO, ordinary, leave.data);
    buffer_free(&leave);
    return ok;
}

static void configure(struct term *t)
{
    typeahead(-1); // curses must not look at the keyboard
    leaveok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    idlok(stdscr, FALSE); // cells that move would take pictures with them
    idcok(stdscr, FALSE);
    const char *depth = getenv("COLORTERM");
    t->colors = term_number("colors");
    // Without this curses sends nothing about colours at all.
    if (t->params.color && t->colors > 0) {
        start_color();
        use_default_colors();
    }
    t->true_color = (depth && (!strcmp(depth, "truecolor") || !strcmp(depth, "24bit"))) ||
                    term_has_flag("RGB") || term_has_flag("Tc");
    t->italic = *term_capability("sitm") != '\0';
}

static void set_modes(struct term *t)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &t->raw);
    term_write_text(PASTE_ON);
    if (t->params.mouse)
        term_write_text(MOUSE_ON);
    t->cursor_shown = true;
    t->everything = true;
    t->probe_due = true;
}

static int clamp_side(int told, int otherwise)
{
    int side = told ? told : otherwise;
    return side < 1 ? 1 : side > SIDE_MOST ? SIDE_MOST : side;
}

// Takes the window's size over; false without memory, and all stays as it was.
static bool resize(struct term *t)
{
    struct winsize w = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
    const int rows = clamp_side(w.ws_row, LINES), cols = clamp_side(w.ws_col, COLS);
    if (rows == t->rows && cols == t->cols)
        return true;
    const size_t cells = (size_t)rows * (size_t)cols;
    uint16_t *now = calloc(cells, sizeof(*now)), *before = calloc(cells, sizeof(*before));
    if (!now || !before || resize_term(rows, cols) == ERR) {
        free(now);
        free(before);
        return false;
    }
    free(t->now.owner);
    free(t->before.owner);
    t->now.owner = now;
    t->before.owner = before;
    t->now.n_images = t->before.n_images = 0;
    t->rows = rows;
    t->cols = cols;
    // An answer about another size would mislead; the next one comes soon.
    t->replies.graphics_width = t->replies.graphics_height = 0;
    return true;
}

static bool open_screen(struct term *t, const struct termios *ordinary, struct error *e)
{
    fflush(stdout);
    t->screen = term_open_curses();
    if (!t->screen || !prepare_leaving(ordinary))
        return error_set(e, ERROR_RUNTIME,
                         "a terminal of the type TERM=%s is not known or cannot place its cursor; "
                         "set TERM (xterm-256color suits most) or use --plain",
                         getenv("TERM") ? getenv("TERM") : "");
    set_modes(t);
    int ahead = 0;
    if ((ordinary->c_iflag & ICRNL) && ioctl(STDIN_FILENO, FIONREAD, &ahead) == 0)
        t->typed_ahead = (size_t)ahead;
    def_prog_mode();
    configure(t);
    if (!resize(t))
        return error_no_memory(e);
    term_load_theme(t);
    term_find_caps(t);
    // What newterm has to say waits in its buffer until now, which must not come after the leaving.
    refresh();
    t->everything = false;
    return true;
}

struct term *term_start(const struct term_params *p, struct error *e)
{
    struct termios ordinary;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &ordinary) < 0) {
        error_set(e, ERROR_RUNTIME, "the full screen needs a terminal; use --plain");
        return NULL;
    }
    if (!set_locale(e))
        return NULL;
    struct term *t = calloc(1, sizeof(*t));
    if (!t || !(t->input = input_create())) {
        error_no_memory(e);
        free(t);
        return NULL;
    }
    t->params = *p;
    t->theme = p->color ? p->theme : THEME_NONE;
    t->raw = ordinary;
    cfmakeraw(&t->raw);
    if (!open_screen(t, &ordinary, e)) {
        term_stop(t);
        tcsetattr(STDIN_FILENO, TCSANOW, &ordinary); // curses may have changed it
        return NULL;
    }
    return t;
}

void term_stop(struct term *t)
{
    if (!t)
        return;
    if (t->probing)
        term_drain(t);
    term_restore();
    if (t->screen)
        delscreen(t->screen);
    frame_finish(&t->now);
    frame_finish(&t->before);
    buffer_free(&t->out);
    input_destroy(t->input);
    free(t);
}

void term_suspend(struct term *t)
{
    if (t->probing)
        term_drain(t);
    term_restore();
}

bool term_resume(struct term *t)
{
    struct termios ordinary;
    if (tcgetattr(STDIN_FILENO, &ordinary) < 0 || !prepare_leaving(&ordinary))
        return false;
    // Before anything is written: in the background this stops us until we are in front again.
    tcsetattr(STDIN_FILENO, TCSANOW, &t->raw);
    term_write_text(term_capability("smcup"));
    term_continued(t);
    return true;
}

void term_continued(struct term *t)
{
    set_modes(t);
    term_resized(t);
}

void term_resized(struct term *t)
{
    resize(t); // without memory the picture is cut or short, but whole
    term_find_caps(t);
    t->everything = true;
    t->probe_due = true;
    t->changed = true;
}

int term_fd(const struct term *t)
{
    (void)t;
    return STDIN_FILENO;
}

void term_size(const struct term *t, int *rows, int *cols)
{
    *rows = t->rows;
    *cols = t->cols;
}

const struct term_caps *term_get_caps(const struct term *t)
{
    return &t->caps;
}

void term_set_theme(struct term *t, enum theme_name theme)
{
    t->theme = t->params.color ? theme : THEME_NONE;
    term_load_theme(t);
    t->everything = true;
}

void term_set_pictures(struct term *t, enum picture_protocol p)
{
    t->params.pictures = p;
    term_find_caps(t);
    t->everything = true;
}
