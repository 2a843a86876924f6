// A whole answer, as a person waits for it: this program again, in a process of its own.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/bench.h"
#include "app/clock.h"

extern char **environ;

struct child {
    int input;     // a file in memory that holds the picture
    int output[2]; // pipe
    pid_t pid;
};

static bool fill_input(struct child *c, bool sees, uint32_t seed, struct error *e)
{
    struct buffer ppm = {0};
    c->input = memfd_create("picture", MFD_CLOEXEC);
    bool ok = c->input >= 0 && (!sees || bench_noise(seed, &ppm, e));
    ok = ok && write(c->input, ppm.data, ppm.size) == (ssize_t)ppm.size &&
         lseek(c->input, 0, SEEK_SET) == 0;
    buffer_free(&ppm);
    return ok || error_set(e, ERROR_RUNTIME, "the picture to measure with cannot be made: %s",
                           strerror(errno));
}

static bool spawn(struct child *c, struct bench *b, struct error *e)
{
    const char *args[24] = {"pumice", "-q",          "--temp", "0",
                            "-n",     "4",           "-p",     "What is in this picture?",
                            "-m",     b->files.model};
    size_t n = 10;
    if (b->files.mmproj) {
        args[n++] = "--mmproj";
        args[n++] = b->files.mmproj;
        args[n++] = "-i";
        args[n++] = "-";
    }
    if (b->app->options.device) {
        args[n++] = "--device";
        args[n++] = b->app->options.device;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, c->input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, c->output[1], STDOUT_FILENO);
    int failed =
        posix_spawn(&c->pid, "/proc/self/exe", &actions, NULL, (char *const *)args, environ);
    posix_spawn_file_actions_destroy(&actions);
    return !failed ||
           error_set(e, ERROR_RUNTIME, "pumice cannot be started again: %s", strerror(failed));
}

// Until the first byte; then until the end, so that the process is measured whole.
static bool wait_for_answer(struct child *c, double start, double *ms, uint64_t *memory,
                            struct error *e)
{
    char bytes[256];
    ssize_t n;
    *ms = 0;
    while ((n = read(c->output[0], bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && *ms == 0)
            *ms = clock_ms() - start;
    int status;
    struct rusage usage;
    while (wait4(c->pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 130)
        return error_set(e, ERROR_INTERRUPTED, "interrupted");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || *ms == 0)
        return error_set(e, ERROR_RUNTIME, "the answer to measure failed (status %d)", status);
    *memory = (uint64_t)usage.ru_maxrss << 10;
    return true;
}

bool bench_start_once(struct bench *b, uint32_t seed, double *ms, struct error *e)
{
    struct child c = {.input = -1, .output = {-1, -1}};
    bool ok = fill_input(&c, b->files.mmproj != NULL, seed, e);
    if (ok && pipe2(c.output, O_CLOEXEC) != 0)
        ok = error_set(e, ERROR_RUNTIME, "no pipe: %s", strerror(errno));
    double start = clock_ms();
    ok = ok && spawn(&c, b, e);
    if (c.output[1] >= 0)
        close(c.output[1]);
    ok = ok && wait_for_answer(&c, start, ms, &b->answer_memory, e);
    if (c.output[0] >= 0)
        close(c.output[0]);
    if (c.input >= 0)
        close(c.input);
    return ok;
}
