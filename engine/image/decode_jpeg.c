// JPEG by libjpeg-turbo, with the settings that Pillow uses: exact integer DCT, smooth upsampling.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// jpeglib.h needs stdio.h before it.
#include <jerror.h>
#include <jpeglib.h>

#include "engine/image/formats.h"

// A progressive file may repeat scans over the whole picture without end; honest ones have about
// ten.
enum { MOST_SCANS = 100 };

struct jpeg {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf fail;
    const struct picture_file *file;
    struct error *error;
    uint32_t width, height; // found in the header
    uint32_t side;          // wanted
    struct image *out;
};

static void fail_with_error(j_common_ptr c)
{
    struct jpeg *j = c->client_data;
    char text[JMSG_LENGTH_MAX + 32];
    switch (c->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
        error_no_memory(j->error);
        break;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL: {
        char reason[JMSG_LENGTH_MAX];
        c->err->format_message(c, reason);
        snprintf(text, sizeof(text), "an unusual JPEG (%s)", reason);
        picture_unsupported(j->file, text, j->error);
        break;
    }
    default:
        picture_damaged(j->file, j->error);
    }
    longjmp(j->fail, 1);
}

// libjpeg paints gray where data is missing and only warns. The exceptions lose no pixel: stray
// bytes between segments (some cameras pad there), odd version numbers and colour flags, data after
// the end.
static void fail_on_warning(j_common_ptr c, int level)
{
    if (level >= 0)
        return;
    switch (c->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_TOO_MUCH_DATA:
        return;
    default:
        fail_with_error(c);
    }
}

static void say_nothing(j_common_ptr c)
{
    (void)c;
}

static void limit_scans(j_common_ptr c)
{
    if (c->is_decompressor && ((j_decompress_ptr)c)->input_scan_number > MOST_SCANS)
        fail_with_error(c);
}

// This and the functions below leave by longjmp where libjpeg fails.
static void choose_output(struct jpeg *j)
{
    j_decompress_ptr d = &j->decoder;
    bool ink = d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK;
    d->out_color_space = ink ? JCS_CMYK : JCS_RGB;
    d->dct_method = JDCT_ISLOW;
    d->do_fancy_upsampling = TRUE;
    if (j->side == 0)
        return;
    uint32_t longest = d->image_width > d->image_height ? d->image_width : d->image_height;
    // Eighths that have a fast transform.
    d->scale_denom = 8;
    d->scale_num = 1;
    while (d->scale_num < 8 && (uint64_t)longest * d->scale_num < (uint64_t)j->side * 8)
        d->scale_num *= 2;
}

// a * b / 255, rounded.
static uint8_t multiply(unsigned a, unsigned b)
{
    unsigned product = a * b + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

// In place, from 4 bytes a pixel to 3. Files hold the complement of the ink, by Adobe's custom.
static void ink_to_rgb(const uint8_t *ink, uint8_t *rgb, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++, ink += 4, rgb += 3)
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(ink[3] - multiply(255U - ink[c], ink[3]));
}

static void read_rows(struct jpeg *j)
{
    j_decompress_ptr d = &j->decoder;
    JSAMPARRAY ink = NULL;
    if (d->out_color_space == JCS_CMYK)
        ink = d->mem->alloc_sarray((j_common_ptr)d, JPOOL_IMAGE, d->output_width * 4, 1);
    while (d->output_scanline < d->output_height) {
        uint8_t *row = j->out->rgb + (size_t)d->output_scanline * d->output_width * 3;
        jpeg_read_scanlines(d, ink ? ink : &row, 1);
        if (ink)
            ink_to_rgb(ink[0], row, d->output_width);
    }
    jpeg_finish_decompress(d);
}

// Runs `work` on the header that has been read. What libjpeg does not survive ends here; the
// decoder is in the caller's frame, since setjmp's own is not to be trusted after a jump.
static bool attempt(struct jpeg *j, void (*work)(struct jpeg *j))
{
    if (setjmp(j->fail) != 0)
        return false;
    jpeg_create_decompress(&j->decoder);
    j->decoder.progress = &j->progress;
    jpeg_mem_src(&j->decoder, j->file->bytes, j->file->size);
    jpeg_read_header(&j->decoder, TRUE);
    work(j);
    return true;
}

static bool run(struct jpeg *j, void (*work)(struct jpeg *j))
{
    j->decoder.err = jpeg_std_error(&j->errors);
    j->decoder.client_data = j;
    j->errors.error_exit = fail_with_error;
    j->errors.emit_message = fail_on_warning;
    j->errors.output_message = say_nothing;
    j->progress.progress_monitor = limit_scans;
    bool ok = attempt(j, work);
    jpeg_destroy_decompress(&j->decoder);
    return ok;
}

static bool jpeg_matches(const struct picture_file *f)
{
    return f->size >= 3 && memcmp(f->bytes, "\xff\xd8\xff", 3) == 0;
}

static void read_size(struct jpeg *j)
{
    j->width = j->decoder.image_width;
    j->height = j->decoder.image_height;
}

static bool jpeg_header(const struct picture_file *f, uint32_t *width, uint32_t *height,
                        struct error *e)
{
    struct jpeg j = {.file = f, .error = e};
    if (!run(&j, read_size))
        return false;
    *width = j.width;
    *height = j.height;
    return true;
}

static void read_picture(struct jpeg *j)
{
    choose_output(j);
    jpeg_start_decompress(&j->decoder);
    if (!image_allocate(j->out, j->decoder.output_width, j->decoder.output_height, j->error))
        longjmp(j->fail, 1);
    read_rows(j);
}

static bool jpeg_decode(const struct picture_file *f, uint32_t side, struct image *out,
                        struct error *e)
{
    struct jpeg j = {.file = f, .error = e, .side = side, .out = out};
    return run(&j, read_picture);
}

const struct picture_format format_jpeg = {
    .name = "JPEG",
    .matches = jpeg_matches,
    .header = jpeg_header,
    .decode = jpeg_decode,
};
