#pragma once
/// \file
/// What the pure halves of the kinds share whose resources are entries of a domain in one file of
/// the daemon (users, aliases).

#include <string>
#include <string_view>

#include "core/result/result.hpp"
#include "reconciler/engine/kind.hpp"
#include "reconciler/kinds/address_parts.hpp"

namespace mailstack::kinds {

/// The parts of an address `KIND/HOST/DOMAIN/NAME`.
struct EntryPlace {
  std::string host, domain, name;

  bool operator==(EntryPlace const&) const = default;
};

/// Fails with invalid for anything else; `what` is "a user" or "an alias".
inline Result<EntryPlace> parse_entry(engine::Address const& address, std::string_view kind,
                                      std::string_view what) {
  auto parts = address_parts(address.name, 3);
  if (address.kind != kind || parts.empty())
    return fail(ErrorCode::invalid,
                "not the address of " + std::string(what) + ": " + address.text());
  return EntryPlace{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

/// The file in which an entry stands, for KindLaws::place(): all changes of one file are one write.
inline std::string place_of(Result<EntryPlace> const& where, std::string_view file) {
  return where ? std::string(file) + "/" + where->host + "/" + where->domain : std::string();
}

/// Notes where the file of an entry cannot be read by those who should.
inline void compare_readers(engine::Fields const& spec, engine::Fields const& state,
                            engine::Verdict& verdict) {
  auto const& group = spec.text("group");
  if (!group.empty() && state.find("group") != nullptr && state.text("group") != group)
    verdict.reasons.push_back("readable by group " + state.text("group") + " → " + group);
}

}  // namespace mailstack::kinds
