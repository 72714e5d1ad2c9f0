#pragma once
/// \file
/// A secret that the daemon reads from a file of its own: the pure half of the kind `secret_file`.
///
/// Address: `secret_file/HOST/PATH` (absolute path on the host). Spec: `secret` (the name of a
/// reference: `credential:relay`), `mode`, `group`. State: `path`; `secret` (the spec's, where the
/// file holds what it says now); `mode`, and `group` where this process could change it. Neither
/// spec nor state nor an output tells anything of the value, its digest least of all. Outputs:
/// `path`.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::secret_file {

inline constexpr char const* kind_name = "secret_file";

engine::Resource secret_file(std::string const& host, std::string const& path, std::string secret,
                             std::string group);

/// The absolute path; empty for anything that secret_file() does not write.
std::string path_of(engine::Address const& address);
engine::KindLaws const& laws();

}  // namespace mailstack::kinds::secret_file
