"""Fetch wasm3's source, check it, patch it, and put it into csrc/wasm3/ (which git ignores).

    python buildtools/wasm3.py              make csrc/wasm3/ what the patches say; does nothing if it is
    python buildtools/wasm3.py --check      fail unless csrc/wasm3/ is exactly the sdist plus the patches
    python buildtools/wasm3.py --diff NAME  save edits made in csrc/wasm3/ as a patch
    python buildtools/wasm3.py --force      as without arguments, and throw such edits away

setup.py calls prepare() before every build. The source is the sdist of pywasm3, taken with the ordinary
pip client and accepted by its SHA-256 only; patches apply at their exact lines or not at all. Every failure
is one Wasm3Error whose text says what happened and what to do. Standard library only, and importable
without this folder being a package: it runs in isolated build environments.

Environment: ZCWASM_WASM3_SDIST=path takes the sdist from a file; ZCWASM_VERBOSE=1 shows pip's output.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REQUIREMENT = "pywasm3==0.5.0"
SHA256 = "5a47c8a39f7f6ae71b3316b2e5d86c9d0db6e771a65f09a86e4d4aa3a19aefcc"
STAMP = "STAMP.json"
PATCH_TEMPLATE = """\
{name}

Why: SAY WHY THIS PATCH EXISTS
Test: SAY WHICH TEST FAILS WITHOUT IT (tests/file.py::test_name)

"""

# A file's lines with their endings, in bytes because one file of wasm3 has CRLF endings.
Lines = list[bytes]
# File name to lines: what csrc/wasm3/ holds beside the stamp.
Tree = dict[str, Lines]


class Wasm3Error(RuntimeError):
    """The wasm3 source cannot be had; the text is one sentence for the user."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---- unified diffs, applied exactly ----------------------------------------------------------------


@dataclass(frozen=True)
class Hunk:
    start: int  # index of the first old line, from 0
    old: Lines
    new: Lines


@dataclass(frozen=True)
class Patch:
    name: str
    prose: bytes
    files: dict[str, list[Hunk]]


def split_lines(data: bytes) -> Lines:
    """Lines with their endings; only "\\n" ends a line."""
    return io.BytesIO(data).readlines()


def parse_patch(name: str, data: bytes) -> Patch:
    """Read prose followed by a unified diff of files that exist on both sides."""
    lines = split_lines(data)
    first = next((i for i, line in enumerate(lines) if line.startswith(b"--- ")), len(lines))
    files: dict[str, list[Hunk]] = {}
    hunks: list[Hunk] = []
    i = first

    def bad(why: str) -> Wasm3Error:
        return Wasm3Error(f"{name}, line {i + 1}: {why}")

    while i < len(lines):
        if lines[i].startswith(b"--- "):
            target = re.fullmatch(rb"--- a/(\S+)\n\+\+\+ b/(\S+)\n", b"".join(lines[i : i + 2]))
            if target is None or target[1] != target[2]:
                raise bad("expected '--- a/FILE' and '+++ b/FILE' with the same FILE")
            file = target[1].decode("utf-8", "replace")
            if not re.fullmatch(r"\w+\.[ch]", file):
                raise bad(f"a patch may change plain files of wasm3 only, not {file!r}")
            if file in files:
                raise bad(f"{file} appears twice")
            hunks = files[file] = []
            i += 2
            continue
        head = re.match(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", lines[i])
        if head is None or not files:
            raise bad("neither a file header nor a hunk header")
        start, old_left, new_start, new_left = (1 if g is None else int(g) for g in head.groups())
        shift = sum(len(h.new) - len(h.old) for h in hunks)
        if not old_left or not new_left:
            raise bad("a hunk without context could apply anywhere")
        if start < 1 or new_start != start + shift:
            raise bad("the hunk's new line number does not follow from the hunks before it")
        old: Lines = []
        new: Lines = []
        while old_left or new_left:
            i += 1
            mark, text = (lines[i][:1], lines[i][1:]) if i < len(lines) else (b"", b"")
            if mark not in (b" ", b"-", b"+"):
                raise bad("the hunk is cut short or has a line without ' ', '-' or '+'")
            if mark != b"+":
                old.append(text)
                old_left -= 1
            if mark != b"-":
                new.append(text)
                new_left -= 1
            if old_left < 0 or new_left < 0:
                raise bad("the hunk has more lines than its header says")
        hunks.append(Hunk(start - 1, old, new))
        i += 1
    if not any(files.values()):
        raise Wasm3Error(f"{name} contains no hunk")
    return Patch(name, b"".join(lines[:first]), files)


def apply_patch(tree: Tree, patch: Patch) -> Tree:
    """The tree after the patch. Context must match at the exact line: no fuzz, no offset."""
    result = dict(tree)
    for file, hunks in patch.files.items():
        if file not in tree:
            raise Wasm3Error(f"{patch.name} does not apply: there is no file {file}")
        source = tree[file]
        out: Lines = []
        done = 0
        for number, hunk in enumerate(hunks, 1):
            end = hunk.start + len(hunk.old)
            if hunk.start < done or source[hunk.start : end] != hunk.old:
                raise Wasm3Error(
                    f"{patch.name} does not apply: {file}, hunk {number} does not match "
                    f"at line {hunk.start + 1}"
                )
            out += source[done : hunk.start] + hunk.new
            done = end
        result[file] = out + source[done:]
    return result


def make_diff(old: Tree, new: Tree) -> bytes:
    if old.keys() != new.keys():
        raise Wasm3Error(f"files were added or removed: {', '.join(sorted(old.keys() ^ new.keys()))}")
    out: Lines = []
    for file in sorted(old):
        out += difflib.diff_bytes(
            difflib.unified_diff,
            old[file],
            new[file],
            f"a/{file}".encode(),
            f"b/{file}".encode(),
            lineterm=b"\n",
        )
    return b"".join(out)


def relocate(tree: Tree, patch: Patch) -> Tree:
    """As apply_patch, for authors only: a hunk may sit elsewhere if its old lines occur exactly once."""
    result = dict(tree)
    for file, hunks in patch.files.items():
        lines = list(tree[file])
        for number, hunk in enumerate(hunks, 1):
            size = len(hunk.old)
            found = [i for i in range(len(lines) - size + 1) if lines[i : i + size] == hunk.old]
            if len(found) != 1:
                raise Wasm3Error(
                    f"cannot place {file}, hunk {number} of {patch.name}: it fits at {len(found)} places"
                )
            lines[found[0] : found[0] + size] = hunk.new
        result[file] = lines
    return result


# ---- the sdist -------------------------------------------------------------------------------------


def unpack(sdist: bytes) -> Tree:
    """wasm3's sources and the licence. Members are found by name; no path from the archive is used."""
    tree: Tree = {}
    with tarfile.open(fileobj=io.BytesIO(sdist)) as archive:
        for member in archive:
            match = re.fullmatch(r"[^/]+/(?:wasm3/(\w+\.[ch])|(LICENSE))", member.name)
            content = archive.extractfile(member) if match and member.isreg() else None
            if match and content:
                tree[match[1] or match[2]] = split_lines(content.read())
    if "LICENSE" not in tree or len(tree) == 1:
        raise Wasm3Error(f"the sdist of {REQUIREMENT} has no wasm3/ sources or no LICENSE")
    return tree


def has_modern_setuptools() -> bool:
    """Whether setuptools is here and needs no wheel package beside it (so from 71 on)."""
    try:
        return int(importlib.metadata.version("setuptools").split(".")[0]) >= 71
    except importlib.metadata.PackageNotFoundError:
        return False


def pip_download(expected: str, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{REQUIREMENT} --hash=sha256:{expected}\n", encoding="ascii")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-binary",
        REQUIREMENT.split("==")[0],
    ]
    command += ["--require-hashes", "--no-input", "--disable-pip-version-check", "--dest", str(folder)]
    if has_modern_setuptools():
        # pip asks the sdist for its metadata; the setuptools at hand can answer that.
        command.append("--no-build-isolation")
    run = subprocess.run(
        [*command, "-r", str(requirements)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if os.environ.get("ZCWASM_VERBOSE"):
        print(run.stdout, file=sys.stderr)
    if run.returncode == 0:
        return next(folder.glob("*.tar.gz"))
    remedy = (
        "set ZCWASM_WASM3_SDIST to a copy of that sdist, or build from zcwasm's own sdist, which contains it"
    )
    if got := re.search(r"Got\s+([0-9a-f]{64})", run.stdout):
        raise Wasm3Error(
            f"the {REQUIREMENT} that pip found has sha256 {got[1]}, expected {expected}: "
            f"check the package index, or {remedy}"
        )
    if "No module named pip" in run.stdout:
        raise Wasm3Error(
            f"pip is needed to fetch {REQUIREMENT} and {sys.executable} has none: install it, or {remedy}"
        )
    raise Wasm3Error(
        f"pip cannot fetch the sdist of {REQUIREMENT} (sha256 {expected}): connect to a package index, "
        f"or {remedy}; ZCWASM_VERBOSE=1 shows pip's output"
    )


def get_sdist(root: Path, expected: str) -> bytes:
    """The sdist's bytes, from ZCWASM_WASM3_SDIST, the cache in build/, or pip, in this order."""
    if given := os.environ.get("ZCWASM_WASM3_SDIST"):
        try:
            data = Path(given).read_bytes()
        except OSError as error:
            raise Wasm3Error(
                f"ZCWASM_WASM3_SDIST names {given}, which cannot be read: {error.strerror}"
            ) from None
        if sha256(data) != expected:
            raise Wasm3Error(
                f"ZCWASM_WASM3_SDIST names {given} with sha256 {sha256(data)}, expected {expected}: "
                f"it must be the sdist of {REQUIREMENT}"
            )
        return data
    cache = root / "build" / f"{REQUIREMENT.replace('==', '-')}.tar.gz"
    if cache.is_file() and sha256(data := cache.read_bytes()) == expected:
        return data
    with tempfile.TemporaryDirectory(prefix="zcwasm-") as folder:
        data = pip_download(expected, Path(folder)).read_bytes()
    if sha256(data) != expected:
        raise Wasm3Error(f"pip delivered {REQUIREMENT} with sha256 {sha256(data)}, expected {expected}")
    cache.parent.mkdir(exist_ok=True)
    partial = cache.with_name(f"{cache.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(cache)
    return data


# ---- csrc/wasm3/ -----------------------------------------------------------------------------------


def patch_files(root: Path) -> list[Path]:
    return sorted((root / "csrc" / "wasm3_patches").glob("*.patch"))


def read_stamp(root: Path) -> dict[str, dict[str, str] | str] | None:
    try:
        return dict(json.loads((root / "csrc" / "wasm3" / STAMP).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except ValueError:
        raise Wasm3Error(f"csrc/wasm3/{STAMP} is damaged: delete csrc/wasm3 and build again") from None


def source_files(root: Path) -> dict[str, bytes]:
    folder = root / "csrc" / "wasm3"
    return {p.name: p.read_bytes() for p in [*sorted(folder.glob("*.[ch]")), *folder.glob("LICENSE")]}


def hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: sha256(data) for name, data in files.items()}


def recipe(root: Path, expected: str) -> dict[str, dict[str, str] | str]:
    """What csrc/wasm3/ is made from: the part of the stamp that decides whether it is up to date."""
    patches = {}
    for path in patch_files(root):
        data = path.read_bytes()
        prose = parse_patch(path.name, data).prose
        patches[path.name] = sha256(data.removeprefix(prose))  # rewording the prose changes nothing
    return {"sdist": expected, "patches": patches}


def edited(root: Path, stamp: dict[str, dict[str, str] | str]) -> list[str]:
    """Files of csrc/wasm3/ that are not as they were written, missing and new ones included."""
    was, now = stamp["files"], hashes(source_files(root))
    assert isinstance(was, dict)
    return sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))


def write_stamp(folder: Path, made_from: dict[str, dict[str, str] | str], files: dict[str, str]) -> None:
    text = json.dumps({**made_from, "files": files}, indent=1)
    (folder / STAMP).write_text(text + "\n", encoding="utf-8")


def patched_trees(root: Path, expected: str) -> Iterator[tuple[Tree, Patch | None]]:
    """The pristine tree, then the tree after each patch."""
    tree = unpack(get_sdist(root, expected))
    yield tree, None
    for path in patch_files(root):
        patch = parse_patch(path.name, path.read_bytes())
        tree = apply_patch(tree, patch)
        yield tree, patch


def prepare(root: Path, *, expected: str = SHA256, force: bool = False) -> bool:
    """Make csrc/wasm3/ the patched source. True if anything had to be done."""
    target = root / "csrc" / "wasm3"
    stamp = read_stamp(root)
    made_from = recipe(root, expected)
    if stamp is not None and not force and {k: stamp.get(k) for k in made_from} == made_from:
        return False
    if target.exists() and not force:
        if stamp is None:
            raise Wasm3Error(
                f"csrc/wasm3 exists without {STAMP}, so it is not ours: delete it and build again"
            )
        if names := edited(root, stamp):
            raise Wasm3Error(
                f"the patches changed, but csrc/wasm3 has edits that are in no patch ({', '.join(names)}): "
                "undo the change and save them with --diff, or discard them with --force"
            )
    *_, (tree, _) = patched_trees(root, expected)
    files = {name: b"".join(lines) for name, lines in tree.items()}
    before = source_files(root)
    with tempfile.TemporaryDirectory(prefix=".wasm3-", dir=target.parent) as folder:
        fresh = Path(folder) / "wasm3"
        fresh.mkdir()
        for name, data in files.items():
            (fresh / name).write_bytes(data)
            if before.get(name) == data:  # unchanged, so nothing that depends on it need be compiled again
                shutil.copystat(target / name, fresh / name)
        write_stamp(fresh, made_from, hashes(files))
        if target.exists():
            target.rename(Path(folder) / "old")
        fresh.rename(target)
    return True


def check(root: Path, *, expected: str = SHA256) -> None:
    """Raise unless csrc/wasm3/ is exactly the sdist plus the patches of today."""
    stamp = read_stamp(root)
    if stamp is None:
        raise Wasm3Error("csrc/wasm3 is missing: run python buildtools/wasm3.py")
    made_from = recipe(root, expected)
    if {k: stamp.get(k) for k in made_from} != made_from:
        raise Wasm3Error(
            "csrc/wasm3 was made from another sdist or other patches: run python buildtools/wasm3.py"
        )
    if names := edited(root, stamp):
        raise Wasm3Error(f"csrc/wasm3 has edits that are in no patch: {', '.join(names)}")


def save_edits(root: Path, name: str, *, expected: str = SHA256) -> Path:
    """Write the edits in csrc/wasm3/ as a new patch, or fold them into the patch called name.

    Folding into an older patch moves the later ones along: their hunks find their lines by content, and
    the result must be csrc/wasm3/ byte for byte.
    """
    edits = {file: split_lines(data) for file, data in source_files(root).items()}
    states = list(patched_trees(root, expected))
    tree = states[-1][0]
    difference = make_diff(tree, edits)
    if not difference:
        raise Wasm3Error("csrc/wasm3 has no edits that are not in a patch already")
    folder = root / "csrc" / "wasm3_patches"
    names = [patch.name for _, patch in states[1:] if patch]
    wanted = [n for n in names if name in (n, n[:4], n[5:-6])]
    outputs: dict[str, bytes] = {}
    if wanted:
        index = names.index(wanted[0]) + 1
        path = folder / wanted[0]
        before = states[index - 1][0]
        after = relocate(states[index][0], parse_patch("the edits", difference))
        for position in range(index, len(states)):
            patch = states[position][1]
            assert patch is not None
            if position > index:
                after = relocate(before, patch)
            outputs[patch.name] = patch.prose + make_diff(before, after)
            before = after
        if before != edits:
            raise Wasm3Error(
                f"{path.name} cannot take these edits: the patches after it do not lead to csrc/wasm3"
            )
    else:
        if not re.fullmatch(r"[a-z0-9-]+", name):
            raise Wasm3Error(f"{name!r} is neither a patch nor a name of small letters, digits and hyphens")
        number = int(names[-1][:4]) + 1 if names else 1
        path = folder / f"{number:04}-{name}.patch"
        outputs[path.name] = PATCH_TEMPLATE.format(name=name).encode() + difference
    for file, data in outputs.items():
        (folder / file).write_bytes(data)
    *_, (result, _) = patched_trees(root, expected)
    assert result == edits, "the patches written do not lead to csrc/wasm3"
    write_stamp(root / "csrc" / "wasm3", recipe(root, expected), hashes(source_files(root)))
    return path


def main() -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="only verify csrc/wasm3")
    mode.add_argument(
        "--diff", metavar="NAME", help="save edits as a new patch, or fold them into an existing one"
    )
    mode.add_argument("--force", action="store_true", help="make csrc/wasm3 anew, discarding edits")
    args = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    try:
        if args.check:
            check(root)
            print("csrc/wasm3 is up to date")
        elif args.diff:
            print(f"wrote {save_edits(root, args.diff).relative_to(root)}: now write its prose")
        else:
            done = prepare(root, force=args.force)
            print("csrc/wasm3 " + ("was made anew" if done else "is up to date"))
    except Wasm3Error as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
