// Zones of partial preservation over all worlds of an exam.
#pragma once

#include <cordgain/isncsci/exam.hpp>
#include <cordgain/isncsci/grade.hpp>
#include <cordgain/isncsci/level_set.hpp>
#include <cordgain/isncsci/side_worlds.hpp>
#include <cstddef>
#include <cstdint>

namespace cordgain {
namespace isncsci {

/// When a non-key muscle sets the motor zone.
enum class NonkeyZone : std::uint8_t {
  only_finding,  ///< where it alone makes its side's function reach beyond the motor level (the rule)
  reference      ///< in grade C, where it lies more than three levels below the zone otherwise reported
};

/// Sensory zones of one side: the most caudal dermatome with any sensation (C1 if none), or NA with
/// deep anal pressure or sensation at S4-5 of this side.
/// @param pressure  answers deep anal pressure may have
/// Source: worksheet of the 2019 revision, "Steps in classification", 6.
[[nodiscard]] inline LevelSet sensory_zones(const SideReading& side, Answers pressure) noexcept {
  const std::uint32_t s45 = std::uint32_t{1} << (kDermatomes - 1);
  LevelSet zones = 0;
  if ((pressure & kYes) || (side.present & s45)) zones |= only(kNotApplicable);
  if (!(pressure & kNo) || !(side.absent & s45)) return zones;
  // Bit i is dermatome i, at level i + 1: upward from S3 as long as all below can be absent.
  const std::uint32_t body = s45 - 1;
  const std::uint32_t surely_present = ~side.absent & body;
  if (!surely_present) return zones | ((side.present & body) << 1) | only(kC1);
  const int stop = most_caudal(surely_present);
  return zones | ((side.present & body & ~(up_to(stop) >> 1)) << 1);
}

/// Motor zones of one scenario before non-key muscles: the most caudal key muscle with function below
/// the motor level, or the motor level itself.
[[nodiscard]] inline LevelSet key_zones(const Scenario& world) noexcept {
  const int level = reported_motor_level(world.motor_level, false);
  LevelSet zones = 0;
  for (std::size_t i = kMuscles; i-- > 0 && kMuscleLevel[i] > level;) {
    if (world.muscle[i] & kSomeStrength) zones |= only(kMuscleLevel[i]);
    if (!(world.muscle[i] & kNoStrength)) return zones;
  }
  return zones | only(level);
}

namespace detail {

/// Whether sacral sparing can, and whether it can fail to, go with a side whose S4-5 is `sacral`.
struct Sparing {
  bool can_hold = false;
  bool can_fail = false;
};

inline Sparing sparing(bool sacral, const SideReading& other, Answers pressure) noexcept {
  const std::uint32_t s45 = std::uint32_t{1} << (kDermatomes - 1);
  return {sacral || (pressure & kYes) || (other.present & s45),
          !sacral && (pressure & kNo) && (other.absent & s45)};
}

/// Zones of one scenario where the non-key muscle counts when it is the only finding.
inline LevelSet zones_only_finding(const Scenario& world, int nonkey, Sparing sparing) noexcept {
  const LevelSet zones = key_zones(world);
  const int beyond = beyond_level(world.motor_level);
  const LevelSet near = beyond > kIntact ? zones : zones & up_to(beyond - 1);
  if (nonkey < beyond || near == 0) return zones;
  return (zones & ~near) | (sparing.can_hold ? only(nonkey) : 0) | (sparing.can_fail ? near : 0);
}

/// Restricts a scenario to the worlds whose key muscles give `zone`; false if there are none.
inline bool restrict_to_zone(Scenario& world, int zone) noexcept {
  const int level = reported_motor_level(world.motor_level, false);
  if (level > zone) return false;
  bool made = level == zone;
  for (int i = 0; i < kMuscles; ++i) {
    const int at = kMuscleLevel[static_cast<std::size_t>(i)];
    if (at > zone && !restrict_muscle(world.muscle, i, kNoStrength)) return false;
    if (at != zone || made) continue;
    if (!restrict_muscle(world.muscle, i, kSomeStrength)) return false;
    made = true;
  }
  return made;
}

/// The worlds of a side in which its key muscles give `zone`.
inline SideWorlds worlds_of_zone(const SideReading& side, int zone) {
  SideWorlds worlds;
  each_scenario(side, [&](Scenario world) {
    if (restrict_to_zone(world, zone)) add_scenario(worlds, world, side.nonkey);
  });
  return worlds;
}

/// Zones of one side where the non-key muscle counts in grade C only (choice "reference").
inline LevelSet zones_reference(const SideReading& side, LevelSet zones, const SideWorlds& other,
                                Answers pressure) {
  LevelSet result = 0;
  for (; zones != 0; zones &= zones - 1) {
    const int zone = most_rostral(zones);
    if (side.nonkey < zone + kBeyond) {
      result |= only(zone);
      continue;
    }
    const GradeSet grades = grades_without_contraction(worlds_of_zone(side, zone), other, pressure);
    if (grades & kGradeC) result |= only(side.nonkey);
    if (grades & ~kGradeC) result |= only(zone);
  }
  return result;
}

inline LevelSet zones_without_contraction(const Reading& exam, std::size_t at, NonkeyZone rule) {
  const SideReading& side = exam.side[at];
  const SideReading& other = exam.side[1 - at];
  LevelSet zones = 0;
  each_scenario(side, [&](const Scenario& world) {
    const Sparing spared = sparing(world.sacral, other, exam.pressure);
    zones |=
        rule == NonkeyZone::only_finding ? zones_only_finding(world, side.nonkey, spared) : key_zones(world);
  });
  if (rule == NonkeyZone::only_finding || side.nonkey < 0) return zones;
  return zones_reference(side, zones, side_worlds(other), exam.pressure);
}

}  // namespace detail

/// Motor zones of one side: the most caudal key muscle with function, or the motor level if there is
/// none below it; NA with voluntary anal contraction. A non-key muscle counts as `rule` says.
/// @param exam  the reading
/// @param at    0 right, 1 left
/// Source: worksheet of the 2019 revision, "Steps in classification", 6.
[[nodiscard]] inline LevelSet motor_zones(const Reading& exam, std::size_t at, NonkeyZone rule) {
  LevelSet zones = 0;
  if (exam.contraction & kYes) zones |= only(kNotApplicable);
  if (exam.contraction & kNo) zones |= detail::zones_without_contraction(exam, at, rule);
  return zones;
}

}  // namespace isncsci
}  // namespace cordgain
