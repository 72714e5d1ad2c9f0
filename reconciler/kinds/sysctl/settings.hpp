#pragma once
/// \file
/// What a file of sysctl.d(5) sets.

#include <map>
#include <string>
#include <string_view>

namespace mailstack::kinds::sysctl {

/// Lines `KEY = VALUE`, with `-` in front where a failure is no matter; of several for one key the
/// last counts. Comments, lines without `=` and keys with nothing in them are passed over. Keys are
/// in the form of an address (`net.ipv6.conf.eth0/100.mtu`), whichever way they are written there;
/// values as plain() has them.
std::map<std::string, std::string> settings_in(std::string_view text);

}  // namespace mailstack::kinds::sysctl
