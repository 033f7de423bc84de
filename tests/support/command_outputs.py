"""What command lines print, without what differs from run to run: for comparing stack with docker compose.

    command_outputs.py FOLDER RUNNER [ARG...]   prints the record of tests/golden/FOLDER/script.txt; RUNNER ARG... COMMAND-LINE
                                                runs one

commands: docker compose in a copy of that folder, with its image imported. docker_commands, docker_changes: docker, with an image
local/golden:1 imported.
"""
import pathlib
import re
import shlex
import subprocess
import sys

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
AGE = r"(?:Less than a second|About an? (?:minute|hour)|\d+ (?:seconds?|minutes?|hours?))"
CHANGING = [
    (r"^Error response from daemon: ", ""),
    (r"\b[0-9a-f]{64}\b", "ID"), (r"\b[0-9a-f]{12}\b", "ID"), (r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z| \+0000 UTC)", "TIME"),
    (rf"Up {AGE}", "Up AGE"), (rf"{AGE} ago", "AGE ago"),
    (r"root +\d+ +\d+ +\d+ +\S+ +\S+ +[\d:]+ ", "root PIDS "),
    (r"/sbin/docker-init .*?sh -c", "/sbin/docker-init -- sh -c"),  # how it is called is the engine's own matter
    (r"(0\.0\.0\.0|\[::\]):32\d\d\d->", r"\1:EPHEMERAL->"), (r"\d\.\d+MB", "SIZE"), (r" +", " "),
]
PROGRESS = re.compile(r"^ (Container|Network|Volume) (\S+) (Creating|Starting|Stopping|Removing|Killing|Restarting|Recreate)$")


def normalised(text: str) -> list:
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    lines = [in_order(line.rstrip()) for line in text.splitlines() if line.strip()]
    # of an image that is deleted, docker's engine tells the layers, too
    return [line for before, line in zip([""] + lines, lines) if line != "Deleted: sha256:ID" or line != before]


def in_order(line: str) -> str:
    """docker compose lists what it is going to remove as it happens to find it."""
    head = "Going to remove "
    return head + ", ".join(sorted(line[len(head):].split(", "))) if line.startswith(head) else line


def record_of(arguments: list, done: subprocess.CompletedProcess) -> str:
    """The status, stdout as it is, and stderr in alphabetical order; of an error only that there was one: its words are ours."""
    lines = [f"$ {shlex.join(arguments)}", f"  status {done.returncode}"]
    lines += [f"  out {line}" for line in normalised(done.stdout)]
    errors = normalised(done.stderr)
    if done.returncode != 0:
        errors = ["(an error)"] if errors else []
    lines += [f"  err {line}" for line in sorted(set(errors)) if not PROGRESS.match(line)]
    return "\n".join(lines) + "\n"


def script(folder: str) -> list:
    return [shlex.split(line) for line in (GOLDEN / folder / "script.txt").read_text().splitlines()]


def expected(folder: str) -> list:
    """The records of the script's lines."""
    text = "\n" + (GOLDEN / folder / "expected.txt").read_text().rstrip("\n")
    return [f"$ {record}\n" for record in text.split("\n$ ")[1:]]


if __name__ == "__main__":
    for command_line in script(sys.argv[1]):
        ran = subprocess.run(sys.argv[2:] + command_line, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        sys.stdout.write(record_of(command_line, ran))
