#pragma once
/// \file
/// What is applied, what is due and what waits, from the records alone: nobody is asked.

#include <string>

#include "reconciler/cli/paper.hpp"
#include "reconciler/engine/inventory.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::cli {

struct StatusView {
  engine::Inventory const& inventory;
  features::Compiled const& compiled;
  std::string const& manifest_digest;  ///< of the manifest as it stands now
  std::string const& state;            ///< the state directory
  std::string const& applier;
};

/// How the manifest as it stands differs from what was applied.
struct Waiting {
  std::size_t added = 0;    ///< resources without a row
  std::size_t changed = 0;  ///< whose spec is another one than the applied
  std::size_t removed = 0;  ///< rows that nothing asks for any more
};
Waiting count_waiting(StatusView const& view);

std::string render_status(StatusView const& view, Paper const& paper);

}  // namespace mailstack::cli
