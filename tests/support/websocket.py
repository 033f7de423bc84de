"""A WebSocket client by hand (RFC 6455), over the unix socket of an engine: what a browser's console page does."""
import base64
import hashlib
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class WebSocket:
    """After the constructor `status` is the answer's; 101: an open conversation."""

    def __init__(self, socket_path: str, path: str, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(socket_path)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://x\r\n"
                            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(1)
            if not piece:
                break
            head += piece
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if ": " in line)}
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
            assert self.headers["sec-websocket-accept"] == accept, self.headers
            self.body = b""
        else:
            self.body = self.take(int(self.headers.get("content-length", 0)))

    def send(self, opcode: int, payload: bytes, final=True):
        mask = os.urandom(4)
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
        self.socket.sendall(bytes([final << 7 | opcode]) + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def receive(self):
        """(opcode, payload) of the next frame; None when the engine has closed the connection."""
        try:
            first, length = self.take(2)
            if length == 126:
                length = struct.unpack(">H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.take(8))[0]
            return first & 15, self.take(length)
        except EOFError:
            return None

    def receive_until(self, text: bytes) -> bytes:
        """The payload of messages up to one with which `text` is complete."""
        seen = b""
        while text not in seen:
            frame = self.receive()
            assert frame is not None and frame[0] in (TEXT, BINARY), (frame, seen)
            seen += frame[1]
        return seen

    def rest(self) -> list:
        """All frames to the end; how output is cut into messages is a matter of time, so neighbours of one kind are joined."""
        frames = []
        while (frame := self.receive()) is not None:
            if frames and frames[-1][0] == frame[0]:
                frames[-1] = (frame[0], frames[-1][1] + frame[1])
            else:
                frames.append(frame)
        return frames

    def close(self):
        self.socket.close()
