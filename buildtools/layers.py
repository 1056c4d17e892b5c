"""The layers of csrc/: each folder, and the folders whose files it may include.

    python buildtools/layers.py          print which folder includes which, from the ground up
    python buildtools/layers.py --dot    the same for Graphviz
    python buildtools/layers.py --files  print which file uses what another one defines, and the circles

The table is the rule, the includes are what is: where they differ this fails, and so does
tests/test_layers.py. Between files it is not the includes that count, since any header may declare anything,
but the functions and variables: who uses a name that another file defines depends on that file.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import sources

# From the ground up: a folder includes itself, and of the folders before it those that it names.
LAYERS: dict[str, set[str]] = {
    "base": set(),
    "region": {"base"},
    "validate": {"base"},
    "kernel": {"base"},
    "guest": {"base", "region", "validate"},
    "engine": {"base", "region", "validate", "guest"},
    "wasi": {"base", "region", "validate", "guest"},
    "device": {"base", "region", "kernel"},
    "device/cpu": {"base", "region", "kernel", "device"},
    "device/cpu/isa": {"base", "kernel", "device/cpu"},
    "device/vulkan": {"base", "region", "kernel", "device"},
    "device/metal": {"base", "region", "kernel", "device"},
    "weights": {"base", "region", "kernel", "device"},
    "imports": {"base", "region", "validate", "kernel", "guest", "engine", "device", "weights"},
    "snapshot": {"base", "region"},
    "py": {
        "base",
        "region",
        "validate",
        "kernel",
        "guest",
        "engine",
        "wasi",
        "device",
        "device/cpu",
        "weights",
        "imports",
        "snapshot",
    },
}
# A file that is private to its folder, but for who is named here.
PRIVATE = re.compile(r".*_(internal|os)\.h|device/(?!zc_device\.h).*|py/.*")
GUESTS_OF: dict[str, set[str]] = {
    "guest/zc_guest_internal.h": {"engine"},  # what each engine's instances begin with
    "device/zc_device_backend.h": {"device/cpu", "device/vulkan", "device/metal"},  # the contract of devices
    "device/cpu/zc_cpu.h": {"py"},  # the name of the instruction set
    "device/cpu/zc_cpu_ops.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_integer.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_packed_layout.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_split.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_quant.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_cancel.h": {"device/cpu/isa"},
}


def includes(path: Path) -> list[str]:
    """What the file includes, as it is written."""
    text = path.read_text("utf-8")
    return re.findall(r'^\s*#\s*(?:include|import)\s*[<"]([^>"]+)[>"]', text, re.MULTILINE)


def own_includes(path: Path) -> list[str]:
    """Those of csrc/ by their path in it: "device/zc_device.h"."""
    found = []
    for name in includes(path):
        if name.startswith("py_"):
            name = f"py/{name}"
        if (sources.CSRC / name).is_file() and not (sources.CSRC / name).is_relative_to(sources.WASM3):
            found.append(name)
    return found


def graph() -> dict[str, set[str]]:
    """Each folder with the others that its files include."""
    found: dict[str, set[str]] = {folder: set() for folder in LAYERS}
    for path in sources.everything():
        here = sources.folder_of(path)
        found.setdefault(here, set()).update(name.rpartition("/")[0] for name in own_includes(path))
    return {here: there - {here} for here, there in found.items()}


def mistakes(path: Path) -> list[str]:
    """What the file includes and may not, a sentence each."""
    here, found = sources.folder_of(path), []
    if here not in LAYERS:
        return [f"csrc/{here} is in no row of the table of layers"]
    for name in own_includes(path):
        there = name.rpartition("/")[0]
        if there == here:
            continue
        if there not in LAYERS[here]:
            found.append(
                f"{here} may not include {name}: it knows {', '.join(sorted(LAYERS[here])) or 'nobody'}"
            )
        elif PRIVATE.fullmatch(name) and here not in GUESTS_OF.get(name, set()):
            found.append(f"{name} is private to its folder, not for {here}")
    return found


# ---- between files -----------------------------------------------------------------------------------

_COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_BODY = re.compile(r"^([^\n{};#][^{};#]*?)\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(
    r"^(?!static\b|extern\b|typedef\b|return\b|enum\b|struct \w+;)"
    r"(?:[A-Za-z_]\w*[ *]+)+(\w+)(?:\[[^\n]*\])* *(?:=|;)",
    re.MULTILINE,
)


def functions(path: Path) -> dict[str, int]:
    """The functions that the file defines, each with its number of lines."""
    text = _COMMENT_OR_TEXT.sub(lambda match: "\n" * match[0].count("\n") or " ", path.read_text("utf-8"))
    found = {}
    for head, body in _BODY.findall(text):
        head = re.split(r"\n\s*\n", head)[-1].strip()
        name = re.search(r"(\w+)\s*\(", head)
        if name:
            found[name[1]] = head.count("\n") + body.count("\n") + 3
    return found


def unit(path: Path) -> str:
    """A .c file and its header are one: "device/zc_batch"."""
    return path.relative_to(sources.CSRC).with_suffix("").as_posix()


def definitions(path: Path) -> set[str]:
    """The functions and variables that the file defines for others: what it says at the start of a line."""
    text = _COMMENT_OR_TEXT.sub(" ", path.read_text("utf-8"))
    inline = path.suffix in {".h", ".inc"}
    found = set()
    for head, _ in _BODY.findall(text):
        head = re.split(r"\n\s*\n", head)[-1].strip()
        name = re.search(r"(\w+)\s*\(", head)
        if name and (inline or not head.startswith("static")):
            found.add(name[1])
    if not inline:
        found |= set(_VARIABLE.findall(text))
    return {name for name in found if name.startswith("zc_")}


def words(path: Path) -> set[str]:
    """The words of the file's code; of a header only those in functions, the rest declares. `prefix_##` of a
    macro stands for all that begins so."""
    text = _COMMENT_OR_TEXT.sub(" ", path.read_text("utf-8"))
    if path.suffix == ".h":
        text = "\n".join(body for _, body in _BODY.findall(text))
    return set(re.findall(r"\w+(?: *##)?", text))


def file_graph() -> dict[str, dict[str, set[str]]]:
    """Each unit with the others that it uses, and what it uses of each."""
    owner: dict[str, str] = {}
    for path in sources.everything():
        owner.update(dict.fromkeys(definitions(path), unit(path)))
    arrows: dict[str, dict[str, set[str]]] = {}
    for path in sources.everything():
        here = arrows.setdefault(unit(path), {})
        found = words(path)
        prefixes = tuple(word.rstrip("# ") for word in found if word.endswith("##"))
        used = {name for name in found if name in owner}
        used |= {name for name in owner if prefixes and name.startswith(prefixes)}
        for name in used:
            if owner[name] != unit(path):
                here.setdefault(owner[name], set()).add(name)
    return arrows


def circles(arrows: dict[str, dict[str, set[str]]]) -> list[set[str]]:
    """The largest sets of files each of which depends on all others of its set."""
    reach: dict[str, set[str]] = {}
    for start in arrows:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for name in arrows[todo.pop()]:
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
        reach[start] = seen
    found = {frozenset(name for name in reach[start] if start in reach[name]) for start in arrows}
    return sorted((set(circle) for circle in found if len(circle) > 1), key=sorted)


def print_files() -> None:
    arrows = file_graph()
    for here in sorted(arrows):
        print(f"{here} uses {', '.join(sorted(arrows[here])) or 'no other'}")
    found = circles(arrows)
    for circle in found:
        print(f"\na circle: {', '.join(sorted(circle))}")
        for here in sorted(circle):
            for there in sorted(circle & set(arrows[here])):
                names = sorted(arrows[here][there])
                print(f"  {here} -> {there}: {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}")
    print(f"\n{len(arrows)} files, {sum(map(len, arrows.values()))} arrows, {len(found)} circles")
    if found:
        sys.exit("files in a circle are one file, or one of them holds what another one should")


def main() -> None:
    parser = argparse.ArgumentParser(description="Print which folder of csrc/ includes which.")
    parser.add_argument("--dot", action="store_true", help="as a graph for Graphviz")
    parser.add_argument("--files", action="store_true", help="between files instead, with the circles")
    options = parser.parse_args()
    if options.files:
        print_files()
        return
    arrows = graph()
    if options.dot:
        print("digraph csrc {")
        for here, there in arrows.items():
            print("\n".join([f'  "{here}";', *(f'  "{here}" -> "{name}";' for name in sorted(there))]))
        print("}")
    else:
        for here, there in arrows.items():
            print(f"{here:16} includes {', '.join(name for name in LAYERS if name in there) or 'no other'}")
    wrong = [
        f"{path.relative_to(sources.ROOT)}: {text}"
        for path in sources.everything()
        for text in mistakes(path)
    ]
    below: set[str] = set()
    for here, there in LAYERS.items():
        wrong += [f"{here} is in the table before {name}" for name in sorted(there - below)]
        below.add(here)
    if wrong:
        sys.exit("\n".join(wrong))
    if not options.dot:
        print(f"{len(arrows)} folders, {sum(map(len, arrows.values()))} arrows, none upwards, so no circle")


if __name__ == "__main__":
    main()
