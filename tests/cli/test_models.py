"""Model files that are damaged, of another kind, or do not belong together."""
import os
import struct

import gguf_file
from gguf_file import Gguf
import results
import runner
from runner import ASK, DEVICE, EYES, LM, MODEL, PICTURE, Case


class DamagedModel(Case):
    def refuse_model(self, words, path):
        """The same refusal by all that read a model; each opens it in its own way."""
        result = self.refuse(MODEL, words, "-m", path, "-p", "hi")
        self.refuse(MODEL, (), "-m", path, "--plain", data="hi\n")
        self.refuse(MODEL, (), "inspect", "tokens", "-m", path, "-p", "hi")
        return result

    def refuse_bytes(self, words, data):
        return self.refuse_model(words, self.write("model.gguf", data))

    def refuse_change(self, words, change):
        g = Gguf(LM)
        change(g)
        return self.refuse_model(words, g.write(self.files / "model.gguf"))

    def test_truncated_anywhere(self):
        whole = LM.read_bytes()
        head = len(Gguf(LM).head())
        for size in (1, 3, 4, 7, 8, 15, 23, 24, 30, 100, 1000, head // 2, head - 40, head,
                     head + 1, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                self.refuse_bytes("model.gguf", whole[:size])

    def test_missing_tail_names_the_sizes(self):
        size = LM.stat().st_size
        self.refuse_bytes(("truncated", str(size), str(size - 1000)), LM.read_bytes()[:-1000])

    def test_empty(self):
        self.refuse_bytes("empty", b"")

    def test_wrong_magic(self):
        self.refuse_bytes("GGUF", b"GGML" + LM.read_bytes()[4:])

    def test_other_kinds_of_file(self):
        self.refuse_bytes("not a GGUF", b"\x89PNG\r\n\x1a\n" + bytes(100))
        self.refuse_bytes("not a GGUF", b"just a text\n" * 100)

    def test_git_lfs_pointer(self):
        self.refuse_bytes("LFS", b"version https://git-lfs.github.com/spec/v1\n"
                          b"oid sha256:" + b"0" * 64 + b"\nsize 4081004224\n")

    def test_version_1(self):
        self.refuse_change("version 1", lambda g: setattr(g, "version", 1))

    def test_version_of_the_future(self):
        self.refuse_change("version 9", lambda g: setattr(g, "version", 9))

    def test_byte_swapped(self):
        data = LM.read_bytes()
        self.refuse_bytes("endian", data[:4] + struct.pack(">I", 3) + data[8:])

    def test_counts_beyond_the_file(self):
        for field in ("tensor_count", "pair_count"):
            for count in (10**4, 2**31, 2**63, 2**64 - 1):
                with self.subTest(field=field, count=count):
                    self.refuse_change("model.gguf", lambda g: setattr(g, field, count))

    def test_overlapping_tensors(self):
        def change(g):
            g.tensor("blk.0.attn_q.weight").offset = g.tensor("blk.0.attn_k.weight").offset
        self.refuse_change(("overlap", "blk.0.attn_q.weight"), change)

    def test_tensor_twice(self):
        def change(g):
            g.tensor("blk.0.attn_q.weight").name = "blk.0.attn_k.weight"
        self.refuse_change("twice", change)

    def test_absurd_dimensions(self):
        for dims in ([2**40, 2**40], [2**63, 2], [2**32, 2**32], [256, 0], [0], [256] * 7, []):
            with self.subTest(dims=dims):
                self.refuse_change(
                    "blk.0.attn_q.weight",
                    lambda g: setattr(g.tensor("blk.0.attn_q.weight"), "dims", dims))

    def test_wrong_shape(self):
        def change(g):
            g.tensor("blk.0.attn_q.weight").dims = [256, 128]
        self.refuse_model_on_device(("blk.0.attn_q.weight", "256"), change)

    def refuse_model_on_device(self, words, change):
        g = Gguf(LM)
        change(g)
        self.refuse(MODEL, words, "-m", g.write(self.files / "model.gguf"), "-p", "hi")

    def test_missing_tensor(self):
        def change(g):
            g.tensors.remove(g.tensor("blk.1.ffn_up.weight"))
        self.refuse_model_on_device("blk.1.ffn_up.weight", change)

    def test_wrongly_typed_metadata(self):
        for key in ("llama.embedding_length", "llama.block_count", "llama.context_length"):
            with self.subTest(key=key):
                self.refuse_model_on_device(
                    key, lambda g: g.set(key, gguf_file.STRING, "many"))
        self.refuse_change("architecture", lambda g: g.set("general.architecture",
                                                           gguf_file.U32, 7))
        self.refuse_change("tokenizer.ggml.tokens", lambda g: g.set("tokenizer.ggml.tokens",
                                                                    gguf_file.U32, 7))

    def test_absurd_metadata(self):
        for key, value in (("llama.embedding_length", 0), ("llama.embedding_length", 2**31),
                           ("llama.block_count", 2**32 - 1), ("llama.block_count", 0),
                           ("llama.attention.head_count", 3), ("llama.context_length", 0),
                           ("llama.attention.head_count_kv", 2**31)):
            with self.subTest(key=key, value=value):
                self.refuse_model_on_device(
                    "model.gguf", lambda g: g.set(key, gguf_file.U32, value))

    def test_unknown_metadata_type(self):
        def change(g):
            g.pairs["general.name"] = (99, b"")
        self.refuse_change("model.gguf", change)

    def test_unknown_tensor_type_is_named(self):
        def change(g):
            g.tensor("blk.0.attn_q.weight").type = 77
        self.refuse_change(("blk.0.attn_q.weight", "77"), change)

    def test_type_that_is_not_computed_is_named(self):
        def change(g):
            t = g.tensor("blk.0.attn_q.weight")
            t.type, t.offset = gguf_file.TYPE_IQ2_XXS, len(g.data)
            g.data += bytes(256 * 256 // 256 * 144)
        self.refuse_model_on_device("IQ2_XXS", change)

    def test_architecture_that_does_not_run_is_named(self):
        for name in ("qwen3", "gemma3", "mamba"):
            self.refuse_change((name, "llama"), lambda g: g.set("general.architecture",
                                                                gguf_file.STRING, name))


class ModelPath(Case):
    def test_missing_file(self):
        self.refuse(MODEL, ("/no/such.gguf", "does not exist"), "-m", "/no/such.gguf", "-p", "hi")
        self.refuse(MODEL, "nothing.gguf", "-m", "nothing.gguf", "-p", "hi")

    def test_folder(self):
        self.refuse(MODEL, "folder", "-m", self.files, "-p", "hi")

    def test_pipe(self):
        os.mkfifo(self.files / "pipe")
        self.refuse(MODEL, "pipe", "-m", self.files / "pipe", "-p", "hi")

    def test_unreadable(self):
        path = self.write("secret.gguf", LM.read_bytes())
        path.chmod(0)
        self.refuse(MODEL, "permission", "-m", path, "-p", "hi", before=runner.AS_A_USER)

    def test_nothing_installed_says_what_to_do(self):
        self.refuse(MODEL, ("./setup", "-m FILE"), "-p", "hi", env={"PUMICE_HOME": self.files})

    def test_no_home_at_all(self):
        self.refuse(MODEL, "PUMICE_HOME", "-p", "hi", env={"PUMICE_HOME": None, "HOME": None})

    def test_name_of_an_installed_model(self):
        (self.files / "models").mkdir()
        (self.files / "models" / "small.gguf").symlink_to(LM)
        for name in ("small", "small.gguf"):
            self.succeed("inspect", "tokens", "-m", name, "-p", "hi",
                         env={"PUMICE_HOME": self.files})
        self.refuse(MODEL, ("large", "pumice models"), "-m", "large", "-p", "hi",
                    env={"PUMICE_HOME": self.files})


class VisionFile(Case):
    def test_given_as_model(self):
        for command in (("-p", "hi"), ("inspect", "tokens", "-p", "hi")):
            self.refuse(MODEL, ("vision file", "--mmproj"), *command, "-m", EYES)

    def test_language_model_given_as_vision_file(self):
        self.refuse(MODEL, (LM.name, "-m"), *ASK, "--mmproj", LM, "-i", PICTURE, "-p", "hi")

    def test_both_exchanged(self):
        self.refuse(MODEL, (), "-m", EYES, "--mmproj", LM, "-i", PICTURE, "-p", "hi")

    def test_missing(self):
        self.refuse(MODEL, "/no/eyes.gguf", *ASK, "--mmproj", "/no/eyes.gguf", "-i", PICTURE,
                    "-p", "hi")

    def test_truncated(self):
        eyes = self.write("eyes.gguf", EYES.read_bytes()[:-100])
        self.refuse(MODEL, "truncated", *ASK, "--mmproj", eyes, "-i", PICTURE, "-p", "hi")

    @runner.needs_default_model
    def test_of_another_width(self):
        self.refuse(MODEL, ("256", "576"), "--mmproj", EYES, "-i", PICTURE, "-p", "hi")
        self.refuse(MODEL, ("256", "576"), *ASK, "--mmproj", runner.DEFAULT_EYES, "-i", PICTURE,
                    "-p", "hi")

    def test_missing_tensor(self):
        g = Gguf(EYES)
        g.tensors = [t for t in g.tensors if t.name != "v.patch_embd.weight"]
        self.refuse(MODEL, "v.patch_embd.weight", *ASK, "--mmproj",
                    g.write(self.files / "eyes.gguf"), "-i", PICTURE, "-p", "hi")

    def test_of_another_kind_by_name_is_warned_of(self):
        """Widths alone do not tell; v1.5 and v1.6 differ in their towers."""
        def said(model, eyes):
            for name, source in ((model, LM), (eyes, EYES)):
                if not (self.files / name).exists():
                    (self.files / name).symlink_to(source)
            return self.succeed("-m", self.files / model, "--mmproj", self.files / eyes, "-i",
                                PICTURE, "-p", "hi", "-n", "1").err
        mistral = "llava-v1.6-mistral-7b.gguf"
        warning = said(mistral, "llava-llama-3-mmproj.gguf")
        for word in ("after Mistral", "after Llama 3", "do not belong together"):
            self.assertIn(word, warning)
        self.assertIn("after LLaVA-1.5", said(mistral, "mmproj-llava-v1.5.gguf"))
        for eyes in ("mmproj-mistral7b-v1.6.gguf", "mmproj-model-f16.gguf",
                     "mmproj-Mistral-v1.6.gguf"):
            self.assertEqual(said(mistral, eyes), "")

    def test_picture_for_a_model_that_cannot_see(self):
        model = self.files / "blind.gguf"
        model.symlink_to(LM)
        self.refuse(MODEL, ("cannot see", "--mmproj"), "-m", model, "-i", PICTURE, "-p", "hi")
        self.refuse(MODEL, ("cannot see", "--mmproj"), "-m", model, PICTURE, "--plain", data="")

    def test_only_one_beside_the_model_is_taken(self):
        model = self.files / "model.gguf"
        model.symlink_to(LM)
        (self.files / "eyes.gguf").symlink_to(EYES)
        how = ("-m", model, "-i", PICTURE, "-p", "hi", "-n", "1", "--json")
        self.assertEqual(self.succeed(*how).json()["images"][0]["tokens"], 64)
        (self.files / "more-eyes.gguf").symlink_to(EYES)
        self.refuse(MODEL, ("several", "eyes.gguf", "more-eyes.gguf", "--mmproj"), *how)


class Memory(Case):
    def test_too_large_a_model_says_what_it_needs(self):
        """A file of holes, four times as large as this machine's memory."""
        with open("/proc/meminfo") as f:
            memory = int(f.readline().split()[1]) * 1024
        g = Gguf(LM)
        # Layers of the size that devices bind at once; only their number is large.
        width, rows = 4096, 16384
        size = 4 * width * rows
        layers = 4 * memory // (3 * size) + 1
        base = Gguf()
        base.pairs = dict(g.pairs)
        base.set("llama.embedding_length", gguf_file.U32, width)
        base.set("llama.feed_forward_length", gguf_file.U32, rows)
        base.set("llama.block_count", gguf_file.U32, layers)
        base.set("llama.attention.head_count", gguf_file.U32, width // 128)
        base.set("llama.attention.head_count_kv", gguf_file.U32, width // 128)
        base.set("llama.rope.dimension_count", gguf_file.U32, 128)
        offset = 0

        def add(name, *dims):
            nonlocal offset
            count = 1
            for d in dims:
                count *= d
            base.tensors.append(gguf_file.Tensor(name, dims, gguf_file.TYPE_F32, offset, 0))
            offset += 4 * count

        add("token_embd.weight", width, 1024)
        add("output_norm.weight", width)
        for i in range(layers):
            for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
                add(f"blk.{i}.{part}.weight", width, width)
            add(f"blk.{i}.attn_norm.weight", width)
            add(f"blk.{i}.ffn_norm.weight", width)
            add(f"blk.{i}.ffn_gate.weight", width, rows)
            add(f"blk.{i}.ffn_up.weight", width, rows)
            add(f"blk.{i}.ffn_down.weight", rows, width)
        path = base.write(self.files / "huge.gguf")
        try:
            os.truncate(path, path.stat().st_size + offset)
        except OSError as e:
            self.skipTest(f"this file system has no room for holes: {e}")
        self.refuse(DEVICE, ("needs", "GiB", "free", "smaller model"), "-m", path, "-p", "hi")


if __name__ == "__main__":
    results.main()
