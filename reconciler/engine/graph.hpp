#pragma once
/// \file
/// In which order the steps of a plan go: waves, so that each step comes after what it refers to.
/// Pure.

#include <cstddef>
#include <vector>

#include "reconciler/engine/plan.hpp"

namespace mailstack::engine {

/// Indices into plan.items of creations and updates; a wave refers only to earlier ones. Steps of a
/// wave keep the plan's order. Those that come last, and what refers to them, are not among them.
std::vector<std::vector<std::size_t>> put_waves(Plan const& plan);

/// The same for removals that no put carries: what refers to another goes before it. They come
/// after all puts.
std::vector<std::vector<std::size_t>> removal_waves(Plan const& plan);

/// Creations and updates that come last, and those that refer to one of them: after the removals.
std::vector<std::vector<std::size_t>> closing_waves(Plan const& plan);

}  // namespace mailstack::engine
