// A vision file: CLIP's tower and LLaVA's projector by a recipe, and the recipes.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model_file.h"

static const struct tower_recipe recipes[] = {
    // LLaVA v1: 224 pixels there; a linear projector by the name that converters gave it.
    {"tower-v1", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16, TOWER_BARE_LINEAR, 0},
    {"tower-linear", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16, TOWER_LINEAR, 0},
    // LLaVA-1.5 with the blocks that converters left, all of CLIP's, and all but not said.
    {"tower-23", 112, 14, 0, 128, 2, 512, 23, 23, 256, QUANT_F16, 0, 0},
    {"tower-24", 112, 14, 0, 128, 2, 512, 24, 24, 256, QUANT_F16, 0, 0},
    {"tower-24-said-23", 112, 14, 0, 128, 2, 512, 24, 23, 256, QUANT_F16, 0, 0},
    {"tower-layer", 112, 14, 0, 128, 2, 512, 4, 4, 256, QUANT_F16, 0, 2},
    {"tower-new", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16, TOWER_NEW_NAMES, 0},
    {"tower-gelu", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16, TOWER_GELU, 0},
    {"tower-q8", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_Q8_0, 0, 0},
    // The table of positions is of other pictures.
    {"tower-grown", 112, 14, 5, 128, 2, 512, 3, 3, 256, QUANT_F16, 0, 0},
    {"tower-shrunk", 112, 14, 12, 128, 2, 512, 3, 3, 256, QUANT_F16, 0, 0},
    // LLaVA-1.6.
    {"tower-unpad", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16, TOWER_UNPAD, 0},
    {"tower-unpad-new", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16,
     TOWER_UNPAD | TOWER_NEW_NAMES, 0},
    {"tower-flat", 112, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16, TOWER_FLAT, 0},
    // Tiles of three patches a side, so that a plane can have one row.
    {"tower-unpad-odd", 42, 14, 0, 128, 2, 512, 3, 3, 256, QUANT_F16, TOWER_UNPAD, 0},
    // ViT-L/14-336 as it is.
    {"tower-vit-l-336", 336, 14, 0, 1024, 16, 4096, 23, 23, 4096, QUANT_F16, 0, 0},
};

const struct tower_recipe *tower_recipe_find(const char *name)
{
    for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++)
        if (strcmp(recipes[i].name, name) == 0)
            return &recipes[i];
    return NULL;
}

// LLaVA-1.6's five shapes: 1 x 2, 2 x 1, 2 x 2, 3 x 1, 1 x 3.
static void write_grids(struct model_file *f, const struct tower_recipe *r)
{
    static const int shapes[] = {1, 2, 2, 1, 2, 2, 3, 1, 1, 3};
    enum { COUNT = sizeof(shapes) / sizeof(*shapes) };
    int32_t sides[COUNT];
    for (int i = 0; i < COUNT; i++)
        sides[i] = shapes[i] * (int32_t)r->size;
    bool unpad = r->flags & TOWER_UNPAD;
    model_file_array(f, "clip.vision.image_grid_pinpoints", GGUF_I32, sides, COUNT, sizeof(sides));
    gguf_write_string(f->writer, "clip.vision.image_aspect_ratio", "anyres");
    gguf_write_string(f->writer, "clip.vision.mm_patch_merge_type",
                      unpad ? "spatial_unpad" : "flat");
    model_file_vector(f, r->flags & TOWER_NEW_NAMES ? "v.image_newline" : "model.image_newline",
                      r->projects_to, 0, 0.5F);
}

static void write_metadata(struct model_file *f, const struct tower_recipe *r)
{
    static const float mean[] = {0.48145466F, 0.4578275F, 0.40821073F};
    static const float deviation[] = {0.26862954F, 0.26130258F, 0.27577711F};
    struct gguf_writer *w = f->writer;
    gguf_write_string(w, "general.architecture", "clip");
    gguf_write_string(w, "general.name", r->name);
    gguf_write_bool(w, "clip.has_text_encoder", false);
    gguf_write_bool(w, "clip.has_vision_encoder", true);
    gguf_write_bool(w, "clip.has_llava_projector", true);
    gguf_write_string(w, "clip.projector_type", "mlp");
    gguf_write_bool(w, "clip.use_gelu", r->flags & TOWER_GELU);
    gguf_write_u32(w, "clip.vision.image_size", r->size);
    gguf_write_u32(w, "clip.vision.patch_size", r->patch);
    gguf_write_u32(w, "clip.vision.embedding_length", r->width);
    gguf_write_u32(w, "clip.vision.feed_forward_length", r->feed_forward);
    gguf_write_u32(w, "clip.vision.projection_dim", 768);
    gguf_write_u32(w, "clip.vision.attention.head_count", r->heads);
    gguf_write_f32(w, "clip.vision.attention.layer_norm_epsilon", 1e-5F);
    gguf_write_u32(w, "clip.vision.block_count", r->said);
    model_file_array(f, "clip.vision.image_mean", GGUF_F32, mean, 3, sizeof(mean));
    model_file_array(f, "clip.vision.image_std", GGUF_F32, deviation, 3, sizeof(deviation));
    if (r->layer)
        model_file_array(f, "clip.vision.feature_layer", GGUF_I32, &r->layer, 1, sizeof(r->layer));
    if (r->flags & (TOWER_UNPAD | TOWER_FLAT))
        write_grids(f, r);
}

static void write_linear(struct model_file *f, const char *name, enum quant_type type,
                         uint32_t columns, uint32_t rows, float gain)
{
    char full[64];
    snprintf(full, sizeof(full), "%s.weight", name);
    model_file_matrix(f, full, type, columns, rows, gain / sqrtf((float)columns));
    snprintf(full, sizeof(full), "%s.bias", name);
    model_file_vector(f, full, rows, 0, 0.1F);
}

static void write_norm(struct model_file *f, const char *name, uint32_t size)
{
    char full[64];
    snprintf(full, sizeof(full), "%s.weight", name);
    model_file_vector(f, full, size, 1, 0.1F);
    snprintf(full, sizeof(full), "%s.bias", name);
    model_file_vector(f, full, size, 0, 0.1F);
}

// The sums of a block are as large as half of what a column has at first, so that deep towers stay
// sane.
static void write_block(struct model_file *f, const struct tower_recipe *r, uint32_t i)
{
    static const char *const square[] = {"attn_q", "attn_k", "attn_v", "attn_out"};
    static const char *const norms[] = {"ln1", "ln2"};
    bool newer = r->flags & TOWER_NEW_NAMES;
    char name[48];
    for (int k = 0; k < 2; k++) {
        snprintf(name, sizeof(name), "v.blk.%u.%s", i, norms[k]);
        write_norm(f, name, r->width);
    }
    for (int k = 0; k < 4; k++) {
        snprintf(name, sizeof(name), "v.blk.%u.%s", i, square[k]);
        write_linear(f, name, r->type, r->width, r->width, k < 2 ? 1.3F : k == 2 ? 1 : 0.5F);
    }
    snprintf(name, sizeof(name), "v.blk.%u.%s", i, newer ? "ffn_up" : "ffn_down");
    write_linear(f, name, r->type, r->width, r->feed_forward, 1.3F);
    snprintf(name, sizeof(name), "v.blk.%u.%s", i, newer ? "ffn_down" : "ffn_up");
    write_linear(f, name, r->type, r->feed_forward, r->width, 0.5F);
}

void tower_file_write(const struct tower_recipe *r, const char *path)
{
    struct model_file f = model_file_start(r->name, path);
    uint32_t side = r->table ? r->table : r->size / r->patch;
    write_metadata(&f, r);
    model_file_vector(&f, "v.class_embd", r->width, 0, 0.5F);
    model_file_patches(&f, "v.patch_embd.weight", r->patch, r->width,
                       1 / sqrtf(3.0F * (float)(r->patch * r->patch)));
    model_file_matrix(&f, "v.position_embd.weight", r->type, r->width, side * side + 1, 0.5F);
    write_norm(&f, "v.pre_ln", r->width);
    for (uint32_t i = 0; i < r->stored; i++)
        write_block(&f, r, i);
    write_norm(&f, "v.post_ln", r->width);
    if (r->flags & TOWER_BARE_LINEAR)
        write_linear(&f, "mm", r->type, r->width, r->projects_to, 0.3F);
    else
        write_linear(&f, "mm.0", r->type, r->width, r->projects_to,
                     r->flags & TOWER_LINEAR ? 0.3F : 1);
    if (!(r->flags & (TOWER_BARE_LINEAR | TOWER_LINEAR)))
        write_linear(&f, "mm.2", r->type, r->projects_to, r->projects_to, 0.6F);
    model_file_finish(&f);
}
