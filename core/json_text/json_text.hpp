#pragma once
/// \file
/// JSON written member by member, without a tree in between.
///
/// The inventory of a zone of ten thousand records is three megabytes of it, and what one apply of
/// it writes into the journal nine. Reading is simdjson's.

#include <cstdint>
#include <string>
#include <string_view>

namespace mailstack::json_text {

/// Appends `text` as a JSON string: the shortest escapes, UTF-8 as it is; octets that are not UTF-8
/// become U+FFFD.
void append_string(std::string& out, std::string_view text);

/// An object that grows at the end of `out`. Whoever opens it ends it.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }

  void add(std::string_view name, std::string_view text) {
    key(name);
    append_string(out_, text);
  }
  void add(std::string_view name, std::int64_t number) {
    key(name);
    out_ += std::to_string(number);
  }
  /// The name and the colon; what follows in `out` is the value.
  void key(std::string_view name);
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool empty_ = true;
};

}  // namespace mailstack::json_text
