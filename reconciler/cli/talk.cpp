#include "reconciler/cli/talk.hpp"

#include "reconciler/cli/render_diagnostics.hpp"

namespace mailstack::cli {

namespace {

Paper paper_for(Options const& options, Doors const& doors, bool terminal) {
  Paper paper;
  // https://no-color.org: any value that is not empty.
  bool const refused =
      !doors.environment("NO_COLOR").empty() || doors.environment("TERM") == "dumb";
  paper.colour = options.color == "always" || (options.color == "auto" && terminal && !refused);
  paper.width = terminal ? doors.terminal.columns : 0;
  paper.verbose = options.verbose;
  paper.quiet = options.quiet;
  return paper;
}

}  // namespace

Talk::Talk(Options const& options, Doors& doors)
    : out_(doors.out),
      err_(doors.err),
      out_paper_(paper_for(options, doors, doors.terminal.shows_out)),
      err_paper_(paper_for(options, doors, doors.terminal.shows_err)),
      json_(options.json) {}

Talk::~Talk() {
  if (json_ && !documented_ && errors_.failed()) document(diagnostics_json(errors_));
}

void Talk::text(std::string_view text) {
  if (!out_paper_.quiet) result(text);
}

void Talk::result(std::string_view text) { (json_ ? err_ : out_) << text << std::flush; }

void Talk::document(std::string_view json) {
  documented_ = true;
  out_ << json << std::flush;
}

void Talk::note(std::string_view line) {
  if (!err_paper_.quiet) err_ << line << '\n' << std::flush;
}

void Talk::warning(std::string_view line) {
  err_ << err_paper_.paint(Ink::yellow, "warning: ") << printable(line) << '\n' << std::flush;
}

void Talk::error(std::string_view line) {
  if (json_) errors_.error("command", {}, std::string(line));
  err_ << err_paper_.paint(Ink::red, "error: ") << printable(line) << '\n' << std::flush;
}

void Talk::plan(PlanView const& view) {
  auto const rendered = render_plan(view, err_paper_.quiet ? err_paper_ : paper());
  err_paper_.quiet ? problems(rendered) : result(rendered);
}

void Talk::problems(std::string_view rendered) { err_ << rendered << std::flush; }

}  // namespace mailstack::cli
