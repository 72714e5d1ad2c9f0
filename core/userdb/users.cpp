#include "core/userdb/users.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include <openssl/crypto.h>

#include "core/userdb/text_proto.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::userdb {

namespace {

tl::unexpected<Error> wrong(TextField const& field, std::string const& what) {
  return fail(ErrorCode::invalid, "line " + std::to_string(field.line) + ", column " +
                                      std::to_string(field.column) + ": " + what);
}

/// A field that stands once: the value in a form, or why not.
template <class T>
Result<T const*> only(TextField const& field, char const* form) {
  auto const* value = std::get_if<T>(&field.value);
  if (value == nullptr || field.listed) return wrong(field, field.name + " is not " + form);
  return value;
}

/// Calls `take` for each field. Prototext refuses a second value of a field that is not repeated,
/// instead of letting the last win.
template <class Take>
Result<> each_once(TextMessage const& message, Take take) {
  std::set<std::string_view> seen;
  for (auto const& field : message.fields) {
    if (!seen.insert(field.name).second)
      return wrong(field, field.name + " stands twice in one message");
    if (auto taken = take(field); !taken) return taken;
  }
  return {};
}

Result<> read_small(TextField const& field, std::int32_t& number) {
  auto const token = only<TextToken>(field, "a number");
  if (!token) return fail(token.error());
  auto const value = parse_integer(**token);
  if (!value || *value < INT32_MIN || *value > INT32_MAX)
    return wrong(field, field.name + " is not an integer of 32 bits");
  number = static_cast<std::int32_t>(*value);
  return {};
}

Result<> read_octets(TextField const& field, std::string& octets) {
  auto const value = only<std::string>(field, "a string");
  if (!value) return fail(value.error());
  octets = **value;
  return {};
}

Result<> read_secret(TextField const& field, Secret<std::string>& secret) {
  std::string octets;
  if (auto read = read_octets(field, octets); !read) return read;
  secret = Secret<std::string>(std::move(octets));
  return {};
}

Result<> read_scrypt_field(TextField const& field, Scrypt& scrypt) {
  if (field.name == "r") return read_small(field, scrypt.r);
  if (field.name == "p") return read_small(field, scrypt.p);
  if (field.name == "keyLen") return read_small(field, scrypt.key_length);
  if (field.name == "salt") return read_octets(field, scrypt.salt);
  if (field.name == "encrypted") return read_secret(field, scrypt.key);
  if (field.name != "logN") return wrong(field, "unknown field " + field.name + " of scrypt");
  auto const token = only<TextToken>(field, "a number");
  if (!token) return fail(token.error());
  auto const value = parse_unsigned(**token);
  if (!value) return wrong(field, "logN: " + value.error().what);
  scrypt.log_n = *value;
  return {};
}

Result<> read_scheme(TextField const& field, Scheme& scheme) {
  auto const message = only<TextMessage>(field, "a message");
  if (field.name != "scrypt" && field.name != "plain" && field.name != "denied")
    return wrong(field, "unknown field " + field.name + " of a password");
  if (!message) return fail(message.error());
  if (scheme.index() != 0) return wrong(field, "a second scheme for one user");
  if (field.name == "scrypt") {
    auto& scrypt = scheme.emplace<Scrypt>();
    return each_once(**message,
                     [&](auto const& inner) { return read_scrypt_field(inner, scrypt); });
  }
  if (field.name == "plain") {
    auto& plain = scheme.emplace<Plain>();
    return each_once(**message, [&](TextField const& inner) -> Result<> {
      if (inner.name != "password")
        return wrong(inner, "unknown field " + inner.name + " of plain");
      return read_secret(inner, plain.password);
    });
  }
  scheme.emplace<Denied>();
  return each_once(**message, [](TextField const& inner) -> Result<> {
    return wrong(inner, "unknown field " + inner.name + " of denied");
  });
}

Result<> read_entry(TextMessage const& entry, std::string& name, Scheme& scheme) {
  return each_once(entry, [&](TextField const& field) -> Result<> {
    if (field.name != "key" && field.name != "value")
      return wrong(field, "unknown field " + field.name + " of a user");
    if (field.name == "key") {
      if (auto read = read_octets(field, name); !read) return read;
      return is_utf8(name) ? Result<>{} : wrong(field, "the key is not UTF-8");
    }
    auto const message = only<TextMessage>(field, "a message");
    if (!message) return fail(message.error());
    return each_once(**message, [&](auto const& inner) { return read_scheme(inner, scheme); });
  });
}

void format_scheme(Scheme const& scheme, std::string& text) {
  if (auto const* scrypt = std::get_if<Scrypt>(&scheme)) {
    text += "  value {\n    scrypt {\n      logN: " + std::to_string(scrypt->log_n) +
            "\n      r: " + std::to_string(scrypt->r) + "\n      p: " + std::to_string(scrypt->p) +
            "\n      keyLen: " + std::to_string(scrypt->key_length) +
            "\n      salt: " + format_text_string(scrypt->salt) +
            "\n      encrypted: " + format_text_string(scrypt->key.reveal()) + "\n    }\n  }\n";
  } else if (auto const* plain = std::get_if<Plain>(&scheme)) {
    text +=
        "  value {\n    plain {\n      password: " + format_text_string(plain->password.reveal()) +
        "\n    }\n  }\n";
  } else if (std::holds_alternative<Denied>(scheme)) {
    text += "  value {\n    denied {}\n  }\n";
  }
}

bool same_secret(Secret<std::string> const& a, Secret<std::string> const& b) {
  auto const& x = a.reveal();
  auto const& y = b.reveal();
  return x.size() == y.size() && CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

}  // namespace

bool same(Scheme const& a, Scheme const& b) {
  if (a.index() != b.index()) return false;
  if (auto const* scrypt = std::get_if<Scrypt>(&a)) return same(*scrypt, std::get<Scrypt>(b));
  if (auto const* plain = std::get_if<Plain>(&a))
    return same_secret(plain->password, std::get<Plain>(b).password);
  return true;
}

bool same_users(Users const& a, Users const& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto const& x, auto const& y) {
    return x.first == y.first && same(x.second, y.second);
  });
}

Result<Users> parse_users(std::string_view text) {
  auto const message = parse_text_proto(text);
  if (!message) return fail(message.error());
  Users users;
  for (auto const& field : message->fields) {
    if (field.name != "users") return wrong(field, "unknown field " + field.name);
    auto const* entry = std::get_if<TextMessage>(&field.value);
    if (entry == nullptr) return wrong(field, "users is not a message");
    std::string name;
    Scheme scheme;
    if (auto read = read_entry(*entry, name, scheme); !read) return fail(read.error());
    users.insert_or_assign(std::move(name), std::move(scheme));
  }
  return users;
}

Secret<std::string> format_users(Users const& users) {
  std::string text;
  for (auto const& [name, scheme] : users) {
    text += "users {\n  key: " + format_text_string(name) + "\n";
    format_scheme(scheme, text);
    text += "}\n";
  }
  return Secret<std::string>(std::move(text));
}

Result<bool> authenticate(Scheme const& scheme, Secret<std::string> const& password) {
  if (auto const* scrypt = std::get_if<Scrypt>(&scheme)) return verify(*scrypt, password);
  if (auto const* plain = std::get_if<Plain>(&scheme))
    return same_secret(plain->password, password);
  return false;
}

}  // namespace mailstack::userdb
