// The thread that reads pictures for the screen: from a path as it was typed, or from the
// clipboard. Each ends as NEWS_PICTURE or NEWS_PICTURE_FAILED with the job number that the caller
// gave.
#pragma once

#include "app/news.h"

struct reader;

struct reader *reader_create(struct news_queue *news, struct error *e);
void reader_destroy(
    struct reader *r); // what runs is waited for (its limits are seconds); NULL allowed
// `typed`: copied; NULL: the clipboard. False: no memory.
bool reader_ask(struct reader *r, unsigned job, const char *typed);
// What the model of a vision file sees of it, as NEWS_SEEN. False: no memory.
bool reader_see(struct reader *r, unsigned job, const char *mmproj, struct picture *p);
