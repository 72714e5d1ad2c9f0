#pragma once
/// \file
/// Writes a master file again with some of its records changed.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/master_file.hpp"
#include "core/dns/rrset.hpp"

namespace mailstack::zonefile {

/// The TTL of a record where nothing in the file says one (seconds).
inline constexpr std::uint32_t default_ttl = 3600;

/// A text that was read without a problem.
struct ZoneText {
  std::string_view text;
  dns::MasterFile file;
  std::vector<std::size_t> sorted;  ///< indices of file.records, by name and type

  [[nodiscard]] dns::MasterRecord const& at(std::size_t position) const {
    return file.records[sorted[position]];
  }
  /// The positions in `sorted` of one RRset: first, and behind the last.
  [[nodiscard]] std::pair<std::size_t, std::size_t> find(dns::Name const& name,
                                                         dns::Type type) const;
};

/// Takes changes, then writes the text once.
///
/// Keeps track of what a reader would take each line's owner and TTL for, and writes them out where
/// that would have changed: an omitted owner means the line above, an omitted TTL without `$TTL`
/// the last one stated (RFC 1035 5.1).
class ZoneWriter {
 public:
  /// `zone` outlives the writer.
  ZoneWriter(ZoneText const& zone, TimePoint now);

  /// Notes what turns the RRset at positions `from` to `to` of `sorted` into `after`; no positions:
  /// it is new, and `from` is where it would stand.
  void change(dns::RRset const& after, std::size_t from, std::size_t to);

  /// The new text, the SOA's serial raised.
  std::string write();

 private:
  /// What becomes of one record.
  struct Edit {
    bool drop = false;
    std::optional<std::string> value;  ///< another one in its place
    std::optional<std::uint32_t> ttl;
  };
  /// Text to stand at an offset in the place of so many octets.
  using Pieces = std::map<std::size_t, std::pair<std::size_t, std::string>>;

  [[nodiscard]] std::optional<std::size_t> neighbour(dns::Name const& name,
                                                     std::size_t position) const;
  [[nodiscard]] std::optional<std::uint32_t> ttl_to_write(dns::MasterRecord const& record,
                                                          Edit const& edit) const;
  void note(dns::Name const& owner, std::optional<std::uint32_t> ttl);
  void add(dns::RRset const& rrset, dns::Name const& origin);
  void keep(dns::MasterRecord const& record, Edit const& edit);
  [[nodiscard]] Pieces pieces_of(dns::MasterRecord const& record, Edit const& edit,
                                 std::optional<std::uint32_t> ttl) const;

  ZoneText const& zone_;
  TimePoint now_;
  std::vector<Edit> edits_;                               ///< one a record
  std::map<std::size_t, std::vector<dns::RRset>> added_;  ///< by the record that they stand behind
  std::vector<dns::RRset> at_end_;
  std::string newline_ = "\n";
  std::string out_;
  std::optional<dns::Name> owner_;            ///< what a line without one would get
  std::optional<std::uint32_t> earlier_ttl_;  ///< the last one stated
};

}  // namespace mailstack::zonefile
