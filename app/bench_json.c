// The report as one JSON object: what --compare reads again.
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

double bench_best_read(const struct peak_figures *p)
{
    return p->read_texel > p->read_storage ? p->read_texel : p->read_storage;
}

static json_t *times_json(const struct bench_times *t)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "runs", (json_int_t)t->runs, "median_ms",
                     t->median, "low_ms", t->low, "high_ms", t->high, "least_ms", t->least,
                     "most_ms", t->most);
}

static void add_work(json_t *o, const struct work *w, double ms, const struct peak_figures *peaks)
{
    if (w->flops > 0)
        json_object_update_new(o, json_pack("{s:f, s:f}", "gflops", w->flops / ms * 1e-6,
                                            "of_multiply", w->flops / ms * 1e-6 / peaks->multiply));
    if (w->bytes > 0)
        json_object_update_new(o, json_pack("{s:f, s:f}", "gbytes", w->bytes / ms * 1e-6, "of_read",
                                            w->bytes / ms * 1e-6 / bench_best_read(peaks)));
}

static json_t *figure_json(const struct bench_figure *f, const struct peak_figures *peaks)
{
    json_t *o = f->skipped[0] ? json_pack("{s:s}", "skipped", f->skipped) : times_json(&f->ms);
    json_object_set_new(o, "name", json_string(f->name));
    if (f->count > 0)
        json_object_update_new(o, json_pack("{s:s, s:I, s:I}", "unit", f->unit, "count",
                                            (json_int_t)f->count, "first", (json_int_t)f->first));
    if (f->skipped[0])
        return o;
    if (f->count > 0)
        json_object_set_new(o, "per_second", json_real(f->count * 1e3 / f->ms.median));
    add_work(o, &f->work, f->ms.median, peaks);
    return o;
}

static json_t *kernel_json(const struct kernel_figure *k, const struct peak_figures *peaks)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "name",
                     k->name, "type", k->type, "rows", (json_int_t)k->rows, "columns",
                     (json_int_t)k->columns, "inner", (json_int_t)k->inner, "best_ms", k->ms,
                     "median_ms", k->median_ms, "low_ms", k->low_ms, "high_ms", k->high_ms,
                     "gflops", k->gflops, "of_multiply", k->gflops / peaks->multiply, "gbytes",
                     k->gbytes, "of_read", k->gbytes / bench_best_read(peaks));
}

static json_t *profile_json(const struct bench_profile *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->figures.n; i++) {
        const struct op_figure *o = &p->figures.list[i];
        json_array_append_new(
            list, json_pack("{s:s, s:[i,i,i], s:I, s:f, s:f}", "kernel", o->kernel, "groups",
                            (int)o->groups[0], (int)o->groups[1], (int)o->groups[2], "count",
                            (json_int_t)o->count, "ms", o->ms, "flops", o->flops));
    }
    return json_pack("{s:s, s:f, s:b, s:o}", "name", p->name, "ms", p->figures.ms, "timestamps",
                     p->figures.timestamps, "kernels", list);
}

static json_t *lists_json(const struct bench *b)
{
    json_t *figures = json_array(), *kernels = json_array(), *profiles = json_array();
    for (size_t i = 0; i < b->n_figures; i++)
        json_array_append_new(figures, figure_json(&b->figures[i], &b->peaks));
    for (size_t i = 0; i < b->n_kernels; i++)
        json_array_append_new(kernels, kernel_json(&b->kernels[i], &b->peaks));
    for (size_t i = 0; i < b->n_profiles; i++)
        json_array_append_new(profiles, profile_json(&b->profiles[i]));
    const struct peak_figures *p = &b->peaks;
    return json_pack("{s:o, s:{s:f, s:f, s:f, s:f}, s:o, s:o}", "figures", figures, "peaks",
                     "copy_gbytes", p->copy, "read_storage_gbytes", p->read_storage,
                     "read_texel_gbytes", p->read_texel, "multiply_gflops", p->multiply, "kernels",
                     kernels, "profiles", profiles);
}

json_t *bench_json(struct bench *b)
{
    const struct engine_info *info = engine_get_info(b->engine);
    const struct memory_report *m = engine_memory(b->engine);
    const struct probe_device *d = &b->device;
    json_t *o = json_pack(
        "{s:i, s:o, s:o, s:o, s:s, s:I, s:{s:I, s:I, s:I, s:I, s:I}}", "bench", 1, "model",
        json_text(info->model), "device", json_text(d->name), "driver", json_text(d->driver),
        "shape", d->shape, "subgroup_size", (json_int_t)d->subgroup_size, "memory", "peak",
        (json_int_t)peak_memory(), "answer_peak", (json_int_t)b->answer_memory, "device_buffers",
        (json_int_t)b->allocated.device, "host_buffers", (json_int_t)b->allocated.host, "weights",
        (json_int_t)(m->weights.device + m->weights.host));
    json_t *lists = lists_json(b);
    if (o && lists)
        json_object_update(o, lists);
    json_decref(lists);
    return o;
}
