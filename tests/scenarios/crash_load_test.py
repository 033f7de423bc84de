"""Recovery is a property: the engine dies by SIGKILL at every named state transition while clients create, start, exec, stop and
remove; after each restart records, shims, cgroups and files agree, nothing is lost or doubled, logs and exit codes are right.

Seeded, and replayable with STACK_CRASH_SEED. Each point is met five times, or as often as a minute allows, but once at least;
STACK_CRASH_KILLS asks for a number of deaths however long they take.
"""
import json
import os
import pathlib
import random
import signal
import threading
import time
import unittest

from crash_points_test import points
from harness import DEADLINE, StackCase, UnixHttp, read, wait_until

SEED = int(os.environ.get("STACK_CRASH_SEED", "20261126"))
KILLS = int(os.environ.get("STACK_CRASH_KILLS", "110"))
SECONDS = float("inf") if "STACK_CRASH_KILLS" in os.environ else 60
LINES = 300
STOPPED, ENDED = 7, 9  # exit codes: of a container that was asked to stop, of one that ends by itself
WORK = f"seq 0 {LINES - 1}; trap 'exit {STOPPED}' TERM; while :; do sleep 0.02; done"
SHORT = f"seq 0 {LINES - 1}; exit {ENDED}"


class Gone(Exception):
    """The engine went away during a request: whether it was carried out is not known."""


class Client(threading.Thread):
    """Works through the life of containers until the engine dies, and keeps what was answered: the promises to be checked."""

    def __init__(self, name: str, socket: str, seed: int):
        super().__init__(daemon=True)
        self.prefix, self.socket, self.random = name, socket, random.Random(seed)
        self.known, self.failures, self.stopping = {}, [], threading.Event()

    def request(self, method: str, path: str, body=None):
        connection = UnixHttp(self.socket, timeout=DEADLINE)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text.startswith(("{", "[")) else text
        except (OSError, ValueError) as error:
            raise Gone() from error
        except Exception as error:  # http.client's: a connection that ends within an answer
            raise Gone() from error
        finally:
            connection.close()

    def expect(self, status, *request):
        """One request whose answer must have this status."""
        answer = self.request(*request)
        if answer[0] not in (status if isinstance(status, tuple) else (status,)):
            self.failures.append(f"{request[:2]}: {answer}")
            raise Gone()
        return answer[1]

    def run(self):
        try:
            number = 0
            while not self.stopping.is_set():
                self.one_life(f"{self.prefix}-{number}")
                number += 1
        except Gone:
            pass

    def one_life(self, name: str):
        ends = self.random.random() < 0.4
        self.expect(201, "POST", "/networks/create", {"Name": f"{name}-net"})
        self.expect(201, "POST", "/volumes/create", {"Name": f"{name}-volume"})
        facts = self.known[name] = {"create": "asked", "ends": ends}
        body = {"Image": "local/busybox", "Cmd": ["sh", "-c", SHORT if ends else WORK], "HostConfig": {
            "NetworkMode": f"{name}-net", "Binds": [f"{name}-volume:/data"], "LogConfig": {
                "Type": self.random.choice(["local", "json-file"])}}}
        facts["id"] = self.expect(201, "POST", f"/containers/create?name={name}", body)["Id"]
        facts["create"] = "done"
        facts["start"] = "asked"
        self.expect(204, "POST", f"/containers/{name}/start")
        facts["start"] = "done"
        if ends:
            code = self.expect(200, "POST", f"/containers/{name}/wait")["StatusCode"]
            if code != ENDED:
                self.failures.append(f"{name} ended with {code}")
        else:
            self.exec(name)
            facts["stop"] = "asked"
            self.expect((204, 304), "POST", f"/containers/{name}/stop?t=20")
            facts["stop"] = "done"
        facts["remove"] = "asked"
        self.expect(204, "DELETE", f"/containers/{name}?force=1")
        facts["remove"] = "done"
        self.expect(204, "DELETE", f"/networks/{name}-net")
        self.expect(204, "DELETE", f"/volumes/{name}-volume")

    def exec(self, name: str):
        run = self.expect(201, "POST", f"/containers/{name}/exec", {"Cmd": ["sh", "-c", "exit 6"], "AttachStdout": True})["Id"]
        self.expect(200, "POST", f"/exec/{run}/start", {})
        code = self.expect(200, "GET", f"/exec/{run}/json")["ExitCode"]
        if code != 6:
            self.failures.append(f"exec in {name} ended with {code}")


class CrashLoad(StackCase):
    def test_recovery_from_a_kill_at_every_transition_under_load(self):
        self.import_busybox()
        self.socket = str(self.run_root / "engine.sock")
        print(f"seed {SEED}: STACK_CRASH_SEED={SEED} replays this")
        chance = random.Random(SEED)
        rounds = []
        while len(rounds) < max(KILLS, len(points())):
            everything = points()
            chance.shuffle(everything)
            rounds += [(point, chance.randint(1, 3), chance.random()) for point in everything]
        died = {}
        started = time.monotonic()
        for number, (point, passage, seed) in enumerate(rounds[:max(KILLS, len(points()))]):
            if number >= len(points()) and time.monotonic() - started > SECONDS:
                break
            try:
                self.one_round(number, point, passage, seed)
            except AssertionError as error:  # what follows would say nothing
                raise AssertionError(f"round {number}, death {passage} at {point}, seed {SEED}: {error}") from error
            died[point] = died.get(point, 0) + 1
        print(f"{sum(died.values())} deaths in {time.monotonic() - started:.0f} s, each point {min(died.values())} times at least")
        self.assertEqual(sorted(died), sorted(points()))

    def one_round(self, number: int, point: str, passage: int, seed: float):
        self.stop_engine()  # so that this command starts one, which inherits its environment
        mark = self.base / f"died-{number}"
        self.stack("image", "ls", env={"STACK_CRASH_AT": f"{point}:{passage}", "STACK_CRASH_MARK": str(mark)})
        clients = [Client(f"r{number}c{index}", self.socket, hash((seed, index))) for index in range(2)]
        for client in clients:
            client.start()
            self.addCleanup(client.stopping.set)
        wait_until(lambda: read(mark) == point, f"the engine reaches {point}")
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(DEADLINE)
            self.assertFalse(client.is_alive(), "a client waits for an answer that never comes")
            self.assertEqual(client.failures, [])
        self.stack("image", "ls")  # unless a shim has done it already: an engine again
        wait_until(lambda: len(self.engine_pids()) == 1, "exactly one engine")
        known = {name: facts for client in clients for name, facts in client.known.items()}
        self.check_promises(known)
        self.check_agreement()
        self.clear(known)

    def check_promises(self, known: dict):
        """What the clients were told holds."""
        there = {}
        for item in self.api_list("/containers/json?all=1"):
            name = item["Names"][0].strip("/")
            self.assertNotIn(name, there, "a container is there twice")
            there[name] = item["Id"]
        for name, facts in known.items():
            if facts["create"] == "done" and "remove" not in facts:
                self.assertEqual(there.get(name), facts["id"], f"{name} is lost")
            if facts.get("remove") == "done":
                self.assertNotIn(name, there, "removed, and there again")
            if name not in there or facts.get("start") != "done" or "remove" in facts:
                continue
            if facts["ends"] or "stop" in facts:
                self.check_end(name, facts)
            else:
                self.assertEqual(self.inspect_state(name)["Status"], "running", name)
            self.check_log(name)

    def inspect_state(self, name: str) -> dict:
        return self.api("GET", f"/containers/{name}/json")[1]["State"]

    def check_end(self, name: str, facts: dict):
        """It has ended, or is about to; a stop that was not answered may not have begun."""
        wanted = ENDED if facts["ends"] else STOPPED
        if facts["ends"] or facts.get("stop") == "done":
            wait_until(lambda: self.inspect_state(name)["Status"] == "exited", f"{name} has ended")
        state = self.inspect_state(name)
        if state["Status"] == "exited":
            self.assertEqual(state["ExitCode"], wanted, f"{name}: {state}")

    def check_log(self, name: str):
        """Every line, in order, once."""
        expected = [str(number) for number in range(LINES)]
        wait_until(lambda: self.log(name)[-1:] == expected[-1:], f"{name} has written its last line")
        self.assertEqual(self.log(name), expected, name)

    def log(self, name: str) -> list:
        status, text = self.api("GET", f"/containers/{name}/logs?stdout=1")
        self.assertEqual(status, 200, text)
        lines, data = [], text.encode()
        while data:
            length = int.from_bytes(data[4:8], "big")
            lines.append(data[8:8 + length].decode())
            data = data[8 + length:]
        return "".join(lines).split()

    def check_agreement(self):
        """Records, shims, run directories, cgroups and files tell the same, as soon as what is under way has ended."""
        def seen():
            records = self.api_list("/containers/json?all=1")
            running = sorted(item["Id"] for item in records if item["State"] == "running")
            shims = [argv for argv in self.processes().values() if argv[:2] == ["stack-shim", "monitor"]]
            directories = self.root / "containers"
            return {
                "shims": (len(shims), len(running)),
                "run directories": (self.names(self.run_root / "shims"), running),
                "cgroups": (self.groups(), running),
                "files": (self.names(directories), sorted(item["Id"] for item in records)),
            }
        last = {}

        def agree():
            last.update(seen())
            return all(found == recorded for found, recorded in last.values())
        try:
            wait_until(agree, "agreement", 20)
        except AssertionError:
            self.fail(f"these differ (found, recorded): {[(what, pair) for what, pair in last.items() if pair[0] != pair[1]]}")

    def groups(self) -> list:
        """The cgroups below this instance's own, of every hierarchy."""
        return sorted({path.name for parent in self.leftovers()["cgroups"] for path in pathlib.Path(parent).iterdir() if path.is_dir()})

    def names(self, directory: pathlib.Path) -> list:
        return sorted(path.name for path in directory.iterdir()) if directory.exists() else []

    def clear(self, known: dict):
        for name in self.all_container_names():
            self.assertEqual(self.api("DELETE", f"/containers/{name}?force=1")[0], 204)
        for network in self.api_list("/networks"):
            if network["Name"].endswith("-net"):
                self.assertEqual(self.api("DELETE", f"/networks/{network['Id']}")[0], 204)
        for name in known:
            self.assertIn(self.api("DELETE", f"/volumes/{name}-volume")[0], (204, 404))

    def run_container(self, name: str, command: list):
        status, answer = self.api("POST", f"/containers/create?name={name}", {"Image": "local/busybox", "Cmd": command})
        self.assertEqual(status, 201, answer)
        self.assertEqual(self.api("POST", f"/containers/{name}/start")[0], 204)

    def test_a_killed_shim_is_noticed(self):
        """As Docker tells of a killed containerd-shim: exited, 137, and nothing of the container goes on."""
        self.import_busybox()
        self.run_container("orphan", ["sleep", "100000"])
        state = self.inspect("orphan")["State"]
        shims = [pid for pid, argv in self.processes().items() if argv[:2] == ["stack-shim", "monitor"]]
        self.assertEqual(len(shims), 1)
        os.kill(shims[0], signal.SIGKILL)
        wait_until(lambda: self.inspect("orphan")["State"]["Status"] == "exited", "its end is noticed")
        after = self.inspect("orphan")["State"]
        self.assertEqual((after["ExitCode"], after["Error"], after["OOMKilled"], after["Pid"]), (137, "", False, 0))
        wait_until(lambda: "sleep" not in read(f"/proc/{state['Pid']}/cmdline"), "its process is gone")
        self.check_agreement()
        self.assertEqual(self.api("POST", "/containers/orphan/start")[0], 204)
        self.assertEqual(self.inspect("orphan")["State"]["Status"], "running")

    def test_sigterm_leaves_containers_running(self):
        self.import_busybox()
        self.run_container("stays", ["sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); usleep 10000; done"])
        pid = self.inspect("stays")["State"]["Pid"]
        self.stop_engine()
        self.assertEqual(self.engine_pids(), [], "nobody starts one after a farewell")
        self.assertIn("sh", read(f"/proc/{pid}/comm"))
        state = self.inspect("stays")["State"]
        self.assertEqual((state["Status"], state["Pid"]), ("running", pid))
        self.assertEqual(self.api("POST", "/containers/stays/kill")[0], 204)
        lines = self.log("stays")
        self.assertGreater(len(lines), 0)
        self.assertEqual(lines, [str(number) for number in range(len(lines))])


if __name__ == "__main__":
    unittest.main()
