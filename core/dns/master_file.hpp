#pragma once
/// \file
/// Master files, the text form of zones (RFC 1035 5, RFC 2308 4): read with positions, so that
/// problems can be shown and single records edited in place.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/rrset.hpp"

namespace mailstack::dns {

/// How a text is read.
struct MasterOptions {
  Name origin;  ///< what relative names are completed with until `$ORIGIN` says otherwise
  /// Where neither the record, nor `$TTL`, nor an earlier record says one (seconds).
  std::uint32_t ttl = 3600;
  /// TXT strings without quotes are taken, one a word. Else they are a problem: `;` starts a
  /// comment in them and blanks fall away, so they are rarely what was meant.
  bool bare_txt = false;
};

/// A part of the text, in octets from its start; empty where it is absent.
struct MasterSpan {
  std::size_t at = 0;
  std::size_t length = 0;
};

/// Where a record's TTL came from. What the line itself does not say changes with the lines above.
enum class TtlSource : std::uint8_t { record, directive, earlier_record, fallback };

/// One record. Lines and columns count from 1, columns in octets.
struct MasterRecord {
  Name name;
  Type type;
  std::uint32_t ttl = 0;  ///< seconds
  TtlSource ttl_source = TtlSource::fallback;
  bool owner_given = false;  ///< false: the line starts with a blank and means the owner above it
  bool parentheses = false;  ///< may span several lines
  std::string value;         ///< canonical
  unsigned line = 0;         ///< of its first word
  unsigned column = 0;
  unsigned length = 0;       ///< from there to the end of its last word, or of that line
  MasterSpan entry;          ///< whole lines, with the last line end
  MasterSpan ttl_word;       ///< empty where the record says none
  MasterSpan class_or_type;  ///< the first word after owner and TTL, wherever the TTL stands
  MasterSpan rdata;          ///< first to last word of the data
  std::size_t origin = 0;    ///< index in MasterFile::origins: the one in force
};

/// What is wrong at one place. Reading went on behind it.
struct MasterProblem {
  unsigned line = 0;
  unsigned column = 0;
  unsigned length = 0;
  std::string message;
};

struct MasterFile {
  std::vector<MasterRecord> records;
  std::vector<MasterProblem> problems;
  std::vector<Name> origins;  ///< the first is that of the options, the last that at the end
  MasterSpan serial;          ///< the serial's digits in the first SOA; empty without one
};

/// Reads the records of a master file: `$ORIGIN`, `$TTL`, parentheses, comments, quoted strings,
/// `@`, omitted owners, TTL and class in either order, TTLs with units (`1h30m`). The class is IN.
///
/// Never stops at the first problem: a line that cannot be read is reported and left out. Reports
/// at most 1,000 problems. Time and memory grow linearly with the text. `$INCLUDE` and `$GENERATE`
/// are problems: what they would make is not in this text and could not be edited in it.
MasterFile parse_master(std::string_view text, MasterOptions const& options);

}  // namespace mailstack::dns
