#include "daemon/conf/certificate_names.hpp"

#include <algorithm>

#include "core/text/listed.hpp"
#include "core/x509/x509.hpp"

namespace mailstack::conf {

void note_certificate_names(Snapshot const& snapshot, Problems& problems) {
  auto const& settings = snapshot.settings;
  if (snapshot.certificates.empty()) return;
  std::vector<std::string> there;
  for (auto const& pair : snapshot.certificates) {
    auto const leaf = x509::read_chain(pair.chain);
    if (!leaf) continue;
    for (auto const& name : leaf->names) {
      if (x509::covers(name, settings.hostname)) return;
      if (std::find(there.begin(), there.end(), name) == there.end()) there.push_back(name);
    }
  }
  // What is for a hundred domains needs no line of a hundred names.
  constexpr std::size_t most_named = 5;
  auto const more = there.size() - std::min(there.size(), most_named);
  there.resize(there.size() - more);
  problems.push_back({settings.directory + "/certs",
                      "no certificate is for " + settings.hostname +
                          ", as the daemon calls itself" +
                          (there.empty() ? "" : "; there are " + listed(there)) +
                          (more == 0 ? "" : " and " + std::to_string(more) + " more"),
                      0, 0, "get one for that name, or correct `hostname`", true});
}

}  // namespace mailstack::conf
