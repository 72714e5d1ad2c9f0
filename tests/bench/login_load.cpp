/// Connects, shakes hands, logs in and says goodbye, again and again: what a server makes of
/// logins.
///
///   login_load PORT SECONDS CONNECTIONS [USER PASSWORD]
///
/// CONNECTIONS at a time, each on a thread, to 127.0.0.1 with TLS 1.3 from the first octet and no
/// resumption. Without USER it ends after the handshake. Prints how many a second it came to; ends
/// with 1 where a server does not do what it should.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using std::chrono::steady_clock;

struct Work {
  std::uint16_t port = 0;
  steady_clock::time_point until;
  std::string login;  ///< of AUTH PLAIN, in base64; empty: the handshake is all
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> failed = false;
};

std::string plain(std::string const& user, std::string const& password) {
  std::string const text = std::string(1, '\0') + user + std::string(1, '\0') + password;
  std::string out(4 * ((text.size() + 2) / 3), '\0');
  std::vector<unsigned char> encoded(out.size() + 1);
  EVP_EncodeBlock(encoded.data(), reinterpret_cast<unsigned char const*>(text.data()),
                  static_cast<int>(text.size()));
  out.assign(encoded.begin(), encoded.end() - 1);
  return out;
}

int connected(std::uint16_t port) {
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int const on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<sockaddr const*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

/// Sends `line`, if there is one, and reads until a reply ends; whether it has this code.
bool says(SSL* ssl, std::string const& line, char const* code) {
  if (!line.empty() && SSL_write(ssl, line.data(), static_cast<int>(line.size())) <= 0)
    return false;
  std::string reply;
  std::array<char, 4096> room{};
  for (;;) {
    int const got = SSL_read(ssl, room.data(), static_cast<int>(room.size()));
    if (got <= 0) return false;
    reply.append(room.data(), static_cast<std::size_t>(got));
    if (!reply.ends_with("\r\n")) continue;
    auto const last = reply.rfind("\r\n", reply.size() - 3);
    auto const at = last == std::string::npos ? 0 : last + 2;
    if (reply.size() > at + 3 && reply[at + 3] == ' ') return reply.compare(at, 3, code) == 0;
  }
}

bool once(SSL_CTX* context, Work const& work) {
  int const fd = connected(work.port);
  if (fd < 0) return false;
  std::unique_ptr<SSL, decltype(&SSL_free)> const ssl(SSL_new(context), SSL_free);
  SSL_set_fd(ssl.get(), fd);
  bool good = SSL_connect(ssl.get()) == 1;
  if (good && !work.login.empty())
    good = says(ssl.get(), "", "220") && says(ssl.get(), "EHLO load.example\r\n", "250") &&
           says(ssl.get(), "AUTH PLAIN " + work.login + "\r\n", "235") &&
           says(ssl.get(), "QUIT\r\n", "221");
  ::close(fd);
  return good;
}

void run(Work& work) {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> const context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  while (steady_clock::now() < work.until && !work.failed) {
    if (once(context.get(), work))
      ++work.done;
    else
      work.failed = true;
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 4 && count != 6) {
    std::fputs("login_load PORT SECONDS CONNECTIONS [USER PASSWORD]\n", stderr);
    return 2;
  }
  Work work;
  work.port = static_cast<std::uint16_t>(std::atoi(words[1]));
  auto const seconds = std::atof(words[2]);
  work.until = steady_clock::now() + std::chrono::milliseconds(static_cast<int>(seconds * 1000));
  if (count == 6) work.login = plain(words[4], words[5]);
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(words[3]); ++i) threads.emplace_back([&work] { run(work); });
  for (auto& thread : threads) thread.join();
  std::printf("%.0f\n", static_cast<double>(work.done) / seconds);
  return work.failed ? 1 : 0;
}
