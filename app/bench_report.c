// The report for people, and what an earlier report has to do with it.
#include <stdlib.h>
#include <string.h>

#include "app/bench.h"
#include "app/json.h"

static void add_share(struct buffer *out, double rate, double peak)
{
    if (rate > 0)
        buffer_printf(out, " %8.1f %3.0f %%", rate, 100 * rate / peak);
    else
        buffer_printf(out, " %8s %5s", "", "");
}

static void add_figures(const struct bench *b, struct buffer *out)
{
    buffer_printf(out, "%-22s %4s %9s %20s %19s %14s %14s\n", "ms", "runs", "median", "middle half",
                  "", "GFLOP/s of max", "GB/s of max");
    for (size_t i = 0; i < b->n_figures; i++) {
        const struct bench_figure *f = &b->figures[i];
        const struct bench_times *t = &f->ms;
        if (f->skipped[0]) {
            buffer_printf(out, "%-22s skipped: %s\n", f->name, f->skipped);
            continue;
        }
        buffer_printf(out, "%-22s %4u %9.1f %9.1f ..%9.1f", f->name, t->runs, t->median, t->low,
                      t->high);
        if (f->count > 0) {
            char unit[16];
            snprintf(unit, sizeof(unit), "%s/s", f->unit);
            buffer_printf(out, " %8.1f %-10s", f->count * 1e3 / t->median, unit);
            add_share(out, f->work.flops / t->median * 1e-6, b->peaks.multiply);
            add_share(out, f->work.bytes / t->median * 1e-6, bench_best_read(&b->peaks));
        }
        buffer_add_text(out, "\n");
    }
}

static void add_peaks(const struct bench *b, struct buffer *out)
{
    const struct peak_figures *p = &b->peaks;
    buffer_printf(out,
                  "\nThe most that bare loops reach here now: multiply-add %.1f GFLOP/s, read %.1f "
                  "GB/s through storage buffers",
                  p->multiply, p->read_storage);
    if (p->read_texel > 0)
        buffer_printf(out, " and %.1f through texel buffers", p->read_texel);
    buffer_printf(out, ", copy %.1f\n", p->copy);
}

static void add_kernels(const struct bench *b, struct buffer *out)
{
    buffer_printf(out, "\n%-29s %9s %20s %14s %14s\n", "rows x columns x inner", "ms median",
                  "middle half", "GFLOP/s of max", "GB/s of max");
    for (size_t i = 0; i < b->n_kernels; i++) {
        const struct kernel_figure *k = &b->kernels[i];
        char shape[40];
        snprintf(shape, sizeof(shape), "%u x %u x %u", k->rows, k->columns, k->inner);
        buffer_printf(out, "%-4s %-4s %-19s %9.3f %9.3f ..%9.3f", k->name, k->type, shape,
                      k->median_ms, k->low_ms, k->high_ms);
        add_share(out, k->gflops, b->peaks.multiply);
        add_share(out, k->columns == 1 ? k->gbytes : 0, bench_best_read(&b->peaks));
        buffer_add_text(out, "\n");
    }
}

static void add_profile(const struct bench *b, const struct bench_profile *p, struct buffer *out)
{
    const struct plan_figures *f = &p->figures;
    double sum = 0;
    for (size_t i = 0; i < f->n; i++)
        sum += f->list[i].ms;
    buffer_printf(out, "\n%s: %.2f ms; its kernels, %s\n", p->name, f->ms,
                  f->timestamps ? "by the driver's timestamps"
                                : "each kind by itself (the driver's timestamps are not honest)");
    for (size_t i = 0; i < f->n; i++) {
        const struct op_figure *o = &f->list[i];
        buffer_printf(out, "%4u x %-20s %5u x %4u x %4u %9.3f ms %3.0f %%", o->count, o->kernel,
                      o->groups[0], o->groups[1], o->groups[2], o->ms, 100 * o->ms / sum);
        add_share(out, o->ms > 0 ? o->flops / o->ms * 1e-6 : 0, b->peaks.multiply);
        buffer_add_text(out, "\n");
    }
}

static void add_memory(const struct bench *b, const json_t *report, struct buffer *out)
{
    const json_t *m = json_object_get(report, "memory");
    double peak = json_number_value(json_object_get(m, "peak"));
    buffer_printf(out,
                  "\nMemory: %.0f MB in buffers of the device, %.0f MB in those of the host; this "
                  "process held %.0f MB at most, that of one answer %.0f MB\n",
                  (double)b->allocated.device / 1e6, (double)b->allocated.host / 1e6, peak / 1e6,
                  (double)b->answer_memory / 1e6);
}

static bool print_text(struct bench *b, const json_t *report, const struct bench_comparison *c,
                       struct error *e)
{
    const struct probe_device *d = &b->device;
    struct buffer text = {0};
    buffer_printf(&text, "%s on %s (%s, %s kernels)\n\n", engine_get_info(b->engine)->model,
                  d->name, d->driver, d->shape);
    add_figures(b, &text);
    add_memory(b, report, &text);
    add_peaks(b, &text);
    add_kernels(b, &text);
    for (size_t i = 0; i < b->n_profiles; i++)
        add_profile(b, &b->profiles[i], &text);
    if (c)
        bench_comparison_text(c, &text);
    bool ok = text.data ? console_write_clean(&b->app->console, text.data, text.size, e)
                        : error_no_memory(e);
    buffer_free(&text);
    return ok;
}

static bool print_json(struct bench *b, json_t *report, const struct bench_comparison *c,
                       struct error *e)
{
    if (c)
        json_object_set_new(report, "compared",
                            json_pack("{s:O, s:O, s:O, s:I}", "rows", c->rows, "peaks", c->peaks,
                                      "differs", c->differs, "slower", (json_int_t)c->slower));
    return json_print(&b->app->console, json_incref(report), e);
}

bool bench_report(struct bench *b, const json_t *old, struct error *e)
{
    struct bench_comparison c = {0};
    json_t *report = bench_json(b);
    bool ok = (report || error_no_memory(e)) && (!old || bench_compare(old, report, &c, e));
    ok = ok && (b->app->options.json ? print_json(b, report, old ? &c : NULL, e)
                                     : print_text(b, report, old ? &c : NULL, e));
    if (ok && c.slower > 0)
        ok = error_set(e, ERROR_RUNTIME, "%zu of %zu figures are slower than in %s", c.slower,
                       json_array_size(c.rows), b->app->options.compare);
    bench_comparison_finish(&c);
    json_decref(report);
    return ok;
}
