#include <testthat/vendor/catch.h>
#include <cordgain/model/moments.hpp>
#include <cordgain/model/transformed_columns.hpp>
#include "gaussian_fixture.hpp"
#include "large_fixture.hpp"

using namespace cordgain;

namespace {

Matrix some_map() {
  Matrix t(3, 2);
  t << 0.3, -1.0, 0.7, 0.2, 0.0, 1.0;
  return t;
}

/// The same blocks with rows kept apart.
Blocks apart(const DesignInput& in, const Reduced& reduced) {
  Blocks out = reduced.blocks;
  std::size_t at = 0;
  out.kinds.clear();
  for_each_block(in, reduced.frame, [&](const BlockReader& reader) {
    BlockKind kind;
    for (const BlockKind& known : reduced.blocks.kinds) {
      if (known.rank == reader.rank() && (known.z - Matrix(reader.z())).cwiseAbs().maxCoeff() < 1e-10)
        kind = known;
    }
    kind.count = 1;
    kind.moments.resize(0, 0);
    kind.rows = reader.inside();
    out.kinds.push_back(kind);
    ++at;
  });
  REQUIRE(at == 6);
  return out;
}

}  // namespace

TEST_CASE("a form of transformed columns is the transformed form") {
  const Matrix t = some_map();
  Matrix m(3, 3);
  m << 4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0;
  const Matrix expected = t.transpose() * m * t;
  REQUIRE((unpacked(form_map(t) * packed(m), 2) - expected).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("moments of transformed blocks are the transformed moments, pooled or apart") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const Reduced reduced = reduce_rows(in);
  const Vector gamma = (Vector(4) << 0.5, 0.1, 0.3, 0.8).finished();
  const Matrix none(4, 0), t = some_map();
  const Matrix whole = unpacked(moments_at(reduced.blocks, gamma, none).cross, 3);
  const Matrix expected = t.transpose() * whole * t;
  for (const Blocks& blocks : {reduced.blocks, apart(in, reduced)}) {
    const Blocks other = transform_columns(blocks, t);
    REQUIRE(other.p == 1);
    const Matrix seen = unpacked(moments_at(other, gamma, none).cross, 2);
    REQUIRE((seen - expected).cwiseAbs().maxCoeff() < 1e-11 * expected.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("moments of nested and crossed blocks that are transformed are the transformed moments") {
  const Vector gamma = (Vector(3) << 0.5, 0.3, 0.8).finished();
  const Matrix none(3, 0), t = some_map();
  for (const fixture::LargeTrial& trial : {fixture::sites(1, 1), fixture::crossing(1, 1, false)}) {
    const DesignInput in = trial.design();
    const Blocks large = reduce_rows(in, 2).blocks;
    REQUIRE(large.nested.size() + large.crossed.size() > 0);
    const Matrix dense = unpacked(moments_at(reduce_rows(in, in.y.size()).blocks, gamma, none).cross, 3);
    const Matrix expected = t.transpose() * dense * t;
    const Matrix seen = unpacked(moments_at(transform_columns(large, t), gamma, none).cross, 2);
    REQUIRE((seen - expected).cwiseAbs().maxCoeff() < 1e-11 * expected.cwiseAbs().maxCoeff());
  }
}
