#pragma once
/// \file
/// The reverse name of a host's address: the pure half of the kind `ptr`.
///
/// Address: `ptr/203.0.113.10`. Spec: `name` (absolute, what the PTR must say), `mode` (`verify`:
/// look and warn, never write). State: `names` (what the PTR says), `confirmed` (true where the
/// spec's `name` has this address among its own: the forward confirmation that receivers make).
/// Laws: with `verify` a difference is a note and a blind look a warning; there is never an action.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::ptr {

inline constexpr char const* kind_name = "ptr";

engine::Resource verify(std::string const& host, std::string address, std::string name);
engine::KindLaws const& laws();

}  // namespace mailstack::kinds::ptr
