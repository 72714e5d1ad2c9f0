#pragma once
/// \file
/// What the doctor found, for people.

#include <string>

#include "reconciler/cli/paper.hpp"
#include "reconciler/doctor/finding.hpp"

namespace mailstack::cli {

struct DoctorView {
  std::string host;  ///< `mx1 (smtp.example.org)`
  doctor::Findings const& findings;
  std::vector<doctor::Title> const& titles = doctor::titles();
  std::string what = "Doctor";  ///< whose findings they are
};

/// By check; each verdict with what was asked and answered, its cause and remedy. Quiet paper shows
/// problems and warnings alone, and no last line where there are none.
std::string render_doctor(DoctorView const& view, Paper const& paper);

}  // namespace mailstack::cli
