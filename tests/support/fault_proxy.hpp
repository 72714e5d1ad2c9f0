#pragma once
/// \file
/// An HTTP server between a client and its server that does what bad days do.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/files/descriptor.hpp"

namespace mailstack::support {

/// What is done with one request.
struct Fault {
  enum class Kind {
    pass,      ///< the server's answer as it is
    answer,    ///< `text` as a whole answer; the server sees nothing
    swallow,   ///< the server gets the request; `text` is answered instead of what it says
    truncate,  ///< half of the body that Content-Length promises, then the end
    stall,     ///< nothing, until the proxy goes
    hang_up,   ///< the connection ends without an answer
  };
  Kind kind = Kind::pass;
  std::string text = {};              ///< from the status line to the end of the body
  std::function<void()> before = {};  ///< runs before the request goes on: somebody else's edit
};

/// An answer with Content-Length, in HTTP/1.1, without Connection: close.
std::string http_answer(std::string const& status, std::string const& body,
                        std::string const& headers = {});

/// Listens on a loopback port. The faults of `script` are used up in order, one a request; after
/// them every request passes. Each connection has a thread, so requests may overlap.
class FaultProxy {
 public:
  struct Seen {
    std::string method;
    std::string path;
    std::string head;  ///< the request line and the headers
    std::string body;
  };

  /// `upstream` is a port of 127.0.0.1; 0: there is none, and an unscripted request is 502.
  explicit FaultProxy(std::uint16_t upstream = 0);
  FaultProxy(FaultProxy const&) = delete;
  FaultProxy& operator=(FaultProxy const&) = delete;
  ~FaultProxy();

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void script(std::vector<Fault> faults);
  [[nodiscard]] std::vector<Seen> seen() const;
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(files::Descriptor client);
  /// False where the connection is over.
  bool serve_one(int client, std::string& buffered);
  [[nodiscard]] std::string forward(Seen const& request) const;

  std::uint16_t upstream_;
  std::uint16_t port_ = 0;
  files::Descriptor listener_;
  std::atomic<bool> closing_{false};
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::deque<Fault> script_;
  std::vector<Seen> seen_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace mailstack::support
