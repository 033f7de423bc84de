"""What a case of the corpus is, and how one is written down."""
import dataclasses


@dataclasses.dataclass
class Case:
    """Files in a directory of their own, a command line, an environment."""
    name: str
    files: dict  # name below the project's directory ("../x" is beside it) -> text, or bytes
    before: list = dataclasses.field(default_factory=list)  # arguments before `config`
    after: list = dataclasses.field(default_factory=list)   # arguments behind it
    environment: dict = dataclasses.field(default_factory=dict)
    stdin: str = ""
    directory: str = "."  # where it is run, below the project's directory
    # What is compared: "json", "yaml", "hash"; "text" is the output of the command as it is written in `after`.
    outputs: tuple = ("json",)


class Group:
    """Collects the cases of one group; their names are unique in it."""

    def __init__(self, name):
        self.name = name
        self.cases = []
        self.names = set()

    def add(self, name, files, outputs=("json",), **rest):
        """`files`: a mapping, or the text of compose.yaml."""
        if name in self.names:
            raise ValueError(f"{self.name}: two cases are called {name}")
        self.names.add(name)
        if not isinstance(files, dict):
            files = {"compose.yaml": files}
        self.cases.append(Case(name, files, outputs=tuple(outputs), **rest))

    def print(self, name, files, *after, **rest):
        """A case whose output is compared as text."""
        self.add(name, files, outputs=("text",), after=list(after), **rest)


def service(lines, rest=""):
    """A file with a service `a` that has these lines, and more behind it."""
    body = "".join(f"    {line}\n" for line in lines.strip("\n").split("\n"))
    image = "" if "    image:" in body else "    image: x\n"
    return f"name: t\nservices:\n  a:\n{image}{body}{rest}"
