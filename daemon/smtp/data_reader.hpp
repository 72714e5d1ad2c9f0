#pragma once
/// \file
/// What follows DATA, up to the line with the one dot (RFC 5321 4.5.2, 4.1.1.4).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/smtp/replies.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::smtp {

/// Takes away the dots that protect lines, finds the end, and sees what a message may not have.
///
/// The end is CRLF . CRLF and nothing else; the first CRLF may be the one of DATA. Anything that a
/// lenient peer could take for it, in front or behind, is content or a flaw (SMTP smuggling,
/// CVE-2023-51764). A flawed message is read to its true end, so that the session stays in step.
///
/// Bare line ends: a flaw, or normalised: a bare LF becomes CRLF, but no dot is taken away behind
/// it; a bare CR becomes a space, never a line end.
class DataReader {
 public:
  DataReader(Limits const& limits, bool normalise) : limits_(limits), normalise_(normalise) {}

  /// Reads from the front of `octets` and appends what belongs to the message to `content`, up to a
  /// flaw. Returns how many octets were taken: all, or up to the end of the message.
  std::size_t read(std::string_view octets, std::string& content);

  [[nodiscard]] bool done() const { return state_ == State::done; }
  /// The gravest thing that is wrong, as the reply for it: which one came first would depend on how
  /// the octets were cut. nullptr: nothing so far.
  [[nodiscard]] replies::Fixed const* flaw() const { return flaw_; }

 private:
  enum class State : std::uint8_t { line_start, text, cr, dot, dot_cr, done };

  std::size_t read_run(std::string_view octets, std::string& content);
  void step(char octet, std::string& content);
  void after_cr(char octet, std::string& content);
  void bare_line_feed(std::string& content);
  void bare_return(std::string& content);
  void keep(std::string_view run, std::string& content);
  void end_line(std::string& content);
  void look_at_header(std::string_view run);
  void flawed(replies::Fixed const& why);

  Limits const& limits_;
  bool normalise_;
  State state_ = State::line_start;
  replies::Fixed const* flaw_ = nullptr;
  std::size_t octets_ = 0;  ///< of content
  std::size_t line_ = 0;    ///< octets of this line so far
  std::size_t received_ = 0;
  bool in_header_ = true;
  std::array<char, 9> prefix_{};  ///< how this line of the header section begins
};

}  // namespace mailstack::smtp
