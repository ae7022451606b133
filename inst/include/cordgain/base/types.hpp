// The core's words for numbers: every header uses these and no others.
#pragma once

#include <Eigen/Core>

namespace cordgain {

using Index = Eigen::Index;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;
using Array = Eigen::ArrayXd;
using VectorIn = Eigen::Ref<const Eigen::VectorXd>;
using MatrixIn = Eigen::Ref<const Eigen::MatrixXd>;
using ArrayIn = Eigen::Ref<const Eigen::ArrayXd>;

}  // namespace cordgain
