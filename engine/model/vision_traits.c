#include <stdio.h>
#include <string.h>

#include "engine/image/anyres.h"
#include "engine/model/vision_internal.h"

static bool need(const struct gguf *g, const char *key, uint32_t most, uint32_t *out,
                 struct error *e)
{
    char full[96], what[160];
    snprintf(full, sizeof(full), "clip.vision.%s", key);
    if (!gguf_get_u32(g, full, out)) {
        snprintf(what, sizeof(what), "the metadata lacks %s", full);
        return vision_bad(g, e, what);
    }
    if (*out == 0 || *out > most) {
        snprintf(what, sizeof(what), "%s is %u", full, *out);
        return vision_bad(g, e, what);
    }
    return true;
}

static bool read_rule(const struct gguf *g, struct vision_traits *t, struct error *e)
{
    t->rule =
        (struct preprocess_rule){.fit = FIT_PAD, .filter = FILTER_BICUBIC, .size = t->picture_size};
    for (size_t i = 0; i < 3; i++)
        if (!gguf_array_f32(g, "clip.vision.image_mean", i, &t->rule.mean[i]) ||
            !gguf_array_f32(g, "clip.vision.image_std", i, &t->rule.std[i]) ||
            !(t->rule.mean[i] >= 0 && t->rule.mean[i] <= 1 && t->rule.std[i] > 0))
            return vision_bad(g, e,
                              "the mean or deviation of its colours is missing or out of range");
    return true;
}

// How the tiles' rows are put together; a file that does not say it has the newline's tensor or
// not.
static bool read_merge(const struct gguf *g, struct vision_traits *t, struct error *e)
{
    struct gguf_string merge;
    bool there =
        gguf_find_tensor(g, "model.image_newline") || gguf_find_tensor(g, "v.image_newline");
    t->newlines = there;
    if (!gguf_get_string(g, "clip.vision.mm_patch_merge_type", &merge))
        return true;
    t->newlines = gguf_string_is(merge, "spatial_unpad");
    if (!t->newlines && !gguf_string_is(merge, "flat"))
        return vision_bad(g, e, "its tiles are put together in a way that we do not know");
    return !t->newlines || there || vision_bad(g, e, "the tensor model.image_newline is missing");
}

// LLaVA-1.6: the grids of tiles that a picture may be shown in, and whether they are put together
// with newlines.
static bool read_grids(const struct gguf *g, struct vision_traits *t, struct error *e)
{
    static const char key[] = "clip.vision.image_grid_pinpoints";
    size_t n = gguf_array_count(g, key);
    if (n == 0)
        return true;
    if (n % 2 != 0 || n / 2 > GRIDS_MOST)
        return vision_bad(g, e, "its list of picture grids has an odd or absurd length");
    for (size_t i = 0; i < n; i++) {
        int64_t side;
        if (!gguf_array_i64(g, key, i, &side) || side <= 0 || side > 16384 ||
            side % t->picture_size != 0)
            return vision_bad(g, e, "its picture grids are no multiples of its picture size");
        *(i % 2 ? &t->rule.grids[i / 2].height : &t->rule.grids[i / 2].width) = (uint32_t)side;
    }
    t->rule.fit = FIT_ANYRES;
    t->rule.n_grids = (uint32_t)(n / 2);
    return read_merge(g, t, e);
}

// Blocks that are run: as many as the layer has before it whose features a file names; else those
// that are there. LLaVA reads the features before the last of CLIP-L's 24 blocks; converters leave
// that one out, but some files kept it.
static bool read_blocks(const struct gguf *g, struct vision_traits *t, struct error *e)
{
    static const char key[] = "clip.vision.feature_layer";
    uint32_t said, n = 0;
    char name[64];
    int64_t layer;
    if (!need(g, "block_count", 256, &said, e))
        return false;
    for (;; n++) {
        snprintf(name, sizeof(name), "v.blk.%u.attn_q.weight", n);
        if (n == said || !gguf_find_tensor(g, name))
            break;
    }
    if (n == 0)
        return vision_bad(g, e, "it has no blocks");
    t->blocks = n == 24 ? 23 : n;
    if (!gguf_find_pair(g, key))
        return true;
    if (gguf_array_count(g, key) != 1 || !gguf_array_i64(g, key, 0, &layer))
        return vision_bad(g, e, "its features are of several layers");
    if (layer < 1 || layer > n)
        return vision_bad(g, e, "the layer of its features is not there");
    t->blocks = (uint32_t)layer;
    return true;
}

// The projector's output width, and the hidden one of an MLP.
static bool read_projector(const struct gguf *g, struct vision_traits *t, struct error *e)
{
    const struct gguf_tensor *first = gguf_find_tensor(g, "mm.0.weight");
    const struct gguf_tensor *second = gguf_find_tensor(g, "mm.2.weight");
    if (!first)
        first = gguf_find_tensor(g, "mm.weight");
    if (!first)
        return vision_bad(g, e, "the projector mm.0.weight is missing");
    uint64_t to = second ? second->dims[1] : first->dims[1];
    if (to > 1 << 16 || first->dims[1] > 1 << 16)
        return vision_bad(g, e, "its projector is absurdly large");
    t->projects_to = (uint32_t)to;
    t->hidden = second ? (uint32_t)first->dims[1] : 0;
    return true;
}

bool vision_read_traits(const struct gguf *g, struct vision_traits *t, struct error *e)
{
    *t = (struct vision_traits){.eps = 1e-5f};
    if (!vision_check_kind(g, e) || !need(g, "image_size", 4096, &t->picture_size, e) ||
        !need(g, "patch_size", 1024, &t->patch, e) ||
        !need(g, "embedding_length", 1 << 14, &t->width, e) ||
        !need(g, "feed_forward_length", 1 << 16, &t->feed_forward, e) ||
        !need(g, "attention.head_count", 256, &t->heads, e) || !read_blocks(g, t, e) ||
        !read_rule(g, t, e) || !read_grids(g, t, e) || !read_projector(g, t, e))
        return false;
    gguf_get_f32(g, "clip.vision.attention.layer_norm_epsilon", &t->eps);
    if (t->picture_size % t->patch != 0)
        return vision_bad(g, e, "its picture size is no multiple of its patches");
    if (t->width % t->heads != 0 || t->width / t->heads % 8 != 0 || t->width % 32 != 0 ||
        t->feed_forward % 32 != 0 || t->hidden % 32 != 0)
        return vision_bad(g, e, "its widths are no multiples of what the kernels need");
    t->grid = t->picture_size / t->patch;
    t->act = vision_flag(g, "clip.use_gelu") ? ACT_GELU : ACT_QUICK_GELU;
    // Where both sizes are equal the names cannot be told apart by shape: old converters wrote
    // those files.
    const struct gguf_tensor *down = gguf_find_tensor(g, "v.blk.0.ffn_down.weight");
    t->swapped = down && down->dims[0] == t->width;
    return true;
}

uint32_t vision_picture_rows(const struct vision_traits *t, uint32_t width, uint32_t height)
{
    uint32_t one = t->grid * t->grid;
    if (t->rule.fit == FIT_PAD)
        return one;
    struct anyres_grid grid = anyres_choose(&t->rule, width, height);
    if (!t->newlines)
        return one * (1 + grid.columns * grid.rows);
    struct anyres_part part =
        anyres_unpad(width, height, grid.columns * t->grid, grid.rows * t->grid);
    return one + part.rows * (part.columns + 1);
}
