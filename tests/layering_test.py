#!/usr/bin/env python3
"""Holds every #include of our own headers against the arrows of docs/architecture.md.

A folder may include itself and what its row names; nothing points back.
"""
import pathlib
import re
import sys

MANAGERS = ["engine/container", "engine/build", "engine/image", "engine/network", "engine/volume"]
ALLOWED = {
    "base": [],
    "compose": ["base"],
    "dns": ["base"],
    "engine/api": ["base"],
    "engine/state": ["base", "engine/api"],
    "engine/runtime": ["base", "engine/shim"],
    "engine/shim": ["base", "engine/runtime"],
    "engine/image": ["base", "engine/api", "engine/state"],
    "engine/volume": ["base", "engine/api", "engine/state", "engine/image"],
    "engine/network": ["base", "engine/api", "engine/state", "dns"],
    "engine/build": ["base", "engine/api", "engine/state", "engine/image", "engine/volume"],
    "engine/container": ["base", "engine", "engine/api", "engine/state", "engine/runtime", "engine/shim", "engine/image", "engine/network",
                         "engine/volume", "engine/build"],
    "engine/http": ["base", "engine", "engine/api", "engine/state", "engine/shim", "engine/runtime", *MANAGERS],
    "engine": ["base", "dns", "engine/api", "engine/state", "engine/runtime", "engine/shim", "engine/http", *MANAGERS],
    "scheduler": ["base", "compose", "engine/api"],
    "cli": ["base", "compose", "scheduler", "engine", "engine/api"],
}
# What the containers' and HTTP code may see of the folder above them: the launcher, paths and events, never the wiring.
ENGINE_TOP = {"engine/paths.hpp", "engine/events.hpp", "engine/crash_points.hpp"}


def folder_of(path: str) -> str:
    parts = path.split("/")[:-1]
    if parts[0] == "engine":
        return "/".join(parts[:2])
    return parts[0]


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    mistakes = []
    checked = 0
    for folder in ("base", "compose", "dns", "engine", "scheduler", "cli"):
        for file in sorted((root / folder).rglob("*.[hc]pp")):
            name = str(file.relative_to(root))
            here = folder_of(name)
            for number, line in enumerate(file.read_text().splitlines(), 1):
                # GCC 12 gives the calls before it in the same coroutine wrong parameters: name the result first
                if re.search(r"\bif \((?:[^()]|\([^()]*\))*co_await", line):
                    mistakes.append(f"{name}:{number}: co_await in the condition of an if")
                found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not found:
                    continue
                checked += 1
                there = folder_of(found[1]) if "/" in found[1] else here
                if there == here:
                    continue
                allowed = there in ALLOWED.get(here, [])
                if allowed and there == "engine" and here in ("engine/container", "engine/http"):
                    allowed = found[1] in ENGINE_TOP
                if not allowed:
                    mistakes.append(f"{name}:{number}: {here} may not include {found[1]}")
    print("\n".join(mistakes) or f"{checked} includes follow the arrows")
    return 1 if mistakes or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
