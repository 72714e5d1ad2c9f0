#include "tests/support/pebble_server.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/support/loopback.hpp"

namespace mailstack::support {
namespace {

std::string read_all(std::string const& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

PebbleServer::PebbleServer(PebbleOptions const& options) {
  auto const& path = directory_.path();
  auto const make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
      "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout '" +
      path + "/server.key' -out '" + ca_file() + "' 2>> '" + path + "/log'";
  if (std::system(make.c_str()) != 0)
    throw std::runtime_error("openssl makes no certificate: " + read_all(path + "/log"));
  constexpr int attempts = 3;  // a port may be taken between the look and the start
  for (int i = 1;; ++i) {
    port_ = free_port();
    start(options);
    // It makes RSA keys first, which takes seconds on a busy machine.
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (process_->running() && std::chrono::steady_clock::now() < end) {
      if (connect_tcp(port_).open() && answers() && process_->running()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    process_.reset();
    if (i == attempts)
      throw std::runtime_error("pebble does not start: " + read_all(path + "/log"));
  }
}

/// Whether it is ours that listens there: another test's may have been faster, while ours is about
/// to say that the port is taken.
bool PebbleServer::answers() const {
  auto const ask = "curl -sf -o '" + directory_.path() + "/answer' --cacert '" + ca_file() + "' '" +
                   directory_url() + "'";
  return std::system(ask.c_str()) == 0;
}

void PebbleServer::start(PebbleOptions const& options) {
  auto const& path = directory_.path();
  std::ofstream(path + "/pebble.json")
      << R"({"pebble":{"listenAddress":"127.0.0.1:)" << port_
      << R"(","managementListenAddress":"127.0.0.1:)" << free_port() << R"(","certificate":")"
      << ca_file() << R"(","privateKey":")" << path
      << R"(/server.key","httpPort":5002,"tlsPort":5001,"ocspResponderURL":"",)"
      << R"("externalAccountBindingRequired":)"
      << (options.external_account_required ? "true" : "false")
      << R"(,"certificateValidityPeriod":)" << options.validity_seconds << "}}\n";
  process_ = std::make_unique<ServerProcess>(
      std::vector<std::string>{"env", "PEBBLE_VA_NOSLEEP=1",
                               "PEBBLE_WFE_NONCEREJECT=" + std::to_string(options.nonces_refused),
                               "PEBBLE_AUTHZREUSE=" + std::to_string(options.authorizations_reused),
                               "pebble", "-config", path + "/pebble.json", "-strict", "-dnsserver",
                               options.dns_address},
      path + "/log");
}

}  // namespace mailstack::support
