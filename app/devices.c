// pumice devices: what Vulkan offers, and which device would be used.
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/devices_trials.h"
#include "app/json.h"
#include "engine/probe.h"
#include "engine/probe_bench.h"

static void version_text(uint32_t v, char out[32])
{
    snprintf(out, 32, "%u.%u.%u", v >> 22, v >> 12 & 0x3ff, v & 0xfff);
}

static json_t *heaps_json(const struct probe_device *d)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < d->n_heaps; i++) {
        const struct probe_heap *h = &d->heaps[i];
        json_array_append_new(list,
                              json_pack("{s:I, s:I, s:I, s:b}", "size", (json_int_t)h->size,
                                        "budget", (json_int_t)h->budget, "used",
                                        (json_int_t)h->used, "device_local", h->device_local));
    }
    return list;
}

static void add_heaps(const struct probe_device *d, struct buffer *out)
{
    for (uint32_t i = 0; i < d->n_heaps; i++) {
        const struct probe_heap *h = &d->heaps[i];
        buffer_printf(out, "   heap %u, of the %s: %.1f GB", i, h->device_local ? "device" : "host",
                      (double)h->size / 1e9);
        if (h->budget)
            buffer_printf(out, ", of which this process may use %.1f GB and uses %.1f GB",
                          (double)h->budget / 1e9, (double)h->used / 1e9);
        buffer_add_text(out, "\n");
    }
}

// What the kernels make of a device, and the limits that they keep to.
static json_t *details_json(const struct probe_device *d)
{
    return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b}",
                     "forced", d->forced, "interleave", (json_int_t)d->interleave, "tile_rows",
                     (json_int_t)d->tile_rows, "tile_columns", (json_int_t)d->tile_columns, "batch",
                     (json_int_t)d->batch, "driver_version", (json_int_t)d->driver_version,
                     "most_invocations", (json_int_t)d->most_invocations, "shared_memory",
                     (json_int_t)d->shared_memory, "most_storage_range",
                     (json_int_t)d->most_storage_range, "most_texel_range",
                     (json_int_t)d->most_texel_range, "most_allocation",
                     (json_int_t)d->most_allocation, "free_host", (json_int_t)d->free_host,
                     "one_memory", d->one_memory, "host_visible", d->host_visible);
}

static void add_details(const struct probe_device *d, struct buffer *out)
{
    const double mib = 1 << 20;
    buffer_printf(out,
                  "   kernels: %s shape%s, %u rows interleaved, gemm in tiles of %u x %u, %u "
                  "columns at once\n",
                  d->shape, d->forced ? " (forced by PUMICE_KERNELS)" : "", d->interleave,
                  d->tile_rows, d->tile_columns, d->batch);
    buffer_printf(out, "   driver version %x, workgroups of %u, %u KiB shared\n", d->driver_version,
                  d->most_invocations, d->shared_memory >> 10);
    buffer_printf(out,
                  "   a storage buffer binding holds %.0f MiB, a texel buffer %.0f MiB, an "
                  "allocation %.0f MiB\n",
                  (double)d->most_storage_range / mib, (double)d->most_texel_range / mib,
                  (double)d->most_allocation / mib);
    buffer_printf(out, "   its memory %s, %s; %.1f GB of the machine's are free\n",
                  d->one_memory ? "is the machine's" : "is its own",
                  d->host_visible ? "is written directly" : "is reached by copies",
                  (double)d->free_host / 1e9);
    add_heaps(d, out);
}

static const char *width_words(enum width_origin origin)
{
    static const char *const words[] = {[WIDTH_DRIVERS] = "the driver's choice",
                                        [WIDTH_GIVEN] = ("given by " WIDTH_VARIABLE),
                                        [WIDTH_REMEMBERED] = "remembered",
                                        [WIDTH_MEASURED] = "measured now"};
    return words[origin];
}

// Vectors of 32-bit numbers are what a processor's driver has for subgroups.
static uint32_t vector_bits(const struct probe_device *d)
{
    return strcmp(d->type, "cpu") == 0 ? 32 * d->subgroup_size : 0;
}

// With --measure also how fast it is: what width_measure reads from its children.
static void add_width_json(struct app *app, const struct probe_device *d, json_t *o)
{
    struct device_speed speed;
    if (!vector_bits(d))
        return;
    json_object_set_new(o, "vector_width", json_integer(vector_bits(d)));
    json_object_set_new(o, "vector_width_from", json_string(width_words(app->width)));
    if (!app->options.measure || !d->chosen || !probe_speed(app->options.device, &speed, NULL))
        return;
    json_object_set_new(o, "gemm_ms", json_real(speed.gemm.ms));
    json_object_set_new(o, "gemv_ms", json_real(speed.gemv.ms));
    json_object_set_new(o, "library", json_text(speed.library));
}

static bool print_json(struct app *app, const struct probe_device *d, size_t n,
                       const struct trials *trials, struct error *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        char version[32];
        version_text(d[i].api_version, version);
        json_t *o = json_pack("{s:I, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:I, s:b, s:b, s:o}",
                              "index", (json_int_t)i, "name", json_text(d[i].name), "driver",
                              json_text(d[i].driver), "type", json_text(d[i].type), "vulkan",
                              version, "kernels", json_text(d[i].shape), "subgroup_size",
                              (json_int_t)d[i].subgroup_size, "memory", (json_int_t)d[i].memory,
                              "free_memory", (json_int_t)d[i].free_memory, "usable", d[i].usable,
                              "chosen", d[i].chosen, "reason", json_text(d[i].reason));
        json_t *more = details_json(&d[i]);
        json_object_update(o, more);
        json_decref(more);
        json_object_set_new(o, "heaps", heaps_json(&d[i]));
        add_width_json(app, &d[i], o);
        if (d[i].chosen && trials->list)
            json_object_set_new(o, "trials", trials_json(trials));
        json_array_append_new(list, o);
    }
    return json_print(&app->console, json_pack("{s:o}", "devices", list), e);
}

static bool print_text(struct app *app, const struct probe_device *d, size_t n,
                       const struct trials *trials, struct error *e)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        struct buffer text = {0};
        char version[32];
        version_text(d[i].api_version, version);
        buffer_printf(&text, "%zu  %s%s\n", i, d[i].name, d[i].chosen ? "  (used)" : "");
        buffer_printf(&text,
                      "   %s, %s, Vulkan %s, subgroups of %u, %.1f GB of memory (%.1f GB free)\n",
                      d[i].type, d[i].driver, version, d[i].subgroup_size,
                      (double)d[i].memory / 1e9, (double)d[i].free_memory / 1e9);
        if (d[i].reason[0])
            buffer_printf(&text, "   %s%s\n", d[i].usable ? "" : "cannot be used: ", d[i].reason);
        if (app->options.verbose && d[i].usable)
            add_details(&d[i], &text);
        if ((app->options.verbose || app->options.measure) && d[i].usable && vector_bits(&d[i]))
            buffer_printf(&text, "   vectors of %u bits: %s\n", vector_bits(&d[i]),
                          width_words(app->width));
        if (d[i].chosen)
            trials_text(trials, &text);
        ok = text.data ? console_write_clean(&app->console, text.data, text.size, e)
                       : error_no_memory(e);
        buffer_free(&text);
    }
    return ok;
}

bool run_devices(struct app *app, struct error *e)
{
    struct probe_device *devices = NULL;
    struct trials trials = {0};
    size_t n = 0;
    bool deep = app->options.measure || app->options.verbose;
    if ((app->options.measure && !width_measure(app, e)) ||
        !probe_devices(app->options.device, &devices, &n, e))
        return false;
    bool usable = false;
    for (size_t i = 0; i < n; i++)
        usable |= devices[i].chosen && devices[i].usable;
    bool ok = !deep || !usable || trials_read(app, &trials, e);
    if (ok)
        ok = app->options.json ? print_json(app, devices, n, &trials, e)
                               : print_text(app, devices, n, &trials, e);
    trials_finish(&trials);
    free(devices);
    return ok;
}
