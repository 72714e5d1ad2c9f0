#include "tests/support/fault_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "tests/support/loopback.hpp"

namespace mailstack::support {
namespace {

bool send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    auto const sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t content_length(std::string const& head) {
  for (auto const* name : {"Content-Length: ", "content-length: "}) {
    auto const at = head.find(name);
    if (at != std::string::npos) return std::strtoul(head.c_str() + at + 16, nullptr, 10);
  }
  return 0;
}

}  // namespace

std::string http_answer(std::string const& status, std::string const& body,
                        std::string const& headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

FaultProxy::FaultProxy(std::uint16_t upstream)
    : upstream_(upstream), listener_(listen_tcp(port_)), acceptor_([this] { accept_all(); }) {}

FaultProxy::~FaultProxy() {
  closing_ = true;
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
}

void FaultProxy::script(std::vector<Fault> faults) {
  std::lock_guard const lock(mutex_);
  script_.assign(faults.begin(), faults.end());
}

std::vector<FaultProxy::Seen> FaultProxy::seen() const {
  std::lock_guard const lock(mutex_);
  return seen_;
}

void FaultProxy::accept_all() {
  while (!closing_) {
    pollfd watched{listener_.number(), POLLIN, 0};
    if (::poll(&watched, 1, 5) <= 0) continue;
    files::Descriptor client(::accept(listener_.number(), nullptr, nullptr));
    if (!client.open()) continue;
    ++connections_;
    threads_.emplace_back([this, held = std::move(client)]() mutable { serve(std::move(held)); });
  }
}

void FaultProxy::serve(files::Descriptor client) {
  std::string buffered;
  while (serve_one(client.number(), buffered)) {
  }
}

bool FaultProxy::serve_one(int client, std::string& buffered) {
  std::size_t end = 0;
  std::array<char, 65536> buffer;
  for (;;) {
    end = buffered.find("\r\n\r\n");
    if (end != std::string::npos &&
        buffered.size() >= end + 4 + content_length(buffered.substr(0, end)))
      break;
    pollfd watched{client, POLLIN, 0};
    if (closing_) return false;
    if (::poll(&watched, 1, 5) <= 0) continue;
    auto const got = ::recv(client, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    buffered.append(buffer.data(), static_cast<std::size_t>(got));
  }
  Seen request;
  request.head = buffered.substr(0, end + 2);
  request.body = buffered.substr(end + 4, content_length(request.head));
  buffered.erase(0, end + 4 + request.body.size());
  auto const space = request.head.find(' ');
  request.method = request.head.substr(0, space);
  request.path = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);

  Fault fault;
  {
    std::lock_guard const lock(mutex_);
    seen_.push_back(request);
    if (!script_.empty()) {
      fault = std::move(script_.front());
      script_.pop_front();
    }
  }
  if (fault.before) fault.before();
  switch (fault.kind) {
    case Fault::Kind::pass: send_all(client, forward(request)); return false;
    case Fault::Kind::answer: return send_all(client, fault.text);
    case Fault::Kind::swallow: (void)forward(request); return send_all(client, fault.text);
    case Fault::Kind::truncate: {
      auto const answer = forward(request);
      auto const body = answer.find("\r\n\r\n") + 4;
      send_all(client, std::string_view(answer).substr(0, body + (answer.size() - body) / 2));
      return false;
    }
    case Fault::Kind::stall:
      while (!closing_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return false;
    case Fault::Kind::hang_up: return false;
  }
  return false;
}

std::string FaultProxy::forward(Seen const& request) const {
  auto const server = upstream_ == 0 ? files::Descriptor() : connect_tcp(upstream_);
  if (!server.open()) return http_answer("502 Bad Gateway", "no upstream", "Connection: close\r\n");
  // HTTP/1.0 and no keep-alive: the answer ends with the connection.
  auto head = request.head;
  auto const version = head.find("HTTP/1.1");
  if (version != std::string::npos) head.replace(version, 8, "HTTP/1.0");
  send_all(server.number(), head + "\r\n" + request.body);
  std::string answer;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while ((got = ::recv(server.number(), buffer.data(), buffer.size(), 0)) > 0)
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  return answer;
}

}  // namespace mailstack::support
