#pragma once
/// \file
/// What the pure halves of the kinds share whose resources are entries of a domain in one file of
/// the daemon (users, aliases).

#include <string>
#include <string_view>

#include "core/result/result.hpp"
#include "reconciler/engine/kind.hpp"
#include "reconciler/kinds/address_parts.hpp"
#include "reconciler/kinds/mode_parts.hpp"

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

/// Sets `mode` and, where this process could change it, `group` of the file in which an entry
/// stands. Every entry of the file then shows a difference: each is as open as the file.
inline void note_readers(engine::Fields& state, unsigned mode, std::string group) {
  state.set("mode", format_mode(mode));
  if (!group.empty()) state.set("group", std::move(group));
}

/// Compares what note_readers() set with what `spec` and closed_mode() wish.
inline void compare_readers(engine::Fields const& spec, engine::Fields const& state,
                            engine::Verdict& verdict) {
  auto const mode = parse_mode(state.text("mode"));
  if (mode && closed_mode(*mode) != *mode)
    verdict.differ("mode", state.text("mode"), format_mode(closed_mode(*mode)));
  auto const& group = spec.text("group");
  if (!group.empty() && state.find("group") != nullptr && state.text("group") != group)
    verdict.differ("group", state.text("group"), group);
}

}  // namespace mailstack::kinds
