"""Names, ports, the way out, and hosts whose firewall drops."""
import os
import shutil
import socket
import subprocess
import unittest

from harness import DEADLINE, STACK, StackCase, need_kernel, read, wait_until

STACK_FILE = """
name: net
services:
  web:
    image: local/busybox
    init: true
    stop_grace_period: 1s
    command: ["sh", "-c", "mkdir -p /www && echo hello from web >/www/index.html && exec httpd -f -p 80 -h /www"]
    ports: ["18086:80", "18087:5353/udp"]
    networks: {front: {aliases: [www]}}
  client:
    image: local/busybox
    init: true
    stop_grace_period: 1s
    command: [sleep, "100000"]
    networks: [front, back]
  many:
    image: local/busybox
    init: true
    stop_grace_period: 1s
    command: [sleep, "100000"]
    scale: 3
    networks: [back]
networks: {front: {}, back: {}}
"""


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


class Network(StackCase):
    def setUp(self):
        # an "outside" host on the other end of a link, so that there are host addresses and a way out
        run("ip", "netns", "add", self.outside_name())
        self.addCleanup(self.remove_outside)
        run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", self.outside_name())
        run("ip", "addr", "add", "198.51.100.1/24", "dev", "up0")
        run("ip", "link", "set", "up0", "up")
        run("ip", "-n", self.outside_name(), "addr", "add", "198.51.100.2/24", "dev", "eth0")
        run("ip", "-n", self.outside_name(), "link", "set", "eth0", "up")
        run("ip", "route", "add", "default", "via", "198.51.100.2")
        super().setUp()
        self.import_busybox()
        self.compose(STACK_FILE)

    def remove_outside(self):
        run("ip", "link", "del", "up0")
        run("ip", "netns", "del", self.outside_name())

    def outside_name(self):
        return f"stk-out-{os.getpid()}"

    def client(self, script, check=True) -> str:
        return self.stack("exec", "-T", "client", "sh", "-c", script, check=check).stdout

    def fetch(self, host, namespace=None) -> str:
        command = ["curl", "-sS", "-m", "5", "-g", f"http://{host}:18086/"]
        if namespace:
            command = ["ip", "netns", "exec", namespace] + command
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout + done.stderr

    def check_every_way_in(self):
        wait_until(lambda: "hello" in self.fetch("127.0.0.1"), "the server in the container listens")
        for host in ("127.0.0.1", "[::1]", "198.51.100.1"):
            self.assertEqual(self.fetch(host), "hello from web\n", host)
        self.assertEqual(self.fetch("198.51.100.1", self.outside_name()), "hello from web\n", "from outside")
        self.assertEqual(self.client("wget -qO- http://198.51.100.1:18086/"), "hello from web\n", "from a container through the host")
        self.assertEqual(self.client("wget -qO- http://web/"), "hello from web\n", "from a container by name")
        self.assertEqual(self.stack("exec", "-T", "web", "wget", "-qO-", "http://198.51.100.1:18086/").stdout, "hello from web\n", "hairpin")

    def test_names_aliases_and_replicas(self):
        self.stack("up", "-d")
        for name in ("web", "www", "net-web-1"):
            self.assertEqual(self.client(f"wget -qO- http://{name}/"), "hello from web\n")
        addresses = {line.split()[-1] for line in self.client("nslookup -type=a many 127.0.0.11").splitlines() if line.startswith("Address") and ":53" not in line}
        self.assertEqual(len(addresses), 3)
        # another network's names are not seen
        self.assertNotEqual(self.stack("exec", "-T", "many", "nslookup", "web", check=False).returncode, 0)
        # the container may bind port 53 itself
        self.assertEqual(self.client("nc -l -p 53 </dev/null >/dev/null 2>&1 & "
                                     "until grep -q ':0035 00000000' /proc/net/tcp /proc/net/tcp6; do usleep 10000; done; "
                                     "nslookup web >/dev/null && echo resolved; kill $!"), "resolved\n")

    def test_ports_answer_from_everywhere(self):
        self.stack("up", "-d")
        self.check_every_way_in()
        self.stack("down")
        with socket.create_server(("0.0.0.0", 18086)):
            pass  # the port is free again

    def test_ports_answer_where_the_hosts_firewall_drops(self):
        bridge_calls = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        run("nft", "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }")
        self.before = self.leftovers(everything=True)  # the table goes with the namespace of this test run
        for value in ("0", "1") if read(bridge_calls) else ("absent",):
            with self.subTest(bridge_nf_call_iptables=value):
                if value != "absent":
                    with open(bridge_calls, "w") as file:
                        file.write(value)
                self.stack("up", "-d")
                self.check_every_way_in()
                self.stack("down")

    def without_legacy_program(self):
        """In a mount namespace where it cannot be executed."""
        hidden = os.path.realpath(shutil.which("iptables-legacy"))
        self.stop_engine()
        done = subprocess.run(["unshare", "-m", "sh", "-c", f"mount --bind /dev/null {hidden} && exec {STACK} up -d"],
                              cwd=self.dir, env=self.env, capture_output=True, text=True, check=True)
        self.assertRegex(done.stderr, "WARNING.*iptables-legacy.*Debian package iptables")
        self.stack("down")

    def test_ports_answer_where_the_hosts_old_iptables_drops(self):
        legacy = "iptables-legacy"
        need_kernel("x_tables", subprocess.run([legacy, "-P", "FORWARD", "DROP"], capture_output=True).returncode == 0)
        run(legacy, "-A", "FORWARD", "-j", "DROP")
        before = run(legacy, "-S")
        self.assertNotIn("WARNING", self.stack("up", "-d").stderr)
        self.check_every_way_in()
        self.assertEqual(run(legacy, "-S").count("-j ACCEPT"), 2)
        self.kill_engine()
        self.stack("ps")
        self.check_every_way_in()
        self.assertEqual(run(legacy, "-S").count("-j ACCEPT"), 2, "nothing twice")
        self.stack("down")
        self.assertEqual(run(legacy, "-S"), before)
        self.without_legacy_program()  # then all that can be done is to say so

    def test_udp_ports_answer_over_both_families_and_tell_clients_apart(self):
        self.stack("up", "-d")
        pid = self.inspect("net-web-1")["State"]["Pid"]
        echo = ("import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('', 5353))\n"
                "while True: data, client = s.recvfrom(65536); s.sendto(b'echo ' + data, client)")
        server = subprocess.Popen(["nsenter", "-t", str(pid), "-n", "python3", "-c", echo])
        try:
            for family, address in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "198.51.100.1")):
                with socket.socket(family, socket.SOCK_DGRAM) as probe:
                    probe.settimeout(0.5)
                    wait_until(lambda: self.ask(probe, address, b"up?") == b"echo up?", f"{address} answers")
                clients = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(3)]
                for number, client in enumerate(clients):
                    client.sendto(b"from %d" % number, (address, 18087))
                for number, client in enumerate(clients):
                    client.settimeout(DEADLINE)
                    self.assertEqual(client.recv(100), b"echo from %d" % number, address)
                largest = b"x" * 60000
                self.assertEqual(self.ask(clients[0], address, largest), b"echo " + largest)
                for client in clients:
                    client.close()
        finally:
            server.kill()
            server.wait()

    def ask(self, client, address, data):
        client.sendto(data, (address, 18087))
        try:
            return client.recv(65536)
        except OSError:
            return b""

    def test_outside_packets_cannot_reach_loopback_ports(self):
        self.compose(STACK_FILE.replace('"18086:80"', '"127.0.0.1:18086:80"'))
        self.stack("up", "-d")
        self.assertEqual(self.fetch("127.0.0.1"), "hello from web\n")
        self.assertNotIn("hello", self.fetch("198.51.100.1", self.outside_name()))
        run("ip", "-n", self.outside_name(), "route", "add", "127.0.0.1/32", "via", "198.51.100.1", "table", "local")
        run("ip", "netns", "exec", self.outside_name(), "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
        self.assertNotIn("hello", self.fetch("127.0.0.1", self.outside_name()))

    def test_the_outside_is_reached_through_nat(self):
        self.stack("up", "-d")
        server = subprocess.Popen(["ip", "netns", "exec", self.outside_name(), "busybox", "nc", "-l", "-p", "7777", "-e", "echo", "from outside"],
                                  stdout=subprocess.PIPE)
        try:
            self.assertEqual(self.client("until nc -w 5 198.51.100.2 7777 </dev/null; do usleep 10000; done"), "from outside\n")
        finally:
            server.kill()
            server.communicate()

    def test_subnets_overlap_no_host_route(self):
        for second in range(17, 31):
            run("ip", "route", "add", f"172.{second}.5.0/24", "via", "198.51.100.2")
        self.before = self.leftovers(everything=True)
        self.stack("up", "-d")
        subnets = [n["IPAM"]["Config"][0]["Subnet"] for n in self.api("GET", "/networks")[1] if n["Name"].startswith("net_")]
        self.assertEqual(len(subnets), 2)
        for subnet in subnets:
            self.assertNotRegex(subnet, r"^172\.(1[7-9]|2\d|30)\.")


if __name__ == "__main__":
    unittest.main()
