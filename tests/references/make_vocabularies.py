"""Makes vocabularies.json: hard texts and their ids by the models' original tokenizers, each with the part of
its vocabulary that these texts can ever need, for tests/test_llm_vocabularies.py.

    python -m venv ref
    ref/bin/pip install numpy sentencepiece==0.2.3 protobuf
    PYTHONPATH=. ref/bin/python tests/references/make_vocabularies.py llama.cpp/models

llama.cpp's ggml-vocab-*.gguf are models' own vocabularies, .inp texts, .out their ids by the original
tokenizers. Kept of a vocabulary are the tokens that are in the texts, wherever they may be cut, and what
merges them: on these texts a tokenizer does with them what it does with all, whether it is right or wrong.
Ids are numbered anew. Unigram has no texts there: a small model is trained by SentencePiece, whose ids are
the reference. check_tokenizers.py compares whole vocabularies.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

import zcwasm

NAMES = (
    "bert-bge",
    "command-r",
    "deepseek-coder",
    "deepseek-llm",
    "falcon",
    "gemma-4",
    "gpt-2",
    "llama-bpe",
    "llama-spm",
    "mpt",
    "phi-3",
    "qwen2",
    "qwen35",
    "refact",
    "starcoder",
)
COMPOSED = ("command-r", "mpt", "qwen2", "qwen35")  # their originals compose characters, llama.cpp does not
SPACE = "\u2581"
CONTROL, USER_DEFINED, BYTE = 3, 4, 6
SPECIAL = ("bos", "eos", "unknown", "cls", "seperator")


def letters() -> dict[int, str]:
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    return {byte: chr(byte if byte in plain else next(rest)) for byte in range(256)}


def value(metadata: Any, key: str, default: Any = None) -> Any:
    return metadata.get(f"tokenizer.ggml.{key}", default)


def plain(text: str) -> str:
    """What BERT makes of a text's characters."""
    kept = [char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn"]
    return "".join(kept).lower()


def haystack(model: str, pre: str, texts: list[str]) -> str:
    """All that tokens can be parts of."""
    if model == "bert":
        return "\0".join(f"{text.lower()}\0{plain(text)}" for text in texts)
    if model in ("llama", "gemma4"):
        return "\0".join(SPACE + text.replace(" ", SPACE) for text in texts)
    letter = letters()
    both = [*texts, *(unicodedata.normalize("NFC", text) for text in texts)]
    return "\0".join("".join(letter[byte] for byte in text.encode()) for text in both)


def reduced(path: Path, name: str, found: list[str]) -> dict[str, Any]:
    """The part of a vocabulary, and ids by number of text in `found`, which grows."""
    metadata = zcwasm.Weights(path).metadata
    model, pre, tokens = (value(metadata, key, "") for key in ("model", "pre", "tokens"))
    types = [int(kind) for kind in value(metadata, "token_type")]
    texts = path.with_name(path.name + ".inp").read_bytes().decode().split("\n__ggml_vocab_test__\n")
    rows = path.with_name(path.name + ".out").read_text().split("\n")
    expected = [[int(index) for index in row.split()] for row in rows]
    pairs = [
        (text, ids)
        for text, ids in zip(texts, expected, strict=False)
        if name not in COMPOSED or unicodedata.is_normalized("NFC", text)
    ]
    hay = haystack(model, pre, [text for text, _ in pairs])
    special = {key: value(metadata, f"{key}_token_id") for key in SPECIAL}
    special = {key: int(index) for key, index in special.items() if index is not None}
    alphabet = set(letters().values()) if model == "gpt2" else set()
    kept = [
        index
        for index, (text, kind) in enumerate(zip(tokens, types, strict=True))
        if kind == BYTE
        or text in alphabet
        or index in special.values()
        or (kind == USER_DEFINED and any(text in each for each, _ in pairs))
        or (kind != CONTROL and (text.removeprefix(SPACE) if model == "bert" else text) in hay)
    ]
    new = {index: at for at, index in enumerate(kept)}
    names = {tokens[index]: at for index, at in new.items()}
    made: dict[str, Any] = {
        "model": model,
        "pre": pre,
        "tokens": [tokens[index] for index in kept],
        "types": {str(at): types[index] for index, at in new.items() if types[index] not in (1, BYTE)},
        "special": {key: new[index] for key, index in special.items()},
        "ids": [],
    }
    if model in ("gpt2", "gemma4"):
        merges = (merge.split(" ") for merge in value(metadata, "merges"))
        made["merges"] = [
            names[part]
            for left, right in merges
            if left in names and right in names and left + right in names
            for part in (left, right)
        ]
    elif model == "llama":
        scores = [float(score) for score in value(metadata, "scores")]
        order = sorted({scores[index] for index in kept})
        made["scores"] = [order.index(scores[index]) - len(order) for index in kept]
    for text, ids in pairs:
        if text not in found:
            found.append(text)
        made["ids"].append([found.index(text), *(new[index] for index in ids)])
    return made


def unigram(texts: list[str]) -> dict[str, Any]:
    """A small model with a table of characters, and SentencePiece's ids of texts."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        # What becomes what, in hexadecimal.
        rules.write_text("C4\t41 308\nFB01\t66 69\n3000\t20\n9\t20\nA\t20\n2460\t31\n")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([line for text in texts for line in text.splitlines()] * 3),
            model_writer=model,
            model_type="unigram",
            vocab_size=260,
            character_coverage=0.98,
            normalization_rule_tsv=str(rules),
            unk_id=3,
            bos_id=0,
            eos_id=2,
            pad_id=1,
            hard_vocab_limit=False,
            num_threads=1,
            minloglevel=2,
        )
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    encode = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).encode
    lines = [*texts, "ﬁne Äpfel \u3000 und ①\tend ", "<s>fi</s>", " two  spaces "]
    return {
        "pieces": [piece.piece for piece in proto.pieces],
        "scores": [piece.score for piece in proto.pieces],
        "types": [piece.type for piece in proto.pieces],
        "charsmap": base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode(),
        "texts": [[line, encode(line)] for line in lines],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Make tests/references/vocabularies.json.")
    parser.add_argument("models", type=Path)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("vocabularies.json"))
    options = parser.parse_args()
    texts: list[str] = []
    made = {name: reduced(options.models / f"ggml-vocab-{name}.gguf", name, texts) for name in NAMES}
    found = {
        "texts": texts,
        "vocabularies": made,
        "unigram": unigram([text for text in texts if text.strip()]),
    }
    with open(options.output, "w", encoding="utf-8", newline="\n") as file:
        json.dump(found, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    for name, each in made.items():
        size = len(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode())
        print(f"{name}: {len(each['tokens']):,} tokens, {len(each['ids'])} texts, {size:,} bytes")
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
