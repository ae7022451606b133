// Boost.Math without promotion.
#pragma once

#include <boost/math/policies/policy.hpp>

namespace cordgain {

/// Special functions in double precision throughout. By default Boost.Math works in long double, several
/// times slower, for the last few bits of a double.
using DoublePolicy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

}  // namespace cordgain
