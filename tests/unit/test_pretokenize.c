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

// Appends the pieces of text[0..size), each ended by 0x01.
static void reference(pcre2_code *code, const char *text, size_t size, struct buffer *out)
{
    pcre2_match_data *match = pcre2_match_data_create(4, NULL);
    for (size_t at = 0; at < size;) {
        assert_true(pcre2_match(code, (PCRE2_SPTR)text, size, at, 0, match, NULL) > 0);
        PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match);
        assert_int_equal(ends[0], at);
        assert_true(buffer_add(out, text + at, ends[1] - at) && buffer_add(out, "\1", 1));
        at = ends[1];
    }
    pcre2_match_data_free(match);
}

static void reference_smollm(pcre2_code *number, pcre2_code *gpt2, const char *text, size_t size,
                             struct buffer *out)
{
    pcre2_match_data *match = pcre2_match_data_create(4, NULL);
    size_t at = 0;
    while (pcre2_match(number, (PCRE2_SPTR)text, size, at, 0, match, NULL) > 0) {
        PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match);
        reference(gpt2, text + at, ends[0] - at, out);
        reference(gpt2, text + ends[0], ends[1] - ends[0], out);
        at = ends[1];
    }
    reference(gpt2, text + at, size - at, out);
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

static void assert_same(pcre2_code *code, const char *name, const struct buffer *text)
{
    struct buffer want = {0}, got = {0};
    reference(code, text->data, text->size, &want);
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
        "a",        "Z",      "é",      "ß",      "я",      "日",     "ا",   "ʰ",
        "ǅ",        "0",      "7",      "٣",      "Ⅷ",      "½",      "४",   " ",
        " ",        " ",      "  ",     "\n",     "\t",     "\r\n",   "\v",  "\u00a0",
        "\xc2\x85", "\u2003", "\u2028", "\u3000", "\u180e", "\u200b", "'",   "'s",
        "'t",       "'re",    "'ve",    "'m",     "'ll",    "'d",     "'S",  "'l",
        "'r",       "’s",     "!",      "?!",     "_",      "$",      "€",   "<|",
        "\u0301",   "🙂",   "\u200d", "\ufffd", "\ue000", "\ufeff", "\x7f"};
    pcre2_code *gpt2 = compile(gpt2_source), *number = compile("\\p{N}");
    pcre2_code *llama_bpe = compile(LLAMA3_SOURCE("{1,3}")), *qwen2 = compile(LLAMA3_SOURCE(""));
    srand(7);
    for (int round = 0; round < 20000; round++) {
        struct buffer text = {0}, want = {0}, got = {0};
        for (int n = rand() % 14; n >= 0; n--)
            buffer_add_text(&text, parts[(size_t)rand() % (sizeof(parts) / sizeof(*parts))]);
        reference(gpt2, text.data, text.size, &want);
        pieces("gpt-2", text.data, text.size, &got);
        assert_string_equal(got.data, want.data);
        buffer_clear(&want);
        buffer_clear(&got);
        reference_smollm(number, gpt2, text.data, text.size, &want);
        pieces("smollm", text.data, text.size, &got);
        assert_string_equal(got.data, want.data);
        assert_same(llama_bpe, "llama-bpe", &text);
        assert_same(qwen2, "qwen2", &text);
        buffer_free(&text);
        buffer_free(&want);
        buffer_free(&got);
    }
    pcre2_code_free(gpt2);
    pcre2_code_free(llama_bpe);
    pcre2_code_free(qwen2);
    pcre2_code_free(number);
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
    char names[64];
    pretokenizer_names(names, sizeof(names));
    assert_string_equal(names, "gpt-2, smollm, llama-bpe, llama3, qwen2");
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
