"""Compare every use of Apple's API in the Metal backend, and every declaration of our headers, with metadata.

The metadata is that of PyObjC's sdists (MIT licence), which its author makes on a Mac from Apple's SDK; pip
fetches them, pinned by hash, and what is needed is kept in build/. Checked are: each method's existence, its
argument and result types, whether it belongs to the class or the instance, and the macOS that introduced it;
each constant's value; each struct's fields; each function. A message to something newer than the oldest
supported macOS is accepted only in a function named ..._macosN, and a call of such a function only under an
`if`; what is declared under the name of a class of Apple's and _macosN came with that macOS at the latest.
buildtools/metal.py calls check(); needs libclang and ziglang (for the compiler's own headers).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import sources

VERSION = "12.2.2"
# Framework: the sdist, its SHA-256, the folder of the metadata in it.
SDISTS = {
    "Metal": (
        "pyobjc-framework-metal",
        "0e7289281cb44ac9f4379ad9c6a6602a7a15fd491acc35949cdc05c5b9790b94",
        "raw",
    ),
    "Foundation": (
        "pyobjc-framework-cocoa",
        "c96c0ef69a71afbbb0e6a7d594b455c5fe47d62e0db376ee7a2b4b828c16ace9",
        "raw.Foundation",
    ),
}
# Of NSObject, declared by the Objective-C runtime itself and so not in a framework's metadata.
ROOT_METHODS = {"alloc", "init", "new", "retain", "release", "autorelease", "respondsToSelector:"}


class ApiError(RuntimeError):
    """Something differs from the metadata, or it cannot be had; the text says what."""


# ---- metadata ---------------------------------------------------------------------------------------


def fetch(framework: str, folder: Path) -> Path:
    """The metadata's file, from the cache in `folder` or by pip."""
    package, sha256, raw = SDISTS[framework]
    target = folder / f"{framework}.fwinfo"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix="zcwasm-pyobjc-") as place:
        requirements = Path(place) / "requirements.txt"
        requirements.write_text(f"{package}=={VERSION} --hash=sha256:{sha256}\n", "ascii")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--no-clean"]
        command += ["--no-build-isolation", "--require-hashes", "--no-input", "--disable-pip-version-check"]
        # pip fails when it asks the sdist for its metadata, which takes a Mac; it has unpacked it by then,
        # after comparing the hash.
        done = subprocess.run(
            [*command, "--dest", place, "-r", str(requirements)],
            env=os.environ | {"TMPDIR": place},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        found = sorted(Path(place).glob(f"pip-download-*/*/metadata/{raw}/arm64-*.fwinfo"))
        if "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stdout or not found:
            raise ApiError(f"pip cannot fetch {package}=={VERSION}:\n{done.stdout}")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found[-1], target)
    return target


@dataclass
class Owner:
    """A class or protocol: its methods by selector, and what it inherits from."""

    methods: dict[tuple[str, bool], dict[str, Any]] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)


class Metadata:
    def __init__(self, files: list[Path]) -> None:
        self.owners: dict[str, Owner] = {}
        self.constants: dict[str, int] = {}
        self.functions: dict[str, dict[str, Any]] = {}
        self.structs: dict[str, dict[str, Any]] = {}
        for file in files:
            text = file.read_text("utf-8")
            definitions = json.loads(text[text.index("{") :])["definitions"]
            for kind in ("formal_protocols", "classes"):
                for name, info in definitions[kind].items():
                    self.add(name, info)
            for name, info in definitions["enum"].items():
                if "value" in info:
                    self.constants[name] = info["value"]
            self.functions |= definitions["functions"]
            self.structs |= definitions["structs"]

    def add(self, name: str, info: dict[str, Any]) -> None:
        owner = self.owners.setdefault(name, Owner())
        owner.parents += info.get("implements") or info.get("protocols") or []
        if info.get("super"):
            owner.parents.append(info["super"])
        parts = [info, *info.get("categories", [])]
        for part in parts:
            for method in part.get("methods", []):
                owner.methods.setdefault((method["selector"], bool(method.get("class_method"))), method)
        for part in parts:
            for attribute in part.get("properties", []):
                self.add_property(owner, attribute)

    @staticmethod
    def add_property(owner: Owner, attribute: dict[str, Any]) -> None:
        name, kind = attribute["name"], attribute["typestr"]
        # Words, and pairs such as ["getter", "isFastMathEnabled"].
        words = attribute.get("attributes", [])
        getter = next((word[1] for word in words if isinstance(word, list) and word[0] == "getter"), name)
        known = owner.methods.get((getter, False)) or owner.methods.get((name, False)) or {}
        introduced = attribute.get("introduced", known.get("introduced"))
        made: dict[str, Any] = {"args": [], "retval": {"typestr": kind}, "introduced": introduced}
        owner.methods.setdefault((getter, False), made)
        owner.methods.setdefault((name, False), made)
        if "readonly" not in words:
            setter = f"set{name[0].upper()}{name[1:]}:"
            made = made | {"args": [{"typestr": kind}], "retval": {"typestr": "v"}}
            owner.methods.setdefault((setter, False), made)

    def find(self, name: str, selector: str, of_class: bool) -> dict[str, Any] | None:
        seen, todo = set(), [name]
        while todo:
            at = todo.pop(0)
            if at in seen or at not in self.owners:
                continue
            seen.add(at)
            if (selector, of_class) in self.owners[at].methods:
                return self.owners[at].methods[selector, of_class]
            todo += self.owners[at].parents
        return None


# ---- Objective-C type encodings -----------------------------------------------------------------------


def split(encoding: str) -> list[str]:
    """A method's encoding as a list of types, without frame offsets and qualifiers."""
    found, at = [], 0
    while at < len(encoding):
        end = at
        while end < len(encoding) and encoding[end] in "rnNoORV^A":
            end += 1
        if end < len(encoding) and encoding[end] in "{([":
            depth = 0
            while True:
                depth += (encoding[end] in "{([") - (encoding[end] in "})]")
                end += 1
                if not depth:
                    break
        else:
            end += 2 if encoding.startswith("@?", end) else 1
        found.append(encoding[at:end])
        at = end
        while at < len(encoding) and encoding[at] in "-0123456789":
            at += 1
    return found


def normal(encoding: str) -> str:
    """PyObjC writes text as ^t, BOOL as Z and structs by name; compilers do not."""
    encoding = encoding.lstrip("rnNoORVA")
    encoding = re.sub(r"^\^r", "^", encoding)
    encoding = {"*": "^c", "^t": "^c", "Z": "B"}.get(encoding, encoding)
    return re.sub(r"^\{(\?|\w+)=", "{=", encoding)


def apples(owner: str) -> str:
    """Apple's name that one of ours stands for: X of X_macos15, as in zc_metal_newer.h."""
    return re.sub(r"_macos\d+$", "", owner)


# ---- the walk -----------------------------------------------------------------------------------------


class Check:
    def __init__(self, metadata: Metadata, minimum: tuple[int, ...]) -> None:
        # By name, for neither this package nor ziglang has types.
        self.kinds = import_module("clang.cindex").CursorKind
        self.metadata = metadata
        self.minimum = minimum
        self.facts = 0
        self.messages = 0
        self.wrong: list[str] = []

    def kind(self, cursor: Any) -> Any:
        try:
            return cursor.kind
        except ValueError:  # of attributes that the binding does not know
            return None

    def expect(self, holds: bool, text: str) -> None:
        self.facts += 1
        if not holds and text not in self.wrong:
            self.wrong.append(text)

    def declarations(self, cursor: Any, owner: str = "") -> None:
        kinds, kind = self.kinds, self.kind(cursor)
        name = cursor.spelling
        if kind in (kinds.OBJC_PROTOCOL_DECL, kinds.OBJC_INTERFACE_DECL):
            owner = name if re.match(r"MTL|NS(Array|Error|String|URL)$", name) else ""
            if owner:
                self.expect(apples(name) in self.metadata.owners, f"{name} is not in the metadata")
        elif kind in (kinds.OBJC_INSTANCE_METHOD_DECL, kinds.OBJC_CLASS_METHOD_DECL) and owner:
            self.method(owner, cursor, kind == kinds.OBJC_CLASS_METHOD_DECL)
        elif kind == kinds.ENUM_CONSTANT_DECL and re.match(r"MTL|NS", name):
            known = self.metadata.constants.get(apples(name))
            self.expect(known == cursor.enum_value, f"{name} is {cursor.enum_value}, in the metadata {known}")
        elif kind == kinds.TYPEDEF_DECL and name in self.metadata.structs:
            fields = list(cursor.underlying_typedef_type.get_canonical().get_fields())
            names, struct = [each.spelling for each in fields], self.metadata.structs[name]
            same = names == struct["fieldnames"]
            code = "".join({"unsigned long": "Q"}.get(f.type.get_canonical().spelling, "?") for f in fields)
            same = same and struct["typestr"].split("=")[1].rstrip("}") == code
            self.expect(same, f"struct {name} has {names} of {code}, in the metadata {struct}")
        elif kind == kinds.FUNCTION_DECL and name.startswith("MTL"):
            # MTLSizeMake and the like are inline and so in no metadata, but their struct is.
            inline = name.removesuffix("Make") in self.metadata.structs
            self.expect(inline or name in self.metadata.functions, f"function {name} is not in the metadata")
        for child in cursor.get_children():
            self.declarations(child, owner)

    def method(self, owner: str, cursor: Any, of_class: bool) -> None:
        sign = "+" if of_class else "-"
        known = self.metadata.find(apples(owner), cursor.spelling, of_class)
        if known is None:
            self.expect(False, f"{sign}[{owner} {cursor.spelling}] is not in the metadata")
            return
        got = [normal(part) for part in split(cursor.objc_type_encoding)]
        got = got[:1] + got[3:]  # without self and the selector
        want = [normal(part["typestr"]) for part in [known["retval"], *known["args"]]]
        want = ["@" if part == "?" else part for part in want]  # an array's own type of object
        self.expect(got == want, f"{sign}[{owner} {cursor.spelling}] is {got}, in the metadata {want}")
        if owner != apples(owner):
            self.introduced(f"{sign}[{owner} {cursor.spelling}]", known, owner)

    def uses(self, cursor: Any, function: str = "", conditional: bool = False) -> None:
        kinds, kind = self.kinds, self.kind(cursor)
        if kind == kinds.FUNCTION_DECL:
            function, conditional = cursor.spelling, False
        elif kind == kinds.IF_STMT:
            conditional = True
        elif kind == kinds.OBJC_MESSAGE_EXPR:
            self.message(cursor, function)
        elif kind == kinds.DECL_REF_EXPR and cursor.spelling.startswith("MTL"):
            # The metadata does not say when a constant came: its name here does.
            since, of = (re.search(r"_macos(\d+)$", name) for name in (cursor.spelling, function))
            holds = since is None or (of is not None and int(of[1]) >= int(since[1]))
            self.expect(holds, f"{cursor.spelling} in {function}, which is not named after the system")
        elif kind == kinds.CALL_EXPR:
            if re.search(r"_macos\d+$", cursor.spelling):
                self.expect(conditional, f"{cursor.spelling} is called in {function} under no condition")
            info = self.metadata.functions.get(cursor.spelling)
            if info:
                self.introduced(cursor.spelling, info, function)
        for child in cursor.get_children():
            self.uses(child, function, conditional)

    def message(self, cursor: Any, function: str) -> None:
        self.messages += 1
        selector = cursor.spelling
        method = cursor.referenced
        if method is None or method.semantic_parent is None:
            # To a Class or id whose type is not known: only what every object has.
            self.expect(selector in ROOT_METHODS, f"[? {selector}] in {function}: the receiver has no type")
            return
        owner = method.semantic_parent.spelling
        of_class = self.kind(method) == self.kinds.OBJC_CLASS_METHOD_DECL
        known = self.metadata.find(apples(owner), selector, of_class)
        if known is None:
            self.expect(
                owner == "NSObject" and selector in ROOT_METHODS,
                f"[{owner} {selector}] in {function} is not in the metadata",
            )
            return
        self.introduced(f"[{owner} {selector}]", known, function)

    def introduced(self, what: str, info: dict[str, Any], function: str) -> None:
        allowed = re.search(r"_macos(\d+)$", function)
        limit = (int(allowed[1]),) if allowed else self.minimum
        since = str(info.get("introduced") or "0")
        new = tuple(int(part) for part in since.split(".")) > limit + (0,) * 3 and since != "0"
        self.expect(not new, f"{what} in {function} came with macOS {since}, supported from {limit}")


def unit_of(source: Path, headers: Path, more: Sequence[str]) -> Any:
    cindex = import_module("clang.cindex")
    zig = import_module("ziglang").__file__
    assert zig is not None
    library = Path(zig).parent / "lib"
    words = ["-x", "objective-c", "-std=gnu11", "-fblocks", "--target=arm64-apple-macos12", "-nostdinc"]
    words += ["-fdefine-target-os-macros", "-isystem", str(library / "include")]
    # any-darwin-any, or any-macos-any in older ones
    for place in sorted((library / "libc" / "include").glob("any-[dm]a*-any")):
        words += ["-isystem", str(place)]
    words += ["-isystem", sysconfig.get_paths()["include"]]
    words += [*sources.include_flags(), f"-I{headers}", f"-I{headers / 'macos'}", *more]
    return cindex.Index.create().parse(str(source), words)


def parse(root: Path, source: Path, headers: Path) -> Iterator[Any]:
    unit = unit_of(source, headers, ())
    errors = [str(problem) for problem in unit.diagnostics if problem.severity >= 3]
    if errors:
        raise ApiError("; ".join(errors))
    yield unit.cursor


def diagnose(source: Path, headers: Path, words: Sequence[str]) -> list[str]:
    """Every warning and error of a compilation with these further flags."""
    unit = unit_of(source, headers, words)
    return [f"{source.name}: {problem}" for problem in unit.diagnostics if problem.severity >= 2]


def check(root: Path, files: Sequence[Path], headers: Path, minimum: str) -> str:
    """What was checked, in one line; ApiError names all that differs."""
    folder = root / "build" / f"pyobjc-{VERSION}"
    metadata = Metadata([fetch(framework, folder) for framework in SDISTS])
    walk = Check(metadata, tuple(int(part) for part in minimum.split(".")))
    walked = set()  # headers are included by several files
    silent = []
    for source in files:
        before = walk.messages
        for cursor in parse(root, source, headers):
            for child in cursor.get_children():
                place = child.location
                key = (place.file and place.file.name, place.offset, child.spelling)
                if key in walked:
                    continue
                walked.add(key)
                walk.declarations(child)
                if place.file and Path(place.file.name).parent == source.parent:
                    walk.uses(child)
        if walk.messages == before:
            silent.append(source.name)
    if silent:
        raise ApiError(f"{', '.join(silent)}: sends no message, so it was not understood")
    if walk.wrong:
        raise ApiError("\n".join(walk.wrong))
    return f"api: {walk.facts} facts hold, {walk.messages} messages, for macOS {minimum} and later"
