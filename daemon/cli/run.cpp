#include "daemon/cli/run.hpp"

#include <exception>
#include <ostream>

#include "core/dns/name.hpp"
#include "core/files/working_directory.hpp"
#include "core/json_text/json_text.hpp"
#include "core/mail/srs/srs.hpp"
#include "daemon/cli/exit_code.hpp"
#include "daemon/cli/options.hpp"
#include "daemon/cli/queue_commands.hpp"
#include "daemon/cli/sign_dkim.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::daemon_cli {

namespace {

constexpr std::size_t most_message = 512UL * 1024 * 1024;

std::string directory_of(Options const& options, Doors const& doors) {
  return files::from(doors.working_directory,
                     options.directory.empty() ? default_directory : options.directory);
}

ExitCode complain(Doors const& doors, Error const& error) {
  doors.err << "mailstackd: " << error.what << "\n";
  return error.code == ErrorCode::invalid ? ExitCode::invalid : ExitCode::error;
}

ExitCode check_config(Options const& options, Doors const& doors) {
  auto const directory = directory_of(options, doors);
  auto const problems = conf::check(directory);
  bool const bad = conf::failed(problems);
  if (options.json)
    doors.out << R"({"ok":)" << (bad ? "false" : "true") << R"(,"problems":)"
              << conf::format_json(problems) << "}\n";
  else
    doors.out << conf::format(problems);
  if (!options.json && !bad) doors.out << directory << ": can be served\n";
  return bad ? ExitCode::invalid : ExitCode::done;
}

ExitCode check_srs(Options const& options, Doors const& doors) {
  if (auto const domain = dns::Name::parse(options.mail_domain); !domain)
    return complain(doors, within(domain.error(), "--domain"));
  while (auto const line = doors.read_line())
    if (!line->empty())
      // Who asks may wait for each answer.
      doors.out << mail::srs::answer_srs_line(*line, options.secret, options.mail_domain)
                << std::endl;
  return ExitCode::done;
}

ExitCode sign_dkim(Options const& options, Doors const& doors) {
  auto now = doors.now();
  if (!options.now.empty()) {
    auto const said = parse_moment(options.now);
    if (!said) return complain(doors, within(said.error(), "--now"));
    now = *said;
  }
  auto pem = doors.files.read(files::from(doors.working_directory, options.key));
  if (!pem) return complain(doors, pem.error());
  Secret<std::string> const key(std::move(*pem));
  if (options.record) {
    auto const line = key_record_line(options, key);
    if (!line) return complain(doors, line.error());
    doors.out << *line;
    return ExitCode::done;
  }
  auto const message = doors.read_input(most_message);
  if (!message) return complain(doors, message.error());
  auto const text = signed_message(options, key, *message, now);
  if (!text) return complain(doors, text.error());
  doors.out << *text << std::flush;
  return ExitCode::done;
}

ExitCode carry_out(Options const& options, Doors const& doors) {
  if (options.command == "version") {
    doors.out << "mailstackd " << doors.version << "\n";
    return ExitCode::done;
  }
  if (options.command == "check config") return check_config(options, doors);
  if (options.command == "check srs") return check_srs(options, doors);
  if (options.command == "sign dkim") return sign_dkim(options, doors);
  return ask_daemon(options, doors);
}

}  // namespace

int run(int argc, char const* const* argv, Doors doors) {
  try {
    auto const parsed = parse_command_line(argc, argv);
    doors.out << parsed.out;
    doors.err << parsed.err;
    if (parsed.ended) return *parsed.ended;
    if (parsed.options.command.empty()) return doors.serve(directory_of(parsed.options, doors));
    auto const code = carry_out(parsed.options, doors);
    doors.out.flush();
    return static_cast<int>(code);
  } catch (std::exception const& defect) {
    doors.err << "mailstackd: a defect: " << defect.what() << "\n";
    return static_cast<int>(ExitCode::error);
  }
}

}  // namespace mailstack::daemon_cli
