#pragma once
/// \file
/// Replies of a server, read from octets as they come (RFC 5321 4.2.1).

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/smtp/reply.hpp"

namespace mailstack::smtp {

/// Reads one reply after the other. LF alone ends a line too: what ends a reply is of no danger to
/// anybody. A code of three digits that begins with 2 to 5, the same in each line.
class ReplyReader {
 public:
  static constexpr std::size_t most_line = 4096;  ///< octets; RFC 5321 4.5.3.1.5 allows 512
  static constexpr std::size_t most_lines = 512;  ///< of a reply
  static constexpr std::size_t most_text = 8192;  ///< kept of a reply's text; the rest is dropped

  enum class Status { more, whole, broken };

  /// Takes octets from the front of `octets` up to the end of a reply. whole: `reply` holds it, its
  /// text printable, an enhanced code (RFC 2034 4) taken out of each line. broken: this is no SMTP,
  /// why() says what; nothing more can be read.
  Status read(std::string_view& octets, Reply& reply);
  [[nodiscard]] std::string const& why() const { return why_; }
  /// Forgets what was begun.
  void clear();

 private:
  Status take_line(std::string_view line, Reply& reply);
  void take_text(std::string_view text);
  Status broken(std::string why);

  std::string begun_;  // a line without its end
  Reply reply_;
  std::size_t lines_ = 0;
  std::string why_;
};

}  // namespace mailstack::smtp
