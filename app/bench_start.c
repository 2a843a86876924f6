// A whole answer, as a person waits for it: this program again, in a process of its own.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

// The words of the command line that the program is started with again.
struct words {
    const char *list[32];
    size_t count;
    char memory[24], layers[16];
};

static void add(struct words *w, const char *option, const char *value)
{
    w->list[w->count++] = option;
    w->list[w->count++] = value;
}

// What decides where the model lies is the child's as well.
static void add_options(struct words *w, const struct options *o)
{
    static const char *const kv[] = {[KV_AUTO] = "auto", [KV_F16] = "f16", [KV_Q8_0] = "q8_0"};
    add(w, "--kv", kv[o->kv]);
    if (o->device)
        add(w, "--device", o->device);
    if (o->device_memory > 0) {
        snprintf(w->memory, sizeof(w->memory), "%" PRIu64, o->device_memory);
        add(w, "--device-memory", w->memory);
    }
    if (o->gpu_layers != (uint32_t)GPU_LAYERS_AUTO) {
        snprintf(w->layers, sizeof(w->layers), "%" PRIu32, o->gpu_layers);
        add(w, "--gpu-layers", w->layers);
    }
}

static bool spawn(struct child *c, struct bench *b, struct error *e)
{
    struct words w = {.list = {"pumice", "-q"}, .count = 2};
    add(&w, "--temp", "0");
    add(&w, "-n", "4");
    add(&w, "-p", "What is in this picture?");
    add(&w, "-m", b->files.model);
    if (b->files.mmproj) {
        add(&w, "--mmproj", b->files.mmproj);
        add(&w, "-i", "-");
    }
    add_options(&w, &b->app->options);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, c->input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, c->output[1], STDOUT_FILENO);
    int failed =
        posix_spawn(&c->pid, "/proc/self/exe", &actions, NULL, (char *const *)w.list, environ);
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
