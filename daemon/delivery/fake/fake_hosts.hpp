#pragma once
/// \file
/// Mail hosts in memory, behind the door that connects: what a test of delivery talks to.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/delivery/courier_doors.hpp"

namespace mailstack::delivery {

/// A message as a fake host took it.
struct FakeMail {
  std::string from;
  std::vector<std::string> to;
  std::string content;  ///< dots taken away
  bool tls = false;
  std::string source;  ///< the address that the client was to come from
};

/// One host: how it answers, and what it saw.
struct FakeHost {
  std::string greeting = "220 host";
  std::vector<std::string> offers = {"PIPELINING", "8BITMIME", "SMTPUTF8"};
  bool starttls = false;  ///< offered
  bool tls_works = true;  ///< the handshake does
  bool verified = false;  ///< the certificate is good
  bool lmtp = false;      ///< a reply per recipient
  /// Replies in place of 250, by the beginning of the command line (`RCPT TO:<x@y.example>`) or
  /// `.` for the end of a message: `550 5.1.1 no`; `close`: the connection is lost; `silent`;
  /// `trickle`: a reply without an end, octet by octet.
  std::map<std::string, std::string> replies;

  int connections = 0;
  int open = 0;
  std::vector<std::string> commands;
  std::vector<FakeMail> mails;
};

/// All hosts, by `address:port`, or by the path of a unix socket. Nobody listens elsewhere.
class FakeHosts {
 public:
  explicit FakeHosts(net::Loop& loop) : loop_(loop) {}
  FakeHost& at(std::string const& place) { return hosts_[place]; }
  [[nodiscard]] Connect connect();
  /// Closes every connection that is open, as hosts do with those that are idle.
  void close_all();

 private:
  net::Loop& loop_;
  std::map<std::string, FakeHost> hosts_;
  std::vector<std::weak_ptr<class FakeConnection>> connections_;
};

/// Answers from a table, at once.
class FakeResolver : public net::Resolver {
 public:
  std::map<std::pair<std::string, dns::Type>, net::DnsAnswer> answers;  ///< by name with dot
  int asked = 0;

  void add(std::string const& name, dns::Type type, std::string const& value);
  void ask(dns::Name const& name, dns::Type type,
           std::function<void(net::DnsAnswer)> done) override;
};

}  // namespace mailstack::delivery
