#pragma once
/// \file
/// A DMARC policy record (RFC 9989; RFC 7489 where it still holds) as text and as value.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/mistake.hpp"

namespace mailstack::mail::dmarc {

enum class Policy { none, quarantine, reject };
enum class Alignment { relaxed, strict };

struct Record {
  Policy policy = Policy::none;              ///< `p`
  std::optional<Policy> subdomain_policy;    ///< `sp`
  std::optional<Policy> nonexistent_policy;  ///< `np` (RFC 9989)
  Alignment dkim_alignment = Alignment::relaxed;
  Alignment spf_alignment = Alignment::relaxed;
  std::vector<std::string> failure_options;  ///< `fo`: 0, 1, d, s
  bool testing = false;                      ///< `t=y` (RFC 9989)
  std::vector<std::string> aggregate;        ///< `rua`: URIs
  std::vector<std::string> failure;          ///< `ruf`: URIs

  bool operator==(Record const&) const = default;
};

struct Parsed {
  Record record;
  std::vector<Mistake> mistakes;  ///< a fatal one: receivers ignore the record
};

/// True where receivers take `text` for a DMARC record: its first tag is `v=DMARC1`, exactly so.
bool is_record(std::string_view text);

/// Tags in the order v, p, sp, np, adkim, aspf, fo, t, rua, ruf; only what differs from the
/// default.
std::string format(Record const& record);

/// Parses all of it. Fatal: `v` not first, no or bad `p`, a doubled tag, a bad value. Not fatal:
/// `p` not second, tags that RFC 9989 took away (pct, rf, ri), a size limit behind `!`, unknown
/// tags, `ruf` without `fo=` beside it is fine.
Parsed parse(std::string_view text);

/// The address of a `mailto:` URI without a size limit: `rua@example.org`; empty for another
/// scheme.
std::string mail_address(std::string_view uri);

std::string_view format(Policy policy);
std::optional<Policy> parse_policy(std::string_view word);

}  // namespace mailstack::mail::dmarc
