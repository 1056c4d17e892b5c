"""Models by their name on the Hugging Face hub, through the package huggingface_hub and its cache.

    owner/name                      a folder of safetensors, or the one GGUF file that the repository has
    owner/name:Q4_K_M               the GGUF file of this quantization, all its parts
    owner/name:folder/file.gguf     this file
    owner/name@revision:...         of this branch, tag or commit; else of main

Only the files that are needed are downloaded, to where the package keeps them ($HF_HOME). What the hub says
of a file's bytes (SHA-256 of large ones, git's SHA-1 of others) is compared once, and remembered when all of
a model is there:

    $ZCWASM_CACHE/hub/OWNER--NAME/COMMIT/WHAT.json      files and their sizes

A commit that is remembered so is opened without the network; so is anything that is cached where
HF_HUB_OFFLINE is set, or where the hub cannot be reached. Names of files that the hub gives are taken by
fixed patterns only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from zcwasm._core import ModelError
from zcwasm._extras import needed_for
from zcwasm._models import language, shards
from zcwasm._models.fetch import FILES, FetchError, cache_folder
from zcwasm._models.model_file import naming

_PART = r"[A-Za-z0-9_][\w.-]{0,95}"
_REVISION = r"[\w.-]+(?:/[\w.-]+){0,8}"
_PATH = r"[\w.+-][\w.+ -]*(?:/[\w.+-][\w.+ -]*){0,8}"
_NAME = re.compile(rf"({_PART}/{_PART})(?:@({_REVISION}))?(?::({_PATH}))?", re.ASCII)
_LONGEST = 400
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Of a folder: what is read beside the tensors, where it is there.
_BESIDE = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"]
_BESIDE += ["chat_template.jinja", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json"]
_BESIDE += ["config_sentence_transformers.json"]
# Modules behind an encoder.
_DENSE = re.compile(r"[0-9]{1,2}_Dense/(?:config\.json|model\.safetensors)", re.ASCII)
_GGUF = re.compile(r"((?:[\w.+ -]+/){0,8}[\w.+ -]+?)(?:-(\d{5})-of-(\d{5}))?\.gguf", re.ASCII)
_NO_MODEL = ("mmproj", "imatrix")  # in the names of GGUF files that are none
_TRIES = 3
_PATIENCE = 30.0  # seconds for an answer, or the next bytes of one
_PIECE = 8 << 20
_MOST_RECORD = 1 << 20


class Name(NamedTuple):
    repository: str
    revision: str | None
    what: str | None

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"{self.repository}{revision}" + (f":{self.what}" if self.what else "")


def parse(text: str) -> Name | None:
    """None for what is no such name. Whether there is a path like that is the caller's to ask first."""
    match = _NAME.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or ".." in text or (match[3] is None and match[1].lower().endswith(FILES)):
        return None
    return Name(match[1], match[2], match[3])


class File(NamedTuple):
    """What the hub says of a file."""

    size: int | None
    sha256: str | None
    sha1: str | None  # git's, of a blob


@dataclass(frozen=True)
class Choice:
    files: list[str]
    main: str  # the one that stands for the model; empty: the folder does


def resolve(name: Name, *, progress: bool = False) -> Path:
    """The path of the model, which is downloaded where it is not there. Raises FetchError, and ImportError
    without huggingface_hub. progress: bars on stderr."""
    with needed_for(f"{name}: a model on the hub"):
        import huggingface_hub

    revision = name.revision or "main"
    known = _Cache(name, revision if _COMMIT.fullmatch(revision) else None)
    if known.commit and (path := known.remembered()):
        return path
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        return _cached(name, "HF_HUB_OFFLINE is set")
    try:
        info = huggingface_hub.HfApi().model_info(
            name.repository, revision=revision, files_metadata=True, timeout=_PATIENCE
        )
    except Exception as error:
        if _is_unreachable(error):
            return _cached(name, f"the hub cannot be reached ({_first_line(error)})")
        raise _explained(name, error) from None
    commit = str(info.sha)
    if not _COMMIT.fullmatch(commit):
        raise FetchError(f"{name}: the hub says that its commit is {commit!r:.100}")
    cache = _Cache(name, commit)
    path = cache.remembered()
    if path is None:
        files = {each.rfilename: _said_of(each) for each in info.siblings or ()}
        with _bars(progress):
            path = _fetch(cache, files, progress)
    cache.name_revision(revision)
    return path


def _said_of(sibling: Any) -> File:
    sha256 = str(sibling.lfs.sha256) if sibling.lfs else ""
    sha1 = "" if sibling.lfs else str(sibling.blob_id)
    return File(
        sibling.size if isinstance(sibling.size, int) else None,
        sha256 if re.fullmatch(r"[0-9a-f]{64}", sha256) else None,
        sha1 if _COMMIT.fullmatch(sha1) else None,
    )


# ---- which files ----


def choose(files: Collection[str], name: Name) -> Choice:
    """Of a repository's files those that are needed; of a sharded folder without its shards, which its index
    names. Raises FetchError."""
    if name.what is None and "config.json" in files:
        weights = next((each for each in (shards.ONE, shards.INDEX) if each in files), None)
        if weights:
            beside = [each for each in _BESIDE if each in files]
            beside += sorted(each for each in files if _DENSE.fullmatch(each))
            return Choice(["config.json", weights, *beside], "")
    models = _gguf_models(files)
    if name.what is not None and name.what.lower().endswith(".gguf"):
        found = [parts for parts in models.values() if name.what in parts] or [[name.what]] * (
            name.what in files
        )
    else:
        models = {
            stem: parts
            for stem, parts in models.items()
            if not any(word in stem.lower() for word in _NO_MODEL)
        }
        found = [parts for stem, parts in models.items() if name.what is None or _is_of(stem, name.what)]
    if len(found) == 1:
        return Choice(found[0], found[0][0])
    if not files:
        raise FetchError(f"{name}: the repository is empty")
    there = ", ".join(sorted(parts[0] for parts in (found or models.values()))[:40])
    if not there:
        raise FetchError(
            f"{name}: the repository has neither GGUF files nor config.json with {shards.ONE} or "
            f"{shards.INDEX}"
        )
    which = f"{name.repository}:FILE.gguf, or by a word of its name, as {name.repository}:Q4_K_M"
    problem = "several models" if found else f"no model {name.what}"
    raise FetchError(f"{name}: the repository has {problem}: say which, as {which}; it has {there}")


def _gguf_models(files: Collection[str]) -> dict[str, list[str]]:
    """By their names without .gguf and number of the part: all parts of each, in order."""
    found: dict[str, list[str]] = {}
    for file in sorted(files):
        match = _GGUF.fullmatch(file)
        if match and ".." not in file and not file.startswith("/"):
            found.setdefault(match[1] + (f" of {match[3]}" if match[3] else ""), []).append(file)
    return found


def _is_of(stem: str, quantization: str) -> bool:
    """Whether the name says so, such as NAME-Q4_K_M or Q4_K_M/NAME; Q4_K_M is not Q4_K."""
    ends = re.escape(quantization)
    stem = re.sub(r" of \d{5}$", "", stem)
    return re.search(rf"(?:^|[-./_]){ends}(?:$|[-./])", stem, re.IGNORECASE) is not None


# ---- the cache ----


class _Cache:
    """Where huggingface_hub keeps a repository, as it documents it, and what is remembered here."""

    def __init__(self, name: Name, commit: str | None) -> None:
        from huggingface_hub import constants

        folder = name.repository.replace("/", "--")
        self.name, self.commit = name, commit
        self.folder = Path(constants.HF_HUB_CACHE) / f"models--{folder}"
        what = "folder" if name.what is None else hashlib.sha256(name.what.encode()).hexdigest()[:16]
        self._record = Path("hub") / folder / str(commit) / f"{what}.json"

    @property
    def snapshot(self) -> Path:
        return self.folder / "snapshots" / str(self.commit)

    def path(self, choice: Choice) -> Path:
        return self.snapshot / choice.main if choice.main else self.snapshot

    def remembered(self) -> Path | None:
        """Where the model is, if it was seen to be whole, and its files have the same sizes still."""
        try:
            with open(cache_folder() / self._record, encoding="utf-8") as file:
                found = json.loads(file.read(_MOST_RECORD))
            main, sizes = found["main"], found["files"]
            if not isinstance(main, str) or main not in ("", *sizes):
                return None
            whole = all((self.snapshot / file).stat().st_size == size for file, size in sizes.items())
        except (OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError):
            return None
        return self.path(Choice([], main)) if whole else None

    def remember(self, choice: Choice, sizes: Mapping[str, int]) -> None:
        with suppress(OSError, RuntimeError):  # of a cache that cannot be written
            path = cache_folder() / self._record
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(f".{secrets.token_hex(8)}")
            aside.write_text(json.dumps({"main": choice.main, "files": dict(sizes)}), "utf-8")
            os.replace(aside, path)

    def name_revision(self, revision: str) -> None:
        """As huggingface_hub does where it is asked for a branch or tag: what it is without the network."""
        path = self.folder / "refs" / revision
        with suppress(OSError):
            if revision != self.commit and (not path.exists() or path.read_text() != self.commit):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(str(self.commit))


def _cached(name: Name, why: str) -> Path:
    """What is in the cache of a model whose files cannot be asked for."""
    revision = name.revision or "main"
    commit = revision if _COMMIT.fullmatch(revision) else None
    with suppress(OSError, ValueError):
        commit = commit or (_Cache(name, None).folder / "refs" / revision).read_text("ascii").strip()
    cache = _Cache(name, commit if commit and _COMMIT.fullmatch(commit) else None)
    if cache.commit is None or not cache.snapshot.is_dir():
        raise FetchError(
            f"{name} is no file or folder here, it is not in the cache {cache.folder.parent}, and {why}: "
            "connect, or download it before"
        )
    if path := cache.remembered():
        return path
    files = [
        (Path(folder) / file).relative_to(cache.snapshot).as_posix()
        for folder, _, names in os.walk(cache.snapshot)
        for file in names
    ]
    try:
        choice = choose(files, name)
        _check_whole(cache, choice)
    except (FetchError, ModelError) as error:
        raise FetchError(f"of {name} only a part is in the cache, and {why}: {error}") from None
    return cache.path(choice)


def _check_whole(cache: _Cache, choice: Choice) -> None:
    """Raises ModelError where an index, or the name of a part, says that there are more files."""
    from zcwasm._models import gguf_parts

    if shards.INDEX in choice.files:
        shards.read_index(str(cache.snapshot / shards.INDEX))
    for file in choice.files[:1]:
        if file.endswith(".gguf"):
            gguf_parts.find(cache.snapshot / file)


# ---- download ----


def _fetch(cache: _Cache, files: Mapping[str, File], progress: bool) -> Path:
    name = cache.name
    choice = choose(files, name)
    done: dict[str, int] = {}

    def get(file: str) -> None:
        path = _download(name, file, str(cache.commit))
        done[file] = _check(name, file, path, files[file], progress)

    for file in choice.files:
        get(file)
        if file == "config.json":  # before what is large
            with naming(str(name)):
                language.check_config(cache.snapshot)
    if shards.INDEX in choice.files:
        path = str(cache.snapshot / shards.INDEX)
        try:
            index = shards.read_map(path)
        except ModelError as error:
            raise FetchError(f"{name}: {error}") from None
        for file in sorted(set(index.values())):
            if file not in files:
                raise FetchError(f"{name}: {shards.INDEX} names {file}, which the repository has not")
            get(file)
    cache.remember(choice, done)
    return cache.path(choice)


def _download(name: Name, file: str, commit: str) -> Path:
    """Where the file is then. What was cut off goes on where it was: young versions of the package try again
    by themselves, older ones keep what they have."""
    import huggingface_hub

    for left in reversed(range(_TRIES)):
        try:
            return Path(huggingface_hub.hf_hub_download(name.repository, file, revision=commit))
        except Exception as error:
            if not left or not _is_unreachable(error):
                raise _explained(name, error, file) from None
    raise AssertionError


def _check(name: Name, file: str, path: Path, said: File, progress: bool) -> int:
    """The size of a file that has the bytes that the hub says. One that has not is removed."""
    try:
        size = path.stat().st_size
        problem = None
        if said.size is not None and size != said.size:
            problem = f"has {size} bytes, must have {said.size}"
        elif expected := said.sha256 or said.sha1:
            if progress and size > 1 << 30:
                print(f"checking {file}", file=sys.stderr, flush=True)
            digest = (
                hashlib.sha256() if said.sha256 else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
            )
            with open(path, "rb") as data:
                while piece := data.read(_PIECE):
                    digest.update(piece)
            if digest.hexdigest() != expected:
                kind = "SHA-256" if said.sha256 else "git's SHA-1"
                problem = f"has {kind} {digest.hexdigest()}, must have {expected}"
        if problem:
            # Of what the cache links to only its own: a link that somebody made may lead to the original.
            target, own = Path(os.path.realpath(path)), os.path.realpath(_Cache(name, None).folder)
            for each in (target, path) if target.is_relative_to(own) else (path,):
                with suppress(FileNotFoundError):
                    each.unlink()
    except OSError as error:
        raise FetchError(f"{name}: {file} in the cache cannot be read: {error}") from None
    if problem:
        raise FetchError(
            f"{name}: {file} {problem}: it was changed on the way or in the cache, and is removed; try again"
        )
    return size


@contextmanager
def _bars(shown: bool) -> Iterator[None]:
    """The package's bars are one setting of the process."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if shown or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


# ---- errors ----


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300]


def _is_unreachable(error: BaseException) -> bool:
    """No answer, or one that says that the hub is not well."""
    from huggingface_hub import errors

    if isinstance(error, errors.HfHubHTTPError):
        status = getattr(error.response, "status_code", 0)
        return isinstance(status, int) and status >= 500
    # The package has used requests, httpx and others, whose errors have no common type.
    modules = [kind.__module__ for kind in type(error).__mro__]
    return isinstance(error, (ConnectionError, TimeoutError)) or any(
        module.startswith(("requests", "httpx", "httpcore", "urllib3")) for module in modules
    )


def _explained(name: Name, error: Exception, file: str | None = None) -> FetchError:
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/{name.repository}"
    login = "log in with `hf auth login`, or set HF_TOKEN"
    missing = (
        f"is no file or folder here, and not found at {constants.ENDPOINT}: check the name; if it is private"
    )
    reasons = [
        (errors.GatedRepoError, f"is gated: accept its terms at {page}, and {login}"),
        (errors.RevisionNotFoundError, f"has no revision {name.revision or 'main'}: {page} lists them"),
        (errors.RepositoryNotFoundError, f"{missing}, {login}"),
        (errors.EntryNotFoundError, f"has no {file}, or it cannot be reached: {_first_line(error)}"),
    ]
    for kind, reason in reasons:
        if isinstance(error, kind):
            return FetchError(f"{name} {reason}")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return FetchError(f"{name} may not be read (status {status}): {login}")
    what = f"{name}: {file}" if file else str(name)
    if isinstance(error, OSError) and error.errno is not None and not _is_unreachable(error):
        return FetchError(f"{what} cannot be written to the cache {constants.HF_HUB_CACHE}: {error}")
    return FetchError(
        f"{what} cannot be downloaded ({_first_line(error)}): what is there already stays; try again, or "
        "download it elsewhere and give its path"
    )
