"""device/vulkan/zc_vulkan_api.h against the system's <vulkan/vulkan.h>: each struct, field, value, prototype.

Both headers use the specification's names, so they cannot meet in one translation unit: a program that prints
what it sees is generated from our header and compiled once with each, and the two outputs must be equal.
Prototypes are compared by the compiler, in the unit with the real header.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parent.parent / "csrc"
FOLDER = CSRC / "device" / "vulkan"


def has_vulkan_headers(extension: str = "VK_VERSION_1_1") -> bool:
    """With this extension. $CPATH may name other headers than the system's."""
    text = f"#include <vulkan/vulkan.h>\n#ifndef {extension}\n#error\n#endif\n"
    try:
        return not subprocess.run(
            ["cc", "-E", "-xc", "-"], input=text, text=True, capture_output=True
        ).returncode
    except FileNotFoundError:
        return False


def questions(header: str) -> list[str]:
    """C expressions that name everything that our header declares."""
    text = (FOLDER / header).read_text("utf-8")
    asked = []
    for name, body in re.findall(r"typedef struct (Vk\w+) \{(.*?)^\} \1;", text, re.DOTALL | re.MULTILINE):
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
        body = re.sub(r"struct \{.*?\}", "", body, flags=re.DOTALL)
        asked.append(f"sizeof({name})")
        for field in re.findall(r"(\w+)(?:\[\w+\])?;", body):
            if not field.startswith("unused"):
                asked += [f"offsetof({name}, {field})", f"sizeof((({name} *)0)->{field})"]
    for body in re.findall(r"typedef enum Vk\w+ \{(.*?)\}", text, re.DOTALL):
        asked += re.findall(r"\b(VK_\w+)\b(?=\s*=)", body)
    asked += re.findall(r"X\((VK_\w+), -?\d+\)", text)
    asked += re.findall(r"^#define (VK_\w+) ", text, re.MULTILINE)
    return asked


@pytest.mark.skipif(not has_vulkan_headers(), reason="needs a C compiler and libvulkan-dev's headers")
def test_declarations_are_those_of_the_specification(tmp_path: Path) -> None:
    asked = questions("zc_vulkan_api.h")
    assert len(asked) > 450
    compare(tmp_path, asked, "device/vulkan/zc_vulkan_api.h", PROTOTYPES)


@pytest.mark.skipif(
    not has_vulkan_headers("VK_KHR_cooperative_matrix"), reason="needs headers with cooperative matrices"
)
def test_declarations_of_matrices_are_those_of_the_specification(tmp_path: Path) -> None:
    asked = questions("zc_vulkan_matrix_api.h")
    assert len(asked) > 25
    compare(tmp_path, asked, "device/vulkan/zc_vulkan_matrix_api.h", MATRIX_PROTOTYPES)


PROTOTYPES = """
#define ZC_VULKAN_FUNCTION(result, name, ...) \\
    _Static_assert(__builtin_types_compatible_p(PFN_##name, result (*)(__VA_ARGS__)), #name);
#include "device/vulkan/zc_vulkan_functions.def"
_Static_assert(__builtin_types_compatible_p(PFN_vkDebugUtilsMessengerCallbackEXT,
    VkBool32 (*)(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                 const VkDebugUtilsMessengerCallbackDataEXT *, void *)), "callback");
"""
MATRIX_PROTOTYPES = """
_Static_assert(__builtin_types_compatible_p(PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR,
    VkResult (*)(VkPhysicalDevice, uint32_t *, VkCooperativeMatrixPropertiesKHR *)), "matrices");
"""


def compare(tmp_path: Path, asked: list[str], header: str, prototypes: str) -> None:
    lines = "\n".join(f'    printf("%s %llu\\n", "{each}", (unsigned long long)({each}));' for each in asked)
    source = tmp_path / "check.c"
    source.write_text(
        f"""
#include <stddef.h>
#include <stdio.h>
#ifdef REAL
#include <vulkan/vulkan.h>
{prototypes}
#else
#include "{header}"
#endif
int main(void)
{{
{lines}
    return 0;
}}
"""
    )
    said = []
    for flags in ([], ["-DREAL"]):
        program = tmp_path / f"check{len(flags)}"
        subprocess.run(["cc", "-std=c11", f"-I{CSRC}", *flags, str(source), "-o", str(program)], check=True)
        said.append(
            subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.splitlines()
        )
    assert said[0] == said[1]
