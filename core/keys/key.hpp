#pragma once
/// \file
/// One row of the key table. Parser, JSON Schema, reference and `explain` are all made from these
/// rows.

#include <span>
#include <string_view>

namespace mailstack::keys {

/// What a key's value may be. The parser checks the form; meaning is checked by the feature that
/// owns the key.
enum class Type {
  string,
  integer,   ///< decimal; minimum and maximum apply
  boolean,   ///< only `true` and `false`
  duration,  ///< core/clock: `14d`
  size,      ///< octets with an optional K, M or G: `50M`
  name,      ///< a domain name
  ipv4,
  ipv6,
  address,    ///< a mail address `local@domain`
  recipient,  ///< a user name, a mail address (right side of an alias)
  endpoint,   ///< `HOST:PORT`, `[v6]:PORT`, `:PORT`
  url,
  path,      ///< relative ones start at the manifest's directory
  choice,    ///< one of `choices`
  secret,    ///< {credential|file|env|exec}
  password,  ///< secret's forms, {hash} and {hash_file}
  text,      ///< a block of several lines
  mapping,   ///< children are the rows below this path; `*` as a child means: any name
};

/// A row. `path` is dotted from the fragment's mount point; `*` stands for a name that the user
/// chooses: `domains.*.dkim.algorithms`.
struct Key {
  std::string_view path;
  Type type = Type::string;
  bool list = false;  ///< a sequence of `type`; a single scalar is taken as a sequence of one
  bool required = false;
  std::string_view fallback =
      {};  ///< the default as one would write it in YAML; empty: none, or derived (see `derived`)
  /// What the default was: `2026.1: chasquid` in that set of defaults and in those before it.
  std::string_view formerly = {};
  std::string_view derived =
      {};  ///< how an absent value comes about, in words: "the zone's NS set"
  std::string_view choices = {};  ///< for choice: words separated by `|`; for mapping: words that
                                  ///< may stand in its place
  long long minimum = 0;          ///< for integer, size (octets), duration (seconds)
  long long maximum = 9'000'000'000'000'000;
  std::string_view summary = {};  ///< one sentence for the reference
  std::string_view example = {};  ///< a value as one would write it in YAML
};

}  // namespace mailstack::keys
