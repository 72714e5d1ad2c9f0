#include "tests/support/powerdns_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/support/loopback.hpp"

namespace mailstack::support {
namespace {

constexpr char const* schema = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

std::string read_all(std::string const& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

PowerDnsServer::PowerDnsServer(std::string const& options) {
  constexpr int attempts = 3;  // a port may be taken between the look and the start
  for (int i = 1;; ++i) {
    api_port_ = free_port();
    dns_port_ = free_port();
    start(options);
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (process_->running() && std::chrono::steady_clock::now() < end) {
      // DNS comes up after the API.
      if (connect_tcp(api_port_).open() && connect_tcp(dns_port_).open() &&
          request("GET", "").status == 200)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    process_.reset();
    if (i == attempts)
      throw std::runtime_error("pdns_server does not start: " +
                               read_all(directory_.path() + "/log"));
  }
}

void PowerDnsServer::start(std::string const& options) {
  auto const& path = directory_.path();
  auto const database = path + "/db.sqlite";
  ::unlink(database.c_str());
  auto const load = "sqlite3 '" + database + "' < " + schema + " >> '" + path + "/log' 2>&1";
  if (std::system(load.c_str()) != 0)
    throw std::runtime_error("pdns-backend-sqlite3 or sqlite3 is not installed: " +
                             read_all(path + "/log"));
  std::ofstream(path + "/pdns.conf")
      << "launch=gsqlite3\n"
      << "gsqlite3-database=" << database << "\n"
      << "gsqlite3-dnssec=yes\n"
      << "gsqlite3-pragma-synchronous=0\n"
      << "local-address=127.0.0.1\n"
      << "local-port=" << dns_port_ << "\n"
      << "api=yes\n"
      << "api-key=" << key() << "\n"
      << "webserver=yes\n"
      << "webserver-address=127.0.0.1\n"
      << "webserver-port=" << api_port_ << "\n"
      << "webserver-allow-from=127.0.0.1\n"
      << "webserver-loglevel=none\n"
      << "socket-dir=" << path << "\n"
      << "daemon=no\n"
      << "guardian=no\n"
      << "receiver-threads=1\n"
      << "distributor-threads=1\n"
      << "cache-ttl=0\n"
      << "query-cache-ttl=0\n"
      << "negquery-cache-ttl=0\n"
      << "zone-cache-refresh-interval=0\n"
      << "security-poll-suffix=\n"
      << "default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 3600\n"
      << "version-string=anonymous\n"
      << "loglevel=3\n"
      << options << "\n";
  process_ = std::make_unique<ServerProcess>(
      std::vector<std::string>{"pdns_server", "--config-dir=" + path}, path + "/log");
}

PowerDnsServer::Answer PowerDnsServer::request(std::string const& method, std::string const& path,
                                               std::string const& body) {
  auto const socket = connect_tcp(api_port_);
  if (!socket.open()) return {};
  std::ostringstream text;
  text << method << " /api/v1/servers/localhost" << path << " HTTP/1.0\r\nHost: localhost\r\n"
       << "X-API-Key: " << key() << "\r\nContent-Length: " << body.size() << "\r\n\r\n"
       << body;
  auto const sent = text.str();
  for (std::size_t at = 0; at < sent.size();) {
    auto const count = ::send(socket.number(), sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
    if (count <= 0) return {};
    at += static_cast<std::size_t>(count);
  }
  std::string answer;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while ((got = ::recv(socket.number(), buffer.data(), buffer.size(), 0)) > 0)
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  auto const space = answer.find(' ');
  auto const end = answer.find("\r\n\r\n");
  if (space == std::string::npos || end == std::string::npos) return {};
  return {std::atoi(answer.c_str() + space), answer.substr(end + 4)};
}

void PowerDnsServer::create_zone(std::string const& zone, bool secured) {
  auto const made =
      request("POST", "/zones",
              R"({"name":")" + zone + R"(","kind":"Native","nameservers":["ns1.example.net."],)" +
                  R"("dnssec":)" + (secured ? "true" : "false") + "}");
  if (made.status != 201) throw std::runtime_error("zone " + zone + ": " + made.body);
}

}  // namespace mailstack::support
