#!/usr/bin/env python3
"""The last steps of the demo: the conf tree that apply wrote carries a mail.

    demo_mail.py ROOT WORK

ROOT is the source tree, WORK the demo's directory. Starts mailstackd on WORK/host/etc/mailstackd with ports of nobody, a
name server that answers from the zone file that apply wrote, and a server that takes the mail; sends one over implicit
TLS, and verifies its signature against the zone.
"""

import os
import pathlib
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import time

root, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
support, place = root / "tests/support", work / "mail"
daemon = root / "build/bin/mailstackd"
running = []


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_until(what, holds):
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    sys.exit(f"demo: {what} does not come")


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def start(*words):
    with open(place / "output", "ab") as output:
        running.append(subprocess.Popen([str(word) for word in words], stdout=output, stderr=output))


def zone_records():
    """The zone's TXT records and where the demo's mail goes, as the name server wants them."""
    for line in (work / "zones/wac.tax.zone").read_text().splitlines():
        if found := re.match(r"(\S+)\s+\d+\s+IN\s+TXT\s+(.*)", line):
            name = "wac.tax" if found[1] == "@" else found[1].rstrip(".")
            if not name.endswith("wac.tax"):
                name += ".wac.tax"
            yield f"{name} TXT {''.join(re.findall(chr(34) + '(.*?)' + chr(34), found[2]))}"
    yield "example.net MX 10 mx.example.net"
    yield "mx.example.net A 127.0.0.1"


def make_tree(dns, sink, submissions):
    shutil.copytree(work / "host/etc/mailstackd", place / "conf")
    certificate = place / "conf/certs/smtp.wac.tax"
    certificate.mkdir(parents=True, exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=smtp.wac.tax", "-addext", "subjectAltName=DNS:smtp.wac.tax", "-keyout", certificate / "privkey.pem",
                    "-out", certificate / "fullchain.pem"], check=True, capture_output=True)
    settings = [f'listen: [{{address: "127.0.0.1:{submissions}", service: submissions}}]', "hostname: smtp.wac.tax",
                f"state: {place}/state", f"spool: {place}/state/queue", f"control_socket: {place}/control",
                f"mail_log_path: {place}/mail.log", f'dns: {{servers: ["127.0.0.1:{dns}"]}}', f"delivery: {{port: {sink}}}"]
    (place / "state").mkdir()
    (place / "conf/mailstackd.yaml").write_text("\n".join(settings) + "\n")


def send(port):
    context = ssl.create_default_context(cafile=place / "conf/certs/smtp.wac.tax/fullchain.pem")
    context.check_hostname = False  # it is smtp.wac.tax that we reach by an address of loopback
    with smtplib.SMTP_SSL("127.0.0.1", port, context=context, local_hostname="demo.invalid") as client:
        client.login("i@wac.tax", "demo password")
        client.sendmail("i@wac.tax", ["bob@example.net"],
                        "From: i@wac.tax\r\nTo: bob@example.net\r\nSubject: sent from one file\r\n\r\nHello.\r\n")


def main():
    place.mkdir()
    (place / "inbox").mkdir()
    (place / "records").write_text("\n".join(zone_records()) + "\n")
    start(sys.executable, support / "name_server.py", place / "dns-port", place / "records")
    wait_until("the name server", (place / "dns-port").exists)
    sink, submissions = free_port(), free_port()
    start(sys.executable, support / "smtp_sink.py", "127.0.0.1", sink, place / "inbox")
    make_tree((place / "dns-port").read_text(), sink, submissions)
    print(f"$ mailstackd check config --config {place.relative_to(work)}/conf", flush=True)
    subprocess.run([daemon, "check", "config", "--config", place / "conf"], check=True)
    start(daemon, "--config", place / "conf")
    wait_until("mailstackd", lambda: listens(submissions))
    wait_until("the sink", lambda: listens(sink))
    signing = lambda: b'"signs":true' in ask_status()
    wait_until("the signing key's record", signing)
    send(submissions)
    wait_until("the mail", (place / "inbox/1.envelope").exists)
    print("\nWhat arrived, with the signature in front:\n")
    print((place / "inbox/1.eml").read_text())
    print("What the daemon's log says:\n")
    print((place / "mail.log").read_text())
    key = next((place / "conf/domains/wac.tax").glob("dkim:*.pem"))
    selector = key.name.split(":")[1].removesuffix(".pem")
    if shutil.which("/usr/bin/python3") and subprocess.run(["/usr/bin/python3", "-c", "import dkim"], capture_output=True).returncode == 0:
        with open(place / "inbox/1.eml", "rb") as mail:
            subprocess.run(["/usr/bin/python3", support / "dkim_verify.py", f"{selector}={key}"], stdin=mail, check=True)


def ask_status():
    return subprocess.run([daemon, "status", "--format", "json", "--socket", place / "control"], capture_output=True).stdout.replace(b" ", b"")


try:
    main()
finally:
    for one in reversed(running):
        one.terminate()
        one.wait(20)
