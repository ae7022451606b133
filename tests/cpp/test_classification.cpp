#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/classification.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "isncsci_bridge.hpp"
#include "isncsci_oracle.hpp"
#include "sanitized.hpp"

namespace core = cordgain::isncsci;

namespace {

std::uint32_t grade_of_intact(bool prior_deficit) {
  return prior_deficit ? core::kGradeE : core::kNoGrade;
}

core::Classification classify(const oracle::Exam& exam, bool prior_deficit = true,
                              const oracle::Choices& c = {}) {
  const core::ExamCodes codes = bridge::codes(exam);
  return core::classify(codes.data(), grade_of_intact(prior_deficit), bridge::choices(c));
}

constexpr int kSweep = kSanitized ? 2000 : 20000;  // random exams of each kind

/// Every choice of how to classify: level of an intact exam, non-key muscles, history.
struct Choice {
  oracle::Choices rules;
  std::uint32_t intact;
};

std::vector<Choice> every_choice() {
  std::vector<Choice> all;
  for (const bool level_int : {false, true}) {
    for (const bool reference : {false, true}) {
      for (const std::uint32_t intact : {core::kGradeE, core::kNoGrade, core::kGradeE | core::kNoGrade})
        all.push_back({oracle::Choices{level_int, reference}, intact});
    }
  }
  return all;
}

/// The choice of a trial, each in turn.
Choice choice_of(int trial) {
  static const std::vector<Choice> all = every_choice();
  return all[static_cast<std::size_t>(trial) % all.size()];
}

core::Classification classify_by(const oracle::Exam& exam, const Choice& choice) {
  const core::ExamCodes codes = bridge::codes(exam);
  return core::classify(codes.data(), choice.intact, bridge::choices(choice.rules));
}

/// Sets by the scores found alone, tags taken off.
core::ResultSets found_sets(const oracle::Exam& exam, const Choice& choice) {
  const core::ExamCodes codes = bridge::codes(exam);
  return core::classify(core::read_exam(codes.data(), core::Scores::found), choice.intact,
                        bridge::choices(choice.rules));
}

std::string written(const oracle::Exam& exam) {
  std::string text;
  for (const std::string& cell : exam) text += cell + ",";
  return text;
}

}  // namespace

TEST_CASE("sets and stars are those of an enumeration of all worlds") {
  std::mt19937 rng(20190604);
  for (int trial = 0; trial < kSweep; ++trial) {
    const oracle::Exam exam = oracle::random_exam(rng, trial % 7);
    const bool prior = trial % 5 != 0;
    const oracle::Choices choices{trial % 2 == 0, trial % 3 == 0};
    const auto assumed = oracle::enumerate(exam, true, prior, choices);
    const auto found = oracle::enumerate(exam, false, prior, choices);
    const core::Classification ours = classify(exam, prior, choices);
    INFO(written(exam));
    for (std::size_t r = 0; r < core::kResults; ++r) {
      INFO("result " << r << " trial " << trial);
      REQUIRE(bridge::words(ours.sets[r], r) == assumed[r]);
      REQUIRE(((ours.stars >> r) & 1u) == (assumed[r] != found[r] ? 1u : 0u));
    }
  }
}

TEST_CASE("swapping the sides swaps the results, by every choice") {
  std::mt19937 rng(7);
  for (int trial = 0; trial < kSweep; ++trial) {
    const oracle::Exam exam = oracle::random_exam(rng, 20);
    oracle::Exam swapped = exam;
    for (std::size_t c = 0; c < 66; ++c) std::swap(swapped[c], swapped[c + 66]);
    std::swap(swapped[134], swapped[135]);
    const core::Classification a = classify_by(exam, choice_of(trial));
    const core::Classification b = classify_by(swapped, choice_of(trial));
    const std::size_t mirror[] = {1, 0, 3, 2, 4, 5, 6, 8, 7, 10, 9};
    for (std::size_t r = 0; r < core::kResults; ++r) {
      REQUIRE(a.sets[r] == b.sets[mirror[r]]);
      REQUIRE(((a.stars >> r) & 1u) == ((b.stars >> mirror[r]) & 1u));
    }
  }
}

TEST_CASE("one more untestable cell only widens the sets, by every choice") {
  std::mt19937 rng(11);
  for (int trial = 0; trial < kSweep; ++trial) {
    const oracle::Exam exam = oracle::random_exam(rng, trial % 30);
    oracle::Exam wider = exam;
    wider[rng() % 134] = "NT";
    const core::ResultSets narrow = found_sets(exam, choice_of(trial));
    const core::ResultSets wide = found_sets(wider, choice_of(trial));
    for (std::size_t r = 0; r < core::kResults; ++r) REQUIRE((narrow[r] & ~wide[r]) == 0);
  }
}

TEST_CASE("a result of an exam without untestable cells is one value") {
  std::mt19937 rng(13);
  for (int trial = 0; trial < kSweep; ++trial) {
    Choice choice = choice_of(trial);
    if (choice.intact == (core::kGradeE | core::kNoGrade)) choice.intact = core::kGradeE;  // history known
    const core::Classification ours = classify_by(oracle::random_exam(rng, 0), choice);
    for (const std::uint32_t set : ours.sets) REQUIRE((set != 0 && (set & (set - 1)) == 0));
    REQUIRE(ours.stars == 0);
  }
}

TEST_CASE("an intact exam is E only with an earlier deficit, and both where the history is unknown") {
  oracle::Exam exam = bridge::complete_at("S4-5");
  exam[132] = exam[133] = "Yes";
  const core::ExamCodes codes = bridge::codes(exam);
  const auto ais = [&](core::GradeSet intact) {
    return core::classify(codes.data(), intact, core::Choices{}).sets[6];
  };
  REQUIRE(bridge::words(ais(core::kGradeE), 6) == std::set<std::string>{"E"});
  REQUIRE(bridge::words(ais(core::kNoGrade), 6) == std::set<std::string>{"NA"});
  REQUIRE((bridge::words(ais(core::kGradeE | core::kNoGrade), 6) == std::set<std::string>{"E", "NA"}));
}

TEST_CASE("tags that change nothing give no star") {
  // Both readings leave the left C6 muscle anywhere from 0 to 4, or 5 with the same consequences.
  oracle::Exam exam = bridge::complete_at("C4");
  exam[bridge::cell(1, 'm', "C6")] = "NT*";
  exam[bridge::cell(1, 'm', "C5")] = "2";
  REQUIRE((classify(exam).stars & (1u << 3)) == 0);  // motor level C4 whatever C6 is
}
