#pragma once
/// \file
/// Domain names in the one form that mailstack compares, stores and sends.

#include <compare>
#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::dns {

/// An absolute domain name: lower-case A-labels in presentation form with the final dot
/// (`xn--bcher-kva.example.`).
///
/// Two names are the same name exactly if their texts are equal (RFC 4343). Octets that
/// presentation form must escape (RFC 1035 5.1) are written as `\.` and `\\` or as `\DDD`; `/` too
/// (`\047`), so that a name can stand in an address. The default-constructed name is the root, `.`.
class Name {
 public:
  Name() : text_(".") {}

  /// Parses presentation form. Without a final dot the name is relative to `origin` (`@` is the
  /// origin itself); the one-argument form takes every name as absolute. U-labels become A-labels
  /// (IDNA2008, libidn2). Fails with invalid: an empty label, a label over 63 octets, a name over
  /// 255 octets on the wire, a bad escape. An A-label that does not decode is taken as it is: the
  /// world has them. `_` and `*` are legal.
  static Result<Name> parse(std::string_view text);
  static Result<Name> parse(std::string_view text, Name const& origin);

  /// Fails with invalid where an A-label does not decode (RFC 5891 5.4): for names that a person
  /// types.
  [[nodiscard]] Result<> check_a_labels() const;

  /// Fails with invalid where no machine and no mail domain can be called so (RFC 952, RFC
  /// 1123 2.1, RFC 3696 2): letters, digits and hyphens, none of these at either end of a label,
  /// and a last label that is not a number, since that is an address. Owner names of records are
  /// freer.
  [[nodiscard]] Result<> check_host_name() const;
  /// Of that the part that holds for zones too, whose names may have `_`: hyphens and the last
  /// label.
  [[nodiscard]] Result<> check_labels() const;

  /// With the final dot: `www.example.org.`
  [[nodiscard]] std::string const& text() const { return text_; }
  /// Without the final dot, for people: `www.example.org`; the root is `.`.
  [[nodiscard]] std::string display() const;
  /// True where this is `zone` or below it.
  [[nodiscard]] bool within(Name const& zone) const;
  /// `@`, `www`, `_dmarc.sub`, or text() where the name is not within `zone`.
  [[nodiscard]] std::string relative_to(Name const& zone) const;
  /// The name without its first label; the root's parent is the root.
  [[nodiscard]] Name parent() const;
  [[nodiscard]] std::size_t label_count() const;
  [[nodiscard]] bool wildcard() const { return text_.starts_with("*."); }

  bool operator==(Name const&) const = default;
  /// By text; not the canonical DNSSEC order.
  std::strong_ordering operator<=>(Name const&) const = default;

 private:
  std::string text_;
};

}  // namespace mailstack::dns
