#pragma once
/// \file
/// The folder of a domain in the daemon's conf tree: the pure half of the kind `domain_folder`.
///
/// chasquid counts every domain as its own that has a folder, so the folder is a thing of its own
/// and not just where files stand. Address: `domain_folder/HOST/PATH` (absolute path on the host).
/// Spec: `path`. State: `path`, `foreign`. Outputs: `path`; what stands in the folder refers to it,
/// so it is made before and removed after; `version` (version_parts.hpp).
///
/// Laws: mode and owner are not ours: one that is there is as it should be. It is removed only
/// where nothing is in it but users and aliases files that hold nothing, which go with it; with
/// anything else in it, it stays (`foreign` of the state says with what), is ours no more, and the
/// confirmation warns that the daemon still takes mail for the domain.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::domain_folder {

inline constexpr char const* kind_name = "domain_folder";

engine::Resource folder(std::string const& host, std::string path);

/// The absolute path; empty for anything that folder() does not write.
std::string path_of(engine::Address const& address);
engine::KindLaws const& laws();

}  // namespace mailstack::kinds::domain_folder
