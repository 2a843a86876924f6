// Opens curses on standard input and output, and reads the terminal's description. Screen's thread.
#pragma once

#include <stdbool.h>

struct screen; // curses' SCREEN

// NULL: the type of the terminal is not known, or it cannot place its cursor.
struct screen *term_open_curses(void);
const char *term_capability(const char *name); // "" where the terminal has no such
bool term_has_flag(const char *name);
int term_number(const char *name); // 0 where it has no such
