#pragma once
/// \file
/// Does a tree have the form that the key table says? Every problem of the form, in one pass.

#include "reconciler/manifest/key_table.hpp"
#include "reconciler/manifest/node.hpp"

namespace mailstack::manifest {

/// Reports unknown keys (`unknown-key`, with the nearest one), absent ones that are required
/// (`missing-key`), values of a wrong form (`wrong-type`, `out-of-range`, `unknown-choice`),
/// secrets that stand there themselves (`literal-secret`, `secret-form`), and what the design has
/// but this program does not (`not-supported-yet`). What is wrong is taken out of the tree, so that
/// the rest can be read through Sections and its other problems are found in the same run.
void check(Node& root, KeyTable const& table, Diagnostics& diagnostics);

}  // namespace mailstack::manifest
