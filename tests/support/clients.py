"""The clients of the Docker Engine API that tests drive our engine with. `fetch-clients` fetches them once for a build directory: the
docker command from Debian's docker.io package, unpacked and not installed (so that no dockerd starts), and tests/clients' packages
from npm. Tests have no way out of their network namespace: they use what is there.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import BUILD, SOURCE

PLACE = BUILD / "clients"
PATIENCE = 300  # seconds for a download


def docker_place() -> pathlib.Path:
    return PLACE / "docker-cli"


def node_place() -> pathlib.Path:
    lock = (SOURCE / "tests/clients/package-lock.json").read_bytes()
    return PLACE / f"node-{hashlib.sha256(lock).hexdigest()[:12]}"


# --- for tests ---

def docker_command() -> pathlib.Path:
    return present(docker_place()) / "usr/bin/docker"


def node_modules() -> pathlib.Path:
    return present(node_place()) / "node_modules"


def present(place: pathlib.Path) -> pathlib.Path:
    if place.exists():
        return place
    failure = place.with_suffix(".failed")
    raise unittest.SkipTest(failure.read_text() if failure.exists() else f"{place.name} is missing: run tests/support/fetch-clients")


def debian_python() -> str:
    """The interpreter that sees Debian's Python packages."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"


# --- for fetch-clients ---

def make(place: pathlib.Path, fill):
    """Fills a new directory and gives it its name; a failure is written down for the tests to tell."""
    failure = place.with_suffix(".failed")
    failure.unlink(missing_ok=True)
    if place.exists():
        return
    staged = place.with_suffix(".new")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    try:
        fill(staged)
    except (subprocess.SubprocessError, OSError) as error:
        output = getattr(error, "stdout", None) or ""
        failure.write_text(f"{place.name} could not be fetched: {error}\n{output[-500:]}\n")
        return
    staged.rename(place)


def run(*command, directory):
    subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                   timeout=PATIENCE, check=True)


def unpack_docker(directory):
    run("apt-get", "download", "-o", "APT::Sandbox::User=root", "docker.io", directory=directory)
    package = next(directory.glob("docker.io_*.deb"))
    run("dpkg-deb", "-x", package.name, ".", directory=directory)
    package.unlink()
    (directory / "usr/sbin/dockerd").unlink(missing_ok=True)  # the daemon is most of it


def install_node_packages(directory):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / "tests/clients" / name, directory)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", directory=directory)


def fetch():
    make(docker_place(), unpack_docker)
    make(node_place(), install_node_packages)
    for failure in PLACE.glob("*.failed"):
        print(failure.read_text())
