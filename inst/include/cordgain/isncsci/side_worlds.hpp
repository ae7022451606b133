// All that one side of the body may be, without listing worlds: the cells are independent, so it
// is enough to go through the few ways in which a motor level can come about ("scenarios").
#pragma once

#include <array>
#include <cordgain/isncsci/exam.hpp>
#include <cordgain/isncsci/level_set.hpp>
#include <cstddef>
#include <cstdint>

namespace cordgain {
namespace isncsci {

/// Possible numbers of muscles of grade 3 or more: bit c stands for c muscles.
using CountSet = std::uint32_t;

/// Distance from the motor level beyond which motor function makes an injury motor incomplete.
constexpr int kBeyond = 4;

/// One way in which a motor level comes about. All combinations of what it leaves open are possible.
struct Scenario {
  int motor_level = 0;                         ///< for "all intact": kIntact
  LevelSet sensory = 0;                        ///< sensory levels it goes with
  bool sacral = false;                         ///< S4-5 of this side present in these worlds
  std::array<StrengthSet, kMuscles> muscle{};  ///< what is left open of each muscle
};

/// Levels at which the C2-S4-5 walk can end, given that S4-5 is present or absent.
///   level s: dermatomes down to s can be normal and the next can be abnormal
[[nodiscard]] inline LevelSet sensory_levels(const SideReading& side, bool sacral) noexcept {
  const int last = __builtin_ctz(~side.normal);  // dermatomes before this one can all be normal
  const LevelSet reached = up_to(last) & (up_to(kIntact));
  const LevelSet above_sacral = side.abnormal & reached & up_to(kS3 - 1);
  const std::uint32_t s45 = std::uint32_t{1} << (kDermatomes - 1);
  if (!sacral) return side.absent & s45 ? above_sacral | (reached & only(kS3)) : 0;
  if (!(side.present & s45)) return 0;
  return above_sacral | (side.sacral_impaired ? reached & only(kS3) : 0) | (reached & only(kIntact));
}

/// All sensory levels of a side (kIntact for INT).
/// Source: worksheet, "Steps in classification", 1.
[[nodiscard]] inline LevelSet sensory_levels(const SideReading& side) noexcept {
  return sensory_levels(side, true) | sensory_levels(side, false);
}

namespace detail {

using Muscles = std::array<StrengthSet, kMuscles>;

/// Restricts muscle i to `strength`; false if it cannot be that.
inline bool restrict_muscle(Muscles& muscle, int i, StrengthSet strength) noexcept {
  StrengthSet& set = muscle[static_cast<std::size_t>(i)];
  set = static_cast<StrengthSet>(set & strength);
  return set != 0;
}

/// Motor level by the first muscle of `first` .. `last` - 1 that is not normal: that muscle's level with
/// grade 3 or 4, else the level above it. On return the muscles passed are restricted to normal.
/// @return whether all of them can be normal
template <class Visit>
bool walk_muscles(Scenario& world, int first, int last, Visit& visit) {
  for (int i = first; i < last; ++i) {
    const int level = kMuscleLevel[static_cast<std::size_t>(i)];
    for (const bool useful : {true, false}) {
      Scenario here = world;
      here.motor_level = useful ? level : level - 1;
      if (restrict_muscle(here.muscle, i, useful ? kThreeOrFour : kBelowThree)) visit(here);
    }
    if (!restrict_muscle(world.muscle, i, kNormal)) return false;
  }
  return true;
}

/// Motor level follows the sensory level: one scenario for each level of world.sensory in `levels`.
template <class Visit>
void follow_sensation(const Scenario& world, LevelSet levels, Visit& visit) {
  for (LevelSet left = world.sensory & levels; left != 0; left &= left - 1) {
    Scenario here = world;
    here.motor_level = most_rostral(left);
    here.sensory = only(here.motor_level);
    visit(here);
  }
}

/// Motor level is `level` for every sensory level of world.sensory in `levels`.
template <class Visit>
void at_level(const Scenario& world, int level, LevelSet levels, Visit& visit) {
  Scenario here = world;
  here.motor_level = level;
  here.sensory &= levels;
  if (here.sensory != 0) visit(here);
}

/// Scenarios with normal arms and sensation intact down to L1 at least.
template <class Visit>
void leg_scenarios(Scenario world, Visit& visit) {
  world.sensory &= between(kL1, kIntact);
  if (world.sensory == 0) return;
  if (!walk_muscles(world, kArmMuscles, kMuscles, visit)) return;
  at_level(world, kS1, between(kL1, kS1), visit);
  follow_sensation(world, between(kS1 + 1, kIntact), visit);
}

/// Scenarios with sensation intact down to C4 at least.
template <class Visit>
void arm_scenarios(Scenario world, Visit& visit) {
  world.sensory &= between(kC4, kIntact);
  if (world.sensory == 0 || !walk_muscles(world, 0, kArmMuscles, visit)) return;
  at_level(world, kT1, between(kC4, kT1), visit);
  follow_sensation(world, between(kT2, kT12), visit);
  leg_scenarios(world, visit);
}

}  // namespace detail

/// Calls visit(scenario) for every way in which this side's motor level can come about. Together the
/// scenarios hold every possible world of the side, each once.
/// @param side   the side
/// @param visit  callable taking a Scenario
/// Source: worksheet, "Steps in classification", 2 (a myotome that cannot be examined follows sensation).
template <class Visit>
void each_scenario(const SideReading& side, Visit&& visit) {
  for (const bool sacral : {false, true}) {
    Scenario world;
    world.sacral = sacral;
    world.sensory = sensory_levels(side, sacral);
    if (world.sensory == 0) continue;
    world.muscle = side.muscle;
    detail::follow_sensation(world, up_to(kC4 - 1), visit);
    detail::arm_scenarios(world, visit);
  }
}

/// Motor level as reported: an intact side is INT only with voluntary anal contraction, else S3.
[[nodiscard]] constexpr int reported_motor_level(int level, bool contraction) noexcept {
  return level == kIntact && !contraction ? kS3 : level;
}

/// Level to which the key muscles can first count as function beyond the motor level.
[[nodiscard]] constexpr int beyond_level(int motor_level) noexcept {
  return motor_level + kBeyond;
}

}  // namespace isncsci
}  // namespace cordgain
