#include "daemon/control/http.hpp"

#include <algorithm>
#include <string>

namespace mailstack::control {

namespace {

constexpr std::size_t most_line = 1'024;  // of the request
constexpr std::string_view white = " \t";

struct Answer {
  std::string_view status;  ///< code and reason
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
  std::string_view more{};  ///< header lines
};

std::string text_of(Answer const& answer, bool head) {
  auto text = "HTTP/1.1 " + std::string(answer.status) + "\r\nContent-Type: ";
  text.append(answer.type).append("\r\nContent-Length: ");
  text.append(std::to_string(answer.body.size())).append("\r\nCache-Control: no-store\r\n");
  text.append(answer.more).append("Connection: close\r\n\r\n");
  return head ? text : text + answer.body;
}

Answer refusal(std::string_view status, std::string_view more = "") {
  return {status, std::string(status.substr(4)) + "\n", "text/plain; charset=utf-8", more};
}

/// tchar of RFC 9110 5.6.2.
bool token(std::string_view text) {
  constexpr std::string_view signs = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           signs.find(c) != signs.npos;
  });
}

bool same(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(a) == lower(b);
  });
}

/// The next line without its end; LF alone ends one too (RFC 9112 2.2).
std::string_view take_line(std::string_view& rest) {
  auto const end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Of the header section what decides anything.
struct Fields {
  bool right = true;
  bool body = false;
  bool chunked = false;
  unsigned hosts = 0;
  bool openmetrics = false;
};

bool printable(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    auto const octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7f;
  });
}

Fields read_fields(std::string_view rest) {
  Fields fields;
  while (!rest.empty()) {
    auto const line = take_line(rest);
    if (line.empty()) break;
    auto const colon = line.find(':');
    auto const name = line.substr(0, colon);
    // White space in front of the colon, and folding, are attacks (RFC 9112 5.1, 5.2).
    if (colon == line.npos || !token(name) || !printable(line.substr(colon + 1))) {
      fields.right = false;
      return fields;
    }
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(white), value.size()));
    value = value.substr(0, value.find_last_not_of(white) + 1);
    if (same(name, "host")) ++fields.hosts;
    if (same(name, "content-length") && value != "0") fields.body = true;
    if (same(name, "transfer-encoding")) fields.chunked = true;
    if (same(name, "accept") && value.find("application/openmetrics-text") != value.npos)
      fields.openmetrics = true;
  }
  return fields;
}

Answer page(std::string_view path, Fields const& fields, Pages const& pages) {
  if (path == "/metrics" && fields.openmetrics)
    return {"200 OK", pages.metrics(Exposition::openmetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8"};
  if (path == "/metrics")
    return {"200 OK", pages.metrics(Exposition::prometheus),
            "text/plain; version=0.0.4; charset=utf-8"};
  if (path == "/healthz") return {"200 OK", "ok\n"};
  if (path != "/readyz") return refusal("404 Not Found");
  auto const why = pages.not_ready();
  if (why.empty()) return {"200 OK", "ready\n"};
  return {"503 Service Unavailable", why + "\n"};
}

/// The path of an origin-form target, or of one in absolute form (RFC 9112 3.2); empty: neither.
std::string_view path_of(std::string_view target) {
  if (target.starts_with("http://")) {
    target.remove_prefix(7);
    auto const slash = target.find('/');
    target = slash == target.npos ? "/" : target.substr(slash);
  }
  if (!target.starts_with('/')) return {};
  return target.substr(0, target.find('?'));
}

Answer answer(std::string_view method, std::string_view target, std::string_view version,
              std::string_view rest, Pages const& pages) {
  if (!version.starts_with("HTTP/1.") || version.size() != 8)
    return refusal(version.starts_with("HTTP/") ? "505 HTTP Version Not Supported"
                                                : "400 Bad Request");
  auto const fields = read_fields(rest);
  auto const path = path_of(target);
  // RFC 9112 3.2: one Host, in HTTP/1.1.
  if (!fields.right || path.empty() || fields.hosts > 1 ||
      (fields.hosts == 0 && version != "HTTP/1.0"))
    return refusal("400 Bad Request");
  if (method != "GET" && method != "HEAD")
    return refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n");
  if (fields.chunked) return refusal("501 Not Implemented");
  if (fields.body) return refusal("400 Bad Request");
  return page(path, fields, pages);
}

/// Where the header section ends; npos: not yet.
std::size_t end_of_header(std::string_view received) {
  for (std::size_t at = received.find('\n'); at != received.npos;
       at = received.find('\n', at + 1)) {
    auto const next = received.substr(at + 1, 2);
    if (next.starts_with('\n') || next == "\r\n") return at + 1;
  }
  return received.npos;
}

}  // namespace

std::optional<std::string> respond(std::string_view received, Pages const& pages) {
  // An empty line in front of a request is forgiven (RFC 9112 2.2).
  if (received.starts_with("\r\n")) received.remove_prefix(2);
  auto const end = end_of_header(received);
  auto rest = received.substr(0, end);
  auto const line = take_line(rest);
  // What is no HTTP, as the greeting of TLS, need not be waited for.
  if (!printable(line)) return text_of(refusal("400 Bad Request"), false);
  if (line.size() > most_line) return text_of(refusal("414 URI Too Long"), false);
  if (std::min(end, received.size()) > most_http_request)
    return text_of(refusal("431 Request Header Fields Too Large"), false);
  if (end == received.npos) return std::nullopt;
  auto const first = line.find(' ');
  auto const last = line.rfind(' ');
  if (first == last || !token(line.substr(0, first)))
    return text_of(refusal("400 Bad Request"), false);
  auto const method = line.substr(0, first);
  auto const target = line.substr(first + 1, last - first - 1);
  if (target.find(' ') != target.npos) return text_of(refusal("400 Bad Request"), false);
  return text_of(answer(method, target, line.substr(last + 1), rest, pages), method == "HEAD");
}

}  // namespace mailstack::control
