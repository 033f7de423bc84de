"""What command lines print, without what differs from run to run: for comparing stack with docker compose.

    command_outputs.py FOLDER RUNNER [ARG...]   prints the record of tests/golden/FOLDER/script.txt; RUNNER ARG... COMMAND-LINE
                                                runs one
    command_outputs.py --shell FOLDER DOCKER    the same for a script of shell lines; DOCKER is the program they call docker

commands: docker compose in a copy of that folder, with its image imported. docker_commands, docker_changes: docker, with an image
local/golden:1 imported. docker_tutorials: an engine of its own, that has no image but alpine:latest.
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
AGE = r"(?:Less than a second|About an? (?:minute|hour)|\d+ (?:seconds?|minutes?|hours?))"
CHANGING = [
    (r"^Error response from daemon: ", ""),
    (r"\b[0-9a-f]{64}\b", "ID"), (r"\b[0-9a-f]{12}\b", "ID"), (r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z| \+0000 UTC)", "TIME"),
    (r"\((?:healthy|health: starting)\)", "(HEALTH)"),  # a matter of the moment: ours probes soon after the start
    (rf"Up {AGE}", "Up AGE"), (rf"{AGE} ago", "AGE ago"),
    (r"root +\d+ +\d+ +\d+ +\S+ +\S+ +[\d:]+ ", "root PIDS "),
    (r"/sbin/docker-init .*?sh -c", "/sbin/docker-init -- sh -c"),  # how it is called is the engine's own matter
    (r"(0\.0\.0\.0|\[::\]):32\d\d\d->", r"\1:EPHEMERAL->"), (r"\d\.\d+MB", "SIZE"), (r" +", " "),
]
# the docker command about its own builds
NOTICE = re.compile(r"^ ?(DEPRECATED: The legacy builder|Install the buildx|https://docs.docker.com/go/buildx|BuildKit is currently disabled|environment-variable)")
PROGRESS = re.compile(r"^ (Container|Network|Volume) (\S+) (Creating|Starting|Stopping|Removing|Killing|Restarting|Recreate)$")


def normalised(text: str) -> list:
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    lines = [in_order(line.rstrip()) for line in text.splitlines() if line.strip() and not NOTICE.match(line.strip())]
    # of an image that is deleted, docker's engine tells the layers, too
    return [line for before, line in zip([""] + lines, lines) if line != "Deleted: sha256:ID" or line != before]


def in_order(line: str) -> str:
    """docker compose lists what it is going to remove as it happens to find it."""
    head = "Going to remove "
    return head + ", ".join(sorted(line[len(head):].split(", "))) if line.startswith(head) else line


def record_of(command_line, done: subprocess.CompletedProcess) -> str:
    """The status, stdout as it is, and stderr in alphabetical order; of an error only that there was one: its words are ours.
    command_line: words, or a line for the shell."""
    title = command_line if isinstance(command_line, str) else shlex.join(command_line)
    lines = [f"$ {title}", f"  status {done.returncode}"]
    lines += [f"  out {line}" for line in normalised(done.stdout)]
    errors = normalised(done.stderr)
    if done.returncode != 0:
        errors = ["(an error)"] if errors else []
    lines += [f"  err {line}" for line in sorted(set(errors)) if not PROGRESS.match(line)]
    return "\n".join(lines) + "\n"


def script(folder: str) -> list:
    return [shlex.split(line) for line in (GOLDEN / folder / "script.txt").read_text().splitlines()]


def shell_script(folder: str) -> list:
    """The script's lines as they are, without comments."""
    return [line for line in (GOLDEN / folder / "script.txt").read_text().splitlines() if not line.startswith("#")]


def run_in_shell(line: str, directory, environment: dict, timeout=None) -> subprocess.CompletedProcess:
    return subprocess.run(["bash", "-c", line], cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout)


def expected(folder: str) -> list:
    """The records of the script's lines."""
    text = "\n" + (GOLDEN / folder / "expected.txt").read_text().rstrip("\n")
    return [f"$ {record}\n" for record in text.split("\n$ ")[1:]]


def record_shell(folder: str, docker: str):
    with tempfile.TemporaryDirectory() as base:
        directory = pathlib.Path(base) / "project"
        shutil.copytree(GOLDEN / folder / "files", directory)
        (pathlib.Path(base) / "docker").symlink_to(docker)
        environment = {**os.environ, "PATH": f"{base}:{os.environ['PATH']}"}
        for line in shell_script(folder):
            sys.stdout.write(record_of(line, run_in_shell(line, directory, environment)))


if __name__ == "__main__":
    if sys.argv[1] == "--shell":
        record_shell(sys.argv[2], sys.argv[3])
    else:
        for command_line in script(sys.argv[1]):
            ran = subprocess.run(sys.argv[2:] + command_line, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            sys.stdout.write(record_of(command_line, ran))
