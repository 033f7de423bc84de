"""docker's commands as docker 28 lists them (tests/golden/docker_flags), and a program `docker` that says them in stack's words."""
import dataclasses
import pathlib
import re
import shlex

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "golden/docker_flags"
GROUPS = ("container", "image", "network", "volume", "system")


@dataclasses.dataclass
class Flag:
    name: str  # "--detach"
    short: str  # "-d" or ""
    kind: str  # "string"; empty: it takes no value


@dataclasses.dataclass
class Command:
    name: str  # "container run"; empty: the flags before the command
    others: list  # "run"
    flags: list


def commands(file: str) -> list:
    """Of docker.txt or compose.txt."""
    found = []
    for line in (FOLDER / file).read_text().splitlines():
        if line.startswith("  "):
            short, name, kind = re.fullmatch(r"  (?:(-\w),)?(--[\w-]+)(?: (\S+))?", line).groups(default="")
            found[-1].flags.append(Flag(name, short, kind))
        else:
            name, *others = line.split(", ")
            found.append(Command("" if name == "(global)" else name, others, []))
    return found


def write_docker(path: pathlib.Path, stack: str):
    """A program for tutorials: `docker run …` is `stack container run …`."""
    cases = []
    for command in commands("docker.txt"):
        if command.name.split(" ")[0] in GROUPS:
            cases += [f"{shlex.quote(short)}) shift; set -- {command.name} \"$@\" ;;" for short in command.others if " " not in short]
    path.write_text("#!/bin/sh\ncase $1 in\n" + "\n".join(cases) + f"\nesac\nexec {shlex.quote(str(stack))} \"$@\"\n")
    path.chmod(0o755)
