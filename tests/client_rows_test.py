#!/usr/bin/env python3
"""Every command that docker 28 and docker compose 2.40 list (tests/golden/docker_flags) has a row in the tests that drive our engine
with them, or is left out for a reason that is told here. Reads the tests' source: what a row asserts is the row's own matter."""
import ast
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS / "support"))
import docker_words  # noqa: E402

FILES = ["scenarios/clients_test.py", "reference/compose_test.py", "reference/compose_commands_test.py", "reference/docker_commands_test.py"]
NOT_THE_ENGINES = "between the command and a notary: no engine is asked"
REASONS = {  # by command or group
    "trust": NOT_THE_ENGINES,
    "compose bridge": "makes files of files, with images of a hub: no engine of ours changes that",
    "compose publish": "sends the project's files to a registry: the engine is not asked",
}
METHODS = {"docker": (), "refused": (), "start_docker": (), "compose_cli": ("compose",), "running": ("run",)}


def words_of(nodes) -> tuple:
    """The literal strings that a list of expressions begins with."""
    words = []
    for node in nodes:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            break
        words.append(node.value)
    return tuple(words)


def rows_in(source: str) -> set:
    """The command lines of a file: calls of its clients' methods, also under a name of their own (`run = self.docker`), and lists."""
    rows = set()
    for function in [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]:
        prefixes = dict(METHODS)
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr in METHODS:
                prefixes[node.targets[0].id] = METHODS[node.value.attr]
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", None))
                if name in prefixes:
                    rows.add(prefixes[name] + words_of(node.args))
            elif isinstance(node, (ast.List, ast.Tuple)):
                rows.add(words_of(node.elts))
    return rows


def missing(rows: set) -> list:
    found = []
    listed = [(command, "") for command in docker_words.commands("docker.txt")]
    listed += [(command, "compose ") for command in docker_words.commands("compose.txt")]
    for command, prefix in listed:
        names = [prefix + name for name in (command.name, *command.others)]
        has_row = any(row[: len(name.split())] == tuple(name.split()) for name in names for row in rows)
        has_reason = any(name == left_out or name.startswith(left_out + " ") for name in names for left_out in REASONS)
        if command.name and has_row == has_reason:
            found.append(f"{names[0]}: {'has a row and a reason to have none' if has_row else 'has no row'}")
    return found


def main() -> int:
    rows = set().union(*(rows_in((TESTS / file).read_text()) for file in FILES))
    mistakes = missing(rows)
    assert missing(set()), "without rows, none may be found"
    print("\n".join(mistakes) or f"{len(rows)} command lines: every command has a row or a reason")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
