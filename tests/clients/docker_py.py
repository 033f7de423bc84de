"""What programs do with docker-py, one operation a row; as dockerode.js. Environment: DOCKER_HOST, IMAGE, BUILD (a folder with a
Dockerfile)."""
import io
import os
import sys
import tarfile
import time
import traceback

import docker
import docker.errors

client = docker.from_env(timeout=60)
image = os.environ["IMAGE"]
rows = []


def row(function):
    rows.append(function)
    return function


def refused(status, call):
    try:
        call()
    except docker.errors.APIError as error:
        assert error.response.status_code == status, error
        return
    raise AssertionError(f"no error {status}")


@row
def ping_version_and_info():
    assert client.ping()
    assert client.version()["ApiVersion"] == "1.51"
    assert client.info()["OSType"] == "linux"


@row
def run_and_take_the_output():
    assert client.containers.run(image, ["echo", "hello"], remove=True) == b"hello\n"


@row
def a_failing_run_raises_with_its_status_and_output():
    try:
        client.containers.run(image, ["sh", "-c", "echo bad >&2; exit 7"], remove=True)
    except docker.errors.ContainerError as error:
        assert (error.exit_status, error.stderr) == (7, b"bad\n"), error
    else:
        raise AssertionError("no error")


@row
def a_missing_image_raises():
    try:
        client.images.get("none-such")
    except docker.errors.ImageNotFound:
        return
    raise AssertionError("no error")


@row
def run_detached_with_everything():
    container = client.containers.run(
        image, ["sh", "-c", "echo out; echo err >&2; exec sleep 1000"], detach=True, init=True, name="py", labels={"by": "py"},
        ports={"80/tcp": None}, environment={"A": "1"}, volumes={"py-vol": {"bind": "/v", "mode": "rw"}}, mem_limit="64m",
        healthcheck={"test": ["CMD", "true"], "interval": 200000000}, ulimits=[docker.types.Ulimit(name="nofile", soft=100, hard=200)],
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 2}, tmpfs={"/t": "size=1m"}, cap_add=["NET_ADMIN"])
    container.reload()
    assert container.status == "running"
    assert int(container.ports["80/tcp"][0]["HostPort"]) > 0
    assert container.attrs["HostConfig"]["Memory"] == 64 << 20


@row
def list_with_filters():
    assert [c.name for c in client.containers.list(filters={"label": "by=py", "status": "running"})] == ["py"]
    assert client.containers.list(filters={"label": "by=nobody"}) == []


@row
def exec_run():
    container = client.containers.get("py")
    code, output = container.exec_run(["sh", "-c", "echo $A; echo no >&2; exit 3"], demux=True)
    assert (code, output) == (3, (b"1\n", b"no\n")), (code, output)
    assert container.exec_run("cat", socket=False, stdin=False).output == b""


@row
def logs_and_their_tail():
    container = client.containers.get("py")
    assert container.logs(stderr=False) == b"out\n"
    assert container.logs(tail=1, stdout=False) == b"err\n"


@row
def archives():
    container = client.containers.get("py")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("file")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"data"))
    assert container.put_archive("/tmp", packed.getvalue())
    stream, stat = container.get_archive("/tmp/file")
    assert stat["size"] == 4
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        assert archive.extractfile("file").read() == b"data"


@row
def top_stats_and_diff():
    container = client.containers.get("py")
    assert container.top()["Processes"]
    assert container.stats(stream=False)["memory_stats"]["usage"] > 0
    assert {"Path": "/tmp/file", "Kind": 1} in container.diff()


@row
def update_rename_pause():
    container = client.containers.get("py")
    container.update(mem_limit="128m", memswap_limit="256m", cpu_shares=512)
    container.rename("py-renamed")
    container.pause()
    container.reload()
    assert (container.status, container.name) == ("paused", "py-renamed")
    assert container.attrs["HostConfig"]["CpuShares"] == 512
    container.unpause()


@row
def commit_and_export():
    container = client.containers.get("py-renamed")
    made = container.commit("py/committed", "1", message="why", changes=["LABEL a=b"])
    assert made.labels["a"] == "b"
    assert sum(len(piece) for piece in container.export()) > 1 << 20
    client.images.remove("py/committed:1")


@row
def images():
    found = client.images.get(image)
    assert image in found.tags
    assert found.history()
    assert found.tag("py/tagged", "2")
    assert client.images.list("py/tagged")
    loaded = client.images.load(b"".join(found.save(named=True)))
    assert loaded[0].id == found.id
    client.images.remove("py/tagged:2")


@row
def build():
    built, lines = client.images.build(path=os.environ["BUILD"], tag="py/built:1", rm=True)
    assert "py/built:1" in built.tags
    assert any("Successfully built" in line.get("stream", "") for line in lines)
    client.images.remove("py/built:1")


@row
def networks():
    network = client.networks.create("py-net", labels={"by": "py"},
                                     ipam=docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet="10.213.98.0/24")]))
    network.connect("py-renamed", ipv4_address="10.213.98.77", aliases=["other"])
    network.reload()
    assert [c.name for c in network.containers] == ["py-renamed"]
    refused(403, network.remove)
    network.disconnect("py-renamed")
    assert [n.name for n in client.networks.list(names=["py-net"])] == ["py-net"]
    network.remove()


@row
def volumes():
    volume = client.volumes.create("py-second", labels={"by": "py"})
    assert client.volumes.list(filters={"label": "by=py"}) == [volume]
    refused(409, client.volumes.get("py-vol").remove)
    volume.remove()


@row
def events():
    container = client.containers.get("py-renamed").id
    seen = [event["Action"] for event in client.events(since=1, until=int(time.time()) + 1, decode=True, filters={"container": container})]
    for action in ("create", "start", "rename", "pause", "unpause", "commit", "export"):
        assert action in seen, seen


@row
def attach_with_input():
    cat = client.api.create_container(image, ["cat"], stdin_open=True)
    client.api.start(cat)
    socket = client.api.attach_socket(cat, params={"stdin": 1, "stdout": 1, "stream": 1})
    socket._sock.sendall(b"typed\n")
    frame = b""
    while len(frame) < 14:
        frame += socket._sock.recv(14 - len(frame))
    assert frame[8:] == b"typed\n", frame
    socket.close()
    client.api.remove_container(cat, force=True)


@row
def df():
    assert any(item["SizeRw"] > 0 for item in client.df()["Containers"])


@row
def stop_wait_remove():
    container = client.containers.get("py-renamed")
    container.stop(timeout=0)
    assert container.wait()["StatusCode"] in (137, 143)  # killed at once, or by the first signal already
    container.restart(timeout=0)
    container.kill("KILL")
    container.remove(v=True, force=True)
    refused(404, container.reload)


@row
def prunes():
    for result in (client.containers.prune(), client.images.prune(), client.volumes.prune(), client.networks.prune()):
        assert isinstance(result, dict)


@row
def errors_have_dockers_statuses():
    refused(404, lambda: client.containers.get("none-such"))
    refused(400, lambda: client.containers.create(image, "x", mem_limit="1k"))
    api = client.api
    refused(400, lambda: api._result(api._get(api._url("/containers/json"), params={"filters": "{"})))


failed = 0
for function in rows:
    try:
        function()
        print(f"ok {function.__name__}")
    except BaseException:
        failed += 1
        print(f"failed {function.__name__}: {traceback.format_exc()}")
print(f"{len(rows)} rows, {failed} failed")
sys.exit(1 if failed else 0)
