#include "app/memory.h"

#include "app/app.h"
#include "app/json.h"

static json_t *use_json(struct memory_use u)
{
    return json_pack("{s:I, s:I}", "device", (json_int_t)u.device, "host", (json_int_t)u.host);
}

json_t *memory_json(const struct memory_report *r)
{
    json_t *o = json_pack(
        "{s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:s, s:b, s:b}", "device", json_text(r->device),
        "fits", r->fits, "reason", r->fits ? json_null() : json_text(r->reason), "notice",
        r->notice[0] ? json_text(r->notice) : json_null(), "layers", (json_int_t)r->layers,
        "device_layers", (json_int_t)r->device_layers, "context", (json_int_t)r->context, "kv",
        r->kv, "tower_stays", r->has_tower && r->tower_stays, "one_memory", r->one_memory);
    json_object_update_new(
        o, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "weights", use_json(r->weights), "kv_cache",
                     use_json(r->cache), "scratch", use_json(r->scratch), "tower",
                     use_json(r->tower), "needed", use_json(r->needed), "free", use_json(r->free)));
    return o;
}

struct amount {
    char text[24];
};

static struct amount amount(uint64_t bytes)
{
    struct amount a = {"-"};
    if (bytes >= 1 << 30)
        snprintf(a.text, sizeof(a.text), "%.2f GiB", (double)bytes / (1 << 30));
    else if (bytes > 0)
        snprintf(a.text, sizeof(a.text), "%.2f MiB", (double)bytes / (1 << 20));
    return a;
}

static void add_row(struct buffer *out, const char *name, struct memory_use u, const char *note)
{
    buffer_printf(out, "  %-14s %12s %12s%s%s\n", name, amount(u.device).text, amount(u.host).text,
                  *note ? "   " : "", note);
}

void memory_text(const struct memory_report *r, struct buffer *out)
{
    char layers[64], cache[64];
    snprintf(layers, sizeof(layers), "%u of %u layers in device memory", r->device_layers,
             r->layers);
    snprintf(cache, sizeof(cache), "%u positions, %s", r->context, r->kv);
    buffer_printf(out, "memory on %s\n  %-14s %12s %12s\n", r->device, "", "device", "host");
    add_row(out, "weights", r->weights, layers);
    add_row(out, "KV cache", r->cache, cache);
    add_row(out, "scratch", r->scratch, "");
    if (r->has_tower)
        add_row(out, "picture tower", r->tower,
                r->tower_stays ? "stays loaded" : "loaded for each question with new pictures");
    add_row(out, "needed", r->needed, r->fits ? "" : "does not fit");
    add_row(out, "free", r->free, r->one_memory ? "one memory: both columns together" : "");
    if (r->notice[0])
        buffer_printf(out, "  %s\n", r->notice);
}

json_t *tower_json(const struct tower_memory *t)
{
    return json_pack("{s:o, s:I, s:o}", "device", json_text(t->device), "weights",
                     (json_int_t)t->weights, "scratch", use_json(t->scratch));
}

void tower_text(const struct tower_memory *t, struct buffer *out)
{
    buffer_printf(
        out,
        "    takes %s of device memory for its weights, and %s of it and %s of the host's "
        "while it looks at a picture, on %s\n",
        amount(t->weights).text, amount(t->scratch.device).text, amount(t->scratch.host).text,
        t->device);
}

bool run_dry(struct app *app, struct error *e)
{
    const struct options *o = &app->options;
    enum sight sight = o->n_pictures ? SIGHT_NEEDED : o->prompt ? SIGHT_NONE : SIGHT_IF_ANY;
    struct model_files files = {0};
    struct memory_report r;
    if (!prepare_files(app, sight, &files, e))
        return false;
    struct engine_params params = prepare_params(app, &files);
    bool ok = probe_memory(&params, &r, e);
    paths_finish(&files);
    if (!ok)
        return false;
    if (o->json) {
        ok = json_print(&app->console, json_pack("{s:o}", "memory", memory_json(&r)), e);
    } else {
        struct buffer text = {0};
        memory_text(&r, &text);
        ok = text.data ? console_write_clean(&app->console, text.data, text.size, e)
                       : error_no_memory(e);
        buffer_free(&text);
    }
    return ok && (r.fits || error_set(e, ERROR_DEVICE, "%s", r.reason));
}
