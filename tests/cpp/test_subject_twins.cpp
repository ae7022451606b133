#include <testthat/vendor/catch.h>
#include <cordgain/fit/marginal_likelihood.hpp>
#include <cordgain/model/count_families.hpp>
#include <cordgain/model/subject_twins.hpp>

using cordgain::BinomialLogit;
using cordgain::Index;
using cordgain::MarginalLikelihood;
using cordgain::Matrix;
using cordgain::PointTerms;
using cordgain::SubjectInput;
using cordgain::SubjectRows;
using cordgain::SubjectTwins;
using cordgain::Vector;

namespace {

/// Five subjects at three visits; the first, third and fifth have the same scores.
SubjectInput three_alike() {
  SubjectInput in;
  in.x.resize(15, 2);
  in.z = Matrix::Ones(15, 1);
  for (Index i = 0; i < 15; ++i) {
    in.x.row(i) << 1.0, static_cast<double>(i % 3);
    in.subject.push_back(i / 3);
  }
  in.n_subjects = 5;
  in.block = {1};
  return in;
}

Vector events() {
  Vector out(15);
  out << 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1;
  return out;
}

/// The same family without a word about its scores: no subject has a twin.
class Mute final : public cordgain::PointwiseFamily<Mute> {
 public:
  explicit Mute(const cordgain::Family& inner) : inner_(inner) {}
  [[nodiscard]] Index rows() const override { return inner_.rows(); }
  [[nodiscard]] PointTerms at(Index row, double eta, const Vector& extra) const {
    PointTerms out;
    inner_.terms(row, Vector::Constant(1, eta), extra, {&out.value, &out.slope, &out.curvature});
    return out;
  }

 private:
  const cordgain::Family& inner_;
};

}  // namespace

TEST_CASE("subjects with the same rows and scores are twins, the first stands for all") {
  const SubjectRows rows = cordgain::make_subject_rows(three_alike());
  const BinomialLogit family(events(), Vector::Ones(15));
  const SubjectTwins twins = cordgain::subject_twins(rows, family);
  REQUIRE((twins.first == std::vector<Index>{0, 1, 0, 3, 0}));
  REQUIRE((twins.count == std::vector<Index>{3, 1, 0, 1, 0}));
}

TEST_CASE("another covariate, another number of trials or another order of scores is no twin") {
  SubjectInput in = three_alike();
  in.x(14, 1) = 2.5;
  Vector trials = Vector::Ones(15);
  trials[7] = 2.0;
  const SubjectRows rows = cordgain::make_subject_rows(in);
  const BinomialLogit family(events(), trials);
  REQUIRE((cordgain::subject_twins(rows, family).first == std::vector<Index>{0, 1, 2, 3, 4}));
}

TEST_CASE("a family that does not tell its scores has no twins") {
  const SubjectRows rows = cordgain::make_subject_rows(three_alike());
  const BinomialLogit inner(events(), Vector::Ones(15));
  const Mute family(inner);
  REQUIRE(cordgain::subject_twins(rows, family).count == std::vector<Index>(5, 1));
}

TEST_CASE("scores must be as many as rows") {
  const SubjectRows rows = cordgain::make_subject_rows(three_alike());
  const BinomialLogit short_one(events().head(14), Vector::Ones(14));
  REQUIRE_THROWS_AS(cordgain::subject_twins(rows, short_one), cordgain::InvalidInput);
}

TEST_CASE("value, gradient, Hessian and effects are those of every subject integrated for itself") {
  const SubjectRows rows = cordgain::make_subject_rows(three_alike());
  const BinomialLogit family(events(), Vector::Ones(15));
  const Mute mute(family);
  MarginalLikelihood together(rows, family), apart(rows, mute);
  Vector point(3);
  point << -0.3, 0.8, 1.7;
  static_cast<void>(together.choose_nodes(point, 1e-12));
  apart.set_nodes(together.nodes());
  REQUIRE(together.nodes()[4] == together.nodes()[0]);
  const auto a = together.at(point), b = apart.at(point);
  // Sums of the same terms in another order.
  REQUIRE(std::abs(a.value - b.value) < 1e-13);
  REQUIRE((a.gradient - b.gradient).norm() < 1e-13);
  REQUIRE((a.hessian - b.hessian).norm() < 1e-12);
  REQUIRE(std::abs(together.effects(2, point).mean[0] - apart.effects(2, point).mean[0]) < 1e-14);
}
