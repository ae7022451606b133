// The outer unit of nested factors, split from what is inside it.
#pragma once

#include <Eigen/QR>
#include <cordgain/model/block_form.hpp>
#include <numeric>
#include <vector>

namespace cordgain {

/// U = Q z for the columns U of the outer terms; the inside holds [Q, W - QQ'W].
struct OuterSplit {
  Matrix z;          ///< Q'U (r x q)
  Matrix mean;       ///< Q'W, W = [X y] (r x (p + 1))
  SubDesign inside;  ///< X is [Q, X - QQ'X], y is y - QQ'y; the inner terms alone
};

/// Splits one component.
/// @param in    the component
/// @param form  block_form() of it, nested
[[nodiscard]] inline OuterSplit split_outer(const SubDesign& in, const BlockForm& form) {
  const Index n = in.y.size(), p = in.x.cols();
  Index q = 0;
  for (const Index t : form.outer) q += in.z[static_cast<std::size_t>(t)].cols();
  Matrix u(n, q);
  Index at = 0;
  for (const Index t : form.outer) {
    const Matrix& z = in.z[static_cast<std::size_t>(t)];
    u.middleCols(at, z.cols()) = z;
    at += z.cols();
  }
  const Eigen::ColPivHouseholderQR<Matrix> qr(u);
  const Index r = qr.rank();
  const Matrix basis = qr.householderQ() * Matrix::Identity(n, r);
  OuterSplit out;
  out.z = basis.transpose() * u;
  out.mean.resize(r, p + 1);
  out.mean.leftCols(p) = basis.transpose() * in.x;
  out.mean.col(p) = basis.transpose() * in.y;
  std::vector<Index> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), Index(0));
  const DesignInput view = in.view();
  LevelMarks marks = level_marks(view);
  out.inside = sub_design(view, unit_frame(view), rows.data(), n, form.inner, marks);
  out.inside.x.resize(n, r + p);
  out.inside.x.leftCols(r) = basis;
  out.inside.x.rightCols(p) = in.x - basis * out.mean.leftCols(p);
  out.inside.y = in.y - basis * out.mean.col(p);
  return out;
}

}  // namespace cordgain
