// The slash commands of the full screen that stand in other files than screen_commands.c.
#pragma once

#include "app/screen.h"

// ---- screen_pictures.c
void screen_run_image(struct screen *s, const char *argument);
void screen_run_images(struct screen *s, const char *argument);
void screen_run_drop(struct screen *s, const char *argument);
void screen_run_move(struct screen *s, const char *argument);
void screen_run_paste(struct screen *s, const char *argument);
void screen_run_view(struct screen *s, const char *argument);
