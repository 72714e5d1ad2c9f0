#include "reconciler/doctor/finding.hpp"

#include <algorithm>

namespace mailstack::doctor {

std::string_view format(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return "ok";
    case Verdict::warning: return "warning";
    case Verdict::problem: return "problem";
    case Verdict::unknown: return "unknown";
  }
  return "unknown";
}

std::vector<Title> const& titles() {
  static std::vector<Title> const all{{"outbound", "mail out"},
                                      {"inbound", "mail in"},
                                      {"listeners", "who listens"},
                                      {"address", "the address that others see"},
                                      {"reverse", "names, both ways"},
                                      {"clock", "clock"},
                                      {"disk", "disk"},
                                      {"name", "name of the machine"},
                                      {"programs", "programs"}};
  return all;
}

std::size_t number_of(Findings const& findings, Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](Finding const& one) { return one.verdict == verdict; }));
}

}  // namespace mailstack::doctor
