#include "daemon/delivery/fake/fake_hosts.hpp"

#include <utility>

namespace mailstack::delivery {

/// One connection, seen from the host.
class FakeConnection : public std::enable_shared_from_this<FakeConnection> {
 public:
  FakeConnection(net::Loop& loop, FakeHost& host, std::string source)
      : loop_(loop), host_(host), source_(std::move(source)) {
    ++host_.connections;
    ++host_.open;
  }

  void start(net::Stream::Events events) {
    events_ = std::move(events);
    if (host_.greeting == "close") return close();
    say(host_.greeting);
  }

  void hear(std::string const& octets) {
    in_ += octets;
    loop_.post([self = shared_from_this()] { self->read(); });
  }

  void start_tls(std::function<void(Result<net::TlsInfo>)> done) {
    loop_.post([self = shared_from_this(), done = std::move(done)] {
      if (!self->events_) return;
      if (!self->host_.tls_works) {
        self->leave();
        return done(fail(ErrorCode::unavailable, "handshake failure"));
      }
      self->tls_ = true;
      done(net::TlsInfo{"TLSv1.3", "x", {}, self->host_.verified});
    });
  }

  /// The client is gone.
  void leave() {
    if (!std::exchange(left_, true)) --host_.open;
    events_.reset();
    timer_.reset();
  }

  void close() {
    auto events = std::exchange(events_, {});
    leave();
    if (events)
      loop_.post([events = std::move(*events)] { events.ended("closed by the other end"); });
  }

 private:
  void say(std::string const& line) {
    loop_.post([self = shared_from_this(), line] {
      auto const events = self->events_;
      if (events) events->received(line + "\r\n");
    });
  }

  void trickle(std::string const& octets) {
    auto const events = events_;
    if (events) events->received(octets);
    if (!events_) return;
    timer_ = loop_.after(std::chrono::milliseconds(50),
                         [self = shared_from_this()] { self->trickle("x"); });
  }

  void read() {
    // What was written before the client left still comes.
    for (auto end = in_.find("\r\n"); end != in_.npos; end = in_.find("\r\n")) {
      auto const line = in_.substr(0, end);
      in_.erase(0, end + 2);
      if (in_message_)
        message_line(line);
      else
        command(line);
    }
  }

  void message_line(std::string const& line) {
    if (line != ".") {
      mail_.content += line.substr(line.starts_with('.') ? 1 : 0) + "\r\n";
      return;
    }
    in_message_ = false;
    auto const recipients = mail_.to;
    if (!host_.lmtp) return finish(".");
    for (auto const& to : recipients) finish(". " + to);
  }

  void finish(std::string const& key) {
    if (!special(key)) {
      mail_.tls = tls_;
      mail_.source = source_;
      if (!host_.lmtp || key == ". " + mail_.to.back()) host_.mails.push_back(mail_);
      say("250 2.0.0 kept");
    }
  }

  /// Whether the host answers in a way of its own.
  bool special(std::string const& line) {
    for (auto const& [start, reply] : host_.replies) {
      if (!line.starts_with(start)) continue;
      if (reply == "close")
        close();
      else if (reply == "trickle")
        trickle("250-");
      else if (reply != "silent")
        say(reply);
      return true;
    }
    return false;
  }

  void command(std::string const& line) {
    host_.commands.push_back(line);
    if (special(line)) return;
    if (line.starts_with("EHLO") || line.starts_with("LHLO")) return hello();
    if (line == "STARTTLS") return say("220 go");
    if (line.starts_with("AUTH")) return say("235 2.7.0 yes");
    if (line.starts_with("MAIL FROM:<")) {
      mail_ = {};
      mail_.from = path_of(line);
    }
    if (line.starts_with("RCPT TO:<")) mail_.to.push_back(path_of(line));
    if (line == "DATA" && mail_.to.empty()) return say("554 5.5.1 nobody");
    if (line == "DATA") {
      in_message_ = true;
      return say("354 go");
    }
    say(line == "QUIT" ? "221 bye" : "250 2.0.0 ok");
    if (line == "QUIT") close();
  }

  static std::string path_of(std::string const& line) {
    auto const begin = line.find('<') + 1;
    return line.substr(begin, line.find('>') - begin);
  }

  void hello() {
    std::string all = "250-host\r\n";
    for (auto const& offer : host_.offers) all += "250-" + offer + "\r\n";
    if (host_.starttls && !tls_) all += "250-STARTTLS\r\n";
    say(all + "250 HELP");
  }

  net::Loop& loop_;
  FakeHost& host_;
  std::string source_;
  std::optional<net::Stream::Events> events_;
  std::string in_;
  bool in_message_ = false;
  bool tls_ = false;
  bool left_ = false;
  FakeMail mail_;
  std::unique_ptr<net::Timer> timer_;
};

namespace {

class FakeStream : public net::Stream {
 public:
  explicit FakeStream(std::shared_ptr<FakeConnection> connection)
      : connection_(std::move(connection)) {}
  ~FakeStream() override { connection_->leave(); }
  void start(Events events) override { connection_->start(std::move(events)); }
  void read(bool /*wanted*/) override {}
  void read_at_most(std::size_t /*octets*/) override {}
  void write(std::string octets) override { connection_->hear(octets); }
  void write(std::shared_ptr<std::string const> octets) override { connection_->hear(*octets); }
  [[nodiscard]] std::size_t unsent() const override { return 0; }
  void start_tls(std::shared_ptr<net::TlsContext> /*context*/, std::string const& /*server_name*/,
                 std::function<void(Result<net::TlsInfo>)> done) override {
    connection_->start_tls(std::move(done));
  }
  void close(net::Parting) override { connection_->leave(); }
  [[nodiscard]] net::Endpoint peer() const override { return {}; }
  [[nodiscard]] net::Endpoint local() const override { return {}; }

 private:
  std::shared_ptr<FakeConnection> connection_;
};

class Nothing : public net::Timer {};

}  // namespace

Connect FakeHosts::connect() {
  return [this](net::Endpoint const& to, std::optional<std::string> const& source,
                std::chrono::milliseconds /*limit*/,
                std::function<void(Result<std::unique_ptr<net::Stream>>)> done) {
    auto const place = to.address.find('/') == std::string::npos
                           ? to.address + ':' + std::to_string(to.port)
                           : to.address;
    loop_.post([this, place, source = source.value_or(""), done = std::move(done)] {
      auto const host = hosts_.find(place);
      if (host == hosts_.end()) return done(fail(ErrorCode::unavailable, "connection refused"));
      auto connection = std::make_shared<FakeConnection>(loop_, host->second, source);
      connections_.push_back(connection);
      done(std::make_unique<FakeStream>(std::move(connection)));
    });
    return std::make_unique<Nothing>();
  };
}

void FakeHosts::close_all() {
  for (auto const& one : std::exchange(connections_, {}))
    if (auto const connection = one.lock()) connection->close();
}

void FakeResolver::add(std::string const& name, dns::Type type, std::string const& value) {
  auto& answer = answers[{name, type}];
  answer.status = net::DnsAnswer::Status::found;
  answer.values.push_back(value);
}

void FakeResolver::ask(dns::Name const& name, dns::Type type,
                       std::function<void(net::DnsAnswer)> done) {
  ++asked;
  auto const found = answers.find({name.text(), type});
  if (found != answers.end()) return done(found->second);
  net::DnsAnswer answer;
  answer.status = net::DnsAnswer::Status::no_name;
  for (auto const& [key, known] : answers)
    if (key.first == name.text()) answer.status = net::DnsAnswer::Status::no_data;
  done(answer);
}

}  // namespace mailstack::delivery
