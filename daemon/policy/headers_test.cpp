#include "daemon/policy/headers.hpp"

#include <catch2/catch.hpp>

#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;

namespace {

Trace usual_trace() {
  Trace trace;
  trace.host = "mail.wac.tax";
  trace.greeted = "there.example";
  trace.id = "0123456789abc";
  trace.unique = "f00d";
  trace.now = noon;
  return trace;
}

smtp::Transaction usual_transaction() {
  smtp::Transaction transaction;
  transaction.sender = path("i@wac.tax");
  transaction.recipients = {path("x@example.com")};
  return transaction;
}

std::variant<Prepared, smtp::Reply> prepared(Client const& client, std::string const& message,
                                             Tree const& tree = {}) {
  return prepare(tree.rules(), client, usual_transaction(), usual_trace(), message);
}

/// The new message without its first field, Received; or the refusal.
std::string edited(Client const& client, std::string const& message, Tree const& tree = {}) {
  auto const result = prepared(client, message, tree);
  if (auto const* reply = std::get_if<smtp::Reply>(&result))
    return std::to_string(reply->code) + " " + reply->enhanced;
  auto const whole = assemble("", std::get<Prepared>(result), message);
  auto const end = whole.find("+0000\r\n");
  REQUIRE(whole.starts_with("Received: "));
  return whole.substr(end + 7);
}

std::string const complete =
    "From: i@wac.tax\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@x>\r\n";
std::string const body = "\r\nhello\r\n";

Client user() { return logged_in("i@wac.tax"); }

}  // namespace

TEST_CASE("headers: Received of a stranger, of a user, with and without TLS", "[policy]") {
  auto trace = usual_trace();
  auto transaction = usual_transaction();
  CHECK(format_received(stranger(), trace, transaction) ==
        "Received: from there.example ([198.51.100.7])\r\n\tby mail.wac.tax with ESMTP\r\n"
        "\tid 0123456789abc\r\n\tfor <x@example.com>; Thu, 26 Nov 2026 12:00:00 +0000\r\n");
  trace.tls = smtp::TlsState{"TLSv1.3", "TLS_AES_256_GCM_SHA384", ""};
  CHECK(format_received(user(), trace, transaction) ==
        "Received: by mail.wac.tax with ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
        "\tid 0123456789abc\r\n\tfor <x@example.com>; Thu, 26 Nov 2026 12:00:00 +0000\r\n");
  auto six = stranger();
  six.address = "2001:db8::1";
  trace.client_name = "unknown";
  trace.greeted = "ev(il)\r\nX: y<>;";
  transaction.recipients.push_back(path("y@example.com"));
  CHECK(format_received(six, trace, transaction) ==
        "Received: from evilX:y (unknown [IPv6:2001:db8::1])\r\n"
        "\tby mail.wac.tax with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
        "\tid 0123456789abc; Thu, 26 Nov 2026 12:00:00 +0000\r\n");
}

TEST_CASE("headers: the word of the protocol (RFC 3848, RFC 6531 4.3)", "[policy]") {
  auto trace = usual_trace();
  CHECK(protocol_word(stranger(), trace, false) == "ESMTP");
  CHECK(protocol_word(stranger(), trace, true) == "UTF8SMTP");
  CHECK(protocol_word(user(), trace, false) == "ESMTPA");
  trace.tls = smtp::TlsState{};
  CHECK(protocol_word(user(), trace, true) == "UTF8SMTPSA");
  trace.extended = false;
  CHECK(protocol_word(stranger(), trace, true) == "SMTP");
}

TEST_CASE("headers: a complete message of a user stays as it is", "[policy]") {
  CHECK(edited(user(), complete + body) == complete + body);
  CHECK(edited(user(), complete) == complete + "\r\n");
  CHECK(edited(user(), complete + "\r\n") == complete + "\r\n");
  CHECK(edited(user(), complete + "X: y") == complete + "X: y\r\n\r\n");
}

TEST_CASE("headers: submission completes Date and Message-ID (RFC 6409 8)", "[policy]") {
  CHECK(edited(user(), "From: i@wac.tax\r\n" + body) ==
        "From: i@wac.tax\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n"
        "Message-ID: <0123456789abc.f00d@mail.wac.tax>\r\n" +
            body);
  auto const result = prepared(user(), "From: i@wac.tax\r\n" + body);
  CHECK(std::get<Prepared>(result).message_id == "<0123456789abc.f00d@mail.wac.tax>");
  CHECK(std::get<Prepared>(result).from_domain == "wac.tax");
  CHECK(std::get<Prepared>(prepared(user(), complete + body)).message_id == "<1@x>");
}

TEST_CASE("headers: submission drops Bcc and Return-Path, folds and all", "[policy]") {
  CHECK(edited(user(), "BCC: a@b.example,\r\n c@d.example\r\n" + complete +
                           "Return-Path: <x@y>\r\nSubject: Bcc: x\r\nbcc : e@f.example\r\n"
                           "Resent-Bcc: g@h.example\r\n" +
                           body) == complete + "Subject: Bcc: x\r\n" + body);
}

TEST_CASE("headers: on 25 nothing changes but what traces", "[policy]") {
  std::string const strange = "Bcc: a@b.example\r\nReturn-Path: <x@y>\r\nX : y\r\n z\r\n";
  CHECK(edited(stranger(), strange + body) == strange + body);
}

TEST_CASE("headers: who claims our Authentication-Results is cut (RFC 8601 5)", "[policy]") {
  for (auto const* ours :
       {"mail.wac.tax; spf=pass", " MAIL.WAC.TAX;none",
        "(a (nested) \\) comment)\r\n\tmail.wac.tax; x", "\"mail.wac.tax\"; x",
        "mail.wac.tax 1; spf=pass", "", "; x", "other.example spf=pass", "\"unclosed"}) {
    CAPTURE(ours);
    CHECK(edited(stranger(), "Authentication-results:" + std::string(ours) + "\r\n" + complete +
                                 body) == complete + body);
  }
  for (auto const* other : {" other.example; spf=pass", " mail.wac.tax.example 1 ; none",
                            " x.mail.wac.tax (mail.wac.tax); none", " (\\)) other.example; none"}) {
    CAPTURE(other);
    auto const field = "Authentication-Results:" + std::string(other) + "\r\n";
    CHECK(edited(stranger(), field + complete + body) == field + complete + body);
  }
}

TEST_CASE("headers: From must be there, once, and the user's", "[policy]") {
  CHECK(edited(user(), "Subject: x\r\n" + body) == "550 5.6.0");
  CHECK(edited(user(), "From: \r\n" + body) == "550 5.6.0");
  CHECK(edited(user(), "From: x y z\r\n" + body) == "550 5.6.0");
  CHECK(edited(user(), complete + "from: i@wac.tax\r\n" + body) == "550 5.6.0");
  CHECK(edited(user(), "From: app@wac.tax\r\n" + body) == "553 5.7.1");
  CHECK(edited(user(), "From: i@wac.tax, app@wac.tax\r\n" + body) == "553 5.7.1");
  CHECK(edited(user(), complete + "Sender: app@wac.tax\r\n" + body) == "553 5.7.1");
  CHECK(edited(user(),
               "From: =?utf-8?q?app=40wac.tax?= <I+x@WAC.TAX>\r\n" + complete.substr(17) + body)
            .starts_with("From: =?"));
  Tree tree;
  tree.send_as("i", {"*@example.com"});
  CHECK(edited(user(), "From: x@example.com\r\n" + complete.substr(17) + body, tree)
            .starts_with("From: x@example.com"));
  auto printer = stranger();
  printer.trusted = true;
  CHECK(edited(printer, "From: x@example.com\r\n" + body).find("Message-ID: <") !=
        std::string::npos);
  CHECK(edited(printer, "From: root\r\n" + complete.substr(17) + body).starts_with("From: root"));
  CHECK(edited(printer, complete.substr(17) + body) == complete.substr(17) + body);
  printer.service = smtp::Service::submission;
  CHECK(edited(printer, "From: root\r\n" + complete.substr(17) + body) == "550 5.6.0");
  CHECK(edited(printer, complete.substr(17) + body) == "550 5.6.0");
  CHECK(edited(stranger(), "Subject: x\r\n" + body) == "Subject: x\r\n" + body);
}

TEST_CASE("headers: what may stand once does (RFC 5322 3.6)", "[policy]") {
  for (auto const* name : {"From: a@b.example", "Subject: x", "Date: x"}) {
    auto const line = std::string(name) + "\r\n";
    CHECK(edited(stranger(), line + line + body) == "550 5.6.0");
    CHECK(edited(stranger(), line + body) == line + body);
  }
}

TEST_CASE("headers: what is no header section is refused", "[policy]") {
  for (auto const* bad : {"", "\r\n", "\r\nbody\r\n", "hello\r\n", " x: y\r\n\r\n",
                          "From: x\r\nhello\r\n\r\n", ": x\r\n\r\n", "From x: y\r\n\r\n"}) {
    CAPTURE(bad);
    CHECK(edited(stranger(), bad) == "554 5.6.0");
  }
  CHECK(edited(stranger(), std::string("X: a\0b\r\n\r\n", 10)) == "554 5.6.0");
  std::string const nul_in_body("X: a\r\n\r\n\0\r\n", 11);
  CHECK(edited(stranger(), nul_in_body) == nul_in_body);
}

TEST_CASE("headers: mail that was delivered here before is a loop", "[policy]") {
  auto transaction = usual_transaction();
  transaction.recipients = {path("app+tag@wac.tax")};
  auto const verdict = [&](Client const& client, std::string const& field) {
    auto const result =
        prepare(Tree().rules(), client, transaction, usual_trace(), field + complete + body);
    auto const* reply = std::get_if<smtp::Reply>(&result);
    return reply == nullptr ? "" : reply->enhanced;
  };
  CHECK(verdict(stranger(), "Delivered-To: A.pp@WAC.tax\r\n") == "5.4.6");
  CHECK(verdict(stranger(), "Delivered-To: <app@wac.tax>\r\n").empty());
  CHECK(verdict(stranger(), "Delivered-To: i@wac.tax\r\n").empty());
  CHECK(verdict(stranger(), "Delivered-To: app@example.com\r\n").empty());
  CHECK(verdict(user(), "Delivered-To: app@wac.tax\r\n").empty());
}

TEST_CASE("headers: a forward for one recipient says for whom", "[policy]") {
  auto trace = usual_trace();
  trace.forwarded_for = "fwd@wac.tax";
  auto const message = complete + body;
  auto const result = prepare(Tree().rules(), stranger(), usual_transaction(), trace, message);
  CHECK(std::get<Prepared>(result).head.starts_with("Delivered-To: fwd@wac.tax\r\nReceived: "));
}
