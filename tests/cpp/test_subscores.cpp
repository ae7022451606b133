#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/subscores.hpp>
#include <random>
#include <string>
#include <vector>

#include "isncsci_bridge.hpp"
#include "isncsci_oracle.hpp"

namespace core = cordgain::isncsci;

namespace {

struct Block {
  std::vector<std::size_t> cells;
};

/// Cells of each sum, written out by side and kind.
std::vector<Block> blocks() {
  const auto range = [](std::size_t from, std::size_t count) {
    Block block;
    for (std::size_t i = 0; i < count; ++i) block.cells.push_back(from + i);
    return block;
  };
  const auto join = [](Block a, const Block& b) {
    a.cells.insert(a.cells.end(), b.cells.begin(), b.cells.end());
    return a;
  };
  const Block ar = range(0, 5), gr = range(5, 5), al = range(66, 5), gl = range(71, 5);
  const Block tr = range(10, 28), tl = range(76, 28), pr = range(38, 28), pl = range(104, 28);
  return {ar,           al,           join(ar, al),
          gr,           gl,           join(gr, gl),
          join(ar, gr), join(al, gl), join(join(ar, gr), join(al, gl)),
          tr,           tl,           join(tr, tl),
          pr,           pl,           join(pr, pl)};
}

}  // namespace

TEST_CASE("sums are of the scores found, by adding up each block of a written exam") {
  std::mt19937 rng(3);
  for (int trial = 0; trial < 200; ++trial) {
    const oracle::Exam exam = oracle::random_exam(rng, 12);
    const core::Subscores ours = core::subscores(bridge::codes(exam).data());
    const std::vector<Block> all = blocks();
    for (std::size_t s = 0; s < core::kSums; ++s) {
      int min = 0, max = 0, open = 0;
      for (const std::size_t cell : all[s].cells) {
        const std::string found = exam[cell].substr(0, exam[cell].find('*'));
        const bool tested = found != "NT";
        min += tested ? std::stoi(found) : 0;
        max += tested ? std::stoi(found) : oracle::top_score(cell);
        open += tested ? 0 : 1;
      }
      INFO("sum " << s << " trial " << trial);
      REQUIRE(ours[s].min == min);
      REQUIRE(ours[s].max == max);
      REQUIRE(ours[s].not_tested == open);
    }
  }
}

TEST_CASE("an intact exam has 25, 50, 100, 56 and 112") {
  const core::Subscores ours = core::subscores(bridge::codes(bridge::complete_at("S4-5")).data());
  const int expected[] = {25, 25, 50, 25, 25, 50, 50, 50, 100, 56, 56, 112, 56, 56, 112};
  for (std::size_t s = 0; s < core::kSums; ++s) {
    REQUIRE(ours[s].min == expected[s]);
    REQUIRE(ours[s].max == expected[s]);
    REQUIRE(ours[s].not_tested == 0);
  }
}

TEST_CASE("an exam without one testable cell can have every sum") {
  oracle::Exam exam = bridge::complete_at("C4");
  for (std::size_t c = 0; c < 134; ++c) exam[c] = "NT";
  const core::Subscores ours = core::subscores(bridge::codes(exam).data());
  REQUIRE(ours[8].min == 0);
  REQUIRE(ours[8].max == 100);
  REQUIRE(ours[8].not_tested == 20);
  REQUIRE(ours[14].max == 112);
  REQUIRE(ours[14].not_tested == 56);
}

TEST_CASE("a tag does not change a sum") {
  oracle::Exam exam = bridge::complete_at("C4");
  const int before = core::subscores(bridge::codes(exam).data())[0].min;
  exam[0] = "0**";
  REQUIRE(core::subscores(bridge::codes(exam).data())[0].min == before);
}
