#include "ui/sixel.h"

#include <stdlib.h>
#include <string.h>

#include <sixel.h>

enum { GAP = 10 }; // columns without a colour that end a run of it in the encoder

struct sink {
    struct buffer *out;
    bool failed; // the library does not look at what the writer returns
};

static int add_bytes(char *bytes, int size, void *data)
{
    struct sink *sink = data;
    if (!sink->failed && !buffer_add(sink->out, bytes, (size_t)size))
        sink->failed = true;
    return size;
}

// Adds the library's sequence for rows of pixels, without palette and envelope.
static bool encode(const struct sixel_picture *s, int from, int n, struct buffer *out)
{
    struct sink sink = {.out = out};
    struct palette palette = s->palette;
    const uint8_t *index = s->index + (size_t)from * (size_t)s->width;
    sixel_output_t *output = NULL;
    sixel_dither_t *dither = NULL;
    if (SIXEL_FAILED(sixel_output_new(&output, add_bytes, &sink, NULL)))
        return false;
    if (SIXEL_FAILED(sixel_dither_new(&dither, palette.colors, NULL))) {
        sixel_output_unref(output);
        return false;
    }
    sixel_dither_set_palette(dither, palette.rgb);
    sixel_dither_set_pixelformat(dither, SIXEL_PIXELFORMAT_PAL8);
    sixel_dither_set_body_only(dither, 1);
    sixel_output_set_encode_policy(output, SIXEL_ENCODEPOLICY_FAST);
    sixel_output_set_skip_dcs_envelope(output, 1);
    // The pixels are only read; the library's signature lacks the const.
    bool ok = SIXEL_SUCCEEDED(
        sixel_encode((unsigned char *)(uintptr_t)index, s->width, n, 8, dither, output));
    sixel_dither_unref(dither);
    sixel_output_unref(output);
    return ok && !sink.failed;
}

// Adds what is in text[0..size), a band, so that it can stand anywhere: a band that goes on in the
// colour of the one before it does not name it. `color` is that one, and then the last in here.
static bool add_band(struct buffer *out, const char *text, size_t size, int *color)
{
    if (text[0] != '#' && !buffer_printf(out, "#%d", *color))
        return false;
    for (size_t i = size; i > 0; i--)
        if (text[i - 1] == '#') {
            *color = atoi(text + i);
            break;
        }
    return buffer_add(out, text, size);
}

// Encodes `count` bands from `first` on of the picture cut at row `cut`.
static bool encode_bands(struct sixel_picture *s, int cut, int first, int count)
{
    struct buffer text = {0};
    struct buffer *bytes = &s->cuts[cut].bytes;
    struct sixel_band *band = s->cuts[cut].bands + first;
    bool ok = encode(s, cut + first * SIXEL_BAND, count * SIXEL_BAND, &text);
    // Raster attributes come first.
    const char *at = ok ? strchr(text.data, '#') : NULL;
    int color = 0;
    for (int i = 0; ok && i < count; i++, band++) {
        size_t size = at ? strcspn(at, "-") : 0;
        size_t start = bytes->size;
        ok = size > 0 && add_band(bytes, at, size, &color);
        if (ok) {
            *band = (struct sixel_band){.start = start, .size = bytes->size - start};
            at += size + (at[size] == '-');
        }
    }
    buffer_free(&text);
    return ok;
}

// Sees to it that bands [first, last) are there.
static bool need_bands(struct sixel_picture *s, int cut, int first, int last)
{
    if (!s->cuts[cut].bands)
        s->cuts[cut].bands =
            calloc((size_t)(s->height / SIXEL_BAND + 1), sizeof(struct sixel_band));
    struct sixel_band *bands = s->cuts[cut].bands;
    if (!bands)
        return false;
    while (first < last) {
        int end = first;
        while (end < last && !bands[end].size)
            end++;
        if (end > first && !encode_bands(s, cut, first, end - first))
            return false;
        first = end + 1;
    }
    return true;
}

// The second parameter leaves pixels that are not set as they are.
static bool add_head(const struct sixel_picture *s, int height, struct buffer *out)
{
    if (!buffer_printf(out, "\033P0;1q\"1;1;%d;%d", s->width, height))
        return false;
    for (int i = 0; i < s->palette.colors; i++) {
        int percent[3];
        for (int c = 0; c < 3; c++)
            percent[c] = (s->palette.rgb[i * 3 + c] * 100 + 127) / 255;
        if (!buffer_printf(out, "#%d;2;%d;%d;%d", i, percent[0], percent[1], percent[2]))
            return false;
    }
    return true;
}

// The rows after the last full band.
static bool add_rest(const struct sixel_picture *s, int from, int n, struct buffer *out)
{
    struct buffer text = {0};
    bool ok = encode(s, from, n, &text);
    const char *at = ok ? strchr(text.data, '#') : NULL;
    ok = at && buffer_add_text(out, at);
    buffer_free(&text);
    return ok;
}

bool sixel_add(struct sixel_picture *s, int from, int n, struct buffer *out)
{
    const int cut = from % SIXEL_BAND, first = from / SIXEL_BAND;
    const int last = first + n / SIXEL_BAND, rest = n % SIXEL_BAND;
    if (s->width > SIXEL_SIDE_MOST || s->height > SIXEL_SIDE_MOST)
        return false;
    if (!need_bands(s, cut, first, last) || !add_head(s, n, out))
        return false;
    for (int i = first; i < last; i++) {
        const struct sixel_band *band = &s->cuts[cut].bands[i];
        if ((i > first && !buffer_add_text(out, "-")) ||
            !buffer_add(out, s->cuts[cut].bytes.data + band->start, band->size))
            return false;
    }
    if (rest && last > first && !buffer_add_text(out, "-"))
        return false;
    return (!rest || add_rest(s, from + n - rest, rest, out)) && buffer_add_text(out, "\033\\");
}

void sixel_forget(struct sixel_picture *s)
{
    for (int cut = 0; cut < SIXEL_BAND; cut++) {
        buffer_free(&s->cuts[cut].bytes);
        free(s->cuts[cut].bands);
        s->cuts[cut].bands = NULL;
    }
}

// Runs of colours in the band that begins at `index`.
static double count_runs(const uint8_t *index, int width, int rows)
{
    int last[PALETTE_MOST], runs = 0;
    for (int color = 0; color < PALETTE_MOST; color++)
        last[color] = -GAP - 1;
    for (int x = 0; x < width; x++)
        for (int y = 0; y < rows; y++) {
            int color = index[y * width + x];
            if (x - last[color] > GAP)
                runs++;
            last[color] = x;
        }
    return runs;
}

double sixel_cost(const struct sixel_picture *s)
{
    double cost = 0;
    for (int y = 0; y < s->height; y += SIXEL_BAND) {
        int rows = s->height - y < SIXEL_BAND ? s->height - y : SIXEL_BAND;
        double runs = count_runs(s->index + (size_t)y * (size_t)s->width, s->width, rows);
        cost += runs * runs;
    }
    return cost;
}
