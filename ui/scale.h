// Resampling of RGB by area: each target pixel is the mean of the source area that it covers, so
// that nothing flickers or is skipped when a picture is made smaller, and an integer enlargement
// repeats pixels exactly. Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// `from` is width x height x 3, `to` has room for to_width x to_height x 3; rows are packed. All
// sides are 1..65535. False: no memory.
bool scale_area(const uint8_t *from, uint32_t width, uint32_t height, uint8_t *to,
                uint32_t to_width, uint32_t to_height);
