// The inside of a picture, for the engine (engine.h says what a picture is).
#pragma once

#include "engine/engine.h"

enum { PICTURE_HASH = 32, PICTURE_PREVIEW_SIDE = 2048 };

const uint8_t *picture_bytes(const struct picture *p, size_t *size); // of its file
const uint8_t *picture_hash(const struct picture *p);                // SHA-256 of them
