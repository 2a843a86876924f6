// The kernels for the types of weights that a model has.
#include "engine/engine_internal.h"
#include "engine/model/repack.h"
#include "engine/tune.h"

struct type_list {
    enum quant_type types[TUNE_TYPES];
    size_t n;
};

static void add_type(struct type_list *l, enum quant_type type)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->types[i] == type)
            return;
    if (l->n < TUNE_TYPES)
        l->types[l->n++] = type;
}

static void add_file(struct type_list *l, const struct gguf *g)
{
    for (size_t i = 0; g && i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        if (t->n_dims > 1 && quant_find(t->type) && quant_find(t->type)->dequantize)
            add_type(l, repack_type(t->type));
    }
}

static bool step(void *data, size_t done, size_t total, struct error *e)
{
    return engine_progress(data, PHASE_TRY, done, total, e);
}

bool engine_tune(struct engine *e, bool measure, struct error *err)
{
    struct type_list list = {.n = 0};
    add_file(&list, e->model_file);
    add_file(&list, e->vision_file);
    return tune_device(e->device, list.types, list.n, measure, step, e, err);
}
