"""Compares zcwasm's tokenizers with the originals on whole vocabularies, too large for the repository.

    python -m venv ref
    ref/bin/pip install transformers==5.24.0 sentencepiece==0.2.3 protobuf gguf==0.19.0
    PYTHONPATH=. ref/bin/python tests/references/check_tokenizers.py llama.cpp

llama.cpp: a folder with its sources, of which models/ggml-vocab-*.gguf are read, with the texts (.inp) and
their ids (.out), and the checksums by which its converter knows how an original cuts text. Of 10,000 random
texts the original is what transformers puts together of the same tokens and merges, or SentencePiece itself.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import transformers
from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2

import zcwasm
from zcwasm.llm._tokenizer import Tokenizer

ALPHABET = (
    "aeioutnhsr  THE\n\t\r'.,!?-_(){}=+0123456789äßñé日本語中文한국ไทยहि\u0301\u00a0\u3000\u200d\u200b\ufeff"
    "\U0001f469\U0001f680\U0001f3fd\ufe0f\u0001\x7f\u2028ſﬁⅣ²¼<>|▁ĠΩ\u1e9b\u0323\ud7a3"
)
Encode = Callable[[str], Sequence[int]]


def texts(count: int, special: Sequence[str]) -> list[str]:
    source = random.Random(1)
    words = ["the", "and", "of", "def", "return", "for", "import", "1000", "3.14", "http://", "I'll", "DON'T"]
    words += ["größer", "東京", "привет", ""]

    def piece() -> str:
        kind = source.random()
        if kind < 0.03 and special:
            return source.choice(special)
        if kind < 0.2:
            return source.choice(words) + source.choice(["", " "])
        if kind < 0.25:
            return chr(source.choice([source.randrange(0xD800), source.randrange(0xE000, 0x110000)]))
        return source.choice(ALPHABET)

    return ["".join(piece() for _ in range(source.randrange(60))) for _ in range(count)]


def from_transformers(name: str, metadata: Any) -> tuple[Encode, bool] | None:
    """The original's way to encode, and whether it knows control tokens."""
    tokens, types = metadata["tokenizer.ggml.tokens"], list(metadata["tokenizer.ggml.token_type"])
    ids = {text: index for index, text in enumerate(tokens)}
    merges = [tuple(merge.split(" ")) for merge in metadata.get("tokenizer.ggml.merges", ())]
    classes = {
        "gpt-2": ("GPT2Tokenizer", {}),
        "mpt": ("GPTNeoXTokenizer", {}),
        "command-r": ("CohereTokenizer", {}),
        "qwen2": ("Qwen2Tokenizer", {}),
        "qwen35": ("Qwen3_5Tokenizer", {}),
        "gemma-4": ("GemmaTokenizer", {}),
        "bert-bge": ("BertTokenizer", {}),
        "nomic-bert-moe": ("XLMRobertaTokenizer", {}),
    }
    if name not in classes:
        return None
    class_name, options = classes[name]
    if name == "bert-bge":
        ids = {
            text if kind == 3 else text[1:] if text[0] == "▁" else "##" + text: index
            for index, (text, kind) in enumerate(zip(tokens, types, strict=True))
        }
    made: Any
    if name == "nomic-bert-moe":
        charsmap = bytes(metadata["tokenizer.ggml.precompiled_charsmap"].astype("uint8"))
        scores = metadata["tokenizer.ggml.scores"].tolist()
        made = transformers.XLMRobertaTokenizer(
            vocab=list(zip(tokens, scores, strict=True)), _spm_precompiled_charsmap=charsmap
        )
    elif name == "bert-bge":
        made = transformers.BertTokenizer(vocab=ids)
    else:
        made = getattr(transformers, class_name)(vocab=ids, merges=merges, **options)
    for kind, special in ((3, True), (4, False)):
        made.add_tokens(
            [
                transformers.AddedToken(text, special=special, normalized=False)
                for text, is_kind in zip(tokens, types, strict=True)
                if is_kind == kind
            ],
            special_tokens=special,
        )
    return lambda text: made.encode(text, add_special_tokens=False), True


def from_sentencepiece(name: str, metadata: Any) -> tuple[Encode, bool] | None:
    if name not in ("llama-spm", "baichuan", "phi-3", "nomic-bert-moe"):
        return None
    model = sentencepiece_model_pb2.ModelProto()
    tokens, scores = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.scores"]
    kinds = metadata["tokenizer.ggml.token_type"]
    count = 32000 if name == "phi-3" else len(tokens)  # the rest was added later
    for index in range(count):
        kind = int(kinds[index])
        model.pieces.add(piece=tokens[index], score=float(scores[index]), type=kind)
    unigram = metadata["tokenizer.ggml.model"] == "t5"
    model.trainer_spec.model_type = 1 if unigram else 2
    model.trainer_spec.byte_fallback = not unigram
    model.trainer_spec.unk_id = int(metadata.get("tokenizer.ggml.unknown_token_id", 0))
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = unigram
    model.normalizer_spec.escape_whitespaces = True
    if unigram:
        charsmap = metadata["tokenizer.ggml.precompiled_charsmap"].astype("uint8").tobytes()
        model.normalizer_spec.precompiled_charsmap = charsmap
    processor = SentencePieceProcessor(model_proto=model.SerializeToString())
    return processor.encode, False


def compare(ours: Tokenizer, encode: Encode, special: bool, count: int) -> tuple[int, list[str]]:
    names = [ours.token_bytes(index).decode() for index in sorted(ours.control_ids)[:20]]
    wrong = []
    for text in texts(count, names if special else ()):
        if ours.encode(text, special=special, add_special=False) != list(encode(text)):
            wrong.append(text)
    return len(wrong), wrong


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Compare whole vocabularies with llama.cpp and the originals."
    )
    parser.add_argument("sources", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    converter = (options.sources / "conversion" / "base.py").read_text()
    checksums: dict[str, set[str]] = {}
    for digest, name in re.findall(r'chkhsh == "(\w+)":\n(?:.*\n){1,3}?\s+res = "([^"]+)"', converter):
        checksums.setdefault(digest, set()).add(name)
    updater = (options.sources / "convert_hf_to_gguf_update.py").read_text()
    (probe,) = re.findall(r"^CHK_TXT = (.*)$", updater, re.MULTILINE)
    probe_text = probe.encode("ascii", "backslashreplace").decode("unicode_escape").strip("'\"")
    probe_text = probe_text.encode("utf-16", "surrogatepass").decode("utf-16")
    for path in sorted((options.sources / "models").glob("ggml-vocab-*.gguf")):
        name = path.stem.removeprefix("ggml-vocab-")
        if options.names and name not in options.names:
            continue
        metadata = zcwasm.Weights(path).metadata
        began = time.perf_counter()
        ours = Tokenizer(metadata)
        line = f"{name:15} {len(ours):7,} tokens, opened in {time.perf_counter() - began:4.1f} s"
        inputs = path.with_name(path.name + ".inp")
        if inputs.exists():
            given = inputs.read_bytes().decode().split("\n__ggml_vocab_test__\n")
            expected = path.with_name(path.name + ".out").read_text().split("\n")
            right = sum(
                ours.encode(text, special=False, add_special=False) == list(map(int, ids.split()))
                for text, ids in zip(given, expected, strict=False)
            )
            line += f"; {right}/{len(given)} as llama.cpp"
        found = set()
        for special in (False, True):
            ids = str(ours.encode(probe_text, add_special=special)).encode()
            found |= checksums.get(hashlib.sha256(ids).hexdigest(), set())
        line += f"; checksum of {', '.join(sorted(found))}" if found else ""
        for kind, make in (("transformers", from_transformers), ("sentencepiece", from_sentencepiece)):
            made = make(name, metadata)
            if made:
                wrong, which = compare(ours, *made, options.count)
                line += f"; {options.count - wrong}/{options.count} as {kind}"
                for text in which[: 3 if options.names else 0]:
                    line += f"\n    {text!r}\n      {ours.encode(text, special=made[1], add_special=False)}"
                    line += f"\n      {list(made[0](text))}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
