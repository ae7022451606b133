// Traces of crossed factors. With K = Z'V^-1 Z over all random effects,
//
//   tr(V^-1 V_k) = sum tr(E_k K_jj),  tr(V^-1 V_k V^-1 V_l) = sum tr(E_k K_ij E_l K_ji),
//
// E_k the unit matrix of element k of a covariance. K is never stored: between
// kept columns it is Lambda^-T (I - H^-1) Lambda^-1, between leaves and kept
// columns a sparse product, between leaves a product of low rank.
#pragma once

#include <cordgain/model/crossed_solve.hpp>
#include <vector>

namespace cordgain {
namespace detail {

/// Element (a, b) of one term's covariance: which variance parameter it is.
template <class Body>
void for_elements(const CrossedBlock::Term& term, Body&& body) {
  Index k = term.gamma_at;
  for (Index b = 0; b < term.width; ++b) {
    for (Index a = b; a < term.width; ++a, ++k) body(a, b, k);
  }
}

/// E m, E the unit matrix of element (a, b), for rows that are one level's effects.
template <class To, class From>
void add_element(Index a, Index b, const From& m, To&& out) {
  out.row(a) += m.row(b);
  if (a != b) out.row(b) += m.row(a);
}

/// E_k m for the element (a, b) of inner term t, over all levels in a leaf.
inline Matrix leaf_element(const CrossedBlock::Leaf& leaf, Index t, Index a, Index b, const Matrix& m) {
  Matrix out = Matrix::Zero(m.rows(), m.cols());
  for (const CrossedBlock::LeafLevel& at : leaf.level) {
    if (at.term != t) continue;
    out.row(at.first + a) += m.row(at.first + b);
    if (a != b) out.row(at.first + b) += m.row(at.first + a);
  }
  return out;
}

class CrossedTraces {
 public:
  /// @param second  whether the traces of products are wanted
  CrossedTraces(const CrossedSolution& at, Index n_gamma, bool second)
      : at_(at), block_(at.block), second_(second) {
    first = Vector::Zero(n_gamma);
    products = Matrix::Zero(n_gamma, n_gamma);
    for (const CrossedBlock::Term& term : block_.inner) {
      inner_diagonal.push_back(Matrix::Zero(term.levels, packed_size(term.width)));
      for_elements(term, [&](Index a, Index b, Index k) {
        elements_.push_back({static_cast<Index>(inner_diagonal.size()) - 1, a, b, k});
      });
    }
    weak_columns();
    visit_leaves();
    visit_kept();
    if (second_) between_leaves();
    sum_diagonals();
  }

  Vector first;                        ///< tr(V^-1 V_k); the residual's is left at 0
  Matrix products;                     ///< tr(V^-1 V_k V^-1 V_l), likewise
  std::vector<Matrix> inner_diagonal;  ///< per inner term: levels x packed(K_ll)
  std::vector<Matrix> outer_diagonal;

 private:
  struct Element {
    Index term, a, b, gamma;
  };

  /// K = A J for the columns of terms whose D has no safe inverse, J = I - Lambda H^-1 Lambda'A.
  void weak_columns() {
    const Index n = block_.size();
    for (std::size_t t = 0; t < at_.lambda.size(); ++t) {
      const CrossedBlock::Term& term = block_.outer[t];
      weak_turn_.emplace_back();
      weak_.emplace_back();
      if (at_.lambda[t].strong) continue;
      const Index width = term.width * term.levels;
      Matrix unit = Matrix::Zero(n, width);
      unit.middleRows(term.first, width).setIdentity();
      weak_turn_[t] = unit - at_.from_root(at_.inverse * at_.to_root(seen(unit)));
      weak_[t] = seen(weak_turn_[t]);
    }
  }

  /// A m.
  [[nodiscard]] Matrix seen(const Matrix& m) const {
    Matrix out = at_.outside(m);
    for (std::size_t i = 0; i < at_.white.size(); ++i) {
      const CrossedBlock::Leaf& leaf = block_.leaves[i];
      CrossedSolution::spread(
          leaf, at_.white[i].kept.transpose() * (at_.white[i].kept * at_.touched(leaf, m)), out);
    }
    return out;
  }

  void visit_leaves() {
    const Index n = block_.size();
    kept_sums_.assign(block_.inner.size() * block_.outer.size(), Matrix());
    leaf_kernels_.assign(second_ ? elements_.size() : 0, Matrix::Zero(n, n));
    Matrix turned;
    for (std::size_t i = 0; i < at_.white.size(); ++i) {
      const CrossedBlock::Leaf& leaf = block_.leaves[i];
      const Matrix& scaled = at_.white[i].scaled;
      turned.setZero(n, scaled.rows());
      for (Index c = 0; c < scaled.cols(); ++c) {
        const auto column = at_.inverse.col(leaf.column[static_cast<std::size_t>(c)]);
        for (Index a = 0; a < scaled.rows(); ++a) turned.col(a) += scaled(a, c) * column;
      }
      within_leaf(leaf, at_.white[i], turned);
      if (!second_) continue;
      leaf_and_kept(leaf, at_.white[i], turned);
      for (std::size_t e = 0; e < elements_.size(); ++e) {
        const Element& el = elements_[e];
        const Matrix moved = leaf_element(leaf, el.term, el.a, el.b, scaled);
        for (Index c = 0; c < moved.cols(); ++c) {
          auto to = leaf_kernels_[e].col(leaf.column[static_cast<std::size_t>(c)]);
          for (Index a = 0; a < moved.rows(); ++a) {
            if (moved(a, c) != 0.0) to += moved(a, c) * turned.col(a);
          }
        }
      }
    }
  }

  /// K of the leaf with itself, alone less what the kept columns take.
  void within_leaf(const CrossedBlock::Leaf& leaf, const CrossedSolution::WhiteLeaf& white,
                   const Matrix& turned) {
    const Matrix alone = white.z.transpose() * white.z;
    const Matrix taken = white.scaled * at_.touched(leaf, turned);
    for (const CrossedBlock::LeafLevel& level : leaf.level) {
      Matrix& to = inner_diagonal[static_cast<std::size_t>(level.term)];
      const Index width = block_.inner[static_cast<std::size_t>(level.term)].width;
      to.row(level.level) = packed((alone - taken).block(level.first, level.first, width, width)).transpose();
    }
    if (!second_) return;
    std::vector<Matrix> own, less;
    for (const Element& e : elements_) {
      own.push_back(leaf_element(leaf, e.term, e.a, e.b, alone));
      less.push_back(leaf_element(leaf, e.term, e.a, e.b, taken));
    }
    for (std::size_t k = 0; k < elements_.size(); ++k) {
      for (std::size_t l = 0; l < elements_.size(); ++l) {
        products(elements_[k].gamma, elements_[l].gamma) +=
            own[k].cwiseProduct((own[l] - less[l]).transpose()).sum() -
            less[k].cwiseProduct(own[l].transpose()).sum();
      }
    }
  }

  /// Sums of vec(K_ij) vec(K_ij)' between a leaf's levels and the levels of kept terms.
  void leaf_and_kept(const CrossedBlock::Leaf& leaf, const CrossedSolution::WhiteLeaf& white,
                     const Matrix& turned) {
    const Matrix cross = white.kept.transpose() * white.z;  // U'V0^-1 Z
    for (std::size_t t = 0; t < block_.outer.size(); ++t) {
      const CrossedBlock::Term& term = block_.outer[t];
      const bool strong = at_.lambda[t].strong;
      Matrix rows;  // K between the term's columns and the leaf
      if (!strong) rows = at_.touched(leaf, weak_turn_[t]).transpose() * cross;
      for (const CrossedBlock::LeafLevel& level : leaf.level) {
        const Index width = block_.inner[static_cast<std::size_t>(level.term)].width;
        Matrix& sum = kept_sums_[static_cast<std::size_t>(level.term) * block_.outer.size() + t];
        const Matrix& from = strong ? turned : rows;
        add_blocks(from.block(strong ? term.first : 0, level.first, term.width * term.levels, width),
                   term.width, sum);
      }
    }
  }

  /// Adds vec(B) vec(B)' for the blocks B (width x columns) that stand one below the other.
  template <class Part>
  static void add_blocks(const Part& part, Index width, Matrix& sum) {
    const Index size = width * part.cols();
    if (sum.size() == 0) sum = Matrix::Zero(size, size);
    if (size == 1) {
      sum(0, 0) += part.squaredNorm();
      return;
    }
    for (Index i = 0; i < part.rows(); i += width) {
      const Matrix block = part.middleRows(i, width);
      const Eigen::Map<const Vector> v(block.data(), size);
      sum += v * v.transpose();
    }
  }

  /// The sums for blocks left B right, from those for blocks B.
  static Matrix transformed(const Matrix& sum, const Matrix& left, const Matrix& right) {
    const Index a = left.cols(), b = right.rows();
    Matrix map(left.rows() * right.cols(), a * b);
    for (Index j = 0; j < b; ++j) {
      for (Index i = 0; i < a; ++i) {
        const Matrix moved = left.col(i) * right.row(j);
        map.col(j * a + i) = Eigen::Map<const Vector>(moved.data(), moved.size());
      }
    }
    return map * sum * map.transpose();
  }

  /// From sums of vec(K) vec(K)' to tr(E_k K E_l K'), K between terms `rows` and `columns`.
  void add_products(const CrossedBlock::Term& rows, const CrossedBlock::Term& columns, const Matrix& sum,
                    bool both) {
    const auto at = [&](Index i, Index j, Index k, Index l) {
      return sum(j * rows.width + i, l * rows.width + k);
    };
    for_elements(rows, [&](Index a, Index b, Index k) {
      for_elements(columns, [&](Index c, Index d, Index l) {
        double value = at(b, c, a, d);
        if (a != b) value += at(a, c, b, d);
        if (c != d) value += at(b, d, a, c);
        if (a != b && c != d) value += at(a, d, b, c);
        products(k, l) += value;
        if (both) products(l, k) += value;
      });
    });
  }

  void visit_kept() {
    for (std::size_t t = 0; t < block_.outer.size(); ++t) {
      const CrossedBlock::Term& rows = block_.outer[t];
      kept_diagonal(t);
      for (std::size_t c = 0; second_ && c <= t; ++c) {
        const CrossedBlock::Term& columns = block_.outer[c];
        add_products(rows, columns, kept_pair(t, c), t != c);
      }
      for (std::size_t l = 0; second_ && l < block_.inner.size(); ++l) {
        const Matrix& sum = kept_sums_[l * block_.outer.size() + t];
        const Index width = block_.inner[l].width;
        if (sum.size() == 0) continue;
        const Matrix map = at_.lambda[t].strong ? Matrix(at_.lambda[t].inverse.transpose())
                                                : Matrix(Matrix::Identity(rows.width, rows.width));
        add_products(rows, block_.inner[l], transformed(sum, map, Matrix::Identity(width, width)), true);
      }
    }
  }

  /// Sums of vec(K_ij) vec(K_ij)' over the levels i, j of two kept terms.
  [[nodiscard]] Matrix kept_pair(std::size_t t, std::size_t c) const {
    const CrossedBlock::Term &rows = block_.outer[t], &columns = block_.outer[c];
    const bool strong = at_.lambda[t].strong && at_.lambda[c].strong;
    Matrix sum;
    for (Index j = 0; j < columns.levels; ++j) {
      const Index first = columns.first + j * columns.width, height = rows.width * rows.levels;
      if (!at_.lambda[c].strong) {
        add_blocks(weak_[c].block(rows.first, j * columns.width, height, columns.width), rows.width, sum);
      } else if (!at_.lambda[t].strong) {
        add_blocks(weak_[t].middleRows(first, columns.width).transpose(), rows.width, sum);
      } else {
        Matrix part = -at_.inverse.block(rows.first, first, height, columns.width);
        if (t == c) part.middleRows(j * columns.width, columns.width).diagonal().array() += 1.0;
        add_blocks(part, rows.width, sum);
      }
    }
    if (!strong) return sum;
    return transformed(sum, at_.lambda[t].inverse.transpose(), at_.lambda[c].inverse);
  }

  void kept_diagonal(std::size_t t) {
    const CrossedBlock::Term& term = block_.outer[t];
    const SquareRoot& l = at_.lambda[t];
    outer_diagonal.emplace_back(term.levels, packed_size(term.width));
    for (Index j = 0; j < term.levels; ++j) {
      const Index at = j * term.width, w = term.width;
      Matrix k;
      if (l.strong) {
        k = Matrix::Identity(w, w) - at_.inverse.block(term.first + at, term.first + at, w, w);
        k = l.inverse.transpose() * k * l.inverse;
      } else {
        k = weak_[t].block(term.first + at, at, w, w);
      }
      outer_diagonal.back().row(j) = packed(k).transpose();
    }
  }

  void between_leaves() {
    for (std::size_t k = 0; k < elements_.size(); ++k) {
      for (std::size_t l = 0; l <= k; ++l) {
        const double value = leaf_kernels_[k].cwiseProduct(leaf_kernels_[l].transpose()).sum();
        products(elements_[k].gamma, elements_[l].gamma) += value;
        if (k != l) products(elements_[l].gamma, elements_[k].gamma) += value;
      }
    }
  }

  void sum_diagonals() {
    const auto add = [&](const CrossedBlock::Term& term, const Matrix& diagonal) {
      for_elements(term, [&](Index a, Index b, Index k) {
        first[k] = (a == b ? 1.0 : 2.0) * diagonal.col(k - term.gamma_at).sum();
      });
    };
    for (std::size_t t = 0; t < block_.inner.size(); ++t) add(block_.inner[t], inner_diagonal[t]);
    for (std::size_t t = 0; t < block_.outer.size(); ++t) add(block_.outer[t], outer_diagonal[t]);
  }

  const CrossedSolution& at_;
  const CrossedBlock& block_;
  bool second_;
  std::vector<Element> elements_;         ///< of the inner terms
  std::vector<Matrix> weak_turn_, weak_;  ///< per outer term: J and A J, its columns; or empty
  std::vector<Matrix> kept_sums_;         ///< per inner and outer term
  std::vector<Matrix> leaf_kernels_;      ///< H^-1 sum (Z'U)'E_k (Z'U), in scaled coordinates
};

}  // namespace detail
}  // namespace cordgain
