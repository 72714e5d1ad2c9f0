#pragma once
/// \file
/// A value of the running kernel: the pure half of the kind `sysctl`.
///
/// Address: `sysctl/HOST/KEY` (`net.ipv6.conf.all.disable_ipv6`). Spec: `value` (text without white
/// space at its ends), `needs` (the file that sets it at every start, a conf_file). State: `value`,
/// as the kernel says it, words separated by one space; `later` (files that set another value at
/// the next start, after ours: `PATH VALUE`). Outputs: `value`.
///
/// Laws: the file is another resource, so that both can differ and each is shown. What nobody
/// asks for any more is released: it stays until the next start, since what it was before is not
/// known.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::sysctl {

inline constexpr char const* kind_name = "sysctl";

/// `file` sets `key` at every start.
engine::Resource value(std::string const& host, std::string const& key, std::string value,
                       engine::Resource const& file);

/// The key in an address; empty for others.
std::string key_of(engine::Address const& address);

/// `net.ipv6.conf.eth0/100.mtu` → `/proc/sys/net/ipv6/conf/eth0.100/mtu` (sysctl.d(5)).
std::string file_of(std::string key);

/// Words as the kernel separates them, by tabs, by one space each.
std::string plain(std::string_view text);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::sysctl
