// WebP by libwebp; of an animation the first frame, on the canvas where it belongs.
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "engine/image/formats.h"

static bool webp_matches(const struct picture_file *f)
{
    return f->size >= 12 && memcmp(f->bytes, "RIFF", 4) == 0 &&
           memcmp(f->bytes + 8, "WEBP", 4) == 0;
}

static bool webp_header(const struct picture_file *f, uint32_t *width, uint32_t *height,
                        struct error *e)
{
    WebPData data = {f->bytes, f->size};
    WebPDemuxState state;
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    if (!demuxer)
        return picture_damaged(f, e);
    *width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    *height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    WebPDemuxDelete(demuxer);
    return true;
}

static bool decode_frame(const struct picture_file *f, const WebPIterator *frame, struct image *out,
                         struct error *e)
{
    if (frame->x_offset < 0 || frame->y_offset < 0 || frame->width <= 0 || frame->height <= 0 ||
        (uint32_t)frame->x_offset + (uint32_t)frame->width > out->width ||
        (uint32_t)frame->y_offset + (uint32_t)frame->height > out->height)
        return picture_damaged(f, e);
    size_t stride = (size_t)out->width * 3;
    size_t start = (size_t)frame->y_offset * stride + (size_t)frame->x_offset * 3;
    if (!WebPDecodeRGBInto(frame->fragment.bytes, frame->fragment.size, out->rgb + start,
                           stride * out->height - start, (int)stride))
        return picture_damaged(f, e);
    return true;
}

static bool webp_decode(const struct picture_file *f, uint32_t side, struct image *out,
                        struct error *e)
{
    (void)side;
    WebPData data = {f->bytes, f->size};
    WebPDemuxer *demuxer = WebPDemux(&data); // NULL also where the file ends early
    if (!demuxer)
        return picture_damaged(f, e);
    WebPIterator frame = {0};
    bool ok = false;
    if (!WebPDemuxGetFrame(demuxer, 1, &frame)) {
        picture_damaged(f, e);
        goto done;
    }
    if (!image_allocate(out, WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH),
                        WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT), e))
        goto done;
    memset(out->rgb, 0, (size_t)out->width * out->height * 3); // a frame may leave a margin
    ok = decode_frame(f, &frame, out, e);
done:
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    return ok;
}

const struct picture_format format_webp = {
    .name = "WebP",
    .matches = webp_matches,
    .header = webp_header,
    .decode = webp_decode,
};
