// The core of a mixed model alone: one whole REML fit of four subjects at five visits from cross-products, the
// estimate inside the cone and at its bound. Prints microseconds of each, then the machine's own limits: GB/s of
// reading memory, and 1e9 multiplications with addition a second.
#include <cordgain/fit/gaussian.hpp>
#include <cordgain/model/design.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

using namespace cordgain;

namespace {

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class Task>
double median_seconds(int repeats, Task&& task) {
  std::vector<double> times;
  for (int run = 0; run < 9; ++run) {
    const double start = processor_seconds();
    for (int i = 0; i < repeats; ++i) task();
    times.push_back((processor_seconds() - start) / repeats);
  }
  std::nth_element(times.begin(), times.begin() + 4, times.end());
  return times[4];
}

double fit_microseconds(const double (&score)[20]) {
  const double week[5] = {0, 4, 8, 26, 52};
  Matrix x(20, 2);
  Vector y(20), weight(0);
  Eigen::VectorXi level(20);
  for (int i = 0; i < 20; ++i) {
    x.row(i) << 1.0, week[i % 5];
    y[i] = score[i];
    level[i] = i / 5;
  }
  const Eigen::Map<const Matrix> columns(x.data(), 20, 2);
  DesignInput in{columns, Eigen::Map<const Vector>(y.data(), 20), Eigen::Map<const Vector>(weight.data(), 0), {}, {}};
  in.random.push_back({columns, Eigen::Map<const Eigen::VectorXi>(level.data(), 20), 4});
  const Reduced reduced = reduce_rows(in);
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  double sum = 0.0;
  const double time = median_seconds(
      2000, [&] { sum += fit_gaussian(reduced.blocks, covariance, LikelihoodKind{true, true}).deviance; });
  return std::isfinite(sum) ? 1e6 * time : 0.0;
}

double gigabytes_a_second() {
  const std::vector<double> data(1 << 25, 1.0);
  double sum = 0.0;
  const double time = median_seconds(1, [&] { sum += Eigen::Map<const Vector>(data.data(), 1 << 25).sum(); });
  return sum > 0.0 ? 8e-9 * static_cast<double>(data.size()) / time : 0.0;
}

double giga_operations_a_second() {
  Vector a = Vector::LinSpaced(1024, 0.0, 1.0), b = a;
  const double time = median_seconds(20000, [&] { b += 1e-9 * a; });
  return b.allFinite() ? 1024e-9 / time : 0.0;
}

}  // namespace

int main() {
  const double inside[20] = {10.4, 13.2, 9.8, 20.8, 29.5, 4.4, 4.9, 8.5, 11.8, 15.1,
                             14.3, 13.7, 19.6, 23.8, 36.2, 6.9, 8.1, 7.9, 14.1, 27.4};
  const double bound[20] = {2, 4, 5, 9, 12, 0, 1, 1, 3, 4, 5, 9, 12, 17, 22, 1, 1, 4, 6, 9};
  std::printf("%.4g %.4g %.4g %.4g\n", fit_microseconds(inside), fit_microseconds(bound), gigabytes_a_second(),
              giga_operations_a_second());
}
