// What a model file is, without a device.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/engine_internal.h"
#include "engine/model/quant.h"

static void copy_clean(char *out, size_t room, struct gguf_string s)
{
    utf8_clean(out, room, s.data, s.size);
}

static void clean_string(const struct gguf *g, const char *key, char *out, size_t room)
{
    struct gguf_string s;
    if (gguf_get_string(g, key, &s))
        copy_clean(out, room, s);
}

// "Q4_1 x 210, F32 x 272", the most frequent first.
static void count_types(const struct gguf *g, struct model_summary *m, char *out, size_t room)
{
    unsigned counts[64] = {0};
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        m->parameters += t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3];
        if (t->type < 64)
            counts[t->type]++;
    }
    size_t used = 0;
    for (;;) {
        unsigned best = 0;
        for (unsigned k = 1; k < 64; k++)
            if (counts[k] > counts[best])
                best = k;
        if (counts[best] == 0 || used >= room)
            break;
        used += (size_t)snprintf(out + used, room - used, "%s%s x %u", used ? ", " : "",
                                 quant_find(best)->name, counts[best]);
        counts[best] = 0;
    }
}

static void read_language(const struct gguf *g, struct model_summary *m)
{
    char key[96];
    snprintf(key, sizeof(key), "%s.embedding_length", m->architecture);
    gguf_get_u32(g, key, &m->width);
    snprintf(key, sizeof(key), "%s.block_count", m->architecture);
    gguf_get_u32(g, key, &m->layers);
    snprintf(key, sizeof(key), "%s.context_length", m->architecture);
    gguf_get_u32(g, key, &m->context);
    m->chat_template = template_name(template_detect(g, &m->template_reason));
    struct error e = {0};
    m->runs = decoder_check(g, &e);
    struct tokenizer *t = m->runs ? tokenizer_create(g, &e) : NULL;
    m->runs = t != NULL;
    tokenizer_destroy(t);
    snprintf(m->reason, sizeof(m->reason), "%.*s", (int)sizeof(m->reason) - 1, e.text);
}

static void read_vision(const struct gguf *g, struct model_summary *m)
{
    struct vision_traits t;
    struct error e = {0};
    m->runs = vision_read_traits(g, &t, &e);
    snprintf(m->reason, sizeof(m->reason), "%.*s", (int)sizeof(m->reason) - 1, e.text);
    if (!m->runs)
        return;
    m->width = t.width;
    m->layers = t.blocks;
    m->picture_size = t.picture_size;
    m->picture_rows = vision_picture_rows(&t, t.picture_size, t.picture_size);
    m->projects_to = t.projects_to;
}

static enum model_kind kind_of(const struct gguf *g, bool *sees)
{
    bool language = gguf_find_tensor(g, "token_embd.weight") != NULL, tower = vision_is_there(g);
    *sees = language && tower;
    return language ? MODEL_LANGUAGE : tower ? MODEL_VISION : MODEL_OTHER;
}

bool probe_kind(const char *path, enum model_kind *kind, bool *sees, struct error *e)
{
    struct gguf *g = gguf_open(path, e);
    if (g)
        *kind = kind_of(g, sees);
    gguf_close(g);
    return g != NULL;
}

bool probe_model(const char *path, struct model_summary *out, struct error *e)
{
    struct gguf *g = gguf_open(path, e);
    if (!g)
        return false;
    *out = (struct model_summary){.file_size = gguf_file_size(g)};
    clean_string(g, "general.architecture", out->architecture, sizeof(out->architecture));
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    copy_clean(out->name, sizeof(out->name), (struct gguf_string){base, strlen(base)});
    clean_string(g, "general.name", out->name, sizeof(out->name));
    count_types(g, out, out->types, sizeof(out->types));
    out->kind = kind_of(g, &out->sees);
    if (out->kind == MODEL_VISION)
        read_vision(g, out);
    else if (out->kind == MODEL_LANGUAGE)
        read_language(g, out);
    else
        snprintf(out->reason, sizeof(out->reason),
                 "it holds neither a language model nor a vision tower");
    gguf_close(g);
    return true;
}

// ---- JSON

enum { ITEMS_SHOWN = 8 }; // of a long array

static json_t *text_json(struct gguf_string s)
{
    size_t room = 3 * s.size + 1;
    char *clean = malloc(room);
    if (!clean)
        return NULL;
    utf8_clean(clean, room, s.data, s.size);
    json_t *j = json_string(clean);
    free(clean);
    return j;
}

static json_t *array_json(const struct gguf *g, const char *key, const struct gguf_pair *p)
{
    json_t *items = json_array();
    uint64_t n = p->count < ITEMS_SHOWN ? p->count : ITEMS_SHOWN;
    struct gguf_string *strings = NULL;
    size_t count;
    if (p->item_type == GGUF_STRING && !gguf_array_strings(g, key, &strings, &count))
        n = 0;
    for (uint64_t i = 0; i < n; i++) {
        float f;
        int64_t v;
        if (strings)
            json_array_append_new(items, text_json(strings[i]));
        else if (gguf_array_i64(g, key, i, &v))
            json_array_append_new(items, json_integer(v));
        else if (gguf_array_f32(g, key, i, &f))
            json_array_append_new(items, json_real(f));
    }
    free(strings);
    if (p->count <= ITEMS_SHOWN)
        return items;
    return json_pack("{s:I, s:o}", "count", (json_int_t)p->count, "first", items);
}

static json_t *value_json(const struct gguf *g, const char *key, const struct gguf_pair *p)
{
    struct gguf_string s;
    int64_t i;
    float f;
    bool b;
    if (p->type == GGUF_ARRAY)
        return array_json(g, key, p);
    if (p->type == GGUF_STRING && gguf_get_string(g, key, &s))
        return text_json(s);
    if (p->type == GGUF_BOOL && gguf_get_bool(g, key, &b))
        return json_boolean(b);
    if (gguf_get_i64(g, key, &i))
        return json_integer(i);
    if (gguf_get_f32(g, key, &f))
        return json_real(f);
    return json_null();
}

static json_t *metadata_json(const struct gguf *g)
{
    json_t *all = json_object();
    for (size_t i = 0; i < gguf_pair_count(g); i++) {
        const struct gguf_pair *p = gguf_pair_at(g, i);
        char *key = strndup(p->key.data, p->key.size);
        if (key && utf8_valid(key, strlen(key)))
            json_object_set_new(all, key, value_json(g, key, p));
        free(key);
    }
    return all;
}

static json_t *tensors_json(const struct gguf *g)
{
    json_t *all = json_array();
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        json_t *shape = json_array();
        for (uint32_t d = 0; d < t->n_dims; d++)
            json_array_append_new(shape, json_integer((json_int_t)t->dims[d]));
        json_array_append_new(all,
                              json_pack("{s:o, s:s, s:o, s:I}", "name",
                                        text_json((struct gguf_string){t->name, strlen(t->name)}),
                                        "type", quant_find(t->type)->name, "shape", shape, "bytes",
                                        (json_int_t)t->size));
    }
    return all;
}

// null: not a language model.
static json_t *template_json(const struct gguf *g)
{
    bool sees;
    const char *why;
    if (kind_of(g, &sees) != MODEL_LANGUAGE)
        return json_null();
    const char *name = template_name(template_detect(g, &why));
    return json_pack("{s:s, s:s}", "name", name, "reason", why);
}

bool probe_model_json(const char *path, struct buffer *out, struct error *e)
{
    struct gguf *g = gguf_open(path, e);
    if (!g)
        return false;
    json_t *root =
        json_pack("{s:I, s:I, s:o, s:o, s:o}", "version", (json_int_t)gguf_version(g), "bytes",
                  (json_int_t)gguf_file_size(g), "chat_template", template_json(g), "metadata",
                  metadata_json(g), "tensors", tensors_json(g));
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
    bool ok = (text && buffer_add_text(out, text)) || error_no_memory(e);
    free(text);
    json_decref(root);
    gguf_close(g);
    return ok;
}
