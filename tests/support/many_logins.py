#!/usr/bin/env python3
"""Users who log in all the time, each under TLS on a connection of its own: every second one with a wrong password.

    many_logins.py PORT MARKS

Who is let in brings one mail, and appends `kept TOKEN` to MARKS after its 250, as marked_mail.py does. Some hang up while
their password is looked at, or while their mail is written. Until SIGTERM; then says how many were let in, and how many not.
"""

import os
import signal
import smtplib
import ssl
import sys
import threading

port, marks = int(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
tls = ssl.create_default_context()
tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
counted, let_in, refused = threading.Lock(), 0, 0
PLAIN = {True: "AGFsaWNlAHNlY3JldA==", False: "AGFsaWNlAHdyb25n"}  # alice with `secret`, and with `wrong`


def visit(number):
    """One connection; whether it was let in, or None where it did not wait to hear."""
    with smtplib.SMTP_SSL("127.0.0.1", port, timeout=20, context=tls) as client:
        client.ehlo("user.example")
        if number % 7 == 6:
            client.putcmd("AUTH", "PLAIN " + PLAIN[True])
            client.sock.close()
            return None
        code, _ = client.docmd("AUTH", "PLAIN " + PLAIN[number % 2 == 0])
        if code != 235:
            return False
        token = f"login-{os.getpid():x}-{number}"
        text = f"From: alice@example.org\r\nTo: b@sink.example\r\nX-Token: {token}\r\n\r\nhello\r\n"
        if number % 5 == 4:
            client.mail("alice@example.org"), client.rcpt("b@sink.example"), client.docmd("DATA")
            client.send(text + ".\r\n")
            client.sock.close()
            return True
        client.sendmail("alice@example.org", ["b@sink.example"], text)
        os.write(marks, f"kept {token}\n".encode())
        return True


def one_user(number):
    global let_in, refused
    while not over.is_set():
        try:
            outcome = visit(number)
        except (OSError, smtplib.SMTPException, ValueError):
            outcome = None
            over.wait(0.05)
        with counted:
            let_in += outcome is True
            refused += outcome is False
        number += 6


users = [threading.Thread(target=one_user, args=(number,)) for number in range(6)]
for user in users:
    user.start()
for user in users:
    user.join()
print(f"{let_in} were let in, {refused} refused", flush=True)
