// What `inspect` and `devices` show: prompts and pixels without a device, rows from one, the list
// of devices.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/timeline.h"

static json_t *ids_json(const struct columns *c)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < c->count; i++) {
        const struct column *x = &c->list[i];
        if (!x->rows)
            json_array_append_new(ids, json_integer(x->token));
        else if (x->row == 0)
            json_array_append_new(ids, json_pack("{s:i}", "image", (int)x->rows->count));
    }
    return ids;
}

static bool write_ids(const struct columns *c, struct buffer *out, struct error *e)
{
    json_t *ids = ids_json(c);
    char *text = json_dumps(ids, JSON_COMPACT);
    bool ok = (text && buffer_add_text(out, text)) || error_no_memory(e);
    free(text);
    json_decref(ids);
    return ok;
}

static bool raw_ids(const char *model, const char *text, struct buffer *out, struct error *e)
{
    struct gguf *g = gguf_open(model, e);
    struct tokenizer *t = g ? tokenizer_create(g, e) : NULL;
    struct token_list ids = {0};
    struct columns c = {0};
    bool ok = t && (tokenizer_encode(t, &(struct text_span){text, strlen(text), false}, 1, &ids) ||
                    error_no_memory(e));
    for (size_t i = 0; ok && i < ids.count; i++)
        ok = columns_add_token(&c, ids.ids[i], e);
    ok = ok && write_ids(&c, out, e);
    free(c.list);
    token_list_free(&ids);
    tokenizer_destroy(t);
    gguf_close(g);
    return ok;
}

bool probe_tokens_json(const char *model, const char *mmproj, const char *chat_template,
                       const char *system, const char *text, struct picture *const *pictures,
                       size_t n, bool raw, struct buffer *json, struct error *e)
{
    if (raw)
        return raw_ids(model, text, json, e);
    struct engine *engine = calloc(1, sizeof(*engine));
    if (!engine)
        return error_no_memory(e);
    struct message messages[2] = {
        {.role = ROLE_SYSTEM, .text = system},
        {.role = ROLE_USER, .text = text, .pictures = pictures, .n_pictures = n}};
    struct engine_params params = {
        .model = model, .mmproj = mmproj, .chat_template = chat_template};
    struct columns c = {0};
    bool ok = engine_open_files(engine, &params, e) &&
              columns_from_messages(engine, messages + !system, system ? 2 : 1, false, &c, e) &&
              write_ids(&c, json, e);
    columns_finish(engine, &c);
    engine_destroy(engine);
    return ok;
}

bool probe_rows(struct engine *e, struct picture *p, float **out, uint32_t *rows, double *ms,
                struct error *err)
{
    if (!e->vision_file)
        return error_set(err, ERROR_MODEL, "there is no vision file; give one as --mmproj");
    struct pixels pixels;
    if (!picture_pixels(p, &e->traits.rule, &pixels, err))
        return false;
    *rows = engine_picture_rows(e, p);
    *out = malloc((size_t)*rows * e->info.embedding * sizeof(float));
    double start = clock_ms();
    bool ok = *out || error_no_memory(err);
    ok = ok && engine_load_tower(e, NULL, err) &&
         vision_encode(e->vision, &pixels, NULL, *out, NULL, err);
    engine_drop_tower(e);
    if (ms)
        *ms = clock_ms() - start;
    pixels_finish(&pixels);
    if (!ok)
        free(*out);
    return ok;
}

static void describe(const struct vk_candidate *c, struct probe_device *d)
{
    static const char *types[] = {"discrete", "integrated", "virtual", "cpu", "other"};
    const struct vk_profile *p = &c->profile;
    struct layout l = kernel_layout(p);
    *d = (struct probe_device){.api_version = p->api_version,
                               .subgroup_size = p->subgroup_size,
                               .memory = p->device_memory,
                               .free_memory = p->free_memory,
                               .free_host = p->free_host,
                               .one_memory = p->one_memory,
                               .usable = c->usable,
                               .chosen = c->chosen,
                               .forced = (p->shape == VK_SHAPE_CPU) != (p->type == VK_TYPE_CPU),
                               .interleave = l.interleave,
                               .tile_rows = l.tile_rows,
                               .tile_columns = l.tile_columns,
                               .batch = l.most_columns,
                               .driver_version = p->driver_version,
                               .most_invocations = p->most_invocations,
                               .shared_memory = p->shared_memory,
                               .most_storage_range = p->most_storage_range,
                               .most_texel_range = 16 * p->most_texel_elements,
                               .most_allocation = p->most_allocation,
                               .host_visible = p->host_visible};
    d->n_heaps = p->n_heaps;
    for (uint32_t i = 0; i < p->n_heaps; i++)
        d->heaps[i] = (struct probe_heap){.size = p->heaps[i].size,
                                          .budget = p->heaps[i].budget,
                                          .used = p->heaps[i].used,
                                          .device_local = p->heaps[i].device_local};
    snprintf(d->name, sizeof(d->name), "%s", p->name);
    snprintf(d->driver, sizeof(d->driver), "%s", p->driver);
    snprintf(d->type, sizeof(d->type), "%s", types[p->type]);
    snprintf(d->shape, sizeof(d->shape), "%s", p->shape == VK_SHAPE_CPU ? "cpu" : "gpu");
    snprintf(d->reason, sizeof(d->reason), "%s", c->reason);
}

bool probe_devices(const char *want, struct probe_device **out, size_t *count, struct error *e)
{
    struct vk_candidates c;
    if (!vk_list_devices(want, &c, e))
        return false;
    *out = calloc(c.count, sizeof(**out));
    *count = c.count;
    for (size_t i = 0; *out && i < c.count; i++)
        describe(&c.list[i], &(*out)[i]);
    vk_candidates_finish(&c);
    return *out || error_no_memory(e);
}

void engine_get_counters(const struct engine *e, struct engine_counters *out)
{
    *out = e->counters;
    out->pipelines = vk_pipeline_count(e->device);
}

double engine_load_ms(const struct engine *e)
{
    return e->load_ms;
}
