"""Metal's headers as the SDK of each macOS has them, and whether the backend compiles with each.

Our headers (tests/metal/headers) declare all that the backend uses. Here each declaration gets the attribute
that Apple's has, of when it came and since when it is deprecated, and what a later system brought is taken
out: from PyObjC's metadata, which does not say it of constants and types. With that the compiler itself warns
as it would on a Mac. Each SDK is tried twice: for the oldest macOS that is supported, as wheels are built,
and for its own, as the Pythons of Homebrew and conda build.
buildtools/metal.py cross calls check(); needs libclang and ziglang.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import flags
import metal_api

Version = tuple[int, ...]


def version(text: str | None) -> Version | None:
    return tuple(int(part) for part in text.split(".")) if text else None


def dotted(parts: Version) -> str:
    return ".".join(map(str, parts))


def sdks(files: Sequence[Path], oldest: Version) -> list[Version]:
    """The systems, from the oldest that is supported, that brought anything to these frameworks."""
    found = {oldest}
    for file in files:
        for text in re.findall(r'"introduced": "([0-9.]+)"', file.read_text("utf-8")):
            found |= {made for made in [version(text)] if made and made > oldest}
    return sorted(found)


class Availability:
    """When what a header declares came, and since when it is deprecated."""

    def __init__(self, metadata: metal_api.Metadata) -> None:
        self.metadata = metadata

    def of_method(self, owner: str, selector: str, of_class: bool) -> tuple[Version | None, Version | None]:
        known = self.metadata.find(owner, selector, of_class) or {}
        return version(known.get("introduced")), version(known.get("deprecated"))

    def of_owner(self, name: str) -> tuple[Version | None, Version | None]:
        """Only methods have versions in the metadata, and those that say nothing have their class's."""
        own = self.metadata.owners.get(name)
        methods = list(own.methods.values()) if own else []
        since = [made for made in (version(each.get("introduced")) for each in methods) if made]
        until = [made for made in (version(each.get("deprecated")) for each in methods) if made]
        return min(since, default=None), min(until) if 2 * len(until) > len(methods) else None

    def of_function(self, name: str) -> tuple[Version | None, Version | None]:
        known = self.metadata.functions.get(name, {})
        return version(known.get("introduced")), version(known.get("deprecated"))


def attribute(since: Version | None, until: Version | None, sdk: Version) -> str:
    parts = ["macos"]
    if since:
        parts.append(f"introduced={dotted(since)}")
    if until and until <= sdk:
        parts.append(f"deprecated={dotted(until)}")
    return f" __attribute__((availability({','.join(parts)}))) " if len(parts) > 1 else ""


def header_of(path: Path, cursor: Any, availability: Availability, sdk: Version) -> str:
    """A header's text as this SDK has it; `cursor` is a parsed file that includes it."""
    kinds: Any = import_module("clang.cindex").CursorKind
    text = path.read_text("ascii")
    edits: list[tuple[int, int, str]] = []  # from, to, by what
    gone = []

    def declared(since: Version | None, until: Version | None, start: int, end: int, place: int) -> bool:
        if since and since > sdk:
            edits.append((start, end, ""))
            return False
        edits.append((place, place, attribute(since, until, sdk)))
        return True

    for child in cursor.get_children():
        if not child.location.file or Path(child.location.file.name) != path:
            continue
        start, end = child.extent.start.offset, child.extent.end.offset
        if child.kind in (kinds.OBJC_PROTOCOL_DECL, kinds.OBJC_INTERFACE_DECL) and text[:end].endswith(
            "@end"
        ):
            if not declared(*availability.of_owner(child.spelling), start, end, start):
                gone.append(child.spelling)
                continue
            seen = set()
            for member in child.get_children():
                at = member.extent.start.offset
                of_class = member.kind == kinds.OBJC_CLASS_METHOD_DECL
                members = (kinds.OBJC_INSTANCE_METHOD_DECL, kinds.OBJC_CLASS_METHOD_DECL)
                if member.kind not in (*members, kinds.OBJC_PROPERTY_DECL) or at in seen:
                    continue
                # A property's methods stand where it stands.
                at = text.rindex("\n", 0, at) + 1
                if at in seen:
                    continue
                seen.add(at)
                close = text.index(";", at)
                both = availability.of_method(child.spelling, member.spelling, of_class)
                declared(*both, at, close + 1, close)
        elif child.kind == kinds.FUNCTION_DECL and child.spelling in availability.metadata.functions:
            close = text.index(";", end)
            declared(*availability.of_function(child.spelling), start, close + 1, close)
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    for name in gone:  # what followed such a protocol followed none before
        text = re.sub(rf"<{name}>", "<NSObject>", text)
    return text


def make_headers(root: Path, headers: Path, target: Path, metadata: metal_api.Metadata, sdk: Version) -> None:
    """Our headers in `target`, as this SDK has them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(headers, target)
    probe = target / "all.m"
    probe.write_text("#import <Foundation/Foundation.h>\n#import <Metal/Metal.h>\n", "ascii")
    for cursor in metal_api.parse(root, probe, target):
        for path in sorted(target.rglob("*.h")):
            path.with_suffix(".new").write_text(header_of(path, cursor, Availability(metadata), sdk), "ascii")
    for path in sorted(target.rglob("*.new")):
        path.replace(path.with_suffix(".h"))


def problems(source: Path, headers: Path, sdk: Version, target: Version) -> list[str]:
    """What the compiler says of a source with this SDK for that system."""
    major, minor = (*sdk, 0)[:2]
    words = [*flags.OBJECTIVE_C, f"--target=arm64-apple-macos{dotted(target)}"]
    words.append(f"-D__MAC_OS_X_VERSION_MAX_ALLOWED={major * 10000 + minor * 100}")
    said = metal_api.diagnose(source, headers, words)
    return [f"SDK {dotted(sdk)}, for macOS {dotted(target)}: {text}" for text in said]


def check(
    root: Path,
    files: Sequence[Path],
    headers: Path,
    minimum: str,
    folder: Path | None = None,
    tried: Sequence[Version] = (),
) -> str:
    """What was compiled, in one line; ApiError has every warning. `tried`: these SDKs instead of all."""
    folder = folder or root / "build" / "metal-sdk"
    cache = root / "build" / f"pyobjc-{metal_api.VERSION}"
    found = [metal_api.fetch(framework, cache) for framework in metal_api.SDISTS]
    metadata = metal_api.Metadata(found)
    oldest = version(minimum)
    assert oldest
    tried = tried or sdks(found, oldest)
    jobs = []
    for sdk in tried:
        place = folder / f"macos{dotted(sdk)}"
        make_headers(root, headers, place, metadata, sdk)
        jobs += [(file, place, sdk, target) for target in sorted({oldest, sdk}) for file in files]
    with ThreadPoolExecutor() as pool:
        wrong = [text for said in pool.map(lambda job: problems(*job), jobs) for text in said]
    if wrong:
        raise metal_api.ApiError("\n".join(dict.fromkeys(wrong)))
    names = ", ".join(dotted(sdk) for sdk in tried)
    return f"{len(files)} sources compile without a warning with the headers of macOS {names}"
