// How wide the vectors are that Vulkan's driver for processors (lavapipe) computes with: 256 bits,
// unless the environment says otherwise when it is loaded. Whether 512 are faster differs between
// processors, so both are timed once (width_measure.c), and a file in the cache folder keeps the
// choice for this processor and this driver.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define WIDTH_VARIABLE "LP_NATIVE_VECTOR_WIDTH" // Mesa's
#define WIDTH_FILE     "vector-width"

enum { WIDTH_NARROW = 256, WIDTH_WIDE = 512, WIDTH_NAME = 49 };

enum width_origin {
    WIDTH_DRIVERS, // nothing is known: as the driver likes
    WIDTH_GIVEN,   // by the user, in the environment
    WIDTH_REMEMBERED,
    WIDTH_MEASURED, // now
};

// Puts what is remembered into the environment. Before a driver is loaded and a thread started.
enum width_origin width_apply(void);

// ---- the choice

struct width_times {
    double gemm, gemv; // ms of many columns, of one; 0: unknown
};
// Wide, where it takes 5 % less time; narrow also where something is unknown.
uint32_t width_choose(struct width_times narrow, struct width_times wide);

// The name of this machine's processor; false: it is none that has both widths (AVX-512).
bool width_processor(char name[WIDTH_NAME]);

// Adds what the file holds. False: there is no file `library`, the driver's.
bool width_record(uint32_t bits, const char *library, const char *processor, struct buffer *out);
// The bits of such a text; 0: it is none, or of another processor, or the driver has changed.
uint32_t width_recall(const char *text, const char *processor);
