#include "core/json_text/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mailstack::json_text {

namespace {

/// Stands for itself in a string.
bool plain(char c) {
  auto const octet = static_cast<unsigned char>(c);
  return octet >= 0x20 && octet < 0x80 && c != '"' && c != '\\';
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  if (std::all_of(text.begin(), text.end(), plain)) {
    out.append(1, '"').append(text).append(1, '"');
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Object::key(std::string_view name) {
  if (!empty_) out_ += ',';
  empty_ = false;
  append_string(out_, name);
  out_ += ':';
}

}  // namespace mailstack::json_text
