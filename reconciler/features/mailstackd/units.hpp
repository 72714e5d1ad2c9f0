#pragma once
/// \file
/// The units that start mailstackd: what `mailstack apply` writes for a host, and what packaging/
/// holds for who writes none. Each text begins at `[Unit]`; who writes it puts a comment in front.

#include <string>
#include <vector>

#include "reconciler/features/mailstackd/mailstackd.hpp"

namespace mailstack::features::mailstackd {

struct ServiceUnit {
  std::string program;  ///< the daemon's path
  std::string conf;     ///< the conf tree
  std::string account;  ///< user and group that it runs as
  std::string sockets;  ///< units that hold its ports, with blanks between; empty: none
  bool mda = false;     ///< mail of users is handed to a program that becomes each of them
};

std::string service_unit(ServiceUnit const& unit);
std::string socket_unit(Service const& one, std::vector<std::string> const& endpoints);

}  // namespace mailstack::features::mailstackd
