// One whole control sequence of the terminal, or one byte of the keyboard, -> an event. Pure, no
// state; the cutting of the stream into sequences is input_step.c's.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ui/input.h"

// What follows ESC [ or ESC O, up to and with the final byte (0x40..0x7e). EVENT_NONE: nothing that
// we know; it is dropped.
void sequence_csi(const char *body, size_t size, struct event *out);
void sequence_ss3(const char *body, size_t size, struct event *out);
// CSI M and three bytes: the mouse as terminals tell it that do not know the SGR form.
void sequence_old_mouse(const char bytes[3], struct event *out);
// A C0 control or DEL (not ESC) as a key.
void sequence_control(unsigned char byte, struct event *out);
// "200" and "201" as parameters of CSI ~.
bool sequence_is_paste_start(const char *body, size_t size);
