#pragma once
/// \file
/// What main.cpp lends to the commands: the world, behind interfaces.

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/http.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"
#include "reconciler/world/control_socket.hpp"
#include "reconciler/world/dns_query.hpp"
#include "reconciler/world/machine.hpp"
#include "reconciler/world/mail_sender.hpp"
#include "reconciler/world/process.hpp"
#include "reconciler/world/secrets.hpp"
#include "reconciler/world/systemd.hpp"
#include "reconciler/world/tls_peer.hpp"

namespace mailstack::cli {

/// The person in front of the program, if there is one.
struct Terminal {
  bool answers = false;     ///< standard input is a terminal
  bool shows_out = false;   ///< standard output is one
  bool shows_err = false;   ///< standard error is one
  std::size_t columns = 0;  ///< of the terminal; 0: unknown
  /// One line from the person; nullopt at the end of the input.
  std::function<std::optional<std::string>()> read_line;
  /// The same without echo, after the prompt.
  std::function<std::optional<Secret<std::string>>(std::string const& prompt)> read_secret;
};

/// Adapters are made by functions and not held, because most of them depend on options, and
/// because `version` and `--help` must start nothing.
struct Doors {
  std::ostream& out;
  std::ostream& err;
  Terminal terminal;
  Clock& clock;

  /// Files of the host below `root` (empty: the host itself).
  std::function<std::unique_ptr<files::Files>(std::string const& root)> files;
  /// Servers are trusted by the certificates of `ca_file`; empty: the system's.
  std::function<std::unique_ptr<Http>(std::string const& ca_file)> http;
  /// An empty list: the system's resolvers.
  std::function<std::unique_ptr<world::DnsQuery>(std::vector<std::string> const& resolvers)> dns;
  std::function<std::unique_ptr<world::Process>()> process;
  std::function<std::unique_ptr<world::Machine>()> machine;
  /// Relative paths of secrets start at `base_directory`.
  std::function<std::unique_ptr<world::Secrets>(std::string const& base_directory)> secrets;
  /// Of the host below `root`. What is below a root does not run, so there its units are left
  /// alone.
  std::function<std::unique_ptr<world::Systemd>(std::string const& root)> systemd;
  std::function<bool()> runs_systemd;  ///< systemd is this machine's manager; costs one stat
  std::function<std::unique_ptr<world::TlsPeer>()> tls;
  std::function<std::unique_ptr<world::ControlSocket>()> control;
  std::function<std::unique_ptr<world::MailSender>()> mail;

  /// All octets of standard input. Fails with invalid for more than `most`, with unavailable where
  /// it cannot be read.
  std::function<Result<std::string>(std::size_t most)> read_input;

  std::function<std::string(std::string const& name)> environment;  ///< empty where not set
  std::function<std::string()> working_directory;
  std::function<std::string()> host_name;  ///< fully qualified where the system knows it
  std::function<std::vector<std::string>()> addresses;  ///< of this machine's interfaces, canonical
  /// From now on SIGINT and SIGTERM end the run after its batch: interrupted() tells, and who calls
  /// this asks it. Until then they end the process at once, since there is nothing to finish.
  std::function<void()> hold_signals;
  std::function<bool()> interrupted;
  std::function<bool()> privileged;          ///< we are root
  std::function<std::string()> random_word;  ///< 8 hex digits, for the name of a run
  std::function<std::string()> program;      ///< absolute path of this program

  /// What a command leaves standing when it ends: main() says whether it is taken apart.
  std::shared_ptr<void> kept = nullptr;
};

}  // namespace mailstack::cli
