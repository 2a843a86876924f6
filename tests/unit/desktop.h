// A desktop whose programs are small scripts, in a folder that is the only one of PATH.
#pragma once

int make_desktop(void **state); // for a group of tests
int remove_desktop(void **state);
int empty_desktop(void **state); // before a test: Wayland's, and no programs
void make_program(const char *name, const char *what);
void assert_no_child(void); // none is left, alive or dead
