#include <testthat/vendor/catch.h>
#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cordgain/base/rng.hpp>
#include <functional>
#include <vector>

using namespace cordgain;

// Statistical tests: seeds are fixed, so they cannot flicker; the limits are
// such that a right generator would fail each for less than 1 seed in 10^7.
namespace {

constexpr double kFiveAndAHalfSd = 5.5;  // two-sided 4e-8

std::vector<double> draw(std::size_t n, std::uint64_t seed, const std::function<double(RandomStream&)>& one) {
  RandomStream stream(seed, 0);
  std::vector<double> out(n);
  for (double& x : out) x = one(stream);
  return out;
}

double mean_of(const std::vector<double>& x, const std::function<double(double)>& f) {
  double sum = 0.0;
  for (const double v : x) sum += f(v);
  return sum / static_cast<double>(x.size());
}

/// Kolmogorov's distance times sqrt(n); above 2.95 with probability 2 exp(-2 2.95^2) = 6e-8.
double kolmogorov(std::vector<double> u) {
  std::sort(u.begin(), u.end());
  const double n = static_cast<double>(u.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double k = static_cast<double>(i);
    worst = std::max({worst, u[i] - k / n, (k + 1.0) / n - u[i]});
  }
  return worst * std::sqrt(n);
}

void check_moment(const std::vector<double>& x, int power, double mean, double variance) {
  const double seen = mean_of(x, [power](double v) { return std::pow(v, power); });
  const double error = std::sqrt(variance / static_cast<double>(x.size()));
  REQUIRE(std::abs(seen - mean) < kFiveAndAHalfSd * error);
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the published answers") {
  // kat_vectors of Random123, the reference code of Salmon et al. (2011)
  constexpr std::uint32_t kOnes = 0xffffffffU;
  const PhiloxCounter zero{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U};
  const PhiloxCounter ones{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU};
  const PhiloxCounter digits{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U};
  REQUIRE((philox({0, 0, 0, 0}, {0, 0}) == zero));
  REQUIRE((philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) == ones));
  REQUIRE(
      (philox({0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U}, {0xa4093822U, 0x299f31d0U}) == digits));
}

TEST_CASE("a stream reads the cipher: seed is the key, stream and block the counter") {
  const std::uint64_t seed = 0x299f31d0a4093822ULL, stream = 0x0370734413198a2eULL;
  RandomStream random(seed, stream, 2ULL * 0x85a308d3243f6a88ULL);  // 2 words of 64 bits a block
  RandomStream first(seed, stream);
  const PhiloxCounter block = philox({0, 0, 0x13198a2eU, 0x03707344U}, {0xa4093822U, 0x299f31d0U});
  REQUIRE(first.bits() == (std::uint64_t(block[1]) << 32 | block[0]));
  REQUIRE(first.bits() == (std::uint64_t(block[3]) << 32 | block[2]));
  REQUIRE(random.position() == 2ULL * 0x85a308d3243f6a88ULL);
}

TEST_CASE("a stream can be saved by its position and resumed") {
  RandomStream stream(42, 7);
  for (int i = 0; i < 101; ++i) stream.normal();
  stream.gamma(2.5);
  RandomStream resumed(42, 7, stream.position());
  for (int i = 0; i < 10; ++i) REQUIRE(stream.bits() == resumed.bits());
}

TEST_CASE("streams and seeds do not share words") {
  std::vector<std::uint64_t> words;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t index = 0; index < 50; ++index) {
      RandomStream stream(seed, index);
      for (int i = 0; i < 100; ++i) words.push_back(stream.bits());
    }
  }
  std::sort(words.begin(), words.end());  // two of 10^5 words equal by chance: 3e-10
  REQUIRE(std::adjacent_find(words.begin(), words.end()) == words.end());
}

TEST_CASE("neighbouring streams are uncorrelated, at every lag up to 4") {
  const int n = 20000;
  for (int lag = 0; lag <= 4; ++lag) {
    double sum = 0.0;
    RandomStream a(5, 0), b(5, 1);
    for (int i = 0; i < lag; ++i) b.bits();
    for (int i = 0; i < n; ++i) sum += a.normal() * b.normal();
    REQUIRE(std::abs(sum) < kFiveAndAHalfSd * std::sqrt(static_cast<double>(n)));
  }
}

TEST_CASE("the first numbers of consecutive streams are a sample too") {
  std::vector<double> u;
  for (std::uint64_t i = 0; i < 50000; ++i) u.push_back(RandomStream(9, i).uniform());
  REQUIRE(kolmogorov(u) < 2.95);
}

TEST_CASE("uniform numbers are uniform, inside (0, 1), with the right moments") {
  const auto u = draw(200000, 1, [](RandomStream& s) { return s.uniform(); });
  REQUIRE(*std::min_element(u.begin(), u.end()) > 0.0);
  REQUIRE(*std::max_element(u.begin(), u.end()) < 1.0);
  REQUIRE(kolmogorov(u) < 2.95);
  for (int k = 1; k <= 4; ++k) {
    const double m = 1.0 / (k + 1.0);
    check_moment(u, k, m, 1.0 / (2.0 * k + 1.0) - m * m);
  }
}

TEST_CASE("each of the 64 bits is fair") {
  const int n = 40000;
  std::vector<int> ones(64, 0);
  RandomStream stream(3, 3);
  for (int i = 0; i < n; ++i) {
    const std::uint64_t word = stream.bits();
    for (std::size_t b = 0; b < 64; ++b) ones[b] += static_cast<int>((word >> b) & 1U);
  }
  const double limit = 6.2 * 0.5 * std::sqrt(static_cast<double>(n));  // 64 x 6e-10
  for (const int count : ones) REQUIRE(std::abs(count - n / 2.0) < limit);
}

TEST_CASE("normal numbers are normal, with the right moments") {
  auto x = draw(200000, 2, [](RandomStream& s) { return s.normal(); });
  const double moments[] = {0, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395};
  for (int k = 1; k <= 6; ++k) check_moment(x, k, moments[k], moments[2 * k] - moments[k] * moments[k]);
  for (double& v : x) v = boost::math::cdf(boost::math::normal(), v);
  REQUIRE(kolmogorov(x) < 2.95);
}

TEST_CASE("chi-squared numbers follow their law at small, whole and large degrees of freedom") {
  for (const double df : {0.3, 1.0, 2.0, 3.0, 13.0, 14000.0}) {
    auto x = draw(100000, 4, [df](RandomStream& s) { return s.chi_squared(df); });
    check_moment(x, 1, df, 2.0 * df);
    const boost::math::chi_squared law(df);
    for (double& v : x) v = boost::math::cdf(law, v);
    REQUIRE(kolmogorov(x) < 2.95);
  }
}

TEST_CASE("a shape that is no positive number is refused") {
  RandomStream stream(1, 1);
  REQUIRE_THROWS_AS(stream.gamma(0.0), InvalidInput);
  REQUIRE_THROWS_AS(stream.chi_squared(-1.0), InvalidInput);
  REQUIRE_THROWS_AS(stream.gamma(std::nan("")), InvalidInput);
}

TEST_CASE("a matrix is filled column by column") {
  RandomStream stream(6, 0), same(6, 0);
  Matrix m(2, 2);
  stream.fill_normal(m);
  const double first = same.normal(), second = same.normal(), third = same.normal();
  REQUIRE(m(0, 0) == first);
  REQUIRE(m(1, 0) == second);
  REQUIRE(m(0, 1) == third);
}
