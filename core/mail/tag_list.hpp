#pragma once
/// \file
/// `name=value; name=value`: the form that DKIM key, DMARC and TLS-RPT records share (RFC
/// 6376 3.2).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mailstack::mail {

/// One tag, white space around name and value removed. Offsets count octets in the parsed text.
struct Tag {
  std::string name;
  std::string value;
  std::size_t offset = 0;        ///< of the name
  std::size_t length = 0;        ///< from the name to the end of the value
  std::size_t value_offset = 0;  ///< of the value
  bool has_equals =
      true;  ///< false: the part between two `;` holds no `=`, and all of it is `name`
};

/// Splits at `;`. Empty parts are dropped, so a final `;` is legal.
std::vector<Tag> split_tags(std::string_view text);

/// Splits at `separator` and removes white space around each part; empty parts are kept.
std::vector<std::string> split_list(std::string_view text, char separator);

}  // namespace mailstack::mail
