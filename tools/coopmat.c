#include "tools/coopmat.h"

#include <stdlib.h>
#include <string.h>

#include "tools/spirv.h"

enum { BOUND_MOST = 1 << 20 };

static const char extension_nv[] = "SPV_NV_cooperative_matrix";
static const char extension_khr[] = "SPV_KHR_cooperative_matrix"; // takes as many words

// What is known of an id.
struct known {
    bool has_spec_id, is_true, is_false;
    bool is_int; // a type of whole numbers of 32 bits
    uint32_t spec_id;
    uint32_t type; // of a constant that is such a number; 0: it is none
    uint32_t value;
};

struct rewriting {
    const struct coopmat_sizes *sizes;
    const uint32_t *in; // the instruction in turn
    uint32_t words;     // of it
    uint32_t *out;
    size_t n_out;
    uint32_t bound;
    struct known *known; // by id
    uint32_t numbers;    // id of a constant 0; 1 and 2 follow. 0: not there yet
    bool has_capability, has_extension;
    const char *why; // NULL: all is well
};

static bool fail(struct rewriting *r, const char *why)
{
    r->why = why;
    return false;
}

static void emit(struct rewriting *r, const uint32_t *words, uint32_t n)
{
    memcpy(r->out + r->n_out, words, n * sizeof(*words));
    r->n_out += n;
}

static uint32_t first_word(uint32_t words, uint32_t opcode)
{
    return words << 16 | opcode;
}

// The instruction as it is, but for its opcode.
static bool rename_to(struct rewriting *r, uint32_t opcode)
{
    emit(r, (uint32_t[]){first_word(r->words, opcode)}, 1);
    emit(r, r->in + 1, r->words - 1);
    return true;
}

// What is known of the id at a word of the instruction; ids that no module can have know nothing.
static struct known known_at(const struct rewriting *r, uint32_t word)
{
    uint32_t id = word < r->words ? r->in[word] : 0;
    return id < r->bound ? r->known[id] : (struct known){0};
}

static void learn(struct rewriting *r, uint32_t word, struct known what)
{
    if (word < r->words && r->in[word] < r->bound)
        r->known[r->in[word]] = what;
}

static bool extension(struct rewriting *r)
{
    char name[sizeof(extension_khr) + 4] = {0};
    for (uint32_t i = 0; i < (r->words - 1) * 4 && i < sizeof(name) - 1; i++)
        name[i] = (char)(r->in[1 + i / 4] >> i % 4 * 8);
    if (strcmp(name, extension_nv) != 0)
        return rename_to(r, OP_EXTENSION);
    uint32_t text[(sizeof(extension_khr) + 3) / 4] = {0};
    for (uint32_t i = 0; i < sizeof(extension_khr); i++)
        text[i / 4] |= (uint32_t)(unsigned char)extension_khr[i] << i % 4 * 8;
    uint32_t n = sizeof(text) / sizeof(text[0]);
    emit(r, (uint32_t[]){first_word(n + 1, OP_EXTENSION)}, 1);
    emit(r, text, n);
    return r->has_extension = true;
}

// Constants 0, 1 and 2 of the type of the scope: the Uses, and the layouts by rows and by columns.
static bool add_numbers(struct rewriting *r)
{
    uint32_t type = known_at(r, 3).type;
    if (type == 0)
        return fail(r, "the scope of a matrix type is not a whole constant");
    r->numbers = r->bound;
    for (uint32_t i = 0; i < 3; i++)
        emit(r, (uint32_t[]){first_word(4, OP_CONSTANT), type, r->numbers + i, i}, 4);
    return true;
}

static bool type(struct rewriting *r)
{
    enum { FACTOR_A, FACTOR_B, SUMS };
    const struct coopmat_sizes *s = r->sizes;
    if (r->words != 6)
        return fail(r, "a matrix type has not five operands");
    if (r->numbers == 0 && !add_numbers(r))
        return false;
    struct known rows = known_at(r, 4), columns = known_at(r, 5);
    if (!rows.has_spec_id || !columns.has_spec_id)
        return fail(r, "the sizes of a matrix type are not specialization constants");
    uint32_t use;
    if (rows.spec_id == s->m && columns.spec_id == s->k)
        use = FACTOR_A;
    else if (rows.spec_id == s->k && columns.spec_id == s->n)
        use = FACTOR_B;
    else if (rows.spec_id == s->m && columns.spec_id == s->n)
        use = SUMS;
    else
        return fail(r, "a matrix type is neither M x K nor K x N nor M x N");
    emit(r, (uint32_t[]){first_word(7, OP_TYPE_KHR)}, 1);
    emit(r, r->in + 1, 5);
    emit(r, (uint32_t[]){r->numbers + use}, 1);
    return true;
}

// Whether the memory operands, which begin at a word of the instruction, are what glslang writes
// for shared memory. Then NonPrivatePointer is left of them.
static bool is_shared_access(const struct rewriting *r, uint32_t at)
{
    return r->words == at + 2 && known_at(r, at + 1).value == SCOPE_WORKGROUP &&
           (r->in[at] == (NON_PRIVATE_POINTER | MAKE_POINTER_AVAILABLE) ||
            r->in[at] == (NON_PRIVATE_POINTER | MAKE_POINTER_VISIBLE));
}

static uint32_t memory_words(const struct rewriting *r, uint32_t at)
{
    return is_shared_access(r, at) ? 1 : r->words - at;
}

static void emit_memory(struct rewriting *r, uint32_t at)
{
    if (is_shared_access(r, at))
        emit(r, (uint32_t[]){NON_PRIVATE_POINTER}, 1);
    else
        emit(r, r->in + at, r->words - at);
}

// Load and store of what is no matrix: `fixed` words, memory operands.
static bool access_plain(struct rewriting *r, uint32_t fixed, uint32_t opcode)
{
    if (r->words < fixed)
        return fail(r, "a value is loaded or stored with too few operands");
    emit(r, (uint32_t[]){first_word(fixed + memory_words(r, fixed), opcode)}, 1);
    emit(r, r->in + 1, fixed - 1);
    emit_memory(r, fixed);
    return true;
}

// Load and store of matrices: `fixed` words, stride, column-major, memory operands. KHR has the
// layout before the stride.
static bool access_matrix(struct rewriting *r, uint32_t fixed, uint32_t opcode)
{
    uint32_t memory = fixed + 2;
    if (r->words < memory)
        return fail(r, "a matrix is loaded or stored with too few operands");
    struct known by_columns = known_at(r, fixed + 1);
    if (!by_columns.is_true && !by_columns.is_false)
        return fail(r, "whether a matrix lies column by column is not a constant");
    if (r->numbers == 0)
        return fail(r, "a matrix is loaded or stored before there is a matrix type");
    emit(r, (uint32_t[]){first_word(memory + memory_words(r, memory), opcode)}, 1);
    emit(r, r->in + 1, fixed - 1);
    emit(r, (uint32_t[]){r->numbers + by_columns.is_true, r->in[fixed]}, 2);
    emit_memory(r, memory);
    return true;
}

static bool barrier(struct rewriting *r)
{
    uint32_t semantics = known_at(r, 3).value;
    if ((semantics & MAKE_AVAILABLE_AND_VISIBLE) != MAKE_AVAILABLE_AND_VISIBLE)
        return fail(r, "a barrier does not make available and visible what was stored");
    return rename_to(r, OP_CONTROL_BARRIER);
}

static bool capability(struct rewriting *r)
{
    if (r->words != 2 || r->in[1] != CAPABILITY_NV)
        return rename_to(r, OP_CAPABILITY);
    emit(r, (uint32_t[]){first_word(2, OP_CAPABILITY), CAPABILITY_KHR}, 2);
    return r->has_capability = true;
}

static void learn_from(struct rewriting *r, uint32_t opcode)
{
    if (opcode == OP_DECORATE && r->words == 4 && r->in[2] == DECORATION_SPEC_ID)
        learn(r, 1, (struct known){.has_spec_id = true, .spec_id = r->in[3]});
    if (opcode == OP_TYPE_INT && r->words == 4 && r->in[2] == 32)
        learn(r, 1, (struct known){.is_int = true});
    if (opcode == OP_CONSTANT && r->words == 4 && known_at(r, 1).is_int)
        learn(r, 2, (struct known){.type = r->in[1], .value = r->in[3]});
    if (opcode == OP_CONSTANT_TRUE)
        learn(r, 2, (struct known){.is_true = true});
    if (opcode == OP_CONSTANT_FALSE)
        learn(r, 2, (struct known){.is_false = true});
}

static bool instruction(struct rewriting *r, uint32_t opcode)
{
    switch (opcode) {
    case OP_CAPABILITY:
        return capability(r);
    case OP_EXTENSION:
        return extension(r);
    case OP_TYPE_NV:
        return type(r);
    case OP_LOAD: // type, result, pointer
        return access_plain(r, 4, OP_LOAD);
    case OP_STORE: // pointer, value
        return access_plain(r, 3, OP_STORE);
    case OP_LOAD_NV:
        return access_matrix(r, 4, OP_LOAD_KHR);
    case OP_STORE_NV:
        return access_matrix(r, 3, OP_STORE_KHR);
    case OP_CONTROL_BARRIER:
        return barrier(r);
    case OP_MULTIPLY_NV:
        return r->words == 6 ? rename_to(r, OP_MULTIPLY_KHR)
                             : fail(r, "a product of matrices has not five operands");
    case OP_LENGTH_NV:
        return r->words == 4 ? rename_to(r, OP_LENGTH_KHR)
                             : fail(r, "the length of a matrix has not three operands");
    default:
        learn_from(r, opcode);
        return rename_to(r, opcode);
    }
}

static const char *check_header(const uint32_t *in, size_t n)
{
    if (n < SPIRV_HEADER)
        return "it is shorter than the header of a SPIR-V module";
    if (in[0] != SPIRV_MAGIC)
        return "it is not SPIR-V in this machine's order of bytes";
    if (in[SPIRV_BOUND] == 0 || in[SPIRV_BOUND] > BOUND_MOST)
        return "its header claims no ids, or more than a million";
    return NULL;
}

static void rewrite_all(struct rewriting *r, const uint32_t *in, size_t n, size_t *at)
{
    emit(r, in, SPIRV_HEADER);
    for (*at = SPIRV_HEADER; *at < n; *at += r->words) {
        r->in = in + *at;
        r->words = r->in[0] >> 16;
        if (r->words == 0 || r->words > n - *at)
            r->why = "an instruction has no words, or more than are left";
        if (r->why || !instruction(r, r->in[0] & 0xffff))
            return;
    }
    if (!r->has_capability || !r->has_extension || r->numbers == 0)
        r->why = "it has no matrices of SPV_NV_cooperative_matrix";
    r->out[SPIRV_BOUND] = r->bound + 3;
}

uint32_t *coopmat_rewrite(const uint32_t *in, size_t n, const struct coopmat_sizes *sizes,
                          size_t *n_out, const char **why, size_t *at)
{
    *at = 0;
    if ((*why = check_header(in, n)))
        return NULL;
    // No instruction grows by more than a word; the constants are 12.
    struct rewriting r = {.sizes = sizes,
                          .bound = in[SPIRV_BOUND],
                          .out = calloc(2 * n + 12, sizeof(*in)),
                          .known = calloc(in[SPIRV_BOUND], sizeof(*r.known))};
    r.why = r.out && r.known ? NULL : "memory is exhausted";
    if (!r.why)
        rewrite_all(&r, in, n, at);
    free(r.known);
    *n_out = r.n_out;
    if (!(*why = r.why))
        return r.out;
    free(r.out);
    return NULL;
}
