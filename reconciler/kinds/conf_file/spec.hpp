#pragma once
/// \file
/// A rendered configuration file: the pure half of the kind `conf_file`.
///
/// Address: `conf_file/HOST/PATH` (absolute path on the host). Spec: `content` (text; shown as a
/// line diff), `mode` (octal text such as `0640`), `owner`, `group` (names; absent: left alone),
/// `compare` (absent, or `text_proto`). State: `path`, `content`, `mode`, and `owner` and `group`
/// where this process could change them; `shipped` where a file that differs is as its package
/// brought it. Laws: content is compared octet by octet, unless `compare`
/// is `text_proto` (chasquid.conf): then parsed values are compared, because spacing there changes
/// from build to build. A file that exists and is not ours needs adoption, unless
/// it is as shipped: nobody's edit would be lost. Outputs: `version`
/// (version_parts.hpp), what a unit must have loaded.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::conf_file {

inline constexpr char const* kind_name = "conf_file";

/// How a file whose comments begin with `#` says whose it is.
inline constexpr char const* made_by_us =
    "# Made by mailstack from the manifest: change it there, edits here are undone.\n";

engine::Resource file(std::string host, std::string const& path, std::string content,
                      std::string mode, std::string group);
/// Has `resource` compared as a message in protobuf's text format.
void compare_as_text_proto(engine::Resource& resource);

/// The absolute path; empty for anything that file() does not write.
std::string path_of(engine::Address const& address);
engine::KindLaws const& laws();

}  // namespace mailstack::kinds::conf_file
