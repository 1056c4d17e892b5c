"""Mutate model files for a while: each must be refused with a ModelError or be readable in full.

    cd tests/fuzz && python fuzz_model_files.py [--seconds N] [--seed N]

Starts from the small files of tests/model_files.py and from tiny models. A failing file stays in the folder
that is printed. For ASan, run it as .ci/run's step "sanitizers" runs the tests.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import model_files
import tiny_model


def main() -> None:
    parser = argparse.ArgumentParser(description="mutate model files")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="model_files-"))
    print(folder)
    seeds = [model_files.gguf(), model_files.safetensors()]
    for kind in ("F32", "Q4_1"):
        tiny_model.write(folder / kind, kind=kind, layers=1)
        data = (folder / kind).read_bytes()
        seeds.append(data)
    rng = random.Random(args.seed)
    end = time.monotonic() + args.seconds
    counts = {True: 0, False: 0}
    while time.monotonic() < end:
        data = rng.choice(seeds)
        # In a large file most bytes are weights: damage the header.
        head = model_files.mutate(rng, data[:16384]) if len(data) > 16384 else model_files.mutate(rng, data)
        accepted = model_files.check_any(folder / "mutated", head + data[16384:])
        counts[accepted] += 1
    print(f"{counts[False]} files refused, {counts[True]} read")


if __name__ == "__main__":
    main()
