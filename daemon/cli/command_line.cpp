/// \file
/// Commands and options, each said once. The only source of the daemon that pays for CLI11.

#include <CLI/CLI.hpp>

#include "core/command_line/words.hpp"
#include "core/text/listed.hpp"
#include "daemon/cli/exit_code.hpp"
#include "daemon/cli/options.hpp"

namespace mailstack::daemon_cli {

namespace {

constexpr char const* overview =
    "First steps:\n"
    "  mailstackd check config --config DIR   is the configuration right?\n"
    "  mailstackd --config DIR                run, in the foreground\n"
    "  mailstackd status                      what runs, what it has loaded, what is wrong\n"
    "  mailstackd queue list                  what waits, and why\n"
    "\n"
    "`mailstackd COMMAND --help` has the options and examples of each.\n";

constexpr char const* exit_codes =
    "Exit codes:\n"
    "  0    done; of `check srs`: every line has its answer, be it a reason\n"
    "  1    an error: no message of that id in the queue, a file that cannot be read, a daemon\n"
    "       that cannot start\n"
    "  3    usage invalid; of `check config` and `reload`: something could not be used\n"
    "  4    no daemon answers on the control socket\n";

class Parser {
 public:
  explicit Parser(Options& options) : options_(options) {
    app_.footer(std::string(overview) + "\n" + exit_codes);
    app_.set_help_flag("-h,--help", "this text");
    app_.set_version_flag("--version", std::string{}, "the same as the command `version`");
    app_.require_subcommand(0, 1);
    config(app_);
    build_queue();
    build_check();
    build_sign();
    socket(*add(app_, "status", "what runs, what it has loaded, and what is wrong with it",
                "  mailstackd status\n  mailstackd status --format json\n"));
    socket(*add(app_, "reload", "read the configuration anew; what is bad stays as it was",
                "  mailstackd reload\n"));
    socket(*add(app_, "stop",
                "end sessions and deliveries, then the daemon; does not wait for that",
                "  mailstackd stop\n"));
    socket(*add(app_, "metrics", "what the monitoring port shows, as Prometheus reads it",
                "  mailstackd metrics | grep queue\n"));
    add(app_, "version", "the version of this program", "");
  }

  CLI::App& app() { return app_; }

  void finish() {
    for (auto const* at = &app_; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      options_.command += (options_.command.empty() ? "" : " ") + at->get_name();
    }
    options_.json = format_ == "json";
  }

 private:
  using App = CLI::App;

  App* add(App& parent, std::string name, std::string what, std::string const& examples) {
    auto* command = parent.add_subcommand(std::move(name), std::move(what));
    command->footer((examples.empty() ? "" : "Examples:\n" + examples + "\n") + exit_codes);
    command->set_help_flag("-h,--help", "this text");
    return command;
  }

  App* group(std::string name, std::string what) {
    auto* command = app_.add_subcommand(std::move(name), std::move(what));
    command->set_help_flag("-h,--help", "this text");
    command->footer("`mailstackd " + command->get_name() +
                    " COMMAND --help` has the options and examples of each.\n\n" + exit_codes);
    command->require_subcommand(1);
    return command;
  }

  void config(App& app) {
    app.add_option("--config", options_.directory,
                   std::string("the conf tree (") + default_directory + ")")
        ->type_name("DIR");
  }

  void format(App& app) {
    app.add_option("--format", format_, "text or json")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"text", "json"}).description(""));
  }

  void socket(App& app) {
    config(app);
    app.add_option("--socket", options_.socket,
                   std::string("the control socket (as the conf tree says; without --config ") +
                       default_socket + ")")
        ->type_name("PATH");
    format(app);
  }

  static std::string not_empty(std::string const& text) {
    // An unset variable of a script must not come to mean everything.
    return text.empty() ? "it names nothing" : "";
  }

  void text(App& app, std::string name, std::string& into, std::string what, std::string type) {
    app.add_option(std::move(name), into, std::move(what))
        ->type_name(std::move(type))
        ->check(CLI::Validator(not_empty, {}));
  }

  void filters(App& app) {
    text(app, "--sender", options_.sender, "a glob of the sender; '<>': bounces", "GLOB");
    text(app, "--recipient", options_.recipient, "a glob of one who still waits", "GLOB");
    text(app, "--domain", options_.domain, "of the sender or of one who still waits", "DOMAIN");
    text(app, "--older-than", options_.older_than, "90s, 10m, 20h, 14d, 2w, 1d12h", "SPAN");
    // That they exclude each other is said where both stand, and not in the middle of the help.
    app.add_flag("--held", options_.held, "only those that are held");
    app.add_flag("--not-held", options_.not_held, "only those that are not");
  }

  App* queue_command(App& queue, std::string const& name, std::string what,
                     std::string const& examples) {
    auto* command = add(queue, name, std::move(what), examples);
    command->add_option("ID", options_.ids, "messages, by id")
        ->check(CLI::Validator(not_empty, {}))
        ->type_name("");
    filters(*command);
    command->add_flag("--all", options_.all, "every message");
    socket(*command);
    return command;
  }

  void build_queue();
  void build_check();
  void build_sign();

  Options& options_;
  App app_{"An SMTP daemon: takes mail, keeps it, brings it on.", "mailstackd"};
  std::string format_ = "text";
};

void Parser::build_queue() {
  auto* queue = group("queue", "see and steer what waits for delivery");
  auto* list = add(*queue, "list", "messages, the oldest first, and why they wait",
                   "  mailstackd queue list\n"
                   "  mailstackd queue list --domain example.net --older-than 4h\n"
                   "  mailstackd queue list --sender '<>' --format json\n");
  filters(*list);
  list->add_option("--most", options_.most, "at most so many messages (all)")
      ->type_name("N")
      ->check(CLI::Range(1u, 100'000'000u).description(""));
  socket(*list);
  auto* show = add(*queue, "show", "one message, with all its recipients",
                   "  mailstackd queue show 1ngh3y0000000\n"
                   "  mailstackd queue show 1ngh3y0000000 --content > message.eml\n");
  show->add_option("ID", options_.ids, "the message")
      ->required()
      ->expected(1)
      ->check(CLI::Validator(not_empty, {}))
      ->type_name("");
  show->add_flag("--content", options_.content, "the message itself, and nothing else");
  socket(*show);
  queue_command(*queue, "flush", "try now what is not held; without ID and filter everything",
                "  mailstackd queue flush\n  mailstackd queue flush --domain example.net\n");
  queue_command(*queue, "hold", "no attempts and no expiry until release",
                "  mailstackd queue hold --sender 'shop@*'\n  mailstackd queue hold --all\n");
  queue_command(*queue, "release", "let held messages go on",
                "  mailstackd queue release 1ngh3y0000000\n"
                "  mailstackd queue release --held\n");
  queue_command(*queue, "remove", "delete messages from the queue",
                "  mailstackd queue remove 1ngh3y0000000\n"
                "  mailstackd queue remove --sender 'spam@*' --older-than 1h\n"
                "  mailstackd queue remove --domain gone.example --bounce\n")
      ->add_flag("--bounce", options_.bounce, "tell the senders");
  auto* stats = add(*queue, "stats", "how much waits, and for which destinations",
                    "  mailstackd queue stats\n");
  stats->add_option("--most", options_.most, "at most so many destinations (20)")
      ->type_name("N")
      ->check(CLI::Range(1u, 1000u).description(""));
  socket(*stats);
}

void Parser::build_check() {
  auto* check = group("check", "try something without a daemon");
  auto* tree = add(*check, "config", "read a conf tree, and say what is wrong with it",
                   "  mailstackd check config\n"
                   "  mailstackd check config --config /etc/chasquid --format json\n");
  config(*tree);
  format(*tree);
  auto* srs = add(
      *check, "srs", "rewrite senders by SRS, and back",
      "  echo '{\"id\":1,\"op\":\"forward\",\"address\":\"a@b.example\",\"now\":1795723200}' |\n"
      "    mailstackd check srs --secret s3cret --domain fwd.example\n");
  text(*srs, "--secret", options_.secret, "the key", "SECRET");
  text(*srs, "--domain", options_.mail_domain, "the one that forwards", "DOMAIN");
  for (auto const* name : {"--secret", "--domain"}) srs->get_option(name)->required();
  srs->footer(
      "Reads JSON objects, one a line: `id` (comes back as it is), `op` (forward or reverse),\n"
      "`address`, `now` (seconds since 1970 as a number or a text, or 2026-11-26T20:00:00Z). "
      "Writes\n"
      "for each {\"id\",\"address\",\"reason\"}: one of the two is null. Empty lines are passed "
      "over.\n\n" +
      srs->get_footer());
}

void Parser::build_sign() {
  auto* sign = group("sign", "sign what comes in on standard input");
  auto* dkim =
      add(*sign, "dkim", "write the message with a DKIM-Signature in front",
          "  mailstackd sign dkim --key k.pem --domain example.org --selector 202611e < a.eml\n"
          "  mailstackd sign dkim --key k.pem --domain example.org --selector 202611e \\\n"
          "    --canon simple/relaxed --headers from:to:subject:date < a.eml\n"
          "  mailstackd sign dkim --record --key k.pem --domain example.org --selector 202611e\n");
  auto const needed = [&](char const* name, std::string& into, char const* what, char const* type) {
    dkim->add_option(name, into, what)->required()->type_name(type);
  };
  needed("--key", options_.key, "the private key: PKCS#8 in PEM, RSA or Ed25519", "FILE");
  needed("--domain", options_.mail_domain, "d=", "DOMAIN");
  needed("--selector", options_.selector, "s=", "NAME");
  dkim->add_option("--now", options_.now, "t=: seconds since 1970, or 2026-11-26T20:00:00Z (now)")
      ->type_name("TIME");
  dkim->add_option("--canon", options_.canonicalization,
                   "c=: relaxed or simple for header/body (relaxed/relaxed)")
      ->type_name("FORM");
  dkim->add_option(
          "--headers", options_.headers,
          "h=: names between colons (what should be signed, and once more what must not be "
          "added)")
      ->type_name("NAMES");
  dkim->add_flag("--record", options_.record,
                 "no message: print the TXT record that publishes the key, as a zone file has it");
}

std::string help_of(CLI::App const& root) {
  auto const* app = &root;
  std::string parents;
  for (; !app->get_subcommands().empty(); app = app->get_subcommands().front())
    parents += (parents.empty() ? "" : " ") + app->get_name();
  return parents.empty() ? app->help() : app->help(parents);
}

/// What to say of a word that should have been a command; empty: there is none.
std::string unknown_word(CLI::App const& root, int argc, char const* const* argv) {
  auto const found = command_line::unknown_command(root, argc, argv);
  if (!found) return {};
  auto const& [parent, word] = *found;
  std::vector<std::string> names;
  for (auto const* one : parent->get_subcommands([](CLI::App const*) { return true; }))
    names.push_back(one->get_name());
  return "`" + word + "` is no command" +
         (parent->get_parent() != nullptr ? " of `mailstackd " + parent->get_name() + "`" : "") +
         ". There are: " + listed(names) +
         (word == "user" || word == "alias"
              ? ". Users and aliases are files of the conf tree: man mailstackd shows them"
              : "");
}

std::string complaint(std::string const& what, std::string const& command) {
  return "mailstackd: " + what + "\n`mailstackd " + command + (command.empty() ? "" : " ") +
         "--help` says how it is written.\n";
}

}  // namespace

Parsed parse_command_line(int argc, char const* const* argv) {
  // `mailstackd help queue list` is `mailstackd queue list --help`.
  if (argc > 1 && std::string_view(argv[1]) == "help") {
    std::vector<char const*> words{argv[0]};
    words.insert(words.end(), argv + 2, argv + argc);
    words.push_back("--help");
    return parse_command_line(static_cast<int>(words.size()), words.data());
  }
  Parsed parsed;
  Parser parser(parsed.options);
  if (auto const option = command_line::without_value(parser.app(), argc, argv)) {
    parsed.err = "mailstackd: " + command_line::needs_value(*option) + "\n";
    parsed.ended = static_cast<int>(ExitCode::invalid);
    return parsed;
  }
  try {
    parser.app().parse(argc, argv);
    parser.finish();
  } catch (CLI::CallForHelp const&) {
    // CLI11 takes the option before it misses the command.
    if (auto const word = unknown_word(parser.app(), argc, argv); !word.empty()) {
      parsed.err = complaint(word, {});
      parsed.ended = static_cast<int>(ExitCode::invalid);
      return parsed;
    }
    parsed.out = help_of(parser.app());
    parsed.ended = static_cast<int>(ExitCode::done);
  } catch (CLI::CallForVersion const&) {
    parsed.options.command = "version";
  } catch (CLI::ParseError const& wrong) {
    parser.finish();
    auto const& command = parsed.options.command;
    auto const word = unknown_word(parser.app(), argc, argv);
    parsed.err = complaint(word.empty() ? wrong.what() : word, command);
    parsed.ended = static_cast<int>(ExitCode::invalid);
  }
  return parsed;
}

}  // namespace mailstack::daemon_cli
