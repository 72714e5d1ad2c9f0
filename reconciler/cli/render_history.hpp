#pragma once
/// \file
/// The journal as a person reads it: what changed when, by which run and commit.

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/cli/paper.hpp"
#include "reconciler/engine/journal.hpp"

namespace mailstack::cli {

/// The newest `limit` records that say something about `object`, in order. `object` is a glob on an
/// address, or a word of an address or description (`www.example.org`); empty: everything that was
/// written, and what looks showed.
std::vector<engine::Record> select_history(std::vector<engine::Record> const& records,
                                           std::string_view object, std::size_t limit);

/// Why nothing is shown of `object`, with the name or run of the journal that is nearest to it.
std::string matches_nothing(std::vector<engine::Record> const& records, std::string_view object);

/// One line a record: time, sign, description, and what a look found (`A → B`, `gone`,
/// `replaced by …`); then the run's command and commit. `all` is where
/// the runs' beginnings are looked up.
std::string render_history(std::vector<engine::Record> const& shown,
                           std::vector<engine::Record> const& all, Paper const& paper);

}  // namespace mailstack::cli
