#include "daemon/conf/problem.hpp"

#include <catch2/catch.hpp>

namespace mailstack::conf {
namespace {

TEST_CASE("problem: one line of text, one object of JSON", "[conf]") {
  Problem const full{"/c/a", "no", 3, 7, "write yes"};
  CHECK(format(full) == "/c/a:3:7: error: no; write yes");
  CHECK(format(Problem{"/c/a", "no"}) == "/c/a: error: no");
  CHECK(format(Problem{"/c/a", "no", 3, 0, {}, true}) == "/c/a:3: warning: no");
  CHECK(format(Problem{"/c/a\nb", "no\x1b[0m"}) == "/c/a?b: error: no?[0m");
  CHECK(format(Problems{full, {"b", "c"}}) == "/c/a:3:7: error: no; write yes\nb: error: c\n");
  CHECK(format_json({}) == "[]");
  CHECK(format_json({{"b", "c", 0, 0, {}, true, true}}) ==
        R"([{"path":"b","severity":"warning","what":"c","restart":true}])");
  CHECK(
      format_json({full, {"b\n", "\"", 0, 0, {}, true}}) ==
      R"([{"path":"/c/a","line":3,"column":7,"severity":"error","what":"no","remedy":"write yes"},)"
      R"({"path":"b\n","severity":"warning","what":"\""}])");
}

TEST_CASE("problem: the place is taken off an error that begins with one", "[conf]") {
  CHECK(located("p", "line 3, column 7: no") == Problem{"p", "no", 3, 7});
  CHECK(located("p", "line 3: no") == Problem{"p", "no", 3});
  CHECK(located("p", "no line 3") == Problem{"p", "no line 3"});
  CHECK(located("p", "line 3 is bad") == Problem{"p", "line 3 is bad"});
  CHECK(located("p", "line 99999999999: no") == Problem{"p", "line 99999999999: no"});
}

}  // namespace
}  // namespace mailstack::conf
