#include "ui/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/picture_crops.h"
#include "ui/scale.h"

enum {
    SIDE_READ = 65535, // of what is given
    SIDE_SHOWN = 1000, // xterm takes no larger sixel picture as it comes
    CELL_SIDE = 255,   // a terminal that claims larger cells is not believed
    SMALL_ROWS = 8,    // up to here pictures of few pixels are enlarged
    SMALL_COLS = 32,
    ENLARGED = 8,   // at most
    HALF_WIDTH = 1, // pixels of a cell of half blocks
    HALF_HEIGHT = 2,
    LEAST_COLORS = 8,
    LEAST_PALETTE = 2,
};

struct ui_picture {
    int references;
    uint32_t width, height;
    uint8_t *rgb;
    char *caption;
    uint64_t content; // hash of size and pixels
    struct picture_crops crops;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t hash_pixels(uint32_t width, uint32_t height, const uint8_t *rgb)
{
    const size_t size = (size_t)width * height * 3;
    uint64_t hash = mix(width, height);
    for (size_t i = 0; i < size; i += sizeof(hash)) {
        uint64_t value = 0;
        size_t left = size - i;
        memcpy(&value, rgb + i, left < sizeof(value) ? left : sizeof(value));
        hash = mix(hash, value);
    }
    return hash;
}

// The caption on one line, to be freed. NULL: no memory.
static char *clean_line(const char *text)
{
    size_t size = strlen(text), room = 3 * size + 1;
    char *line = malloc(room);
    if (!line)
        return NULL;
    utf8_clean(line, room, text, size);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\t')
            *c = ' ';
    return line;
}

// A side as it is kept when the longer one is not to be above SIDE_SHOWN.
static uint32_t kept_side(uint32_t side, uint32_t longest)
{
    if (longest <= SIDE_SHOWN)
        return side;
    uint32_t kept = (uint32_t)(((uint64_t)side * SIDE_SHOWN + longest / 2) / longest);
    return kept ? kept : 1;
}

struct ui_picture *ui_picture_create(uint32_t width, uint32_t height, const uint8_t *rgb,
                                     const char *caption)
{
    if (width < 1 || height < 1 || width > SIDE_READ || height > SIDE_READ)
        return NULL;
    struct ui_picture *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    const uint32_t longest = width > height ? width : height;
    p->references = 1;
    p->width = kept_side(width, longest);
    p->height = kept_side(height, longest);
    p->rgb = malloc((size_t)p->width * p->height * 3);
    p->caption = clean_line(caption);
    if (!p->rgb || !p->caption)
        goto fail;
    if (p->width == width && p->height == height)
        memcpy(p->rgb, rgb, (size_t)width * height * 3);
    else if (!scale_area(rgb, width, height, p->rgb, p->width, p->height))
        goto fail;
    p->content = hash_pixels(p->width, p->height, p->rgb);
    return p;
fail:
    ui_picture_unref(p);
    return NULL;
}

struct ui_picture *ui_picture_ref(struct ui_picture *p)
{
    p->references++;
    return p;
}

void ui_picture_unref(struct ui_picture *p)
{
    if (!p || --p->references > 0)
        return;
    picture_crops_clear(&p->crops);
    free(p->caption);
    free(p->rgb);
    free(p);
}

const char *ui_picture_caption(const struct ui_picture *p)
{
    return p->caption;
}

void ui_picture_forget(struct ui_picture *p)
{
    picture_crops_clear(&p->crops);
}

static enum half_depth depth_of(const struct term_caps *caps)
{
    if (caps->true_color)
        return HALF_TRUE;
    return caps->colors >= 256 ? HALF_256 : caps->colors >= 16 ? HALF_16 : HALF_8;
}

// What the terminal makes of cols x rows cells; false: it shows no pictures.
static bool geometry_of(const struct term_caps *caps, int cols, int rows,
                        struct picture_geometry *g)
{
    *g = (struct picture_geometry){.cols = cols, .rows = rows};
    if (caps->pictures == PICTURES_SIXEL) {
        g->sixel = true;
        g->cell_width = caps->cell_width;
        g->cell_height = caps->cell_height;
        g->colors = caps->sixel_colors < PALETTE_MOST ? caps->sixel_colors : PALETTE_MOST;
        return g->cell_width >= 1 && g->cell_width <= CELL_SIDE && g->cell_height >= 1 &&
               g->cell_height <= CELL_SIDE && g->colors >= LEAST_PALETTE;
    }
    g->cell_width = HALF_WIDTH;
    g->cell_height = HALF_HEIGHT;
    g->depth = depth_of(caps);
    return caps->pictures == PICTURES_HALF && (caps->true_color || caps->colors >= LEAST_COLORS);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// How many times a picture of few pixels is enlarged.
static uint32_t enlargement(const struct ui_picture *p, const struct picture_geometry *g)
{
    uint32_t factor = smaller(SMALL_ROWS * (uint32_t)g->cell_height / p->height,
                              SMALL_COLS * (uint32_t)g->cell_width / p->width);
    return factor < 1 ? 1 : smaller(factor, ENLARGED);
}

static int whole_cells(double pixels, int cell, int most)
{
    int cells = (int)(pixels / cell + 0.5);
    return cells < 1 ? 1 : cells > most ? most : cells;
}

void ui_picture_fit(const struct ui_picture *p, const struct term_caps *caps, int max_cols,
                    int max_rows, int *cols, int *rows)
{
    struct picture_geometry g;
    *cols = *rows = 0;
    if (max_cols < 1 || max_rows < 1 || !geometry_of(caps, 0, 0, &g))
        return;
    if (max_cols > SIDE_SHOWN / g.cell_width)
        max_cols = SIDE_SHOWN / g.cell_width;
    if (max_rows > SIDE_SHOWN / g.cell_height)
        max_rows = SIDE_SHOWN / g.cell_height;
    double factor = enlargement(p, &g);
    double across = (double)max_cols * g.cell_width / p->width;
    double down = (double)max_rows * g.cell_height / p->height;
    factor = across < factor ? across : factor;
    factor = down < factor ? down : factor;
    *cols = whole_cells(p->width * factor, g.cell_width, max_cols);
    *rows = whole_cells(p->height * factor, g.cell_height, max_rows);
}

// Names what is seen: the same pixels drawn in the same way have the same name.
static uint64_t name_of(const struct ui_picture *p, const struct picture_geometry *g, int from,
                        int n)
{
    const int parts[] = {g->sixel,      g->cols, g->rows, g->cell_width, g->cell_height, g->colors,
                         (int)g->depth, from,    n};
    uint64_t hash = p->content;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        hash = mix(hash, (uint64_t)parts[i]);
    return hash;
}

void ui_picture_draw(struct ui_picture *p, struct term *t, int row, int col, int cols, int rows,
                     int from, int n)
{
    struct picture_geometry g;
    int screen_rows, screen_cols;
    if (!geometry_of(term_get_caps(t), cols, rows, &g))
        return;
    term_size(t, &screen_rows, &screen_cols);
    // xterm scrolls by a row after a sixel picture that reaches the last one, however it ends.
    if (g.sixel && n > screen_rows - 1 - row)
        n = screen_rows - 1 - row;
    // A box from before the terminal changed may be too large for it now.
    if (cols < 1 || cols > SIDE_SHOWN / g.cell_width || rows < 1 ||
        rows > SIDE_SHOWN / g.cell_height || from < 0 || n < 1 || n > rows - from)
        return;
    const struct buffer *bytes =
        picture_crops_get(&p->crops, &g, p->width, p->height, p->rgb, from, n);
    if (!bytes)
        return;
    struct term_image image = {
        .row = row,
        .col = col,
        .rows = n,
        .cols = cols,
        .id = name_of(p, &g, from, n),
        .bytes = bytes->data,
        .size = bytes->size,
    };
    term_image(t, &image);
}
