// Exams from R: columns of cells become codes, and the core's sets and sums become matrices.
#include <algorithm>
#include <array>
#include <cordgain/isncsci/batch.hpp>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "bind.h"

namespace {

namespace core = cordgain::isncsci;

core::CellCode read_cell(std::string_view text, core::CellKind kind) {
  switch (kind) {
    case core::CellKind::motor:
      return core::read_score(text, core::kMotorTop);
    case core::CellKind::sensory:
      return core::read_score(text, core::kSensoryTop);
    case core::CellKind::finding:
      return core::read_finding(text);
    case core::CellKind::nonkey:
      return text.empty() ? core::kMissing : core::read_nonkey(text);
  }
  return core::kInvalid;
}

core::CellCode number_code(double value, core::CellKind kind) {
  const bool motor = kind == core::CellKind::motor;
  if (!motor && kind != core::CellKind::sensory) return core::kInvalid;
  if (!(value >= 0.0 && value <= (motor ? core::kMotorTop : core::kSensoryTop))) return core::kInvalid;
  const auto code = static_cast<core::CellCode>(value);
  return code == value ? code : core::kInvalid;
}

/// Codes of the strings of one column. R keeps one copy of each string, so its address is looked up
/// first and the text is read only when the address is new.
class TextCodes {
 public:
  explicit TextCodes(core::CellKind kind) : kind_(kind) {}

  core::CellCode operator()(SEXP text) {
    const auto address = reinterpret_cast<std::uintptr_t>(text);
    Entry& entry = entries_[(address >> 4) % entries_.size()];
    if (entry.text != text) entry = {text, read(text)};
    return entry.code;
  }

 private:
  struct Entry {
    SEXP text = nullptr;
    core::CellCode code = core::kInvalid;
  };

  core::CellCode read(SEXP text) const {
    if (text == NA_STRING) return core::kMissing;
    return read_cell(std::string_view(CHAR(text), static_cast<std::size_t>(LENGTH(text))), kind_);
  }

  core::CellKind kind_;
  std::array<Entry, 256> entries_{};
};

/// Writes rows [from, to) of one column to every kExamCells-th code.
class Column {
 public:
  Column(SEXP values, std::size_t cell)
      : values_(values), cell_(cell), kind_(core::cell_kind(cell)), text_(core::cell_kind(cell)) {}

  void write(std::size_t from, std::size_t to, std::vector<core::CellCode>& codes) {
    switch (TYPEOF(values_)) {
      case STRSXP: {
        const SEXP* text = STRING_PTR_RO(values_);
        return fill(from, to, codes, [&](std::size_t i) { return text_(text[i]); });
      }
      case INTSXP: {
        const int* number = INTEGER_RO(values_);
        return fill(from, to, codes, [&](std::size_t i) {
          return number[i] == NA_INTEGER ? core::kMissing : number_code(number[i], kind_);
        });
      }
      case LGLSXP: {  // a column without any entry
        const int* flag = LOGICAL_RO(values_);
        return fill(from, to, codes,
                    [&](std::size_t i) { return flag[i] == NA_LOGICAL ? core::kMissing : core::kInvalid; });
      }
      case REALSXP: {
        const double* number = REAL_RO(values_);
        return fill(from, to, codes, [&](std::size_t i) {
          return R_IsNA(number[i]) ? core::kMissing : number_code(number[i], kind_);
        });
      }
      default:
        throw cordgain::InvalidInput("an exam column is neither text nor numbers");
    }
  }

 private:
  template <class Code>
  void fill(std::size_t from, std::size_t to, std::vector<core::CellCode>& codes, Code&& code) const {
    for (std::size_t i = from; i < to; ++i) codes[i * core::kExamCells + cell_] = code(i);
  }

  SEXP values_;
  std::size_t cell_;
  core::CellKind kind_;
  TextCodes text_;
};

/// Codes of all exams, block by block so that the rows being written stay in the cache.
std::vector<core::CellCode> codes_of(const Rcpp::List& columns, std::size_t exams) {
  cordgain::require(columns.size() == static_cast<R_xlen_t>(core::kExamCells), "an exam has 136 columns");
  std::vector<Column> column;
  for (std::size_t cell = 0; cell < core::kExamCells; ++cell) {
    const SEXP values = columns[static_cast<R_xlen_t>(cell)];
    cordgain::require(Rf_xlength(values) == static_cast<R_xlen_t>(exams), "columns differ in length");
    column.emplace_back(values, cell);
  }
  constexpr std::size_t kBlock = 512;
  std::vector<core::CellCode> codes(exams * core::kExamCells);
  for (std::size_t from = 0; from < exams; from += kBlock) {
    const std::size_t to = std::min(from + kBlock, exams);
    for (Column& c : column) c.write(from, to, codes);
  }
  return codes;
}

Rcpp::IntegerMatrix matrix_of(const std::vector<std::int32_t>& values, std::size_t exams,
                              std::size_t columns) {
  Rcpp::IntegerMatrix result(static_cast<int>(exams), static_cast<int>(columns));
  if (!values.empty()) std::memcpy(result.begin(), values.data(), values.size() * sizeof(std::int32_t));
  return result;
}

Rcpp::DataFrame notes_of(const std::vector<core::CellNote>& notes) {
  const auto n = static_cast<R_xlen_t>(notes.size());
  Rcpp::IntegerVector row(n), cell(n), kind(n);
  for (R_xlen_t i = 0; i < n; ++i) {
    const core::CellNote& note = notes[static_cast<std::size_t>(i)];
    row[i] = static_cast<int>(note.exam) + 1;
    cell[i] = static_cast<int>(note.cell) + 1;
    kind[i] = static_cast<int>(note.kind) + 1;
  }
  return Rcpp::DataFrame::create(Rcpp::Named("row") = row, Rcpp::Named("cell") = cell,
                                 Rcpp::Named("kind") = kind);
}

}  // namespace

// [[Rcpp::export]]
Rcpp::List cpp_score_isncsci(const Rcpp::List& columns, const Rcpp::IntegerVector& intact_grade,
                             bool intact_level_int, bool nonkey_reference) {
  return bind::guard([&] {
    core::Choices choices;
    choices.intact_without_contraction = intact_level_int ? core::kIntact : core::kS3;
    if (nonkey_reference) choices.nonkey_zone = core::NonkeyZone::reference;
    const std::vector<core::GradeSet> intact(intact_grade.begin(), intact_grade.end());
    const core::ScoreTable table = core::score_exams(codes_of(columns, intact.size()), intact, choices);
    return Rcpp::List::create(
        Rcpp::Named("sum_min") = matrix_of(table.sum_min, table.exams, core::kSums),
        Rcpp::Named("sum_max") = matrix_of(table.sum_max, table.exams, core::kSums),
        Rcpp::Named("sum_not_tested") = matrix_of(table.sum_not_tested, table.exams, core::kSums),
        Rcpp::Named("sets") = matrix_of(table.sets, table.exams, core::kResults),
        Rcpp::Named("stars") = Rcpp::IntegerVector(table.stars.begin(), table.stars.end()),
        Rcpp::Named("notes") = notes_of(table.notes));
  });
}
