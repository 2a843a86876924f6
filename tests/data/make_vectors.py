#!/usr/bin/env python3
"""Writes vectors-small.json: texts and their ids by Hugging Face `tokenizers` over a small vocabulary.

  make_vectors.py lm-Q4_0.gguf vectors-small.json      (needs the packages tokenizers and gguf)
Pieces: every number alone, then GPT-2's expression; no special tokens, no BOS.
"""
import json
import random
import sys

import gguf
from tokenizers import Tokenizer, models, pre_tokenizers


def strings(reader, key):
    field = reader.fields[key]
    return [bytes(field.parts[i]).decode() for i in field.data]


reader = gguf.GGUFReader(sys.argv[1])
tokens = strings(reader, "tokenizer.ggml.tokens")
merges = [tuple(m.split(" ", 1)) for m in strings(reader, "tokenizer.ggml.merges")]
tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])

texts = [
    "", " ", "   ", "\n \n", "Hello world", " the theatre is on the other side", "I've he'll she'd it's THEY'RE",
    "a1b22 c333  4", "x  y   z    ", "\t\tif (a == b) {\n\t\treturn 0;\n\t}\n", "naïve café Ünïcödé", "日本語 テキスト",
    "🙂🙂 👩‍👩‍👧", "½²Ⅷ٣", "<|im_start|>user\nhi<|im_end|>", "\u00a0\u2003\u3000a\u2028b", "don’t “quote”",
    "\x01!\x02!\x00?", "e\u0301", "the" * 40, "in" * 33 + "g", " " * 100 + "end", "=" * 65,
]
random.seed(1)
parts = list("aehinorst  \n\t'.,!?(0)1234é日🙂½\u00a0") + ["the ", "'s", "'ll", "ing", "tion", "  ", "ÿ", "\x01"]
texts += ["".join(random.choices(parts, k=random.randint(1, 60))) for _ in range(200)]
vectors = [{"text": t, "ids": tokenizer.encode(t, add_special_tokens=False).ids} for t in texts]
with open(sys.argv[2], "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(v) for v in vectors) + "\n]\n")
