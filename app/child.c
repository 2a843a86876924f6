#include "app/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/clock.h"

enum { LOOK_MS = 20, WAIT_MS = 2, CHUNK = 64 << 10 };

extern char **environ;

// ---- starting

// -1: /dev/null.
static bool redirect(posix_spawn_file_actions_t *actions, int in, int out)
{
    return (in < 0 ? posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0)
                   : posix_spawn_file_actions_adddup2(actions, in, 0)) == 0 &&
           (out < 0 ? posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0)
                    : posix_spawn_file_actions_adddup2(actions, out, 1)) == 0 &&
           posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0) == 0;
}

// The file of the program: itself if there is a slash in it, else the first that PATH leads to.
// Looked for here, since posix_spawn can say that it is missing only where its child shares our
// memory.
static bool find(const char *program, struct buffer *file)
{
    if (strchr(program, '/'))
        return access(program, X_OK) == 0 && buffer_add_text(file, program);
    const char *path = getenv("PATH");
    for (const char *at = path ? path : "/usr/bin:/bin", *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, ':');
        buffer_clear(file);
        if (end > at && buffer_printf(file, "%.*s/%s", (int)(end - at), at, program) &&
            access(file->data, X_OK) == 0)
            return true;
    }
    return false;
}

static enum child_end spawn_file(const char *file, const char *const argv[],
                                 const posix_spawn_file_actions_t *actions, pid_t *pid)
{
    posix_spawnattr_t how;
    if (posix_spawnattr_init(&how) != 0)
        return CHILD_FAILED;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setflags(&how, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                           (actions ? POSIX_SPAWN_SETSID : 0)));
    int failure = posix_spawn(pid, file, actions, &how, (char *const *)argv, environ);
    posix_spawnattr_destroy(&how);
    return failure == 0 ? CHILD_DONE : CHILD_FAILED;
}

// Without `actions` the program gets our standard files and stays in our session.
static enum child_end spawn(const char *const argv[], const posix_spawn_file_actions_t *actions,
                            pid_t *pid)
{
    struct buffer file = {0};
    enum child_end end = CHILD_MISSING;
    if (find(argv[0], &file))
        end = spawn_file(file.data, argv, actions, pid);
    buffer_free(&file);
    return end;
}

static enum child_end spawn_redirected(const char *const argv[], int in, int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return CHILD_FAILED;
    enum child_end end = redirect(&actions, in, out) ? spawn(argv, &actions, pid) : CHILD_FAILED;
    posix_spawn_file_actions_destroy(&actions);
    return end;
}

// ---- waiting

static bool stopped(const struct child_limits *l)
{
    return l->stop && atomic_load(l->stop);
}

// False: it still runs when the time is over.
static bool wait_until(pid_t pid, const struct child_limits *l, int *status)
{
    for (;;) {
        pid_t done = waitpid(pid, status, WNOHANG);
        if (done == pid)
            return true;
        if ((done < 0 && errno != EINTR) || stopped(l) || clock_ms() >= l->until)
            return false;
        poll(NULL, 0, WAIT_MS);
    }
}

static void wait_for(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
}

// The group is named before its leader is waited for, so the number is still its own.
static void end_group(pid_t pid)
{
    int status;
    kill(-pid, SIGKILL);
    wait_for(pid, &status);
}

// ---- reading

// Until the end of the pipe, or a limit.
static enum child_end read_pipe(int fd, const struct child_limits *l, struct buffer *out)
{
    size_t before = out->size;
    for (;;) {
        double left = l->until - clock_ms();
        if (stopped(l))
            return CHILD_STOPPED;
        if (left <= 0)
            return CHILD_TOO_SLOW;
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, left < LOOK_MS ? (int)left + 1 : LOOK_MS) <= 0)
            continue;
        if (!buffer_reserve(out, CHUNK))
            return CHILD_FAILED;
        ssize_t n = read(fd, out->data + out->size, CHUNK);
        if (n < 0 && errno != EINTR)
            return CHILD_FAILED;
        if (n == 0)
            return CHILD_DONE;
        if (n > 0)
            out->size += (size_t)n;
        out->data[out->size] = '\0';
        if (out->size - before > l->bytes)
            return CHILD_TOO_LARGE;
    }
}

static enum child_end read_and_wait(pid_t pid, int fd, const struct child_limits *l,
                                    struct buffer *out)
{
    int status;
    enum child_end end = read_pipe(fd, l, out);
    if (end == CHILD_DONE && wait_until(pid, l, &status))
        return status == 0 ? CHILD_DONE : CHILD_FAILED;
    end_group(pid);
    return end != CHILD_DONE ? end : stopped(l) ? CHILD_STOPPED : CHILD_TOO_SLOW;
}

enum child_end child_read(const char *const argv[], const struct child_limits *limits,
                          struct buffer *out)
{
    int ends[2];
    pid_t pid;
    size_t before = out->size;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return CHILD_FAILED;
    enum child_end end = spawn_redirected(argv, -1, ends[1], &pid);
    close(ends[1]);
    if (end == CHILD_DONE)
        end = read_and_wait(pid, ends[0], limits, out);
    close(ends[0]);
    if (end != CHILD_DONE && out->data)
        out->data[out->size = before] = '\0';
    return end;
}

// ---- feeding

// A file in memory: unlike a pipe it takes everything at once, whether the program reads or not.
static int open_bytes(const char *bytes, size_t size)
{
    int fd = memfd_create("pumice", MFD_CLOEXEC);
    for (size_t done = 0; fd >= 0 && done < size;) {
        ssize_t n = write(fd, bytes + done, size - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static void *wait_alone(void *data)
{
    int status;
    wait_for((pid_t)(intptr_t)data, &status);
    return NULL;
}

// Somebody has to wait for the program, or it stays a zombie when it ends.
static bool leave_alone(pid_t pid)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_alone, (void *)(intptr_t)pid) != 0)
        return false;
    pthread_detach(thread);
    return true;
}

enum child_end child_feed(const char *const argv[], const void *bytes, size_t size, double wait_ms)
{
    int fd = open_bytes(bytes, size);
    if (fd < 0)
        return CHILD_FAILED;
    pid_t pid;
    int status;
    enum child_end end = spawn_redirected(argv, fd, -1, &pid);
    close(fd);
    if (end != CHILD_DONE)
        return end;
    const struct child_limits limits = {.until = clock_ms() + wait_ms};
    if (wait_until(pid, &limits, &status))
        return status == 0 ? CHILD_DONE : CHILD_FAILED;
    if (leave_alone(pid))
        return CHILD_DONE;
    end_group(pid);
    return CHILD_FAILED;
}

// ---- in the foreground

enum child_end child_foreground(const char *const argv[], int *status)
{
    // As system() does; and Ctrl+Z, which goes to the whole group, must not stop the program alone,
    // or nobody would be left to bring it back.
    const struct sigaction ignore = {.sa_handler = SIG_IGN}, usual = {.sa_handler = SIG_DFL};
    struct sigaction interrupt, quit, stop;
    sigset_t ours, before;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    sigaction(SIGTSTP, &usual, &stop);
    sigemptyset(&ours);
    sigaddset(&ours, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &ours, &before);

    pid_t pid;
    enum child_end end = spawn(argv, NULL, &pid);
    if (end == CHILD_DONE)
        wait_for(pid, status);

    // A signal that the caller blocks is not ignored but waits; this takes it away.
    sigset_t typed;
    sigemptyset(&typed);
    sigaddset(&typed, SIGINT);
    sigaddset(&typed, SIGQUIT);
    while (sigtimedwait(&typed, NULL, &(struct timespec){0}) > 0)
        ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTSTP, &stop, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    sigaction(SIGINT, &interrupt, NULL);
    return end;
}
