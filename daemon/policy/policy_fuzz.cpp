/// \file
/// Whatever a message and its recipient are: no crash, the header section is cut without loss, no
/// stranger's mail leaves for a domain that is not ours, and what a user's mail says of its author
/// is the user's.
// parser: daemon/policy/header_section.cpp daemon/policy/headers.cpp daemon/policy/destination.cpp
// parser: daemon/policy/program_output.cpp

#include <cstdint>
#include <cstdlib>

#include "core/mail/message/message.hpp"
#include "daemon/policy/expand.hpp"
#include "daemon/policy/header_section.hpp"
#include "daemon/policy/headers.hpp"
#include "daemon/policy/hook.hpp"
#include "daemon/policy/program_output.hpp"
#include "daemon/policy/rules_test.hpp"

namespace {

using namespace mailstack;
using namespace mailstack::policy;

void require(bool holds) {
  if (!holds) std::abort();
}

/// With a catch-all that keeps the name: the most that a name of ours can do.
Rules const& rules() {
  static Rules const made =
      Tree().aliases("team: i, bob@example.net\n*: *@inner.example\n").rules();
  return made;
}

Trace trace() {
  Trace made;
  made.host = "mail.wac.tax";
  made.greeted = "there.example";
  made.id = "0123456789abc";
  made.unique = "f00d";
  made.now = noon;
  return made;
}

void check_sections(std::string_view message) {
  auto const section = parse_header_section(message);
  if (!section) return;
  std::string joined;
  for (auto const& field : section->fields) {
    require(!field.name.empty() && field.text.starts_with(field.name));
    joined += field.text;
    (void)forges_results(field.value, "mail.wac.tax");
  }
  require(message.starts_with(joined) && section->body_at <= message.size());
}

void check_prepared(Client const& client, std::string_view message) {
  smtp::Transaction transaction;
  transaction.sender = path("i@wac.tax");
  transaction.recipients = {path("i@wac.tax")};
  auto const result = prepare(rules(), client, transaction, trace(), message);
  auto const* prepared = std::get_if<Prepared>(&result);
  if (prepared == nullptr) return;
  auto const whole = assemble("", *prepared, message);
  auto const again = parse_header_section(whole);
  require(again && whole.substr(again->body_at) == message.substr(prepared->body_at));
  bool submitted = client.submits();
  int from = 0;
  for (auto const& field : again->fields) {
    if (field.is("from")) ++from;
    require(!submitted || !field.is("bcc"));
    require(!field.is("authentication-results") || !forges_results(field.value, "mail.wac.tax"));
  }
  require(!submitted || from == 1);
}

/// An end that a stranger's mail has is ours, or where an alias of ours leads.
void check_relay(std::string_view text) {
  auto const recipient = mail::parse_path(text);
  if (!recipient) return;
  auto const found = find_destination(rules(), stranger(), path("x@example.com"), *recipient, noon);
  require(found.refusal.has_value() == found.ends.empty());
  for (auto const& end : found.ends) {
    auto const to = mail::parse_path(end.recipient.address);
    require(to.has_value());
    bool const known = to->domain == "wac.tax" || to->domain == "xn--mller-kva.example" ||
                       to->text() == "bob@example.net" || to->domain == "inner.example";
    require(known);
    if (to->domain == "inner.example") require(to->local.find_first_of("@%!") == std::string::npos);
  }
}

void check_output(std::string_view output) {
  require(one_line_of(output).size() <= most_output);
  for (auto const& text : {one_line_of(output), last_line(output)})
    require(text.find_first_of("\r\n") == std::string::npos);
  auto const result = judge_hook({}, output);
  auto const& headers = std::get<HookHeaders>(result);
  if (headers.fields.empty()) return;
  auto const message = mail::Message::parse(headers.fields + "\r\nbody", mail::LineEnds::crlf);
  require(message && message->body() == "body");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  check_sections(text);
  check_prepared(stranger(), text);
  check_prepared(logged_in("i@wac.tax"), text);
  check_relay(text);
  check_output(text);
  return 0;
}
