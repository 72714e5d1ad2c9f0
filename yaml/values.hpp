#pragma once
/// \file
/// The form of single values, type by type: what the key table's types accept.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/keys/key.hpp"
#include "core/result/result.hpp"
#include "yaml/node.hpp"

namespace mailstack::yaml {

/// The words of `choices` of a key.
std::vector<std::string_view> words_of(std::string_view choices);

/// Decimal without leading zeros (`0587` is none: some programs read it as octal). Fails with
/// invalid.
Result<long long> parse_integer(std::string_view text);

/// `50M`, `512K`, `1G` or octets. Fails with invalid.
Result<long long> parse_size(std::string_view text);

/// Exactly `true` or `false`; YAML 1.1's `yes`, `on`, `y` are refused. Fails with invalid.
Result<bool> parse_boolean(std::string_view text);

/// The canonical text of an address, or invalid.
Result<std::string> parse_ipv4(std::string_view text);
Result<std::string> parse_ipv6(std::string_view text);

/// `ADDRESS:PORT` or `[v6]:PORT` from either of them or from an address alone. Fails with invalid.
Result<std::string> parse_endpoint(std::string_view text, std::string_view default_port);

/// What a value of this type looks like, for messages: `a duration such as 14d`.
std::string expectation(keys::Key const& key);

/// The same for what may stand at the key as a whole: `a list of …`, `one of mx, submit, send`.
std::string full_expectation(keys::Key const& key);

/// Why `text` is no value of `key`; the code of a diagnostic with it.
struct WrongValue {
  std::string code;  ///< wrong-type, out-of-range, unknown-choice
  std::string why;
};
/// Looks at the form of one scalar; not for mappings and secrets.
std::optional<WrongValue> wrong_value(keys::Key const& key, Node const& scalar);

/// The default of a row as texts: `[a, b]` is two, a scalar one, empty none. Quotes are taken off.
std::vector<std::string> fallback_values(std::string_view fallback);

}  // namespace mailstack::yaml
