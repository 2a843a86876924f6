#include "app/job.h"

#include "app/messages.h"

void job_finish(struct job *j)
{
    messages_free(j->messages, j->count);
    *j = (struct job){0};
}

bool job_make(struct job *j, enum job_kind kind, const struct message *m, size_t n)
{
    *j = (struct job){.kind = kind, .messages = messages_copy(m, n), .count = n};
    return j->messages != NULL;
}
