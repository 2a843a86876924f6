// How much there is to compute and to read for a prompt, a token, a picture: by the shapes in the
// files, as one would count with pencil and paper, whatever the kernels really do. A multiplication
// and an addition are two operations; weights count as the file holds them.
#include <string.h>

#include "engine/engine_internal.h"
#include "engine/image/anyres.h"
#include "engine/probe_bench.h"

// Of the matrices of a language model: those that every column is multiplied with, and the head.
struct matrices {
    double layer_elements, layer_bytes, head_elements, head_bytes;
};

static struct matrices count_matrices(const struct gguf *g)
{
    struct matrices m = {0};
    const struct gguf_tensor *head = gguf_find_tensor(g, "output.weight");
    if (!head)
        head = gguf_find_tensor(g, "token_embd.weight"); // tied
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        double elements = (double)t->dims[0] * (double)t->dims[1];
        if (t == head) {
            m.head_elements = elements;
            m.head_bytes = (double)t->size;
        } else if (t->n_dims == 2 && strncmp(t->name, "blk.", 4) == 0) {
            m.layer_elements += elements;
            m.layer_bytes += (double)t->size;
        }
    }
    return m;
}

struct work probe_text_work(const struct engine *e, uint32_t first, uint32_t columns, uint32_t runs)
{
    const struct decoder_shape *s = decoder_get_shape(e->decoder);
    struct matrices m = count_matrices(e->model_file);
    // Column c sees first + c + 1 keys. A run reads those of its last column.
    double seen = columns * (first + (columns + 1) / 2.0), read = 0;
    for (uint32_t i = 1; i <= runs; i++)
        read += first + (double)columns * i / runs;
    double head_floats = (double)s->heads * s->head_size * s->layers;
    double key_bytes =
        (double)kernel_cache_size(e->cache_type, KV_BLOCK, s->kv_heads, s->head_size) / KV_BLOCK *
        s->layers; // of a position: K and V
    return (struct work){.flops = 2 * (columns * m.layer_elements + runs * m.head_elements) +
                                  4 * seen * head_floats,
                         .bytes = runs * (m.layer_bytes + m.head_bytes) + read * key_bytes};
}

struct work probe_picture_work(const struct engine *e, uint32_t picture_width,
                               uint32_t picture_height)
{
    const struct vision_traits *t = &e->traits;
    struct anyres_grid grid = anyres_choose(&t->rule, picture_width, picture_height);
    uint32_t tiles = t->rule.fit == FIT_ANYRES ? 1 + grid.columns * grid.rows : 1;
    double patches = (double)t->grid * t->grid, columns = patches + 1, width = t->width;
    double block = columns * width * (4 * width + 2.0 * t->feed_forward) // products
                   + 2 * columns * columns * width;                      // attention
    double project = t->hidden ? (width + t->projects_to) * t->hidden : width * t->projects_to;
    double tile = patches * 3 * t->patch * t->patch * width + t->blocks * block + patches * project;
    return (struct work){.flops = 2 * tiles * tile};
}
