#pragma once
/// \file
/// Which domains took mail under TLS lately: from them no plain connection is accepted for a while,
/// so that who sits in between cannot take STARTTLS away (RFC 3207 6).

#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"

namespace mailstack::delivery {

/// The value. Kept by the recipient's domain, not by host: who forges an MX names a fresh one.
class TlsMemory {
 public:
  /// Seen within `span` before `now`.
  [[nodiscard]] bool insists(std::string const& domain, TimePoint now, Duration span) const;
  /// true: worth writing down (new, or what was known is over an hour old).
  bool saw(std::string const& domain, TimePoint now);
  /// Forgets what was seen before `limit`.
  void forget_before(TimePoint limit);
  [[nodiscard]] std::size_t size() const { return seen_.size(); }

  /// A line `DOMAIN TIME` each; of two with one domain the later time counts. Lines that are none
  /// are passed over: the worst is a plain connection.
  static TlsMemory parse(std::string_view text);
  [[nodiscard]] std::string format() const;
  static std::string format_line(std::string const& domain, TimePoint seen);

 private:
  std::unordered_map<std::string, TimePoint> seen_;
};

/// The value and its file, `STATE/tls-seen`: read at first use, lines are appended, and at the
/// start it is written anew without what is old. Not synced: a crash forgets a domain or two. A
/// directory that cannot be written to makes a memory that ends with the process.
class TlsMemoryFile {
 public:
  [[nodiscard]] bool insists(std::string const& state, std::string const& domain, TimePoint now,
                             Duration span);
  void saw(std::string const& state, std::string const& domain, TimePoint now, Duration span);

 private:
  void load(std::string const& state, TimePoint now, Duration span);
  std::string path_;  // of what was loaded
  TlsMemory memory_;
};

}  // namespace mailstack::delivery
