#include <testthat/vendor/catch.h>
#include <string>
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("one site with its patients is nested, crossed raters are crossed") {
  std::vector<double> week(40, 0.0);
  std::vector<int> site(40, 0), patient(40), rater(40);
  for (int i = 0; i < 40; ++i) {
    patient[static_cast<std::size_t>(i)] = i / 2;
    rater[static_cast<std::size_t>(i)] = (i / 2 + i % 2) % 4;
    week[static_cast<std::size_t>(i)] = i % 2;
  }
  fixture::LargeTrial trial(week);
  trial.add(site, 1, 1.0);
  trial.add(patient, 1, 1.0);
  const BlockForm nested = block_form(fixture::whole(trial.design()).view());
  REQUIRE(nested.kind == BlockForm::Kind::nested);
  REQUIRE(nested.outer == std::vector<Index>{0});
  REQUIRE(nested.inner == std::vector<Index>{1});
  trial.add(rater, 1, 1.0);
  const BlockForm crossed = block_form(fixture::whole(trial.design()).view());
  REQUIRE(crossed.kind == BlockForm::Kind::crossed);
  REQUIRE(crossed.leaf == 1);  // the factor with most levels is eliminated
  const std::vector<Index> kept = {0, 2};
  REQUIRE(crossed.outer == kept);
}

TEST_CASE("the rank of a component counts columns, at most its rows") {
  const fixture::LargeTrial trial = fixture::sites();
  const DesignInput in = trial.design();
  LevelMarks marks = level_marks(in);
  const std::vector<Index> rows = {0, 1, 2};
  REQUIRE(block_rank(in, rows.data(), 3, marks) == 3);  // three rows, eight columns
  REQUIRE(block_rank(fixture::crossing().design(), rows.data(), 0, marks) == 0);
}

TEST_CASE("what is beyond memory is refused with its size") {
  const int n = 24000;
  std::vector<double> week;
  std::vector<int> a, b;
  for (int i = 0; i < 2 * n; ++i) {  // two chains of equal length: neither factor is small
    week.push_back(i % 7);
    a.push_back(i / 2);
    b.push_back(((i + 1) / 2) % n);
  }
  fixture::LargeTrial trial(week);
  trial.add(a, 1, 1.0);
  trial.add(b, 1, 1.0);
  const SubDesign part = fixture::whole(trial.design());
  try {
    static_cast<void>(block_form(part.view()));
    FAIL("no error");
  } catch (const NumericalError& error) {
    const std::string message = error.what();
    REQUIRE(message.find("24000") != std::string::npos);
    REQUIRE(message.find("26 GiB") != std::string::npos);  // 6 x 24000^2 x 8 bytes = 25.7 GiB
  }
}
