#pragma once
/// \file
/// What the doctor found: one question to this machine or its network, the answer, and what it
/// means for mail.

#include <string>
#include <string_view>
#include <vector>

namespace mailstack::doctor {

enum class Verdict {
  ok,
  warning,  ///< works, or may; worth knowing
  problem,  ///< mail will not work so
  unknown,  ///< cannot be seen from here, and nothing is claimed
};

std::string_view format(Verdict verdict);

/// The words of a finding are whole: who reads only one of them understands it. What foreign
/// servers said is as they said it, unescaped.
struct Finding {
  std::string check;  ///< `outbound`, `inbound`, `listeners`, … (titles() has all)
  Verdict verdict = Verdict::ok;
  std::string asked;     ///< `PTR of 203.0.113.10`
  std::string answered;  ///< `static.provider.example`
  std::string cause;     ///< why that is no `ok`; of an `ok` a remark. Empty: nothing to say
  std::string remedy;    ///< what to do, with the command where there is one; empty: nothing

  bool operator==(Finding const&) const = default;
};

using Findings = std::vector<Finding>;

/// The checks in the order in which they are shown, each with its title.
struct Title {
  std::string_view check;
  std::string_view text;
};
std::vector<Title> const& titles();

std::size_t number_of(Findings const& findings, Verdict verdict);

}  // namespace mailstack::doctor
