// New scores of a Gaussian model, drawn as the second moments that its
// likelihood needs: no row is simulated. Exact in distribution for any design.
//
// For the m blocks of one kind let Y (r x m) hold the scores, a column each
// N(0, V), and W (r p x m) the rows of X. A likelihood needs Y W' and Y Y'. With
// W = L Q', Q (m x s) of orthonormal columns,
//
//   Y W' = (Y Q) L',   Y Y' = (Y Q)(Y Q)' + Wishart(V, m - s),
//
// Y Q has s columns N(0, V), and the two parts are independent. Outside the
// random effects the same holds with r = 1 and V the residual variance.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cordgain/base/rng.hpp>
#include <cordgain/model/design.hpp>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cordgain {

/// L of each kind, in the order of Blocks::kinds.
struct KindLoadings {
  Matrix loading;    ///< (r p) x s; element (a + r j) belongs to row a and column j of X
  double left = 0;   ///< m - s
  Index blocks = 0;  ///< m
};

namespace detail {

/// Rows of R of W' = QR that are only rounding say nothing and are left out.
constexpr double kEmptyRow = 1e-14;

/// Gathers W' of one kind, a row per block: as it is while there are no more
/// blocks than columns, else its triangular factor.
class LoadingBuilder {
 public:
  template <class X>
  void add(const X& x) {
    const Index width = x.size();
    if (stack_.rows() == 0) stack_.resize(2 * width + 64, width);
    if (used_ == stack_.rows() && width > 0) reduce();
    for (Index j = 0, at = 0; j < x.cols(); ++j) {
      for (Index a = 0; a < x.rows(); ++a) stack_(used_, at++) = x(a, j);
    }
    used_ += width > 0 ? 1 : 0;
    ++blocks_;
  }

  [[nodiscard]] KindLoadings finish() {
    KindLoadings out;
    out.blocks = blocks_;
    out.left = static_cast<double>(blocks_);
    if (stack_.cols() == 0) return out;
    if (blocks_ > stack_.cols()) reduce();
    std::vector<Index> kept;
    const double scale = stack_.topRows(used_).cwiseAbs().maxCoeff();
    for (Index i = 0; i < used_; ++i) {
      const bool says = stack_.row(i).cwiseAbs().maxCoeff() > kEmptyRow * scale;
      if (blocks_ <= stack_.cols() || says) kept.push_back(i);
    }
    out.loading.resize(stack_.cols(), static_cast<Index>(kept.size()));
    for (std::size_t i = 0; i < kept.size(); ++i)
      out.loading.col(static_cast<Index>(i)) = stack_.row(kept[i]).transpose();
    out.left = static_cast<double>(blocks_ - out.loading.cols());
    return out;
  }

 private:
  void reduce() {
    const Eigen::HouseholderQR<Matrix> qr(stack_.topRows(used_));
    const Index width = stack_.cols();
    stack_.topRows(width) = Matrix(qr.matrixQR().topRows(width).triangularView<Eigen::Upper>());
    used_ = width;
  }

  Matrix stack_;
  Index used_ = 0, blocks_ = 0;
};

/// Which kind a block belongs to, by the rule of BlockPool.
inline std::vector<std::int64_t> kind_key(const BlockReader& reader, const ResidualPattern& residual) {
  std::vector<std::int64_t> key;
  const auto z = reader.z();
  for (const BlockLevel& level : reader.levels()) key.push_back(level.term);
  key.push_back(z.rows());
  for (Index j = 0; j < z.cols(); ++j) {
    for (Index i = 0; i < z.rows(); ++i)
      key.push_back(static_cast<std::int64_t>(std::llround(z(i, j) / kPoolGrid)));
  }
  if (!residual.present()) return key;
  const std::vector<Index>& rows = reader.rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool same = i > 0 && residual.subject[rows[i]] == residual.subject[rows[i - 1]];
    key.push_back((same ? 0 : 1) +
                  2 * (residual.visit[rows[i]] + residual.n_visits * Index(residual.group[rows[i]])));
  }
  return key;
}

}  // namespace detail

/// The loadings of every kind, from one pass over the rows.
/// @param in       rows
/// @param reduced  reduce_rows(in)
/// @throws         NumericalError if the kinds are not those of `reduced`
[[nodiscard]] inline std::vector<KindLoadings> kind_loadings(const DesignInput& in, const Reduced& reduced) {
  std::unordered_map<std::vector<std::int64_t>, std::size_t, detail::KeyHash> index;
  std::vector<detail::LoadingBuilder> builders;
  for_each_block(in, reduced.frame, [&](const BlockReader& reader) {
    if (reader.rank() == 0) return;
    const auto found = index.emplace(detail::kind_key(reader, in.residual), builders.size());
    if (found.second) builders.emplace_back();
    builders[found.first->second].add(reader.inside().leftCols(reduced.blocks.p));
  });
  std::vector<KindLoadings> out;
  for (detail::LoadingBuilder& builder : builders) out.push_back(builder.finish());
  bool same = out.size() == reduced.blocks.kinds.size();
  for (std::size_t k = 0; k < out.size() && same; ++k) {
    same = out[k].blocks == reduced.blocks.kinds[k].count;
  }
  if (!same) throw NumericalError("The blocks of the design were not pooled the same way twice");
  return out;
}

/// Draws new scores for the blocks of a design: mean zero, covariance V(gamma).
/// (The fixed effects only shift every estimate of themselves.)
class ResponseSampler {
 public:
  /// @param gamma  variance parameters, blocks' coordinates
  /// @throws       NumericalError if V is not positive semi-definite
  ResponseSampler(Blocks blocks, std::vector<KindLoadings> loadings, const VectorIn& gamma)
      : blocks_(std::move(blocks)), loadings_(std::move(loadings)) {
    factor_within();
    set_gamma(gamma);
  }

  /// The same design with other variances.
  void set_gamma(const VectorIn& gamma) {
    roots_.clear();
    for (const BlockKind& kind : blocks_.kinds) roots_.push_back(root_of(kind, gamma));
    residual_sd_ = blocks_.residual >= 0 ? std::sqrt(gamma[blocks_.residual]) : 0.0;
  }

  /// Puts new scores into blocks(); the rest stays.
  void draw(RandomStream& random) {
    for (std::size_t k = 0; k < blocks_.kinds.size(); ++k) draw_kind(k, random);
    if (blocks_.residual >= 0) draw_within(random);
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }

 private:
  /// A square root of V = sum gamma basis; V may be singular.
  static Matrix root_of(const BlockKind& kind, const VectorIn& gamma) {
    Matrix v = Matrix::Zero(kind.rank, kind.rank);
    for (std::size_t k = 0; k < kind.basis.size(); ++k) v += gamma[kind.parameter[k]] * kind.basis[k];
    const Eigen::LLT<Matrix> llt(v);
    if (llt.info() == Eigen::Success) return llt.matrixL();
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(v);
    const double floor = -1e-10 * eigen.eigenvalues().cwiseAbs().maxCoeff();
    if (!(eigen.eigenvalues()[0] >= floor)) {
      throw NumericalError("Scores cannot be drawn: their covariance matrix is not positive semi-definite");
    }
    return eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal();
  }

  void factor_within() {
    const Index p = blocks_.p;
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(unpacked(blocks_.within, p + 1).topLeftCorner(p, p));
    constexpr double kNothing = 1e-13;  // of the 1 that all rows together have: X is orthonormal
    Index rank = p > 0 ? (eigen.eigenvalues().array() > kNothing).count() : 0;
    rank = std::min(rank, static_cast<Index>(blocks_.within_df));
    within_ = eigen.eigenvectors().rightCols(rank) * eigen.eigenvalues().tail(rank).cwiseSqrt().asDiagonal();
  }

  void draw_kind(std::size_t k, RandomStream& random) {
    const KindLoadings& loadings = loadings_[k];
    BlockKind& kind = blocks_.kinds[k];
    scores_.resize(roots_[k].cols(), kind.pooled() ? loadings.loading.cols() : kind.count);
    random.fill_normal(scores_);
    scores_ = roots_[k] * scores_;
    if (!kind.pooled()) {
      const Index w = blocks_.p + 1;
      for (Index i = 0; i < kind.count; ++i) kind.rows.col(i * w + w - 1) = scores_.col(i);
      return;
    }
    squares_.noalias() = scores_ * scores_.transpose();
    if (loadings.left > 0) add_wishart(roots_[k], loadings.left, random);
    products_.noalias() = scores_ * loadings.loading.transpose();
    write_moments(kind);
  }

  /// Adds root A A' root' with A A' ~ Wishart(I, df) by Bartlett's triangle.
  /// Source: Smith & Hocking (1972), Applied Statistics 21:341, algorithm AS 53.
  void add_wishart(const Matrix& root, double df, RandomStream& random) {
    const Index r = root.cols();
    const Index columns = std::min(r, static_cast<Index>(df));
    triangle_.setZero(r, columns);
    for (Index j = 0; j < columns; ++j) {
      triangle_(j, j) = std::sqrt(random.chi_squared(df - static_cast<double>(j)));
      for (Index i = j + 1; i < r; ++i) triangle_(i, j) = random.normal();
    }
    triangle_ = root * triangle_;
    squares_.noalias() += triangle_ * triangle_.transpose();
  }

  void write_moments(BlockKind& kind) const {
    const Index r = kind.rank, p = blocks_.p;
    for (Index b = 0, at = 0; b < r; ++b) {
      for (Index a = b; a < r; ++a, ++at) {
        for (Index j = 0; j < p; ++j) {
          const double value = products_(a, b + r * j);
          kind.moments(packed_index(p, j, p + 1), at) = a == b ? value : value + products_(b, a + r * j);
        }
        kind.moments(kind.moments.rows() - 1, at) = (a == b ? 1.0 : 2.0) * squares_(a, b);
      }
    }
  }

  void draw_within(RandomStream& random) {
    const Index p = blocks_.p, rank = within_.cols();
    Vector normal(rank);
    random.fill_normal(normal);
    normal *= residual_sd_;
    const Vector cross = within_ * normal;
    for (Index j = 0; j < p; ++j) blocks_.within[packed_index(p, j, p + 1)] = cross[j];
    double total = normal.squaredNorm();
    const double left = blocks_.within_df - static_cast<double>(rank);
    if (left > 0.0) total += residual_sd_ * residual_sd_ * random.chi_squared(left);
    blocks_.within[blocks_.within.size() - 1] = total;
  }

  Blocks blocks_;
  std::vector<KindLoadings> loadings_;
  std::vector<Matrix> roots_;
  Matrix within_;
  double residual_sd_ = 0.0;
  Matrix scores_, squares_, products_, triangle_;
};

}  // namespace cordgain
