// Takes arbitrary bytes for a picture: probe, preview, decode, preprocess.
// Corpus: a copy of tests/data/pictures.
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/image/decode.h"
#include "engine/image/preprocess.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void require_reason(const struct error *e)
{
    require(e->kind != ERROR_NONE && e->text[0] && utf8_valid(e->text, strlen(e->text)));
}

static void look(const uint8_t *data, size_t size, uint32_t longest)
{
    struct error e = {0};
    struct image small;
    if (!image_preview(data, size, "picture", 64, &small, &e)) {
        require_reason(&e);
        return;
    }
    require(small.width <= 64 && small.height <= 64);
    require((small.width > small.height ? small.width : small.height) ==
            (longest < 64 ? longest : 64));
    image_finish(&small);
}

static void prepare(const struct image *image)
{
    const struct preprocess_rule rule = {
        .size = 28, .mean = {0.48F, 0.45F, 0.40F}, .std = {0.27F, 0.26F, 0.27F}};
    struct pixels p;
    struct error e = {0};
    require(preprocess(&rule, image, &p, &e));
    for (size_t i = 0; i < (size_t)3 * 28 * 28; i++)
        require(p.values[i] > -2 && p.values[i] < 3); // (v - mean) / deviation with v in 0..1
    pixels_finish(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e = {0};
    struct image_info info;
    if (!image_probe(data, size, "picture", &info, &e)) {
        require_reason(&e);
        return 0;
    }
    require(info.width > 0 && info.height > 0);
    if ((uint64_t)info.width * info.height > 4 * 1000 * 1000)
        return 0;
    look(data, size, info.width > info.height ? info.width : info.height);
    struct image image;
    if (!image_decode(data, size, "picture", &image, &e)) {
        require_reason(&e);
        require(!image.rgb);
        return 0;
    }
    require(image.width == info.width && image.height == info.height);
    prepare(&image);
    image_finish(&image);
    return 0;
}
