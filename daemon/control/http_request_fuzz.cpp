/// \file
/// Whatever is said to the monitoring port: no crash; a response, once there is one, does not
/// change with what comes behind the request, and its length is what it says.
// parser: daemon/control/http.cpp

#include <cstdint>
#include <cstdlib>

#include "daemon/control/http.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack::control;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  Pages const pages{[](Exposition) { return std::string("a 1\n"); },
                    [] { return std::string("starting"); }};
  auto const response = respond(text, pages);
  if (!response) return size < most_http_request ? 0 : (std::abort(), 0);
  auto const end = response->find("\r\n\r\n");
  if (!response->starts_with("HTTP/1.1 ") || end == response->npos) std::abort();
  auto const body = response->size() - end - 4;
  auto const said = "Content-Length: " + std::to_string(body) + "\r\n";
  if (body > 0 && response->find(said) == response->npos) std::abort();
  // What is answered at the empty line is not told apart by what follows.
  if (response->starts_with("HTTP/1.1 200") &&
      respond(std::string(text) + "GET", pages) != response)
    std::abort();
  return 0;
}
