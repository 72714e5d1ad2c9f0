#include "reconciler/features/chasquid/chasquid.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::features::chasquid;

TEST_CASE("chasquid: releases as programs and packages write them", "[features]") {
  CHECK(parse_release("1.11-2+b2") == Release{1, 11});
  CHECK(parse_release("1.15.1") == Release{1, 15});
  CHECK(parse_release("v1.18") == Release{1, 18});
  CHECK(parse_release("1.9") < signs);
  CHECK(Release{1, 13} == strict_data);
  CHECK(Release{2, 0} > signs);
  for (auto const* text : {"", "x", "1", "1.", ".1", "1.x"}) CHECK_FALSE(parse_release(text));
}
