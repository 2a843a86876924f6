// The full-screen chat as a person meets it: this program again, on a pseudo terminal of its own.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/bench.h"
#include "app/clock.h"
#include "base/log.h"
#include "base/utf8.h"

enum { KEYS = 100, KEY_PAUSE_MS = 12, PATIENCE_MS = 30000, FIRST_KEY = 0x4e00 };

struct typist {
    int master; // the terminal's end of the pseudo terminal
    pid_t pid;
    struct buffer seen; // what the program wrote and was not looked for yet
};

extern char **environ;

// ---- the program in its terminal

static bool open_terminal(struct typist *t, char *name, size_t room)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    return t->master >= 0 && grantpt(t->master) == 0 && unlockpt(t->master) == 0 &&
           ptsname_r(t->master, name, room) == 0 && ioctl(t->master, TIOCSWINSZ, &size) == 0;
}

// The first terminal that the leader of a session opens becomes the session's.
static int spawn(struct typist *t, const char *terminal, const char *const *args)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t how;
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal, O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
    int failed =
        posix_spawn(&t->pid, "/proc/self/exe", &actions, &how, (char *const *)args, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&how);
    return failed;
}

// So hot that any token is as likely as another: the one that ends the answer hardly comes.
static bool start(struct typist *t, const struct bench *b, struct error *e)
{
    const char *args[20] = {"pumice", "--no-save", "--temp", "100",         "--top-k",
                            "0",      "--top-p",   "1",      "--seed",      "1",
                            "-n",     "4000",      "-m",     b->files.model};
    size_t n = 14;
    if (b->files.mmproj) {
        args[n++] = "--mmproj";
        args[n++] = b->files.mmproj;
    }
    if (b->app->options.device) {
        args[n++] = "--device";
        args[n++] = b->app->options.device;
    }
    char terminal[64];
    if (!open_terminal(t, terminal, sizeof(terminal)))
        return error_set(e, ERROR_RUNTIME, "no pseudo terminal to measure with: %s",
                         strerror(errno));
    int failed = spawn(t, terminal, args);
    return !failed ||
           error_set(e, ERROR_RUNTIME, "pumice cannot be started again: %s", strerror(failed));
}

static void finish(struct typist *t)
{
    if (t->pid > 0) {
        kill(t->pid, SIGKILL);
        while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (t->master >= 0)
        close(t->master);
    buffer_free(&t->seen);
}

// ---- watching and typing

// Reads what comes until the words are there (they, and what stood before, are then forgotten) or
// the time is over.
static bool watch(struct typist *t, const char *words, double until)
{
    size_t size = strlen(words);
    for (;;) {
        const char *at =
            size && t->seen.size ? memmem(t->seen.data, t->seen.size, words, size) : NULL;
        if (at) {
            size_t past = (size_t)(at - t->seen.data) + size;
            memmove(t->seen.data, at + size, t->seen.size - past);
            t->seen.size -= past;
            return true;
        }
        double left = until - clock_ms();
        struct pollfd p = {t->master, POLLIN, 0};
        if (left <= 0 || poll(&p, 1, (int)left + 1) < 0 || !buffer_reserve(&t->seen, 4096))
            return false;
        ssize_t n = p.revents ? read(t->master, t->seen.data + t->seen.size, 4096) : 0;
        if (n < 0)
            return false;
        t->seen.size += (size_t)n;
    }
}

static bool type(struct typist *t, const char *text)
{
    return write(t->master, text, strlen(text)) == (ssize_t)strlen(text);
}

// A character that no answer holds, each time another: when it comes back, it is on the screen.
static bool type_key(struct typist *t, uint32_t code, double *ms)
{
    char key[8] = "";
    key[utf8_encode(code, key)] = '\0';
    double begun = clock_ms();
    bool ok = type(t, key) && watch(t, key, begun + PATIENCE_MS);
    *ms = clock_ms() - begun;
    watch(t, "", clock_ms() + KEY_PAUSE_MS);
    buffer_clear(&t->seen);
    return ok;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// *ms: what 99 of 100 keys stay below while an answer is written.
static bool type_keys(struct typist *t, double *ms)
{
    double all[KEYS];
    for (int i = 0; i < KEYS; i++)
        if (!type_key(t, FIRST_KEY + (uint32_t)i, &all[i]))
            return false;
    qsort(all, KEYS, sizeof(*all), by_value);
    *ms = all[KEYS * 99 / 100 - 1];
    return true;
}

// ---- the figures

bool bench_paint_once(struct bench *b, double *ms, struct error *e)
{
    struct typist t = {.master = -1};
    double begun = clock_ms();
    bool ok = start(&t, b, e);
    if (ok && !watch(&t, "›", begun + PATIENCE_MS))
        ok = error_set(e, ERROR_RUNTIME, "the full screen did not come up");
    *ms = clock_ms() - begun;
    finish(&t);
    return ok;
}

bool bench_keys_once(struct bench *b, double *ms, struct error *e)
{
    struct typist t = {.master = -1};
    double until = clock_ms() + PATIENCE_MS;
    bool ok = start(&t, b, e);
    if (ok && (!watch(&t, "ready", until) ||
               !type(&t, "Write a very long story about the sea and all who live in it.\r") ||
               !watch(&t, "answer", until) || !type_keys(&t, ms)))
        ok = error_set(e, ERROR_RUNTIME, "the full screen did not take the keys to measure");
    if (ok && (!type(&t, "\033") || !watch(&t, "stopped", clock_ms() + 2000)))
        log_warning("the answer was over before all keys were typed: they count as too fast");
    finish(&t);
    return ok;
}
