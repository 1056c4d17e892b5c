"""The layers of csrc/: each folder, and the folders whose files it may include.

    python buildtools/layers.py          print which folder includes which, from the ground up
    python buildtools/layers.py --dot    the same for Graphviz

The table is the rule, the includes are what is: where they differ this fails, and so does
tests/test_layers.py.
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
    "wasi": {"base", "region", "validate", "guest"},
    "device": {"base", "region", "kernel"},
    "device/cpu": {"base", "region", "kernel", "device"},
    "device/cpu/isa": {"base", "kernel", "device/cpu"},
    "device/vulkan": {"base", "region", "kernel", "device"},
    "device/metal": {"base", "region", "kernel", "device"},
    "weights": {"base", "region", "kernel", "device"},
    "imports": {"base", "region", "validate", "kernel", "guest", "device", "weights"},
    "py": {
        "base",
        "region",
        "validate",
        "kernel",
        "guest",
        "wasi",
        "device",
        "device/cpu",
        "weights",
        "imports",
    },
}
# A file that is private to its folder, but for who is named here.
PRIVATE = re.compile(r".*_(internal|os)\.h|device/(?!zc_device\.h).*|py/.*")
GUESTS_OF: dict[str, set[str]] = {
    "device/zc_device_backend.h": {"device/cpu", "device/vulkan", "device/metal"},  # the contract of devices
    "device/cpu/zc_cpu.h": {"py"},  # the name of the instruction set
    "device/cpu/zc_cpu_ops.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_integer.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_quant.h": {"device/cpu/isa"},
    "device/cpu/zc_cpu_cancel.h": {"device/cpu/isa"},
    "region/zc_region_os.h": {"guest"},  # a stack has guard pages, too
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Print which folder of csrc/ includes which.")
    parser.add_argument("--dot", action="store_true", help="as a graph for Graphviz")
    options = parser.parse_args()
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
