// What the tests of the whole engine share: where models and data are, and objects made or the test
// fails. The default model is made by set-up and is not in the repository; PUMICE_TEST_MODEL and
// PUMICE_TEST_EYES name its files.
#pragma once

#include <jansson.h>

#include "engine/engine.h"
#include "engine/probe.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

// NMSE of logits that were reached in two ways. What was decoded token by token differs from what
// was prefilled by the last bit of a float at first; the half floats of the cache then round some
// keys and values the other way, which comes to what the rounding itself costs (7e-7 for these
// prompts, by numpy with and without it, and up to 4e-6 between two runs that differ in the last
// bit).
#define SAME_MOST    1e-6
#define ROUNDED_MOST 1e-5

// The most tokens that a test lets the model say.
enum { ANSWER_TOKENS = 64 };

// A file below tests/data. The text lives until the eighth call from here.
const char *data_path(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *default_model(void);
const char *default_eyes(void);
// Ends the program as skipped, with the reason, where there is no default model.
void need_default_model(void);

struct engine *open_engine_with(const struct engine_params *params);
struct engine *open_engine(const char *model, const char *mmproj, uint32_t context);
// Ends a group of tests whose beginning left its engine in *state; read_pictures' go as well.
int close_engine(void **state);
struct session *open_session(struct engine *e);
struct picture *read_picture(const char *path);
// Two pictures of tests/data that the default model is asked about; for a group of tests.
extern struct picture *rings, *word;
void read_pictures(void);
void unref_pictures(void);
json_t *read_json(const char *path);
// The caller frees it. NULL: there is no such file.
float *read_floats(const char *path, size_t *count);

struct message ask(const char *text, struct picture *const *pictures, size_t n);
// Brings the session to the messages or the test fails.
struct sync_report sync_to(struct session *s, const struct message *messages, size_t n);
// What a session says until it ends its answer.
struct answer {
    char text[1024];
    int32_t ids[ANSWER_TOKENS];
    size_t count;
    enum step step; // that ended it; STEP_TOKEN: ANSWER_TOKENS were made
};
struct answer hear_answer(struct session *s, const struct sampling *how); // NULL: greedily
bool same_answers(const struct answer *a, const struct answer *b);

// Sum of squared differences over the sum of squares of what is wanted.
double nmse(const float *got, const float *want, size_t n);
size_t greatest(const float *values, size_t n);
// Prints the NMSE of the logits of two sessions of an engine; they have the same argmax and are as
// near as that, or the test fails.
void check_same_logits(const struct engine *e, struct session *s, struct session *other,
                       double most, const char *what);
