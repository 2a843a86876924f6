#include "tests/unit/desktop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/app_pictures.h"

static struct picture_folder folder;

int make_desktop(void **state)
{
    (void)state;
    return make_folder(&folder) || setenv("PATH", folder.path, 1);
}

int remove_desktop(void **state)
{
    (void)state;
    setenv("PATH", "/usr/bin:/bin", 1);
    return remove_folder(&folder);
}

int empty_desktop(void **state)
{
    (void)state;
    unlink("wl-paste");
    unlink("wl-copy");
    unlink("xclip");
    unlink("xsel");
    setenv("WAYLAND_DISPLAY", "wayland-0", 1);
    unsetenv("DISPLAY");
    return 0;
}

void make_program(const char *name, const char *what)
{
    char script[1024];
    snprintf(script, sizeof(script), "#!/bin/sh\nPATH=/usr/bin:/bin\n%s\n", what);
    make_text(name, script);
    chmod(name, 0700);
}

void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}
