"""Build every libFuzzer target tests/fuzz/*.c with ASan and UBSan (clang) and run each for a while.

    python buildtools/fuzz.py [--seconds N] [NAME ...]

A target is one C file with LLVMFuzzerTestOneInput, linked with the core and wasm3. Seeds
are read from tests/fuzz/corpus/NAME/ if it exists; what the fuzzer finds goes to build/fuzz/.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flags
import sources

import shaders

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"
INSTRUMENT = ["-g", "-O1", "-fno-omit-frame-pointer", "-UNDEBUG", "-fsanitize=address,undefined"]
INSTRUMENT += ["-fno-sanitize-recover=undefined"]


def compile_one(source: Path) -> Path:
    target = BUILD / source.relative_to(ROOT).with_suffix(".o")
    target.parent.mkdir(parents=True, exist_ok=True)
    language = flags.WASM3 if sources.is_wasm3(source) else flags.OURS
    command = ["clang", *flags.COMMON, *language, *INSTRUMENT, "-fsanitize=fuzzer-no-link"]
    command += sources.include_flags()
    subprocess.run([*command, "-c", str(source), "-o", str(target)], check=True)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description="run the fuzz targets")
    parser.add_argument("--seconds", type=int, default=30, help="how long to run each target")
    parser.add_argument("names", nargs="*", help="targets to run (all)")
    args = parser.parse_args()
    targets = sorted((ROOT / "tests" / "fuzz").glob("*.c"))
    if args.names:
        targets = [path for path in targets if path.stem in args.names]
    if not targets:
        sys.exit("there is no such target in tests/fuzz")
    BUILD.mkdir(parents=True, exist_ok=True)
    core = [*sources.core(), *sources.wasm3(), shaders.embed(ROOT, BUILD / "zc_shader_data.c")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, [*targets, *core]))
    # An archive, so that a target is linked with what it uses only.
    archive = BUILD / "core.a"
    archive.unlink(missing_ok=True)
    subprocess.run(["ar", "rcs", archive, *objects[len(targets) :]], check=True)
    failed = []
    for target, main_object in zip(targets, objects, strict=False):
        program = BUILD / target.stem
        link = ["clang", *INSTRUMENT, "-fsanitize=fuzzer", str(main_object), str(archive), "-o", str(program)]
        subprocess.run([*link, "-lm", "-ldl", "-pthread"], check=True)
        found = BUILD / f"{target.stem}-corpus"
        found.mkdir(exist_ok=True)
        seeds = ROOT / "tests" / "fuzz" / "corpus" / target.stem
        options = [
            f"-max_total_time={args.seconds}",
            "-timeout=10",
            "-rss_limit_mb=4096",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        options += [f"-artifact_prefix={BUILD}/{target.stem}-"]
        corpora = [str(folder) for folder in (found, seeds) if folder.is_dir()]
        if subprocess.run([str(program), *options, *corpora], check=False).returncode != 0:
            failed.append(target.stem)
    if failed:
        sys.exit(f"fuzzing found failures in: {', '.join(failed)} (inputs in build/fuzz)")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} failed with status {error.returncode}")
