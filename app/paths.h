// Where things lie: $PUMICE_HOME, the XDG directories, the models folder, and which vision file
// goes with which model. Reads the environment and the file system.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

#define PATHS_DEFAULT_MODEL "SmolLM2-135M-Instruct-pumice.gguf"
#define PATHS_DEFAULT_EYES  "pumice-eyes.gguf"

struct model_files {
    char *model;     // owned
    char *mmproj;    // owned; NULL: text only
    char blind[512]; // without mmproj: one sentence why, and what to do
};

// The folder of installed models, without a slash at its end; it need not exist.
bool paths_models_folder(struct buffer *out, struct error *e);

// Adds the path of a file that outlives the program but is no document (history, draft); its folder
// is made, for the user alone, when it is not there.
bool paths_state_file(const char *name, struct buffer *out, struct error *e);

// Adds the path of a file that can be made again, in the folder of the engine's caches; only the
// engine makes that. False: there is no such folder, or no memory.
bool paths_cache_file(const char *name, struct buffer *out);

// `model` and `mmproj` as given on the command line, or NULL: the default model, no vision file
// (see paths_find_eyes). Fails with ERROR_MODEL when a name is not known. Whether a file can be
// used is for the engine to say.
bool paths_find_model(const char *model, const char *mmproj, struct model_files *out,
                      struct error *e);
void paths_finish(struct model_files *m);

// The sorted *.gguf of a folder, as full paths; false when it cannot be read. The caller frees each
// and the list.
bool paths_list_models(const char *folder, char ***out, size_t *count);

// The vision file that lies beside `model` and belongs to it, into out->mmproj, or the reason why
// there is none into out->blind.
void paths_find_eyes(const char *model, struct model_files *out);
