// The program's only logger, and one of its few globals. Messages go to standard error until a sink
// is set (the full screen sets one). Levels: errors and warnings always, the rest with -v (debug:
// -vv). Any thread may log.
#pragma once

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

// Called with a finished line without a newline.
typedef void log_sink(void *data, enum log_level level, const char *line);

void log_set_level(enum log_level most); // messages above it are dropped; LOG_WARNING at start
void log_set_sink(log_sink *sink, void *data); // NULL: back to standard error
enum log_level log_get_level(void);

void log_message(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_message(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_DEBUG, __VA_ARGS__)
