#include <stdlib.h>
#include <string.h>

#include "app/bench.h"
#include "app/json.h"

// The kernel's own high-water mark of this process, in bytes; 0 where it does not say.
static uint64_t peak_memory(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long kib = 0;
    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, "VmHWM:", 6))
            kib = strtoul(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return (uint64_t)kib << 10;
}

static double per_second(const struct bench_figure *f)
{
    return f->median_ms > 0 ? f->count * 1e3 / f->median_ms : 0;
}

static bool report_json(struct bench *b, struct error *e)
{
    const struct engine_info *info = engine_get_info(b->engine);
    json_t *figures = json_array(), *kernels = json_array();
    for (size_t i = 0; i < b->n_figures; i++) {
        const struct bench_figure *f = &b->figures[i];
        json_t *o = json_pack("{s:s, s:f, s:f}", "name", f->name, "median_ms", f->median_ms,
                              "spread_ms", f->spread_ms);
        if (f->count > 0)
            json_object_update_new(o, json_pack("{s:s, s:f, s:f}", "unit", f->unit, "count",
                                                f->count, "per_second", per_second(f)));
        json_array_append_new(figures, o);
    }
    for (size_t i = 0; i < b->n_kernels; i++) {
        const struct kernel_figure *k = &b->kernels[i];
        json_array_append_new(
            kernels,
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "name", k->name, "type",
                      k->type, "rows", (json_int_t)k->rows, "columns", (json_int_t)k->columns,
                      "inner", (json_int_t)k->inner, "best_ms", k->ms, "median_ms", k->median_ms,
                      "spread_ms", k->spread_ms, "gflops", k->gflops, "gbytes", k->gbytes));
    }
    return json_print(&b->app->console,
                      json_pack("{s:o, s:o, s:I, s:o, s:o, s:I, s:I}", "model",
                                json_text(info->model), "device", json_text(info->device), "repeat",
                                (json_int_t)b->app->options.repeat, "figures", figures, "kernels",
                                kernels, "peak_memory", (json_int_t)peak_memory(),
                                "answer_peak_memory", (json_int_t)b->answer_memory),
                      e);
}

static void add_figures(const struct bench *b, struct buffer *out)
{
    buffer_printf(out, "%-22s %12s %12s\n", "", "median", "spread");
    for (size_t i = 0; i < b->n_figures; i++) {
        const struct bench_figure *f = &b->figures[i];
        buffer_printf(out, "%-22s %9.1f ms %9.1f ms", f->name, f->median_ms, f->spread_ms);
        if (f->count > 0)
            buffer_printf(out, " %9.1f %s/s", per_second(f), f->unit);
        buffer_add_text(out, "\n");
    }
}

static void add_kernels(const struct bench *b, struct buffer *out)
{
    buffer_printf(out, "\n%-4s %-4s %-19s %9s %9s %9s %8s %6s\n", "", "", "rows x cols x inner",
                  "median ms", "best", "spread", "GFLOP/s", "GB/s");
    for (size_t i = 0; i < b->n_kernels; i++) {
        const struct kernel_figure *k = &b->kernels[i];
        char shape[40];
        snprintf(shape, sizeof(shape), "%u x %u x %u", k->rows, k->columns, k->inner);
        buffer_printf(out, "%-4s %-4s %-19s %9.3f %9.3f %9.3f %8.1f %6.1f\n", k->name, k->type,
                      shape, k->median_ms, k->ms, k->spread_ms, k->gflops, k->gbytes);
    }
}

static bool report_text(struct bench *b, struct error *e)
{
    const struct engine_info *info = engine_get_info(b->engine);
    struct buffer text = {0};
    buffer_printf(&text, "%s on %s, %u times each\n\n", info->model, info->device,
                  b->app->options.repeat);
    add_figures(b, &text);
    add_kernels(b, &text);
    buffer_printf(&text, "\npeak memory: %.0f MB here, %.0f MB for one answer\n",
                  (double)peak_memory() / 1e6, (double)b->answer_memory / 1e6);
    bool ok = text.data ? console_write_clean(&b->app->console, text.data, text.size, e)
                        : error_no_memory(e);
    buffer_free(&text);
    return ok;
}

bool bench_report(struct bench *b, struct error *e)
{
    return b->app->options.json ? report_json(b, e) : report_text(b, e);
}
