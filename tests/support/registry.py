"""A Docker registry for scenario tests: Debian's docker-registry on the loopback, images made and uploaded by hand, a token
server, certificates. Nothing here is ours to test; it speaks the protocols as others do.
"""
import base64
import gzip
import hashlib
import http.client
import http.server
import io
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tarfile
import threading
import time
import unittest

DEADLINE = 60


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def zstd(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-1", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def tar(files: dict) -> bytes:
    """name -> text, or a TarInfo made elsewhere."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, dict):
                for key, value in content.items():
                    setattr(info, key, value)
                archive.addfile(info)
                continue
            data = content.encode() if isinstance(content, str) else content
            info.size = len(data)
            info.mode = 0o755
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Registry:
    """docker-registry in the test's network namespace; ended at the test's end."""

    def __init__(self, case: unittest.TestCase, directory: pathlib.Path, tls=None, auth=None):
        if not shutil.which("docker-registry"):
            raise unittest.SkipTest("docker-registry is not installed")
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.tls = tls
        self.login = None
        directory.mkdir(parents=True, exist_ok=True)
        config = {"version": "0.1", "log": {"level": "error", "accesslog": {"disabled": True}},
                  "storage": {"filesystem": {"rootdirectory": str(directory / "data")}, "delete": {"enabled": True}},
                  "http": {"addr": self.host, "secret": "test"}}
        if tls:
            config["http"]["tls"] = {"certificate": str(tls.certificate), "key": str(tls.key)}
        if auth:
            config["auth"] = auth
        (directory / "config.yml").write_text(json.dumps(config))  # JSON is YAML
        self.log = open(directory / "log", "wb")
        self.process = subprocess.Popen(["docker-registry", "serve", str(directory / "config.yml")], stdout=self.log, stderr=self.log)
        case.addCleanup(self.end)
        self.wait(directory)

    def wait(self, directory):
        end = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError("docker-registry does not start: " + (directory / "log").read_text())
                time.sleep(0.02)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def request(self, method, path, body=b"", headers=None):
        if self.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls.context(), timeout=DEADLINE)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        headers = dict(headers or {})
        if self.login:
            headers["Authorization"] = self.login
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.content = answer.read()
        connection.close()
        return answer

    def put_blob(self, repository: str, data: bytes) -> str:
        start = self.request("POST", f"/v2/{repository}/blobs/uploads/", headers={"Content-Length": "0"})
        assert start.status == 202, (start.status, start.content)
        place = start.getheader("Location").split(str(self.port), 1)[-1]
        joint = "&" if "?" in place else "?"
        done = self.request("PUT", f"{place}{joint}digest={digest(data)}", data, {"Content-Type": "application/octet-stream"})
        assert done.status == 201, (done.status, done.content)
        return digest(data)

    def put_manifest(self, repository: str, tag: str, manifest: dict) -> str:
        text = json.dumps(manifest).encode()
        done = self.request("PUT", f"/v2/{repository}/manifests/{tag}", text, {"Content-Type": manifest["mediaType"]})
        assert done.status == 201, (done.status, done.content)
        return digest(text)

    def put_image(self, repository: str, tag: str, layers: list, compression="gzip", docker=False, architecture="amd64",
                  config=None, diff_ids=None) -> str:
        """Uploads an image of tar layers; the manifest's digest."""
        compress = {"gzip": lambda data: gzip.compress(data, 1), "zstd": zstd, "none": lambda data: data}[compression]
        document = {"architecture": architecture, "os": "linux", "config": config or {},
                    "rootfs": {"type": "layers", "diff_ids": diff_ids or [digest(layer) for layer in layers]}}
        text = json.dumps(document).encode()
        oci = {"none": "application/vnd.oci.image.layer.v1.tar"}.get(compression, f"application/vnd.oci.image.layer.v1.tar+{compression}")
        layer_type = "application/vnd.docker.image.rootfs.diff.tar.gzip" if docker else oci
        blobs = [compress(layer) for layer in layers]
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json" if docker else "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json" if docker else "application/vnd.oci.image.config.v1+json",
                       "digest": self.put_blob(repository, text), "size": len(text)},
            "layers": [{"mediaType": layer_type, "digest": self.put_blob(repository, blob), "size": len(blob)} for blob in blobs],
        }
        return self.put_manifest(repository, tag, manifest)

    def put_index(self, repository: str, tag: str, manifests: dict) -> str:
        """architecture -> digest of a manifest that is there."""
        entries = []
        for architecture, name in manifests.items():
            got = self.request("GET", f"/v2/{repository}/manifests/{name}", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
            entries.append({"mediaType": got.getheader("Content-Type"), "digest": name, "size": len(got.content),
                            "platform": {"os": "linux", "architecture": architecture}})
        return self.put_manifest(repository, tag, {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                                                   "manifests": entries})


def basic_auth(directory: pathlib.Path, user: str, password: str) -> dict:
    """Settings of a registry that wants a password (bcrypt, the only hash it takes)."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "htpasswd"
    subprocess.run(["htpasswd", "-Bbc", str(file), user, password], check=True, capture_output=True)
    return {"htpasswd": {"realm": "test", "path": str(file)}}


class Certificates:
    """A private CA and a certificate for 127.0.0.1 and localhost, made by openssl."""

    def __init__(self, directory: pathlib.Path):
        directory.mkdir(parents=True, exist_ok=True)
        self.authority, self.certificate, self.key = directory / "ca.crt", directory / "server.crt", directory / "server.key"

        def openssl(*args):
            subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, cwd=directory)

        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"]
        openssl(*new, "-x509", "-days", "2", "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", self.authority)
        openssl(*new, "-subj", "/CN=registry", "-keyout", self.key, "-out", "server.csr")
        (directory / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", self.authority, "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", self.certificate)

    def context(self):
        return ssl.create_default_context(cafile=str(self.authority))


class TokenServer:
    """Docker Hub's flow: gives tokens to who knows the password. docker-registry checks their signature."""

    def __init__(self, case: unittest.TestCase, directory: pathlib.Path, user: str, password: str):
        directory.mkdir(parents=True, exist_ok=True)
        self.key, self.certificate = directory / "token.key", directory / "token.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "2", "-subj", "/CN=token",
                        "-keyout", str(self.key), "-out", str(self.certificate)], check=True, capture_output=True)
        self.expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append(self.path)
                allowed = self.headers.get("Authorization") == outer.expected
                body = json.dumps({"token": outer.token(self.path)} if allowed else {"details": "incorrect username or password"}).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)

    def settings(self) -> dict:
        return {"token": {"realm": f"http://{self.host}/token", "service": "test", "issuer": "test", "rootcertbundle": str(self.certificate)}}

    def token(self, path="", access=None) -> str:
        """A JSON web token (RS256) with the rights the scope asks for."""
        if access is None:
            scope = dict(part.split("=", 1) for part in path.split("?", 1)[1].split("&")).get("scope", "")
            kind, name, actions = scope.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",").split(":")
            access = [{"type": kind, "name": name, "actions": actions.split(",")}]

        def encode(data: bytes) -> str:
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

        der = ssl.PEM_cert_to_DER_cert(self.certificate.read_text())
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        now = int(time.time())
        claims = {"iss": "test", "sub": "user", "aud": "test", "exp": now + 600, "nbf": now - 10, "iat": now, "jti": str(now), "access": access}
        text = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.key)], input=text.encode(), stdout=subprocess.PIPE, check=True)
        return text + "." + encode(signed.stdout)


class StallingProxy:
    """Forwards to a registry, but lets the blob with this digest stop half-way, until release()."""

    def __init__(self, case: unittest.TestCase, registry: Registry, stalled: str):
        self.stalled, self.released, self.reached = stalled, threading.Event(), threading.Event()
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests.append(self.path)
                answer = registry.request("GET", self.path, headers={key: value for key, value in self.headers.items() if key != "Host"})
                self.send_response(answer.status)
                for key in ("Content-Type", "Docker-Content-Digest"):
                    if answer.getheader(key):
                        self.send_header(key, answer.getheader(key))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                content = answer.content
                try:
                    if self.path.endswith(outer.stalled) and not outer.released.is_set():
                        self.wfile.write(content[:len(content) // 2])
                        self.wfile.flush()
                        outer.reached.set()
                        outer.released.wait(DEADLINE)
                        content = content[len(content) // 2:]
                    self.wfile.write(content)
                except OSError:
                    self.close_connection = True

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # what is no HTTP: the client tries TLS first

        self.server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)
        case.addCleanup(self.released.set)

    def release(self):
        self.released.set()
