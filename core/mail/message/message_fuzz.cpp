/// \file
/// Whatever stands in a message: no crash, and what was split says the same when it is put together
/// again; canonical forms stay what they are when they are made canonical once more.
// parser: core/mail/message/message.cpp core/mail/dkim/canonical.cpp
// parser: core/mail/address/address_list.cpp

#include <cstdint>
#include <cstdlib>

#include "core/mail/address/address_list.hpp"
#include "core/mail/dkim/canonical.hpp"
#include "core/mail/message/message.hpp"

namespace {

using namespace mailstack::mail;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_field(HeaderField const& field) {
  auto const canonical = dkim::relaxed_field(field.name, field.value);
  auto const colon = canonical.find(':');
  auto const value = std::string_view(canonical).substr(colon + 1, canonical.size() - colon - 3);
  require(canonical.substr(0, colon) == lower_field_name(field.name));
  require(canonical.ends_with("\r\n") && value.find("\r\n") == value.npos);
  require(dkim::relaxed_field(field.name, value) == canonical);
  auto const addresses = parse_address_list(field.value);
  if (!addresses) return;
  for (auto const& address : *addresses)
    require(parse_address_list(address.text()) == std::vector{address});
}

/// A field is among those of its name, and no other name has it.
void check_lookup(Message const& message, HeaderField const& field) {
  auto const found = message.fields_called(lower_field_name(field.name));
  bool here = false;
  for (auto const& one : found) {
    require(lower_field_name(one.name) == lower_field_name(field.name));
    here = here || one.value.data() == field.value.data();
  }
  require(here);
}

void check_message(std::string_view text, LineEnds ends) {
  auto const message = Message::parse(std::string(text), ends);
  if (!message) return;
  std::string joined;
  for (auto const& field : message->fields()) {
    joined.append(field.name).append(":").append(field.value).append("\r\n");
    check_field(field);
  }
  joined.append("\r\n").append(message->body());
  auto const again = Message::parse(joined, LineEnds::crlf);
  require(again && again->body() == message->body() &&
          again->fields().size() == message->fields().size());
  for (std::size_t i = 0; i < again->fields().size(); ++i)
    require(again->fields()[i].name == message->fields()[i].name &&
            again->fields()[i].value == message->fields()[i].value);
  // One is enough: a message may have two thousand.
  if (!message->fields().empty()) check_lookup(*message, message->fields().back());
  auto const body = dkim::relaxed_body(message->body());
  require(dkim::relaxed_body(body) == body);
  require(body.empty() || (body.ends_with("\r\n") && !body.ends_with("\r\n\r\n")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  check_message(text, LineEnds::crlf);
  check_message(text, LineEnds::any);
  return 0;
}
