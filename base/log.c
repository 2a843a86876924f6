#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

static struct {
    pthread_mutex_t lock;
    enum log_level most;
    log_sink *sink;
    void *data;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .most = LOG_WARNING};

void log_set_level(enum log_level most)
{
    pthread_mutex_lock(&logger.lock);
    logger.most = most;
    pthread_mutex_unlock(&logger.lock);
}

enum log_level log_get_level(void)
{
    pthread_mutex_lock(&logger.lock);
    enum log_level most = logger.most;
    pthread_mutex_unlock(&logger.lock);
    return most;
}

void log_set_sink(log_sink *sink, void *data)
{
    pthread_mutex_lock(&logger.lock);
    logger.sink = sink;
    logger.data = data;
    pthread_mutex_unlock(&logger.lock);
}

void log_message(enum log_level level, const char *format, ...)
{
    char raw[1024], line[3 * sizeof(raw)];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    if (n < 0)
        return;
    if (n >= (int)sizeof(raw))
        n = sizeof(raw) - 1;
    // What is logged may hold file names and texts out of files: never raw to a terminal.
    utf8_clean(line, sizeof(line), raw, (size_t)n);

    pthread_mutex_lock(&logger.lock);
    if (level <= logger.most) {
        if (logger.sink)
            logger.sink(logger.data, level, line);
        else
            fprintf(stderr, "pumice: %s\n", line);
    }
    pthread_mutex_unlock(&logger.lock);
}
