#!/usr/bin/env python3
"""Trains small vocabularies on a text of our own and asks the libraries that trained them for ids.

  make_vocabularies.py FOLDER      (needs the packages tokenizers, sentencepiece, transformers, gguf)
Writes NAME.gguf (a vocabulary, no tensors) and NAME.json ([{"text", "special", "ids", "said"}]):
  gpt-2, llama-bpe, qwen2, smollm, default   byte-level BPE by Hugging Face `tokenizers`
  spm, phi-3                                 SentencePiece BPE with byte fallback
"special": tokens of the file's own are recognised in the text (a template's words); otherwise only
user-defined ones are. "said": what the ids stand for, without control tokens. No BOS.
"""
import json
import pathlib
import random
import sys

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaTokenizer

# ---- the text

SENTENCES = """
A red bus waits at the corner while two children count its windows.
The lamp on the left is taller than the one on the right, isn't it?
I've seen this picture before; they've painted the fence and we'll paint the gate.
She'd rather walk, he's tired, you're early, and I'm not sure that it can't be done.
There are three apples, one pear and no plums in the bowl on the table.
What colour is the door behind the bicycle? It is green, with a white handle.
THE SIGN SAYS: CLOSED ON MONDAYS. Don't knock!
Under the bridge the water is dark, and above it the sky is almost white.
Der kleine Hund schläft unter dem großen Tisch, weil es draußen regnet.
Über den Dächern fliegen Vögel; die Straße ist naß und die Äpfel sind süß.
Le garçon a mangé une crêpe près de la fenêtre où l'été brille déjà.
Ça va, mais l'hôtel n'a plus de chambre à côté de la forêt.
El niño pequeño corre detrás de la pelota amarilla por la mañana.
Красная машина стоит у дома, а рядом играют дети.
Сколько здесь окон? Я вижу семь больших окон и одну дверь.
Το κόκκινο σπίτι είναι δίπλα στη θάλασσα.
赤い車が家の前にあります。子供は二人います。
これは何ですか。青い空と白い雲です。
红色的公共汽车停在路口，两个孩子在数窗户。
图片里有三个苹果和一个梨。
빨간 자동차가 집 앞에 있습니다.
في الصورة بيت صغير وشجرة كبيرة.
בתמונה יש בית קטן ועץ גדול.
चित्र में एक लाल गाड़ी है।
""".strip().split("\n")

CODE = """
for (int i = 0; i < n; ++i) {
    total += row[i] * weight[i];
}
def area(width, height):
\treturn width * height  # in pixels
if (!file || size == 0)
    return error_set(e, "cannot read %s", path);
x = {"name": "lamp", "size": [336, 336], "ok": true}
<p class="note">2 &lt; 3 &amp;&amp; 5 &gt; 4</p>
SELECT name, count(*) FROM pictures WHERE width >= 640 GROUP BY name;
https://example.org/a/b.png?w=1024&h=768#top
| left | right |
|------|-------|
- one\n- two\n  * two and a half
""".strip("\n").split("\n")

SYMBOLS = ["🙂", "🎉🎉", "👩‍👩‍👧", "🇩🇪", "→", "½", "²", "€ 5", "№ 7", "“so”", "‘it’", "…", "—", "π ≈ 3.14159", "Ⅷ", "٣", "४"]
BLANKS = [" ", " ", " ", " ", "  ", "\n", "\n\n", "    ", "\t", " \n", "\r\n"]


def training_text():
    pick = random.Random(7)
    parts = []
    while sum(map(len, parts)) < 40000:
        kind = pick.random()
        if kind < 0.55:
            words = pick.choice(SENTENCES).split(" ")
            start = pick.randrange(len(words))
            parts.append(" ".join(words if pick.random() < 0.4 else words[start:start + 6]))
        elif kind < 0.75:
            parts.append("\n".join(pick.choices(CODE, k=pick.randint(1, 4))))
        elif kind < 0.9:
            parts.append(str(pick.randrange(10 ** pick.randint(1, 9))))
        else:
            parts.append(pick.choice(SYMBOLS))
        parts.append(pick.choice(BLANKS))
    return "".join(parts)


# ---- the texts of the vectors: none is from the training text

TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", " \n \n", "\r\n", "\r\n\r\n x", "     five", "end   ", "end\n", " \t mixed \t ",
    "Hello world", " Hello world", "a  b   c    d", "line\n\n\n  indented\n\ttab", "two  spaces, then  three   more",
    "I'LL WE'RE you've he'd She'S 'tis o'clock", "'s't're", "don’t won’t", "isn't\n'll",
    "1", "12", "123", "1234", "12345678901234567890", "3.14159", "1,000,000", "x1y22z333w4444", " 7 77 777 7777", "0x1F+0b101=36",
    "½ ½½ 1½ 1½23 123½456", "Ⅷ٣४ ៣៣៣៣", "2024-05-17T08:09:10Z", "5 % of 640×480",
    "hello.world!?...", "((a+b)*c)^2 <= |d|~e=f", "$5 + £6 = €11", "a_b-c/d\\e", "`code` ``` # ## ###", "--- *** ___", "\"'`\"", "<<>> <= => <->",
    "for (int k = 9; k --> 0;) { sum -= k; }", "\tif x:\n\t\treturn 'y'\n", "https://example.org/x?y=1&z=%20", "{\"k\": [1, 2.5, null]}",
    "naïve café Ünïcödé", "ÄÖÜß äöü", "e\u0301 a\u0308 combining", "ŉ ſ K Å ﬁ", "İı", "Привет, мир! 2024", "Ελλάδα", "你好，世界！", "今日は良い天気ですね。123", "カタカナ ひらがな 漢字",
    "안녕하세요 세계", "مرحبا بالعالم ٤٥٦", "שלום עולם", "नमस्ते दुनिया १२३", "สวัสดีชาวโลก", "中a文b字1混2合",
    "🙂", "🙂🙂 🙂", "👩‍👩‍👧‍👦 family", "🇩🇪🇯🇵", "👍🏽!", "a🎉b", "☃️ snow", "\U0001fae0\U0001f9ff",
    "\u00a0nbsp\u00a0x", "\u2003em\u2003space", "\u3000全角\u3000", "\u200bzero\u200d", "\u2028line\u2029para", "\ufeffbom", "\x85next",
    "\x01\x02 control \x1b[0m \x7f", "a\x00b", "\ufffd", "ÿþ", "x" * 70, "ab" * 33, " " * 40, "\n" * 17, "=" * 65, "word " * 12, "9" * 50,
    "A chat between a curious user and an artificial intelligence assistant.", "USER: What is this? ASSISTANT:", "###Human: hi###Assistant: ho",
]
# With the tokens that every vocabulary gets; {C}: a control token, {U}: a user-defined one.
WITH_TOKENS = ["{C}", "{C}user\nhi{E}\n{C}assistant\n", " {C} ", "a{C}b", "{C}{C}{E}", "x {E}", "{E}\n\ny", "{C", "{U}", "a{U}b", " {U} ", "{U}{U}", "  {U}\n7", "x{U}{C}y", "{C}{U}", "USER: {U}1 2{E}USER: q"]
CONTROL, END, USER = "<|turn|>", "<|close|>", "<box>"


def random_texts(count):
    pick = random.Random(11)
    letters = list("aehinorstABC   \n\n\t'.,!?()=+0123456789éüßжω日本한🙂½\u00a0`$") + ["the ", "'s", "'LL", "ing", "  ", "\r\n", "ung", "tion"]
    return ["".join(pick.choices(letters, k=pick.randint(1, 40))) for _ in range(count)]


def all_texts():
    filled = [t.replace("{C}", CONTROL).replace("{E}", END).replace("{U}", USER) for t in WITH_TOKENS]
    return [(t, False) for t in TEXTS + random_texts(60)] + [(t, s) for t in filled for s in (False, True)]


# ---- byte-level BPE

WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
STEPS = {
    "gpt-2": [WORDS],
    "llama-bpe": [LLAMA % "{1,3}"],
    "qwen2": [LLAMA % ""],
    "smollm": [r"\p{N}", WORDS],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", WORDS, r"\p{N}+", r"[0-9][0-9][0-9]"],
}
# A piece that no merge makes: taken whole or not.
UNREACHABLE = "Ġquixotic"


def pre_tokenizer(name):
    steps = [pre_tokenizers.Split(Regex(step), "isolated") for step in STEPS[name]]
    return pre_tokenizers.Sequence(steps + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def train_bpe(name, text):
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizer(name)
    # SmolLM2's vocabulary lacks bytes that its text never held; the others have all.
    alphabet = [] if name == "smollm" else pre_tokenizers.ByteLevel.alphabet()
    trained.train_from_iterator([text], trainers.BpeTrainer(vocab_size=640, initial_alphabet=alphabet, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]
    vocabulary = {token: i + 2 for token, i in model["vocab"].items()}
    for token in (UNREACHABLE, USER):
        vocabulary[token] = len(vocabulary) + 2
    vocabulary |= {CONTROL: 0, END: 1}
    whole = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=name == "llama-bpe"))
    whole.pre_tokenizer = pre_tokenizer(name)
    whole.decoder = decoders.ByteLevel()
    whole.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in (CONTROL, END)])
    whole.add_tokens([AddedToken(USER, special=False, normalized=False)])
    return whole, vocabulary, merges


def write_bpe(folder, name, text):
    tokenizer, vocabulary, merges = train_bpe(name, text)
    tokens = sorted(vocabulary, key=vocabulary.get)
    types = [gguf.TokenType.CONTROL if t in (CONTROL, END) else gguf.TokenType.USER_DEFINED if t == USER else gguf.TokenType.NORMAL for t in tokens]
    w = gguf.GGUFWriter(folder / f"{name}.gguf", "llama")
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre(name)
    w.add_token_list(tokens)
    w.add_token_types(types)
    w.add_token_merges([" ".join(m) for m in merges])
    w.add_eos_token_id(1)
    finish(w)

    def ids_of(t, special):
        tokenizer.encode_special_tokens = not special
        return tokenizer.encode(t, add_special_tokens=False).ids

    save(folder / f"{name}.json", all_texts() + [(" quixotic", False), ("a quixotic quixotical", False)], ids_of,
         lambda ids: tokenizer.decode(ids, skip_special_tokens=True))


# ---- SentencePiece

PHI_TOKENS = ["<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"]
PHI_TEXTS = ["<|user|>\nWhat is this?<|end|>\n<|assistant|>\n", "<|user|>\n  hi<|end|>\n", "a <|end|> b", "<|end|>\u3000x", "<|endoftext|>\n y", "<s> z", "</s>  z",
             "<|system|>\nBe brief.<|end|>\n<|user|>\n\n\nx<|end|>\n<|assistant|>\nYes.<|end|>\n"]


def train_spm(folder, text):
    source = folder / "training.txt"
    source.write_text(text, newline="")
    sentencepiece.SentencePieceTrainer.train(
        input=str(source), model_prefix=str(folder / "training"), model_type="bpe", vocab_size=900, byte_fallback=True,
        character_coverage=0.995, normalization_rule_name="identity", add_dummy_prefix=True, remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True, split_digits=True, user_defined_symbols=[USER], control_symbols=[CONTROL, END],
        max_sentence_length=1000000, minloglevel=2)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "training.model"))
    return processor, str(folder / "training.model")


def write_spm(folder, name, p, model_file, added):
    tokens = [p.id_to_piece(i) for i in range(p.vocab_size())] + added
    scores = [p.get_score(i) for i in range(p.vocab_size())] + [-1000.0] * len(added)

    def type_of(i):
        if i >= p.vocab_size() or p.is_control(i):
            return gguf.TokenType.CONTROL
        return (gguf.TokenType.UNKNOWN if p.is_unknown(i) else gguf.TokenType.BYTE if p.is_byte(i)
                else gguf.TokenType.USER_DEFINED if tokens[i] == USER else gguf.TokenType.NORMAL)

    w = gguf.GGUFWriter(folder / f"{name}.gguf", "llama")
    w.add_tokenizer_model("llama")
    w.add_token_list(tokens)
    w.add_token_scores(scores)
    w.add_token_types([type_of(i) for i in range(len(tokens))])
    w.add_bos_token_id(p.bos_id())
    w.add_eos_token_id(p.eos_id())
    w.add_unk_token_id(p.unk_id())
    finish(w)

    # As LLaVA's checkpoints use it: no space in front of what follows a special token.
    special = LlamaTokenizer(model_file, legacy=False, add_bos_token=False)
    special.add_special_tokens({"additional_special_tokens": [AddedToken(t, special=True, normalized=False) for t in (CONTROL, END)]})
    special.add_special_tokens(
        {"additional_special_tokens": [AddedToken(t, special=True, normalized=False, rstrip=t != "<|endoftext|>") for t in added]},
        replace_additional_special_tokens=False)
    if added:
        strips = [AddedToken(t, special=True, normalized=False, rstrip=True) for t in (CONTROL, END, "</s>")]
        special.add_tokens(strips, special_tokens=True)
    assert special.convert_tokens_to_ids(tokens) == list(range(len(tokens)))

    def ids_of(t, with_special):
        return special.convert_tokens_to_ids(special.tokenize(t)) if with_special else p.encode(t)

    def said(ids):
        # The dummy prefix is in the ids: sentencepiece takes it off, a stream of tokens does not.
        known = [i for i in ids if i < p.vocab_size()]
        return (" " if known and tokens[known[0]].startswith("\u2581") else "") + p.decode(known)

    texts = all_texts() + [(t, s) for t in ("<s>", "</s>x", "<unk> <0x41>", "a</s>USER: b", "\u2581x") for s in (False, True)]
    texts += [(t, s) for t in (PHI_TEXTS if added else []) for s in (False, True)]
    save(folder / f"{name}.json", texts, ids_of, None if added else said)


# ---- files

def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.close()


def save(path, texts, ids_of, said):
    vectors = []
    for text, special in texts:
        v = {"text": text, "special": special, "ids": ids_of(text, special)}
        back = said(v["ids"]) if said else None
        # Bytes that the vocabulary lacks, and unknown pieces, the libraries replace by signs.
        if back is not None and back.count("\ufffd") == text.count("\ufffd") and "\u2047" not in back:
            v["said"] = back
        vectors.append(v)
    path.write_text("[\n" + ",\n".join(json.dumps(v) for v in vectors) + "\n]\n")
    print(path, len(vectors))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    text = training_text()
    for name in STEPS:
        write_bpe(folder, name, text)
    processor, model_file = train_spm(folder, text)
    write_spm(folder, "spm", processor, model_file, [])
    write_spm(folder, "phi-3", processor, model_file, PHI_TOKENS)
    for left in ("txt", "model", "vocab"):
        (folder / f"training.{left}").unlink()


if __name__ == "__main__":
    main()
