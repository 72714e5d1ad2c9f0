#pragma once
/// \file
/// One resource as text in which every field shows.

#include <sstream>
#include <string>
#include <vector>

#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::golden {

inline std::string where(engine::Source const& source) {
  if (source.line == 0) return "-";
  std::string file = source.file;
  if (file.starts_with("/repo/")) file.erase(0, 6);
  return file + ":" + std::to_string(source.line) + ":" + std::to_string(source.column);
}

inline std::string words(std::vector<engine::Hazard> const& hazards) {
  std::string text;
  for (auto const hazard : hazards) text += (text.empty() ? "" : ",") + std::string(format(hazard));
  return text.empty() ? "-" : text;
}

/// Every field of a resource shows, so that dropping one of them anywhere changes a golden file.
inline std::string format_resource(engine::Resource const& resource) {
  std::ostringstream text;
  text << resource.address.text() << "\n  spec " << engine::format_json(resource.spec)
       << "\n  lane " << resource.lane << " group " << resource.group
       << (resource.of_domain ? " (a domain)" : "") << "\n  because " << resource.reason
       << "\n  at " << where(resource.source) << " on_change " << words(resource.on_change)
       << " on_remove " << words(resource.on_remove);
  if (resource.retirement)
    text << "\n  retires " << format(resource.retirement->after) << " after the head of "
         << resource.retirement->lineage;
  if (!resource.heads.empty()) text << "\n  heads " << resource.heads;
  if (!resource.schedule.empty()) text << "\n  schedule " << resource.schedule;
  text << "\n";
  return text.str();
}

}  // namespace mailstack::golden
