"""llama.cpp's own benchmark as the peer: its program llama-bench, on the same file.

It is built from the source that the sdist of llama-cpp-python holds, here with its CUDA backend:
    pip download --no-deps --no-binary :all: llama-cpp-python==0.3.36
    cmake -S llama_cpp_python-0.3.36/vendor/llama.cpp -B build -DGGML_CUDA=ON -DLLAMA_OPENSSL=OFF \\
        -DCMAKE_CUDA_ARCHITECTURES=native -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF
    cmake --build build --target llama-bench -j
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# All layers on the GPU, flash attention, keys and values as float16: what its users run, and what we run.
OPTIONS = ("-ngl", "99", "-fa", "1", "-ctk", "f16", "-ctv", "f16")


@dataclass
class Measured:
    """tokens/s of every repetition."""

    decode: dict[int, list[float]] = field(default_factory=dict)  # by the tokens before
    prefill: dict[int, list[float]] = field(default_factory=dict)  # by the prompt's tokens
    version: str = ""


def program(given: Path) -> Path:
    """The program itself, or in a folder where it was built."""
    for path in (given, given / "llama-bench", given / "bin" / "llama-bench"):
        if path.is_file():
            return path
    raise SystemExit(f"{given}: no llama-bench there")


def run(bench: Path, model: Path, options: Sequence[str]) -> list[dict[str, Any]]:
    command = [str(bench), "-m", str(model), *OPTIONS, "-o", "json", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with code {done.returncode}:\n{done.stderr[-2000:]}")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def measure(
    bench: Path,
    model: Path,
    *,
    contexts: Sequence[int],
    prefills: Sequence[int],
    tokens: int,
    rounds: int,
    more: Sequence[str] = (),
) -> Measured:
    """Decoding `tokens` after each of the contexts, and prompts. more: further options of llama-bench."""
    found = Measured()
    rows: list[dict[str, Any]] = []
    common = ["-r", str(rounds), *more]
    if prefills:
        rows += run(bench, model, ["-p", joined(prefills), "-n", "0", *common])
    if contexts:
        rows += run(bench, model, ["-p", "0", "-n", str(tokens), "-d", joined(contexts), *common])
    for row in rows:
        if row["n_gen"]:
            found.decode[row["n_depth"]] = row["samples_ts"]
        else:
            found.prefill[row["n_prompt"]] = row["samples_ts"]
        # Without a GPU there is nothing to say of one.
        where = ", ".join(filter(None, (row["backends"], row["gpu_info"])))
        found.version = f"{row['build_number']} ({row['build_commit']}), {where}"
    return found
