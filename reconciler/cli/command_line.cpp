/// \file
/// Commands and options, each said once: what is parsed, `--help` and the manual come from here.
/// Longer than others since one source alone pays for CLI11's headers.

#include "reconciler/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <map>

#include "core/command_line/words.hpp"
#include "core/text/listed.hpp"
#include "reconciler/cli/command_help.hpp"
#include "reconciler/doctor/examine.hpp"
#include "reconciler/manifest/diagnostic.hpp"

namespace mailstack::cli {

namespace {

/// What docs/operating.md says in more words.
constexpr std::array<std::pair<ExitCode, std::string_view>, 11> exit_codes{{
    {ExitCode::done, "done"},
    {ExitCode::error, "error; a problem that doctor found"},
    {ExitCode::pending, "changes pending (plan --detailed-exitcode, drift)"},
    {ExitCode::invalid,
     "manifest or usage invalid, not supported yet, or no terminal and no --yes"},
    {ExitCode::unreachable,
     "provider, network or authentication; anything of ours that cannot be seen"},
    {ExitCode::refused, "a hazard, a conflict, a missing --adopt, or the prompt declined"},
    {ExitCode::partly, "partly applied, or applied but not recorded: run again"},
    {ExitCode::locked, "another run holds the lock"},
    {ExitCode::not_served, "applied, a name server does not serve it yet after --wait"},
    {ExitCode::stale, "the checkout is stale"},
    {ExitCode::interrupted, "interrupted"},
}};

std::string const& exit_codes_text() {
  static std::string const text = [] {
    std::string lines = "Exit codes:\n";
    for (auto const& [code, what] : exit_codes) {
      auto number = std::to_string(static_cast<int>(code));
      number.resize(5, ' ');
      lines.append("  ").append(number).append(what).append("\n");
    }
    return lines;
  }();
  return text;
}

constexpr std::string_view first_steps =
    "  mailstack init example.org      a commented manifest\n"
    "  mailstack validate              is it right? offline, in milliseconds\n"
    "  mailstack doctor                is this machine fit for it?\n"
    "  mailstack plan                  what would change, and why\n"
    "  mailstack apply                 does it, after asking\n"
    "  mailstack drift                 what was changed by hand since then\n";

constexpr std::string_view hazards_help =
    "What --allow names: deletes (more removals than safety.max_deletes), purge, mx, ns, spf,\n"
    "dkim, tlsa, user, domain (one that merely vanished from the manifest), clock.\n";

/// Of the design, not built: known, so that the refusal can say so.
constexpr std::array<std::string_view, 3> planned_commands{"import", "migrate", "completion"};

/// Builds the parser around the options that it fills in.
class Parser {
 public:
  explicit Parser(Options& options) : options_(options) {
    app_.require_subcommand(1);
    app_.footer("First steps:\n" + std::string(first_steps) +
                "\n`mailstack COMMAND --help` has the options and examples of each.\n\n" +
                exit_codes_text());
    app_.set_help_flag("-h,--help", "this text");
    app_.set_version_flag("--version", std::string{}, "the same as the command `version`");
    shared(app_);  // they may stand before the command, too
    build();
    for (auto const name : planned_commands) plan_for_later(name);
  }

  CLI::App& app() { return app_; }

  ProgramHelp described() const;

  /// The command as its words: `user add`.
  std::string command() const {
    std::string words;
    for (auto const* at = &app_; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      words += (words.empty() ? "" : " ") + at->get_name();
    }
    return words;
  }

  /// What was asked for and is not built; empty: nothing.
  std::string not_built() const {
    for (auto const* command : later_)
      if (command->parsed()) return "mailstack " + command->get_name();
    if (!plan_file_.empty()) return "plan -o";
    if (!saved_plan_.empty()) return "apply PLAN";
    if (online_) return "validate --online";
    if (format_ == "md") return "--format md";
    return {};
  }

  /// Edits say what they did in one line for people; JSON of them is refused, not left out.
  bool json_refused() const {
    auto const words = command();
    bool const edit = words == "init" || words.starts_with("user ") ||
                      words.starts_with("alias ") || words == "dkim-sign";
    return format_ == "json" && edit && words != "user check" && words != "alias resolve";
  }

  /// What to say of the word that should have been a command; empty: there is none.
  std::string unknown_word(int argc, char const* const* argv) const {
    auto const found = command_line::unknown_command(app_, argc, argv);
    return found ? no_command(*found->first, found->second) : std::string();
  }

  void finish() {
    options_.command = command();
    options_.json = format_ == "json";
    for (auto const& word : allow_) options_.allow.insert(*engine::parse_hazard(word));
    if (!wait_.empty()) options_.wait = *parse_duration(wait_);
  }

 private:
  using App = CLI::App;

  static std::string no_command(CLI::App const& parent, std::string const& word) {
    std::vector<std::string> names;
    for (auto const* one : parent.get_subcommands([](CLI::App const* sub) {
           return !sub->get_group().empty();  // those to come have none
         }))
      names.push_back(one->get_name());
    auto const near = manifest::nearest(word, {names.begin(), names.end()});
    std::string text = "`" + word + "` is no command";
    if (parent.get_parent()) text += " of `mailstack " + parent.get_name() + "`";
    if (!near.empty()) return text + ". Did you mean `" + std::string(near) + "`?";
    return text + ". There are: " + listed(names);
  }

  App* add(App& parent, std::string name, std::string what, std::string const& examples) {
    auto* command = parent.add_subcommand(std::move(name), std::move(what));
    std::string footer;
    if (!examples.empty()) footer += "Examples:\n" + examples + "\n";
    command->footer(footer + exit_codes_text());
    texts_[command].examples = examples;
    command->set_help_flag("-h,--help", "this text");
    shared(*command);
    return command;
  }

  /// What else the help of a command says, below the exit codes.
  void note(App& app, std::string const& text) {
    app.footer(app.get_footer() + "\n" + text);
    texts_[&app].notes += (texts_[&app].notes.empty() ? "" : "\n") + text;
  }

  /// The same in front of everything, for what must not be missed.
  void note_first(App& app, std::string const& text) {
    app.footer(text + "\n" + app.get_footer());
    texts_[&app].notes = text;
  }

  void shared(App& app) {
    auto const* const group = of_every_command;
    app.add_option("--manifest", options_.manifest, "the manifest (./mailstack.yaml)")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--state", options_.state,
                   "inventory, journal and lock (/var/lib/mailstack; unprivileged "
                   "$XDG_STATE_HOME/mailstack)")
        ->type_name("DIR")
        ->group(group);
    app.add_option("--root", options_.root,
                   "prefix of every host path that is written: for images and trying out")
        ->type_name("DIR")
        ->group(group);
    app.add_option("--as", options_.as, "which applier this is: a host of the manifest, or ci")
        ->type_name("NAME")
        ->group(group);
    app.add_option("--format", format_, "text or json")
        ->type_name("FORMAT")
        ->check([](std::string const& word) {
          bool const known = word == "text" || word == "json" || word == "md";  // md: to come
          return known ? std::string{} : word + " is no format: text or json";
        })
        ->group(group);
    app.add_option("--color", options_.color, "auto, always or never (NO_COLOR is honoured)")
        ->type_name("WHEN")
        ->check(CLI::IsMember({"auto", "always", "never"}).description(""))
        ->group(group);
    app.add_option("--parallelism", options_.parallelism, "calls in flight (8)")
        ->type_name("N")
        ->check(CLI::Range(1u, 256u).description(""))
        ->group(group);
    app.add_flag("-q,--quiet", options_.quiet, "only results and problems")->group(group);
    app.add_flag("-v,--verbose", options_.verbose, "everything, nothing cut short")->group(group);
  }

  /// `most` 0: any number from `least` on.
  void words(App& app, std::string name, std::string what, int least, int most) {
    auto* option = app.add_option(std::move(name), options_.words, std::move(what));
    most == 0 ? option->expected(-least) : option->expected(least, most);
    if (least > 0) app.get_options().back()->required();
    app.get_options().back()->type_name("");
  }

  void only(App& app) {
    app.add_option("--only", options_.only,
                   "only what this glob names, by domain, zone, host or address (as `plan --format "
                   "json` has it: 'dns_record/*/www.example.org./A/*'), and what that needs; no "
                   "other zone is asked")
        ->type_name("GLOB")
        // An unset variable of a script must not come to mean everything.
        ->check(CLI::Validator(
            [](std::string const& glob) { return glob.empty() ? "it names nothing" : ""; }, {}));
  }

  void selection(App& app) {
    only(app);
    app.add_flag("--adopt", options_.adopt,
                 "replace what stands in our places and was not put there by mailstack");
    app.add_option("--allow", allow_, "a hazard that may happen, by name; may be repeated")
        ->type_name("HAZARD")
        ->check([](std::string const& word) {
          return engine::parse_hazard(word)
                     ? std::string{}
                     : word +
                           " is no hazard: deletes, purge, mx, ns, spf, dkim, tlsa, user, "
                           "domain, clock";
        });
  }

  void writing(App& app) {
    app.add_flag("-y,--yes", options_.yes, "do not ask; hazards must still be allowed by name");
    app.add_option("--wait", wait_, "how long to wait until name servers serve it (60s)")
        ->type_name("T")
        ->check([](std::string const& text) {
          auto const span = parse_duration(text);
          return span ? std::string{} : span.error().what;
        });
  }

  void plan_for_later(std::string_view name) {
    auto* command = app_.add_subcommand(std::string(name), "")->group("");
    command->allow_extras();
    command->prefix_command();
    later_.push_back(command);
  }

  static OptionHelp described(CLI::Option const& option);
  void describe(App const& app, std::string const& name, ProgramHelp& into) const;

  void build();
  void build_reading();
  void build_doctor();
  void build_mail();
  void build_edits();
  void build_signing();

  Options& options_;
  App app_{"One manifest says what a mail stack should be; mailstack makes the world agree.",
           "mailstack"};
  static constexpr char const* of_every_command = "Options of every command";
  /// Of the help of a command, what CLI11 does not hold in parts.
  struct Texts {
    std::string examples, notes;
  };
  std::map<App const*, Texts> texts_;
  std::vector<App*> later_;
  std::string format_ = "text", wait_, plan_file_, saved_plan_;
  std::vector<std::string> allow_;
  bool online_ = false;
};

void Parser::build() {
  auto* init = add(app_, "init", "write a commented manifest and a git repository around it",
                   "  mailstack init example.org\n"
                   "  mailstack init example.org --manifest mail/mailstack.yaml\n");
  words(*init, "DOMAIN", "the first domain", 1, 1);

  auto* validate = add(app_, "validate", "check the manifest, offline",
                       "  mailstack validate\n  mailstack validate --format json\n");
  validate->add_flag("--online", online_, "")->group("");

  auto* plan = add(app_, "plan", "say what would change and why; change nothing",
                   "  mailstack plan\n"
                   "  mailstack plan --only example.org -v\n"
                   "  mailstack plan --detailed-exitcode --format json > plan.json\n");
  selection(*plan);
  plan->add_flag("--detailed-exitcode", options_.detailed_exitcode,
                 "2 where changes or conflicts are pending");
  plan->add_option("-o,--out", plan_file_, "")->group("");
  note(*plan, std::string(hazards_help));
  note(*plan,
       "Signs: + create, ~ change, - remove, = as it is, ! conflict, or not right and not ours to\n"
       "change, ? blind.\n"
       "Old → new: what goes stands in [-…-], what comes in {+…+}; in colour red and green.\n");

  auto* apply = add(app_, "apply", "plan, ask, do it, and look whether it is so",
                    "  mailstack apply\n"
                    "  mailstack apply --yes --wait 5m\n"
                    "  mailstack apply --allow mx --allow deletes\n"
                    "  mailstack apply --adopt --only example.org\n");
  selection(*apply);
  writing(*apply);
  apply->add_option("PLAN", saved_plan_, "")->group("");
  note(*apply, std::string(hazards_help));

  auto* reconcile = add(app_, "reconcile",
                        "repair drift and do what the clock asks; never what a new manifest asks",
                        "  mailstack reconcile --yes          what a timer runs\n");
  selection(*reconcile);
  writing(*reconcile);

  build_reading();
  build_edits();
}

void Parser::build_reading() {
  auto* drift =
      add(app_, "drift", "what the world changed against what was last applied",
          "  mailstack drift                       exit code 2 where something has drifted\n"
          "  mailstack drift --only example.org --format json\n");
  only(*drift);
  build_doctor();
  build_mail();
  auto* status = add(app_, "status", "what is applied, what is due, what waits",
                     "  mailstack status\n  mailstack status --only example.org\n");
  only(*status);
  auto* records = add(app_, "records", "what the zone of a domain must hold, as a zone file",
                      "  mailstack records example.org\n");
  words(*records, "DOMAIN", "a domain or zone of the manifest", 1, 1);
  auto* history = add(app_, "history", "what changed when, by which run and commit",
                      "  mailstack history\n"
                      "  mailstack history www.example.org\n"
                      "  mailstack history 2026-05-01T06:00:00Z-1a2b3c4d\n"
                      "  mailstack history 'dns_record/*' --limit 200\n");
  words(*history, "OBJECT", "a name, an address, a glob of one, or a run", 0, 1);
  history->add_option("--limit", options_.limit, "at most so many lines (50)")
      ->type_name("N")
      ->check(CLI::Range(1u, 1'000'000u).description(""));
  auto* explain = add(app_, "explain", "what a key or the code of a problem means",
                      "  mailstack explain domains.example.org.spf.all\n"
                      "  mailstack explain spf-too-many-lookups\n");
  words(*explain, "WORD", "a key or a code", 1, 1);
  add(app_, "schema", "the JSON Schema of the manifest, for editors",
      "  mailstack schema > mailstack.schema.json\n");
  build_signing();
  add(app_, "version", "the version of this program", "");
}

void Parser::build_signing() {
  auto* sign =
      add(app_, "dkim-sign", "sign a message with the domain's DKIM keys, for a daemon's hook",
          "  mailstack dkim-sign --from=i@example.org < message.eml\n"
          "  [ -z \"$AUTH_AS\" ] || mailstack dkim-sign --from=\"$MAIL_FROM\"\n"
          "                     in chasquid's hooks/post-data, up to chasquid 1.13\n");
  sign->add_option("--conf", options_.conf, "the daemon's configuration (/etc/chasquid)")
      ->type_name("DIR");
  sign->add_option("--most", options_.most, "the largest message, in MiB (100)")
      ->type_name("MIB")
      ->check(CLI::Range(1u, 2047u).description(""));
  // Without a value it is the null sender.
  sign->add_option("--from", options_.envelope_sender,
                   "the envelope sender: whose keys sign where the domain of From has none")
      ->expected(0, 1)
      ->type_name("ADDRESS");
  note_first(
      *sign,
      "Reads a message from standard input, line ends as they come, and writes nothing but its\n"
      "DKIM-Signature fields: one for each CONF/domains/DOMAIN/dkim:SELECTOR.pem. Put them in\n"
      "front of the message. Nothing is written for mail of a domain without keys (0), nor where\n"
      "one of the keys cannot be read or used (1).\n\n"
      "It signs whatever it is given. Give it only what a user of yours sends, never mail that\n"
      "comes from outside: a forged From would get your signature.\n");
}

void Parser::build_doctor() {
  auto* doctor =
      add(app_, "doctor", "is this machine fit for mail, as the manifest says? writes nothing",
          "  mailstack doctor\n"
          "  mailstack doctor --as mx1 --format json\n"
          "  mailstack doctor --probe mx.example.net --probe 192.0.2.1:2525\n");
  doctor
      ->add_option("--probe", options_.probes,
                   "try this mail server for the way out, not the MX of large receivers (port 25); "
                   "may be repeated")
      ->type_name("HOST[:PORT]")
      ->check([](std::string const& text) {
        auto const target = doctor::parse_target(text);
        return target ? std::string{} : target.error().what;
      });
  note(*doctor,
       "Verdicts: ok; problem (mail will not work so) and warning, each with what to do; "
       "unknown,\nwith why it cannot be seen from here. Only a problem changes the exit "
       "code, to 1.\n"
       "No root is needed. With it, doctor sees which process holds a port.\n");
}

void Parser::build_mail() {
  auto* check =
      add(app_, "check", "look at this host's daemon as others see it, with a mail if wished",
          "  mailstack check\n"
          "  mailstack check --send-to me@example.net --from i@example.org\n"
          "  mailstack check --send-to me@example.net --from i@example.org --credential test\n");
  auto* to = check->add_option("--send-to", options_.send_to, "send a mail to this address")
                 ->type_name("ADDRESS");
  auto* from =
      check->add_option("--from", options_.envelope_sender, "the user who logs in and sends");
  to->needs(from);
  from->needs(to);
  from->type_name("ADDRESS")->check([](std::string const& text) {
    return text.find('@') == std::string::npos ? text + " is no address" : std::string();
  });
  check
      ->add_option("--credential", options_.credential,
                   "where the password is; without it, it is asked for")
      ->type_name("NAME");
  check->add_option("--wait", wait_, "how long to look at the queue (60s)")
      ->type_name("T")
      ->check([](std::string const& text) {
        auto const span = parse_duration(text);
        return span ? std::string{} : span.error().what;
      });
  note(*check,
       "Looks at the certificate of each port, as who verifies it, and at the DKIM keys in the\n"
       "DNS. With --send-to it logs in on 465, sends, and follows the mail through the queue.\n"
       "Only a problem changes the exit code, to 1.\n");

  auto* guide = app_.add_subcommand("guide", "how to use an account elsewhere");
  guide->require_subcommand(1);
  guide->set_help_flag("-h,--help", "this text");
  shared(*guide);
  auto* gmail = add(*guide, "gmail", "what to enter in Gmail, so that it sends as a user of yours",
                    "  mailstack guide gmail i@example.org\n");
  words(*gmail, "USER", "local@domain; with one domain, local", 1, 1);
  note(*gmail, "Ends with 1 where something is not ready for it; that stands first.\n");
}

void Parser::build_edits() {
  auto* user = app_.add_subcommand("user", "edit the users of the manifest in place");
  user->require_subcommand(1);
  user->set_help_flag("-h,--help", "this text");
  shared(*user);
  auto const password = [&](App& app) {
    app.add_flag("--generate", options_.generate, "make a password; it is shown once");
    app.add_option("--reveal-to", options_.reveal_to,
                   "write the generated password to a file (0600) and not to the terminal")
        ->type_name("FILE");
  };
  auto* add_user = add(*user, "add", "add a user and the hash of a password",
                       "  mailstack user add i@example.org\n"
                       "  mailstack user add app@example.org --generate --reveal-to app.txt\n"
                       "  mailstack user add app@example.org --credential app-password\n"
                       "  mailstack user add rx@example.org --no-password\n");
  words(*add_user, "ADDRESS", "local@domain", 1, 1);
  password(*add_user);
  add_user
      ->add_option("--credential", options_.credential,
                   "refer to this credential; no hash is written")
      ->type_name("NAME");
  add_user->add_flag("--no-password", options_.no_password, "the user receives, cannot log in");
  auto* passwd = add(*user, "passwd", "give a user another password",
                     "  mailstack user passwd i@example.org\n");
  words(*passwd, "ADDRESS", "local@domain", 1, 1);
  password(*passwd);
  for (auto const& [name, what] :
       {std::pair{"disable", "keep the user, refuse the login"},
        std::pair{"remove", "take the user out of the manifest"},
        std::pair{"check", "try a password against what is stored on this host"}}) {
    auto* command =
        add(*user, name, what, "  mailstack user " + std::string(name) + " i@example.org\n");
    words(*command, "ADDRESS", "local@domain", 1, 1);
  }

  auto* alias = app_.add_subcommand("alias", "edit the aliases of the manifest in place");
  alias->require_subcommand(1);
  alias->set_help_flag("-h,--help", "this text");
  shared(*alias);
  auto* add_alias = add(*alias, "add", "add recipients to an alias",
                        "  mailstack alias add team@example.org i bob@example.net\n"
                        "  mailstack alias add '*@example.org' me@example.net     the catch-all\n");
  words(*add_alias, "ADDRESS RECIPIENT", "local@domain, then who gets its mail", 2, 0);
  auto* remove_alias = add(*alias, "remove", "take an alias out of the manifest",
                           "  mailstack alias remove team@example.org\n");
  words(*remove_alias, "ADDRESS", "local@domain", 1, 1);
  auto* resolve = add(*alias, "resolve", "who gets mail for an address, step by step",
                      "  mailstack alias resolve team@example.org\n");
  words(*resolve, "ADDRESS", "local@domain", 1, 1);
}

/// What CLI11 knows of an option, but for its bounds and checks.
OptionHelp Parser::described(CLI::Option const& option) {
  OptionHelp help;
  for (auto const& name : option.get_snames()) help.names.push_back("-" + name);
  for (auto const& name : option.get_lnames()) help.names.push_back("--" + name);
  if (option.get_positional()) {
    help.names.push_back(option.get_name(true));
    help.optional = !option.get_required();
    help.many = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  } else if (option.get_items_expected_max() > 0) {
    help.value = option.get_type_name();
    help.optional = option.get_items_expected_min() == 0;
  }
  help.what = option.get_description();
  return help;
}

/// The commands below `app`, whose full name is `name`.
void Parser::describe(App const& app, std::string const& name, ProgramHelp& into) const {
  auto const inner = app.get_subcommands([](App const* sub) { return !sub->get_group().empty(); });
  for (auto const* sub : inner)
    describe(*sub, name.empty() ? sub->get_name() : name + " " + sub->get_name(), into);
  if (!inner.empty()) return;
  CommandHelp help{.name = name, .what = app.get_description()};
  for (auto const* option : app.get_options()) {
    auto const group = option->get_group();
    if (group.empty() || group == of_every_command || option == app.get_help_ptr()) continue;
    (option->get_positional() ? help.arguments : help.options).push_back(described(*option));
  }
  if (auto const texts = texts_.find(&app); texts != texts_.end()) {
    help.examples = texts->second.examples;
    help.notes = texts->second.notes;
  }
  into.commands.push_back(std::move(help));
}

ProgramHelp Parser::described() const {
  ProgramHelp help{.name = app_.get_name(),
                   .what = app_.get_description(),
                   .first_steps = std::string(first_steps)};
  for (auto const* option : app_.get_options()) help.options.push_back(described(*option));
  describe(app_, {}, help);
  for (auto const& [code, what] : exit_codes)
    help.exit_codes.emplace_back(static_cast<int>(code), what);
  return help;
}

/// The help of the command that was named last, under its full name.
std::string help_of(CLI::App const& root) {
  auto const* app = &root;
  std::string parents;
  for (; !app->get_subcommands().empty(); app = app->get_subcommands().front())
    parents += (parents.empty() ? "" : " ") + app->get_name();
  auto text = parents.empty() ? app->help() : app->help(parents);
  // CLI11 marks the place of a positional without showing its hidden name.
  if (auto const mark = text.find(" []\n"); mark != text.npos) text.erase(mark, 3);
  return text;
}

}  // namespace

ProgramHelp program_help() {
  Options options;
  return Parser(options).described();
}

Parsed parse_command_line(int argc, char const* const* argv) {
  // `mailstack help user add` is `mailstack user add --help`.
  if (argc > 1 && std::string_view(argv[1]) == "help") {
    std::vector<char const*> words{argv[0]};
    words.insert(words.end(), argv + 2, argv + argc);
    words.push_back("--help");
    return parse_command_line(static_cast<int>(words.size()), words.data());
  }
  Parsed parsed;
  Parser parser(parsed.options);
  if (argc <= 1) {
    parsed.err = parser.app().help();
    parsed.ended = ExitCode::invalid;
    return parsed;
  }
  if (auto const option = command_line::without_value(parser.app(), argc, argv)) {
    parsed.err = command_line::needs_value(*option) + "\n";
    parsed.ended = ExitCode::invalid;
    return parsed;
  }
  try {
    parser.app().parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    parsed.out = help_of(parser.app());
    parsed.ended = ExitCode::done;
    return parsed;
  } catch (CLI::CallForVersion const&) {
    parsed.options.command = "version";
    return parsed;
  } catch (CLI::ParseError const& wrong) {
    auto const word = parser.unknown_word(argc, argv);
    parsed.err = (word.empty() ? wrong.what() : word) + "\n`mailstack " + parser.command() +
                 (parser.command().empty() ? "" : " ") + "--help` says how it is written.\n";
    parsed.ended = ExitCode::invalid;
    return parsed;
  }
  if (auto const what = parser.not_built(); !what.empty()) {
    parsed.err = what + ": not supported yet\n";
    parsed.ended = ExitCode::invalid;
    return parsed;
  }
  if (parser.json_refused()) {
    parsed.err = "`mailstack " + parser.command() + "` has no JSON: leave out --format json\n";
    parsed.ended = ExitCode::invalid;
    return parsed;
  }
  parser.finish();
  return parsed;
}

}  // namespace mailstack::cli
