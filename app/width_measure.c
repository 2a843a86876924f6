// Which vector width is the faster: this program again, in a child for each, since the driver reads
// its width once in a process.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/child.h"
#include "app/clock.h"
#include "app/interrupt.h"
#include "app/private_file.h"
#include "base/log.h"

// Twice in turn, so that a busy moment of the machine does not fall on one width alone.
enum { ROUNDS = 2, MOST_MS = 10000, MOST_BYTES = 1 << 20 };

struct timing {
    struct app *app;
    struct child_limits limits;
    struct width_times times[2]; // narrow, wide: the best of the rounds
    char library[512];
};

static void stop(void *flag)
{
    atomic_store((atomic_bool *)flag, true);
}

static void set_width(uint32_t bits)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%u", bits);
    setenv(WIDTH_VARIABLE, digits, 1);
}

static double least(double a, double b)
{
    return a > 0 && a < b ? a : b;
}

// The figures of the device that is used; none, where that is no processor.
static bool read_report(struct timing *t, size_t which, const char *text)
{
    json_t *report = json_loads(text, 0, NULL), *d;
    struct width_times *best = &t->times[which];
    size_t i;
    bool found = false;
    json_array_foreach(json_object_get(report, "devices"), i, d)
    {
        double gemm = 0, gemv = 0;
        const char *library;
        if (json_unpack(d, "{s:F, s:F, s:s}", "gemm_ms", &gemm, "gemv_ms", &gemv, "library",
                        &library) != 0)
            continue;
        *best = (struct width_times){least(best->gemm, gemm), least(best->gemv, gemv)};
        snprintf(t->library, sizeof(t->library), "%s", library);
        found = true;
    }
    json_decref(report);
    return found;
}

static bool time_width(struct timing *t, size_t which)
{
    const char *device = t->app->options.device;
    const char *const argv[] = {"/proc/self/exe",           "devices", "--measure", "--json",
                                device ? "--device" : NULL, device,    NULL};
    struct buffer text = {0};
    set_width(which ? WIDTH_WIDE : WIDTH_NARROW);
    bool ok = child_read(argv, &t->limits, &text) == CHILD_DONE && text.data &&
              read_report(t, which, text.data);
    unsetenv(WIDTH_VARIABLE);
    buffer_free(&text);
    return ok;
}

static bool time_both(struct timing *t)
{
    struct progress *p = &t->app->progress;
    bool ok = true;
    for (size_t i = 0; ok && i < 2 * ROUNDS; i++)
        ok = progress_show(p, "measuring: vector width ...") && time_width(t, i % 2);
    return ok;
}

static bool remember(uint32_t bits, const char *library, const char *processor)
{
    struct buffer path = {0}, text = {0};
    struct error e = {0};
    bool ok = paths_cache_file(WIDTH_FILE, &path) &&
              width_record(bits, library, processor, &text) &&
              private_file_write(path.data, text.data, text.size, true, &e);
    buffer_free(&path);
    buffer_free(&text);
    return ok;
}

bool width_measure(struct app *app, struct error *e)
{
    char processor[WIDTH_NAME];
    atomic_bool stopped = false;
    struct timing t = {.app = app, .limits = {MOST_BYTES, clock_ms() + MOST_MS, &stopped}};
    if (app->width != WIDTH_DRIVERS || !width_processor(processor))
        return true;
    interrupt_watch(stop, &stopped);
    progress_begin(&app->progress);
    bool timed = time_both(&t);
    progress_end(&app->progress);
    interrupt_watch(NULL, NULL);
    if (interrupt_pending())
        return error_set(e, ERROR_INTERRUPTED, "interrupted");
    if (!timed) {
        log_info("the vector width could not be measured: the driver's own is used");
        return true;
    }
    uint32_t bits = width_choose(t.times[0], t.times[1]);
    log_info("vectors of %d bits: gemm %.3f ms, gemv %.3f ms; of %d: %.3f, %.3f", WIDTH_NARROW,
             t.times[0].gemm, t.times[0].gemv, WIDTH_WIDE, t.times[1].gemm, t.times[1].gemv);
    if (!remember(bits, t.library, processor))
        log_warning("the vector width cannot be remembered in the cache folder");
    set_width(bits);
    app->width = WIDTH_MEASURED;
    return true;
}
