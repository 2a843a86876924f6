// The popup that shows a picture large, as it is and as the model sees it.
#include <stdio.h>

#include "app/screen_popup.h"

void screen_view(struct screen *s, size_t i)
{
    uint32_t width, height;
    struct picture *p = chat_picture(s->chat, i, NULL, NULL);
    const uint8_t *preview = picture_preview(p, &width, &height);
    screen_close_popup(s);
    char caption[512];
    screen_name_picture(s, p, picture_name(p), caption, sizeof(caption));
    s->view.picture = ui_picture_create(width, height, preview, caption);
    s->view.job = ++s->last_read;
    if (s->files.mmproj)
        reader_see(s->reader, s->view.job, s->files.mmproj, p);
    s->popup = POPUP_VIEW;
}

static void say_seen(const struct probe_sheet *seen, char *out, size_t room)
{
    if (seen->columns)
        snprintf(out, room,
                 "what the model sees: the whole picture, and larger in %u x %u tiles, each of %u "
                 "x %u",
                 seen->columns, seen->rows, seen->side, seen->side);
    else
        snprintf(out, room, "what the model sees: %u x %u", seen->side, seen->side);
}

void screen_hear_seen(struct screen *s, const struct news *n)
{
    char caption[128];
    const struct probe_sheet *seen = &n->sheet;
    if (s->popup != POPUP_VIEW || n->job != s->view.job || !seen->rgb)
        return;
    say_seen(seen, caption, sizeof(caption));
    s->view.seen = ui_picture_create(seen->width, seen->height, seen->rgb, caption);
}

void view_paint(struct screen *s)
{
    int rows, cols, wide, high;
    term_size(s->term, &rows, &cols);
    struct area a =
        popup_box(s, rows, cols, s->view.show_seen ? " As the model sees it " : " Picture ");
    struct ui_picture *p = s->view.show_seen && s->view.seen ? s->view.seen : s->view.picture;
    if (!p)
        return;
    ui_picture_fit(p, term_get_caps(s->term), a.cols, a.rows - 2, &wide, &high);
    if (wide > 0)
        ui_picture_draw(p, s->term, a.row + (a.rows - 2 - high) / 2, a.col + (a.cols - wide) / 2,
                        wide, high, 0, high);
    popup_put(s, a.row + a.rows - 1, a.col, a.cols, ui_picture_caption(p), popup_dim);
    if (s->view.seen)
        popup_put(s, a.row + a.rows, a.col + 1, a.cols,
                  s->view.show_seen ? " Tab: as it is   Esc: back "
                                    : " Tab: as the model sees it   Esc: back ",
                  popup_dim);
}
