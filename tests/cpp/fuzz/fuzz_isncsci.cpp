// libFuzzer harness: any bytes as exam codes and as the text of cells. Sets are never empty, the plain text
// of a code is read back, and nothing but the two declared errors is thrown.
#include <cordgain/base/error.hpp>
#include <cordgain/isncsci/batch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace core = cordgain::isncsci;

namespace {

void check(bool ok) {
  if (!ok) std::abort();
}

void read_texts(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size < 8 ? size : 8);
  for (const int top : {core::kMotorTop, core::kSensoryTop}) {
    const core::CellCode code = core::read_score(text, top);
    check(code != core::kMissing);
    const core::CellMeaning& meaning = top == core::kMotorTop ? core::kMotorMeaning : core::kSensoryMeaning;
    check(meaning.assumed[code] != 0 && meaning.assumed[code] < (1 << (top + 1)));
  }
  const core::CellCode finding = core::read_finding(text);
  check(finding <= 1 || finding == core::kNotTestable || finding == core::kInvalid);
  const core::CellCode nonkey = core::read_nonkey(text);
  check(nonkey == core::kInvalid || (nonkey >= core::kC5 && nonkey <= core::kS1));
}

void score(const std::uint8_t* data, std::size_t size) {
  core::Choices choices;
  if (data[0] & 1) choices.intact_without_contraction = core::kIntact;
  if (data[0] & 2) choices.nonkey_zone = core::NonkeyZone::reference;
  const std::vector<core::CellCode> codes(data + 2, data + size);
  const std::vector<core::GradeSet> intact((size - 2) / core::kExamCells, core::GradeSet{data[1]} & 63u);
  const core::ScoreTable table = core::score_exams(codes, intact, choices);
  for (const std::int32_t set : table.sets) check(set != 0);
  for (std::size_t i = 0; i < table.sum_min.size(); ++i) {
    check(table.sum_min[i] >= 0 && table.sum_min[i] <= table.sum_max[i] && table.sum_max[i] <= 112);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  read_texts(data, size);
  try {
    score(data, size);
  } catch (const cordgain::InvalidInput&) {
  } catch (const cordgain::NumericalError&) {
  }
  return 0;
}
