"""A CA's front door that refuses what a file says: HTTPS in front of a real ACME server.

    fault_ca.py PORT_FILE UPSTREAM_PORT CERTIFICATE KEY FAULT_FILE

FAULT_FILE holds one JSON object: {"path": "/order-plz", "status": 429, "type": "rateLimited", "detail": "…",
"retry_after": 86400}. Requests whose path starts so get that problem document; all others, and all where the file is not
there, are passed on with their Host, from which that server makes its URLs. Writes its own port to PORT_FILE.
"""

import http.client
import http.server
import json
import os
import ssl
import sys

port_file, upstream, certificate, key, fault_file = sys.argv[1:]
trusting = ssl.create_default_context(cafile=certificate)


def fault(path):
    try:
        with open(fault_file) as file:
            told = json.load(file)
    except FileNotFoundError:
        return None
    return told if path.startswith(told["path"]) else None


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = fault(self.path)
        if told:
            problem = {"type": "urn:ietf:params:acme:error:" + told["type"], "detail": told["detail"]}
            headers = [("Content-Type", "application/problem+json")]
            if "retry_after" in told:
                headers.append(("Retry-After", str(told["retry_after"])))
            return self.answer(told["status"], headers, json.dumps(problem).encode())
        server = http.client.HTTPSConnection("127.0.0.1", int(upstream), context=trusting, timeout=20)
        server.request(self.command, self.path, body, dict(self.headers))
        response = server.getresponse()
        said = response.read()
        hop = ("content-length", "connection", "transfer-encoding", "date", "server")
        self.answer(response.status, [one for one in response.getheaders() if one[0].lower() not in hop], said)
        server.close()

    do_GET = do_HEAD = do_POST = serve

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
inward = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
inward.load_cert_chain(certificate, key)
server.socket = inward.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
