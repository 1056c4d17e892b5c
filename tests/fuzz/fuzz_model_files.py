"""Damage model files for a while: each must be refused with a ModelError or be usable in full.

    python tests/fuzz/fuzz_model_files.py [--seconds N] [--seed N] [--only KIND]

files: the readers, on damaged bytes of the small files of tests/model_files.py and of tiny models. models:
those opened as language models, down to the ids of a conversation. folders: the same of folders, one file of
which is damaged. metadata: a tokenizer and a template whose
entries are replaced by values of any kind. templates: random ones, of which every letter that messages said
must stay marked, and damaged ones. A failing file or template stays in the folder that is printed. For ASan,
run it as .ci/run's step "sanitizers" runs the tests.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import family_models
import model_files
import numpy as np
import template_maker
import test_chat
import tiny_model

import zcwasm
from zcwasm import llm
from zcwasm.llm import _chat
from zcwasm.llm._tokenizer import Tokenizer

TEXTS = ["", "Hello world 1234  x (", "é\0😀\ud800<|im_start|>", "a" * 300]
SLOW = 20  # seconds that nothing of this takes


def check_tokenizer(metadata: Any) -> None:
    tokenizer = Tokenizer(metadata)
    for text in TEXTS:
        plain = tokenizer.encode(text, special=False, add_special=False)
        tokenizer.decode(tokenizer.encode(text))
        tokenizer.decode(plain)
        tokenizer.find_controls(text)
        unknown = {tokenizer.unknown_id} - tokenizer.stop_ids
        assert not (set(tokenizer._controls.values()) - unknown) & set(plain), (text, plain)
    _chat.encode(metadata, tokenizer, template_maker.MESSAGES)


class Fuzz:
    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.rng = random.Random(seed)
        self.cpu = zcwasm.Device("cpu", threads=1)
        self.files = [model_files.gguf(), model_files.safetensors()]
        self.models = [model_files.model(model_files.llama_metadata(), model_files.llama_tensors())]
        for kind in ("F32", "Q4_1"):
            tiny_model.write(folder / kind, kind=kind, layers=1)
            self.models.append((folder / kind).read_bytes())
        self.folders = [self.folder_of("llama"), self.folder_of("gemma3"), self.folder_of("phi3")]
        self.metadata = [model_files.llama_metadata(), *map(self.of_model, ("llama", "gemma4", "t5", "bert"))]

    def folder_of(self, family: str) -> Path:
        config, tensors = family_models.config(family), family_models.checkpoint(family)
        path = family_models.write_folder(self.folder / family, config, tensors, kind="BF16", shards=2)
        (path / "chat_template.jinja").write_text("{{ messages[0].content }}")
        (path / "generation_config.json").write_text('{"eos_token_id": [1, 2], "pad_token_id": 0}')
        return path

    def of_model(self, model: str) -> dict[str, Any]:
        tokens = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256)), "\u2581", "h", "i", "hi"]
        types = [2, 3, 3] + [6] * 256 + [1] * 4
        return model_files.llama_metadata(
            model=model,
            pre=None,
            merges=["h i"] if model == "gemma4" else None,
            tokens=tokens,
            token_type=types,
            scores=[0.0] * len(tokens),
            unknown_token_id=0,
            precompiled_charsmap=np.array([0, 4, 0, 0, *[1] * 1024, 97, 0], np.uint8),
            remove_extra_whitespaces=True,
        )

    def damaged(self, data: bytes) -> bytes:
        # In a large file most bytes are weights: damage the header.
        return model_files.mutate(self.rng, data[:16384]) + data[16384:]

    def one_file(self) -> bool:
        data = self.damaged(self.rng.choice([*self.files, *self.models]))
        return model_files.check_any(self.folder / "damaged", data)

    def one_model(self) -> bool:
        path = self.folder / "damaged"
        path.write_bytes(self.damaged(self.rng.choice(self.models)))
        return self.use(path)

    def one_folder(self) -> bool:
        path = self.rng.choice(self.folders)
        file = self.rng.choice(sorted(path.iterdir()))
        data = file.read_bytes()
        file.write_bytes(self.damaged(data))
        used = self.use(path)
        file.write_bytes(data)  # not after an error
        return used

    def use(self, path: Path) -> bool:
        try:
            model = llm.Model.open(path, self.cpu)
            session = model.session(context=16)
            session.logits([1, 2, 3])
            model.tokenize("Hello")
            session.chat_ids([{"role": "user", "content": "Hello"}])
        except zcwasm.Error:  # a template may refuse, weights may be NaN
            return False
        return True

    def odd(self) -> Any:
        rng = self.rng
        numbers = [0, 1, -1, 2**31, 2**63, 2**64 - 1, 0.5, float("nan"), float("inf"), True]
        return rng.choice(
            [
                rng.choice(numbers),
                "x" * rng.choice([0, 1, 5, 2000]),
                rng.choice(["<|im_end|>", "\0", "Ġ", "\u2581", "<0x00>", "{{ messages }}", "{% for"]),
                np.array([rng.choice(numbers[:4])] * rng.randrange(5), np.float64),
                [rng.choice(["a", "a b", "", "<s>"]) for _ in range(rng.randrange(5))],
                [[1], ["x"]],
                [],
            ]
        )

    def one_metadata(self) -> bool:
        metadata = dict(self.rng.choice(self.metadata))
        for _ in range(self.rng.randrange(1, 4)):
            key = self.rng.choice([key for key in metadata if key.startswith("tokenizer.")])
            value = metadata[key]
            if isinstance(value, list) and value and self.rng.random() < 0.8:
                value = list(value)
                for _ in range(self.rng.choice([1, 1, 9])):
                    at = self.rng.randrange(len(value))
                    value[at] = self.rng.choice([self.odd(), value[self.rng.randrange(len(value))]])
                metadata[key] = value
            else:
                metadata[key] = self.odd()
        try:
            check_tokenizer(metadata)
        except zcwasm.Error:
            return False
        except Exception:
            (self.folder / "metadata").write_text(repr(metadata))
            raise
        return True

    def one_template(self) -> bool:
        source = template_maker.template(self.rng)
        (self.folder / "template").write_text(source)
        if self.rng.random() < 0.5:
            return test_chat.check_marks(source)
        data = model_files.mutate(self.rng, source.encode()).decode("utf-8", "replace")
        (self.folder / "template").write_text(data)
        try:
            _chat.render({"tokenizer.chat_template": data}, template_maker.MESSAGES)
        except zcwasm.Error:
            return False
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description="damage model files")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("files", "models", "folders", "metadata", "templates"))
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="model_files-"))
    print(folder)
    warnings.simplefilter("ignore")  # that a damaged vocabulary's rule is a guess
    fuzz = Fuzz(folder, args.seed)
    kinds: dict[str, Callable[[], bool]] = {
        "files": fuzz.one_file,
        "models": fuzz.one_model,
        "folders": fuzz.one_folder,
        "metadata": fuzz.one_metadata,
        "templates": fuzz.one_template,
    }
    if args.only:
        kinds = {args.only: kinds[args.only]}
    counts = {name: [0, 0] for name in kinds}
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        name = fuzz.rng.choice(list(kinds))
        start = time.process_time()
        counts[name][kinds[name]()] += 1
        took = time.process_time() - start
        assert took < SLOW, f"{name}: {took:.1f} s"
    for name, (refused, used) in counts.items():
        print(f"{name}: {refused} refused, {used} used")


if __name__ == "__main__":
    main()
