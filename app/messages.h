// Deep copies of a conversation, for another thread. Any thread.
#pragma once

#include <stddef.h>

#include "engine/engine.h"

struct message *messages_copy(const struct message *from, size_t n); // NULL: no memory
void messages_free(struct message *list, size_t n);                  // NULL with n 0 allowed
