#pragma once
/// \file
/// What a command says, and on which stream.

#include <ostream>
#include <string>
#include <string_view>

#include "reconciler/cli/doors.hpp"
#include "reconciler/cli/exit_code.hpp"
#include "reconciler/cli/options.hpp"
#include "reconciler/cli/paper.hpp"
#include "reconciler/cli/render_plan.hpp"
#include "reconciler/manifest/diagnostic.hpp"

namespace mailstack::cli {

/// The two streams of a command and the papers that they are.
///
/// With `--format json` standard output holds one JSON document and nothing else; text for people
/// then goes to standard error. Problems always go to standard error.
class Talk {
 public:
  Talk(Options const& options, Doors& doors);
  /// A JSON run that ends in errors and printed no document prints them as one, so that standard
  /// output always holds exactly one.
  ~Talk();
  Talk(Talk const&) = delete;
  Talk& operator=(Talk const&) = delete;

  /// Where text for people goes.
  [[nodiscard]] Paper const& paper() const { return json_ ? err_paper_ : out_paper_; }
  [[nodiscard]] Paper const& err_paper() const { return err_paper_; }
  [[nodiscard]] bool json() const { return json_; }

  void text(std::string_view text);          ///< for people, as it is; not with -q
  void result(std::string_view text);        ///< what was asked for: also with -q
  void document(std::string_view json);      ///< the JSON document
  void note(std::string_view line);          ///< one line to standard error; not with -q
  void warning(std::string_view line);       ///< `warning: …`
  void error(std::string_view line);         ///< `error: …`
  void problems(std::string_view rendered);  ///< diagnostics, as they are
  /// The plan for people. With -q only what is wrong with it, to standard error.
  void plan(PlanView const& view);

 private:
  std::ostream& out_;
  std::ostream& err_;
  Paper out_paper_;
  Paper err_paper_;
  bool json_ = false;
  bool documented_ = false;
  manifest::Diagnostics errors_;  ///< what error() said of a JSON run
};

}  // namespace mailstack::cli
