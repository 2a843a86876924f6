// curses' own beginnings. Apart, because term.h of curses takes many a common word for itself.
#include "ui/term_open.h"

#include <curses.h>
#include <signal.h>
#include <term.h>
#include <unistd.h>

// newterm finds this out too, but leaks what it had already made.
static bool can_place_cursor(void)
{
    int status;
    if (setupterm(NULL, STDOUT_FILENO, &status) == ERR)
        return false;
    const bool can = cursor_address != NULL;
    del_curterm(cur_term);
    return can;
}

SCREEN *term_open_curses(void)
{
    // curses takes these signals where nobody else has; they are the program's.
    static const int numbers[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    enum { N = sizeof(numbers) / sizeof(numbers[0]) };
    struct sigaction kept[N];
    if (!can_place_cursor())
        return NULL;
    for (int i = 0; i < N; i++)
        sigaction(numbers[i], NULL, &kept[i]);
    // Else curses would ignore it during each refresh, which takes away one that waits to be read.
    signal(SIGTSTP, SIG_IGN);
    SCREEN *screen = newterm(NULL, stdout, stdin);
    for (int i = 0; i < N; i++)
        sigaction(numbers[i], &kept[i], NULL);
    return screen;
}

const char *term_capability(const char *name)
{
    const char *text = tigetstr(name);
    return text && text != (const char *)-1 ? text : "";
}

bool term_has_flag(const char *name)
{
    return tigetflag(name) > 0;
}

int term_number(const char *name)
{
    int number = tigetnum(name);
    return number > 0 ? number : 0;
}
