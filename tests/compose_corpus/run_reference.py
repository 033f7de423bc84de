"""Runs cases with docker compose, inside the reference's root: run_reference.py COMMAND CASES RESULTS.

CASES is a JSON list of cases (see record); RESULTS gets a list of what each of them gave. Every case has /corpus/project to
itself: run it in a mount namespace of its own.
"""
import json
import os
import shutil
import subprocess
import sys

TOP = "/corpus"
PROJECT = TOP + "/project"
QUICKER = {"GOGC": "off"}  # a third less time a run; taken out of what shows the environment


def lay_out(case):
    shutil.rmtree(TOP, ignore_errors=True)
    os.makedirs(os.path.join(PROJECT, case["directory"]))
    for name, text in case["files"].items():
        path = os.path.normpath(os.path.join(PROJECT, name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))


def run(command, case, after):
    environment = {**QUICKER, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **case["environment"]}
    try:
        done = subprocess.run([command, *case["before"], "config", *after], input=case["stdin"].encode(), capture_output=True,
                              cwd=os.path.join(PROJECT, case["directory"]), env=environment, timeout=20)
    except subprocess.TimeoutExpired:
        return False, "", "it did not end"
    return done.returncode == 0, done.stdout.decode("utf-8", "surrogateescape").replace("GOGC=off\n", ""), done.stderr.decode("utf-8", "replace")


# What prints a list: docker compose has no order for most of them.
LISTS = {"--services", "--images", "--volumes", "--networks", "--models", "--profiles", "--environment", "--variables", "--hash"}


def in_order(text):
    return "".join(line + "\n" for line in sorted(text.split("\n")) if line)


def result_of(command, case):
    lay_out(case)
    result = {}
    for output in case["outputs"]:
        flags = {"json": ["--format", "json"], "yaml": [], "hash": ["--hash", "*"], "text": []}[output]
        ok, text, errors = run(command, case, [*case["after"], *flags])
        if not ok:
            told = [line for line in errors.strip().split("\n") if not line.startswith("time=")]
            return {"error": "\n".join(told)[-400:]}
        if LISTS & set(case["after"]) and not {"--variables", "--format"} <= set(case["after"]):
            text = in_order(text)
        result[output] = json.loads(text) if output == "json" else text
    return result


def main():
    command, cases, results = sys.argv[1:]
    with open(cases) as file:
        listed = json.load(file)
    with open(results, "w") as file:
        json.dump([result_of(command, case) for case in listed], file)


main()
