// Columns of a design matrix as products of the data's own variables, so that
// the matrix itself is made for some rows at a time and never as a whole.
#pragma once

#include <cordgain/base/types.hpp>
#include <vector>

namespace cordgain {

/// One factor of a product: a number per row, or a number per level of a coded variable.
struct ColumnPart {
  const double* value = nullptr;  ///< per row; with `code`, per level
  const int* code = nullptr;      ///< per row, from 1; without `value` the number itself

  [[nodiscard]] double operator()(Index row) const {
    if (code == nullptr) return value[row];
    return value == nullptr ? static_cast<double>(code[row]) : value[code[row] - 1];
  }
  bool operator==(const ColumnPart& other) const noexcept {
    return value == other.value && code == other.code;
  }
};

/// A design matrix that is read, not stored. A column without parts is all ones.
class Columns {
 public:
  explicit Columns(Index rows = 0) : rows_(rows) {}
  /// The columns of a matrix, which must outlive this.
  Columns(const Eigen::Map<const Matrix>& whole)
      : rows_(whole.rows()) {  // NOLINT(google-explicit-constructor)
    for (Index j = 0; j < whole.cols(); ++j) add({ColumnPart{whole.data() + j * rows_, nullptr}});
  }

  /// Adds the product of some parts, taken from left to right.
  void add(std::vector<ColumnPart> parts) { parts_.push_back(std::move(parts)); }

  [[nodiscard]] Index rows() const noexcept { return rows_; }
  [[nodiscard]] Index cols() const noexcept { return static_cast<Index>(parts_.size()); }
  [[nodiscard]] bool operator==(const Columns& other) const { return parts_ == other.parts_; }

  [[nodiscard]] double operator()(Index row, Index column) const {
    double out = 1.0;
    for (const ColumnPart& part : parts_[static_cast<std::size_t>(column)]) out *= part(row);
    return out;
  }

  /// Some rows of one column into `out`.
  void read(const Index* rows, Index n, Index column, double* out) const {
    const std::vector<ColumnPart>& parts = parts_[static_cast<std::size_t>(column)];
    if (parts.size() == 1 && parts[0].code == nullptr) {
      for (Index i = 0; i < n; ++i) out[i] = parts[0].value[rows[i]];
      return;
    }
    for (Index i = 0; i < n; ++i) out[i] = 1.0;
    for (const ColumnPart& part : parts) {
      for (Index i = 0; i < n; ++i) out[i] *= part(rows[i]);
    }
  }

  /// Rows first ... first + count - 1.
  [[nodiscard]] Matrix block(Index first, Index count) const {
    Matrix out = Matrix::Ones(count, cols());
    for (Index j = 0; j < cols(); ++j) {
      for (const ColumnPart& part : parts_[static_cast<std::size_t>(j)]) {
        for (Index i = 0; i < count; ++i) out(i, j) *= part(first + i);
      }
    }
    return out;
  }

  [[nodiscard]] Eigen::RowVectorXd row(Index i) const { return block(i, 1); }
  [[nodiscard]] Matrix matrix() const { return block(0, rows_); }

 private:
  Index rows_;
  std::vector<std::vector<ColumnPart>> parts_;
};

}  // namespace cordgain
