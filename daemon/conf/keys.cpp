#include "daemon/conf/keys.hpp"

namespace mailstack::conf {

std::vector<Row> const& settings_rows() {
  static std::vector<Row> const all = [] {
    std::vector<Row> rows;
    for (auto const part : {general_rows(), delivery_rows(), limit_rows()})
      rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  }();
  return all;
}

}  // namespace mailstack::conf
