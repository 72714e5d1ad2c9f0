#pragma once
/// \file
/// Everything that a manifest puts into the DNS, by name: what the rules look things up in.

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mail/spf/budget.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::features {

/// One value. Records that another owner must publish count too.
struct PublishedRecord {
  dns::Name name;
  dns::Type type;
  std::string value;  ///< canonical; empty where it is known only later (a DKIM key)
  std::uint32_t ttl = 0;
  bool declared = false;  ///< `records:` of a zone say the same; false: only derived by a feature
  std::string reason;
  manifest::Place place;
};

/// Built once from the manifest and what all features claim by it. Pure.
class Published {
 public:
  Published(manifest::Manifest const& manifest, Claims const& claims);

  /// In the order of the features. Declared and derived claims on one value stand side by side.
  [[nodiscard]] std::deque<PublishedRecord> const& all() const { return records_; }
  [[nodiscard]] std::vector<PublishedRecord const*> const& at(dns::Name const& name) const;
  [[nodiscard]] std::vector<PublishedRecord const*> at(dns::Name const& name, dns::Type type) const;
  /// Names in the order of their first record.
  [[nodiscard]] std::vector<dns::Name> const& names() const { return names_; }

  /// What receivers will be told about one RRset: absent only in zones of ours that are purged of
  /// everything else.
  [[nodiscard]] mail::spf::Known known(dns::Name const& name, dns::Type type) const;

 private:
  manifest::Manifest const& manifest_;
  bool anything_left_out_ = false;  ///< of hosts or domains, whose records could stand anywhere
  std::deque<PublishedRecord> records_;
  std::vector<dns::Name> names_;
  /// The keys stand in records_.
  std::unordered_map<std::string_view, std::vector<PublishedRecord const*>> by_name_;
};

}  // namespace mailstack::features
