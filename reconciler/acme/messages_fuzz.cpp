/// \file
/// Whatever a CA answers: no crash, and what is taken is bounded, fit for a terminal and fit to be
/// asked for.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "reconciler/acme/chain.hpp"
#include "reconciler/acme/messages.hpp"

namespace {

using namespace mailstack;
using namespace mailstack::acme;

void require(bool good) {
  if (!good) std::abort();
}

bool calm(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void check(Problem const& problem) {
  for (auto const* text : {&problem.type, &problem.detail, &problem.instance, &problem.identifier})
    require(calm(*text) && text->size() <= 2048);
  require(problem.instance.empty() || is_url(problem.instance));
  for (auto const& part : problem.subproblems) {
    require(part.subproblems.empty());
    check(part);
  }
  require(calm(error_of(problem).what) && !error_of(problem).what.empty());
}

void check(std::optional<Challenge> const& challenge) {
  if (!challenge) return;
  require(is_url(challenge->url) && is_base64url(challenge->token));
  if (challenge->error) check(*challenge->error);
}

void check(Order const& order) {
  require(std::is_sorted(order.names.begin(), order.names.end()) && !order.names.empty());
  for (auto const& name : order.names) require(calm(name) && !name.empty() && name.size() <= 255);
  require(std::all_of(order.authorizations.begin(), order.authorizations.end(), is_url));
  require(is_url(order.finalize));
  require(order.certificate.empty() == (order.status != OrderStatus::valid));
  if (order.error) check(*order.error);
}

template <class T>
void check_error(Result<T> const& result) {
  if (!result) require(result.error().code == ErrorCode::unavailable && calm(result.error().what));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (auto const directory = parse_directory(text)) {
    require(is_url(directory->new_nonce) && is_url(directory->new_account));
    require(is_url(directory->new_order) && calm(directory->terms_of_service));
  } else {
    check_error(directory);
  }
  auto const order = parse_order(text);
  check_error(order);
  if (order) check(*order);
  auto const authorization = parse_authorization(text);
  check_error(authorization);
  if (authorization) check(authorization->dns01);
  auto const challenge = parse_challenge(text);
  check_error(challenge);
  if (challenge) check(*challenge);
  auto const problem = parse_problem(text);
  check_error(problem);
  if (problem) check(*problem);
  check_error(parse_account_status(text));
  // What was read as a chain is read as the same again.
  auto const chain = parse_chain(text);
  check_error(chain);
  if (chain) require(parse_chain(*chain) == *chain);
  // What is no certificate request has nobody's key.
  if (chain) (void)same_key(*chain, text);
  return 0;
}
