#pragma once
/// \file
/// How an account of the manifest is added to a mail program of others.

#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "reconciler/engine/inventory.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::cli {

/// What to enter, and what is not ready for it.
struct Guide {
  std::string address;
  std::string server;  ///< name of the host that takes mail of users
  unsigned port = 465;
  bool starttls = false;           ///< else TLS from the first octet
  std::string forward;             ///< where mail for the address goes; empty: it stays here
  std::vector<std::string> lacks;  ///< what keeps it from working, each with what to do
  std::vector<std::string> notes;
};

/// What follows from the manifest, and what of it was applied, as far as this machine knows.
struct Applied {
  std::vector<engine::Resource> const& wanted;
  engine::Inventory const& inventory;
  std::string const& here;  ///< key of the host that this machine is; empty: none
};

/// For Gmail's "Send mail as". `typed` is `i@example.org`, or `i` where there is one domain. Fails
/// with not_found where the manifest has no such user, or no host that takes mail of users.
Result<Guide> guide_gmail(manifest::Manifest const& manifest, Applied const& applied,
                          std::string const& typed);

std::string render_guide(Guide const& guide);

}  // namespace mailstack::cli
