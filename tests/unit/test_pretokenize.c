// The pre-tokenizers, against PCRE2 running the published expressions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buffer.h"
#include "engine/text/pretokenize.h"

// \s is written out: PCRE2's own holds U+180E, which is no white space since Unicode 6.3.
#define WHITE                                                                                      \
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"    \
    "\\x{205f}\\x{3000}"
static const char gpt2_source[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" WHITE
                                  "\\p{L}\\p{N}]+|[" WHITE "]+(?![^" WHITE "])|[" WHITE "]+";

// The same for llama-bpe and, with single digits, qwen2.
#define LLAMA3_SOURCE(digits)                                                                      \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" digits "| ?[^" WHITE       \
    "\\p{L}\\p{N}]+[\\r\\n]*|[" WHITE "]*[\\r\\n]+|[" WHITE "]+(?![^" WHITE "])|[" WHITE "]+"

static pcre2_code *compile(const char *source)
{
    int number;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)source, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP, &number, &at, NULL);
    assert_non_null(code);
    return code;
}

// Appends the pieces of text[0..size), each ended by 0x01. Each expression in turn cuts the pieces
// that the ones before it left; what it does not match stays.
static void reference_steps(pcre2_code *const *steps, size_t n, const char *text, size_t size,
                            struct buffer *out)
{
    if (size == 0)
        return;
    if (n == 0) {
        assert_true(buffer_add(out, text, size) && buffer_add(out, "\1", 1));
        return;
    }
    pcre2_match_data *match = pcre2_match_data_create(4, NULL);
    size_t at = 0;
    while (at < size && pcre2_match(steps[0], (PCRE2_SPTR)text, size, at, 0, match, NULL) > 0) {
        PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match);
        reference_steps(steps + 1, n - 1, text + at, ends[0] - at, out);
        reference_steps(steps + 1, n - 1, text + ends[0], ends[1] - ends[0], out);
        at = ends[1];
    }
    reference_steps(steps + 1, n - 1, text + at, size - at, out);
    pcre2_match_data_free(match);
}

static void pieces(const char *name, const char *text, size_t size, struct buffer *out)
{
    const struct pretokenizer *rules = pretokenizer_find(name, strlen(name));
    assert_non_null(rules);
    struct pretoken_walk w = pretoken_walk_start(rules, text, size);
    const char *piece;
    size_t length;
    while (pretoken_walk_next(&w, &piece, &length)) {
        assert_true(length > 0);
        assert_true(buffer_add(out, piece, length) && buffer_add(out, "\1", 1));
    }
}

static void assert_same(pcre2_code *const *steps, size_t n, const char *name,
                        const struct buffer *text)
{
    struct buffer want = {0}, got = {0};
    reference_steps(steps, n, text->data, text->size, &want);
    pieces(name, text->data, text->size, &got);
    assert_string_equal(got.data, want.data);
    buffer_free(&want);
    buffer_free(&got);
}

// Walks of random characters from all classes, contractions and their near misses among them.
static void pieces_are_those_of_the_published_expressions(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "1234",   "~=",     "a",      "Z",      "é",      "ß",      "я",    "日",     "ا",
        "ʰ",      "ǅ",      "0",      "7",      "٣",      "Ⅷ",      "½",    "४",      " ",
        " ",      " ",      "  ",     "\n",     "\t",     "\r\n",   "\v",   "\u00a0", "\xc2\x85",
        "\u2003", "\u2028", "\u3000", "\u180e", "\u200b", "'",      "'s",   "'t",     "'re",
        "'ve",    "'m",     "'ll",    "'d",     "'S",     "'l",     "'r",   "’s",     "!",
        "?!",     "_",      "$",      "€",      "<|",     "\u0301", "🙂", "\u200d", "\ufffd",
        "\ue000", "\ufeff", "\x7f"};
    pcre2_code *words = compile(gpt2_source), *number = compile("\\p{N}");
    pcre2_code *smollm[] = {number, words}, *llama_bpe = compile(LLAMA3_SOURCE("{1,3}"));
    pcre2_code *qwen2 = compile(LLAMA3_SOURCE(""));
    pcre2_code *by_default[] = {compile("[\\p{P}\\$\\+<=>\\^~\\|]+"), words, compile("\\p{N}+"),
                                compile("[0-9][0-9][0-9]")};
    srand(7);
    for (int round = 0; round < 20000; round++) {
        struct buffer text = {0};
        for (int n = rand() % 14; n >= 0; n--)
            buffer_add_text(&text, parts[(size_t)rand() % (sizeof(parts) / sizeof(*parts))]);
        assert_same(&words, 1, "gpt-2", &text);
        assert_same(smollm, 2, "smollm", &text);
        assert_same(&llama_bpe, 1, "llama-bpe", &text);
        assert_same(&qwen2, 1, "qwen2", &text);
        assert_same(by_default, 4, "default", &text);
        buffer_free(&text);
    }
    pcre2_code *all[] = {words,         number,        llama_bpe,    qwen2,
                         by_default[0], by_default[2], by_default[3]};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        pcre2_code_free(all[i]);
}

static void assert_pieces(const char *name, const char *text, size_t size, const char *want)
{
    struct buffer got = {0};
    pieces(name, text, size, &got);
    assert_string_equal(got.data ? got.data : "", want);
    buffer_free(&got);
}

static void bytes_that_are_not_utf8_count_as_symbols(void **state)
{
    (void)state;
    // A lone continuation byte, a cut sequence, an overlong form; NUL is a symbol as well.
    assert_pieces("gpt-2", "a\x80\xe6\x97 b!\xc0\xaf", 9, "a\1\x80\xe6\x97\1 b\1!\xc0\xaf\1");
    assert_pieces("smollm",
                  "\xff"
                  "12\xff\xff",
                  5,
                  "\xff\1"
                  "1\1"
                  "2\1\xff\xff\1");
    assert_pieces("smollm", "", 0, "");
    struct buffer nul = {0};
    pieces("gpt-2", "a\0!b", 4, &nul);
    assert_int_equal(nul.size, 7);
    assert_memory_equal(nul.data, "a\1\0!\1b\1", 7);
    buffer_free(&nul);
}

static void unknown_names_are_not_found(void **state)
{
    (void)state;
    assert_null(pretokenizer_find("gpt-22", 6));
    assert_null(pretokenizer_find("gpt-2", 4));
    assert_null(pretokenizer_find("", 0));
    assert_null(pretokenizer_find("gpt-2 phi-2", 11));
    assert_null(pretokenizer_find("llama", 5));
    assert_ptr_equal(pretokenizer_find("llama-v3", 8), pretokenizer_find("llama-bpe", 9));
    assert_ptr_equal(pretokenizer_find("minerva-7b", 10), pretokenizer_find("smollm", 6));
    char names[64];
    pretokenizer_names(names, sizeof(names));
    assert_string_equal(names, "gpt-2, smollm, llama-bpe, dbrx, qwen2, default");
    pretokenizer_names(names, 4);
    assert_string_equal(names, "gpt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_those_of_the_published_expressions),
        cmocka_unit_test(bytes_that_are_not_utf8_count_as_symbols),
        cmocka_unit_test(unknown_names_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
