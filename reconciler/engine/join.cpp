#include "reconciler/engine/join.hpp"

namespace mailstack::engine {

Join::Join(std::vector<Resource> const& resources, std::vector<Row const*> const& rows)
    : resource_of_(rows.size(), none), row_of_(resources.size()) {
  desired_.reserve(resources.size());
  for (std::size_t i = 0; i < resources.size(); ++i) desired_.add(resources[i].address, i);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (auto const resource = desired(rows[i]->address)) {
      resource_of_[i] = *resource;
      row_of_[*resource] = rows[i];
      continue;
    }
    orphans_.add(rows[i]->address, i);
    in_order_.push_back(i);
  }
}

}  // namespace mailstack::engine
