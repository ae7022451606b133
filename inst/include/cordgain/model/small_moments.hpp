// The moments of a pooled kind of small rank (a subject with intercept and slope,
// five visits), on arrays of fixed size. The same sums as in moments.hpp; here
// nothing is allocated, for the arithmetic of one such kind takes less time than
// the allocation of its matrices.
#pragma once

#include <cmath>
#include <cordgain/model/blocks.hpp>
#include <cordgain/model/moment_sums.hpp>
#include <vector>

namespace cordgain {
namespace detail {

constexpr int kSmallRank = 8;

[[nodiscard]] inline bool is_small(const BlockKind& kind) {
  return kind.pooled() && kind.rank <= kSmallRank;
}

/// Room that is used again by each kind.
struct SmallWork {
  std::vector<double> basis;    ///< whitened dV/dgamma, r x r each
  std::vector<double> along;    ///< the same along the directions
  std::vector<char> moves;      ///< whether V changes along a direction
  std::vector<double> moments;  ///< moments of whitened rows, packed(p + 1) x packed(r)
};

/// R: the rank where the compiler is to know it, else 0.
template <int R>
class SmallKind {
 public:
  SmallKind(const BlockKind& kind, SmallWork& work)
      : kind_(kind), work_(work), rank_(static_cast<int>(kind.rank)) {}

  /// V = s2 I + sum of Z Lambda (Z Lambda)': plane rotations take one column of Z Lambda
  /// after the other into the factor, so V itself is never formed.
  void factor_by_roots(const std::vector<Matrix>& roots, double s2) {
    const int r = rank();
    for (int i = 0; i < r; ++i) {
      for (int j = 0; j < r; ++j) lower_[i][j] = i == j ? std::sqrt(s2) : 0.0;
    }
    for (const BlockKind::Columns& c : kind_.columns) {
      const Matrix& root = roots[static_cast<std::size_t>(c.term)];
      for (Index b = 0; b < root.cols(); ++b) {
        double column[kSmallRank];
        for (int i = 0; i < r; ++i) {
          column[i] = 0.0;
          for (Index j = 0; j < c.width; ++j) column[i] += kind_.z(i, c.first + j) * root(j, b);
        }
        rotate_in(column);
      }
    }
  }

  /// V from the variance parameters; false where it is not positive definite.
  bool factor(const VectorIn& gamma) {
    const int r = rank();
    for (int j = 0; j < r; ++j) {
      for (int i = j; i < r; ++i) {
        double v = 0.0;
        for (std::size_t k = 0; k < kind_.basis.size(); ++k)
          v += gamma[kind_.parameter[k]] * kind_.basis[k](i, j);
        for (int m = 0; m < j; ++m) v -= lower_[i][m] * lower_[j][m];
        if (i == j && !(v > 0.0)) return false;
        lower_[i][j] = i == j ? std::sqrt(v) : v / lower_[j][j];
      }
    }
    return true;
  }

  void add_to(const MatrixIn& directions, Moments& out) {
    invert();
    const double count = static_cast<double>(kind_.count);
    for (int i = 0; i < rank(); ++i) out.log_det += 2.0 * count * std::log(lower_[i][i]);
    whiten_basis();
    whiten_moments();
    add_first(count, out);
    if (directions.cols() == 0) return;
    move_along(directions);
    add_second(directions.cols(), count, out);
  }

 private:
  [[nodiscard]] int rank() const noexcept { return R > 0 ? R : rank_; }
  [[nodiscard]] int square() const noexcept { return rank() * rank(); }

  void rotate_in(double* column) {
    const int r = rank();
    for (int k = 0; k < r; ++k) {
      const double length = std::sqrt(lower_[k][k] * lower_[k][k] + column[k] * column[k]);
      const double cosine = lower_[k][k] / length, sine = column[k] / length;
      lower_[k][k] = length;
      for (int i = k + 1; i < r; ++i) {
        const double kept = lower_[i][k];
        lower_[i][k] = cosine * kept + sine * column[i];
        column[i] = cosine * column[i] - sine * kept;
      }
    }
  }

  void invert() {
    const int r = rank();
    for (int j = 0; j < r; ++j) {
      for (int i = 0; i < j; ++i) inverse_[i][j] = 0.0;
      inverse_[j][j] = 1.0 / lower_[j][j];
      for (int i = j + 1; i < r; ++i) {
        double sum = 0.0;
        for (int k = j; k < i; ++k) sum += lower_[i][k] * inverse_[k][j];
        inverse_[i][j] = -sum / lower_[i][i];
      }
    }
  }

  /// N_k = L^-1 V_k L^-T.
  void whiten_basis() {
    const int r = rank();
    work_.basis.resize(kind_.basis.size() * static_cast<std::size_t>(square()));
    double* out = work_.basis.data();
    for (const Matrix& v : kind_.basis) {
      double half[kSmallRank][kSmallRank];
      for (int i = 0; i < r; ++i) {
        for (int j = 0; j < r; ++j) {
          half[i][j] = 0.0;
          for (int k = 0; k <= i; ++k) half[i][j] += inverse_[i][k] * v(k, j);
        }
      }
      for (int i = 0; i < r; ++i) {
        for (int j = 0; j <= i; ++j) {
          double sum = 0.0;
          for (int k = 0; k <= j; ++k) sum += half[i][k] * inverse_[j][k];
          out[i * r + j] = out[j * r + i] = sum;
        }
      }
      out += square();
    }
  }

  /// sum over rows of products of whitened rows: a packed kernel S then stands for L^-T S L^-1.
  void whiten_moments() {
    const int r = rank();
    const Index width = kind_.moments.rows();
    work_.moments.assign(static_cast<std::size_t>(width * packed_size(r)), 0.0);
    double* to = work_.moments.data();
    for (int b = 0; b < r; ++b) {
      for (int a = b; a < r; ++a, to += width) {
        Eigen::Map<Vector> sum(to, width);
        Index from = 0;
        for (int j = 0; j < r; ++j) {
          for (int i = j; i < r; ++i, ++from) {
            const double direct = inverse_[a][i] * inverse_[b][j];
            const double weight = a == b ? direct : direct + inverse_[b][i] * inverse_[a][j];
            if (weight != 0.0) sum += weight * kind_.moments.col(from);
          }
        }
      }
    }
  }

  void add_first(double count, Moments& out) const {
    const int r = rank();
    double kernel[kSmallRank * (kSmallRank + 1) / 2];
    for (int j = 0, at = 0; j < r; ++j) {
      for (int i = j; i < r; ++i) kernel[at++] = i == j ? 1.0 : 0.0;
    }
    add_form(kernel, 1.0, out.cross);
    const double* n = work_.basis.data();
    for (std::size_t k = 0; k < kind_.basis.size(); ++k, n += square()) {
      for (int i = 0; i < r; ++i) out.trace[kind_.parameter[k]] += count * n[i * r + i];
      for (int j = 0, at = 0; j < r; ++j) {
        for (int i = j; i < r; ++i) kernel[at++] = n[i * r + j];
      }
      add_form(kernel, -1.0, out.slope.col(kind_.parameter[k]));
    }
  }

  void move_along(const MatrixIn& directions) {
    const std::size_t size = static_cast<std::size_t>(square());
    const std::size_t a = static_cast<std::size_t>(directions.cols());
    work_.along.assign(a * size, 0.0);
    work_.moves.assign(a, 0);
    for (std::size_t d = 0; d < a; ++d) {
      for (std::size_t k = 0; k < kind_.basis.size(); ++k) {
        const double weight = directions(kind_.parameter[k], static_cast<Index>(d));
        if (weight == 0.0) continue;
        work_.moves[d] = 1;
        for (std::size_t i = 0; i < size; ++i)
          work_.along[d * size + i] += weight * work_.basis[k * size + i];
      }
    }
  }

  void add_second(Index n, double count, Moments& out) const {
    Index at = 0;
    for (Index b = 0; b < n; ++b) {
      for (Index a = b; a < n; ++a, ++at) {
        if (work_.moves[static_cast<std::size_t>(a)] == 0 || work_.moves[static_cast<std::size_t>(b)] == 0)
          continue;
        double kernel[kSmallRank * (kSmallRank + 1) / 2];
        const double trace = count * product(a, b, kernel);
        out.trace2(a, b) += trace;
        if (a != b) out.trace2(b, a) += trace;
        add_form(kernel, 1.0, out.curve.col(at));
      }
    }
  }

  /// The symmetric part of N_a N_b, packed, and its trace.
  double product(Index a, Index b, double* kernel) const {
    const int r = rank();
    const double *x = work_.along.data() + a * square(), *y = work_.along.data() + b * square();
    double trace = 0.0;
    for (int j = 0, at = 0; j < r; ++j) {
      for (int i = j; i < r; ++i) {
        double sum = 0.0;
        for (int k = 0; k < r; ++k) sum += x[i * r + k] * y[k * r + j] + x[j * r + k] * y[k * r + i];
        kernel[at++] = 0.5 * sum;
        if (i == j) trace += 0.5 * sum;
      }
    }
    return trace;
  }

  void add_form(const double* kernel, double sign, Eigen::Ref<Vector> out) const {
    const Index width = out.size();
    const double* from = work_.moments.data();
    for (Index k = 0; k < packed_size(rank()); ++k, from += width) {
      if (kernel[k] != 0.0) out += (sign * kernel[k]) * Eigen::Map<const Vector>(from, width);
    }
  }

  const BlockKind& kind_;
  SmallWork& work_;
  int rank_;
  double lower_[kSmallRank][kSmallRank];
  double inverse_[kSmallRank][kSmallRank];
};

template <int R>
bool add_small_as(const BlockKind& kind, const VectorIn& gamma, const MatrixIn& directions,
                  const std::vector<Matrix>& roots, double s2, SmallWork& work, Moments& out) {
  SmallKind<R> small(kind, work);
  if (!roots.empty()) {
    small.factor_by_roots(roots, s2);
  } else if (!small.factor(gamma)) {
    return false;
  }
  small.add_to(directions, out);
  return true;
}

/// Adds the moments of a kind for which is_small(); false where V is not positive definite.
inline bool add_small(const BlockKind& kind, const VectorIn& gamma, const MatrixIn& directions,
                      const std::vector<Matrix>& roots, double s2, SmallWork& work, Moments& out) {
  switch (kind.rank) {
    case 1:
      return add_small_as<1>(kind, gamma, directions, roots, s2, work, out);
    case 2:
      return add_small_as<2>(kind, gamma, directions, roots, s2, work, out);
    default:
      return add_small_as<0>(kind, gamma, directions, roots, s2, work, out);
  }
}

}  // namespace detail
}  // namespace cordgain
