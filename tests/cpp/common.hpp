// What almost every test includes, compiled once for each compiler (see Makefile). The tests still name
// what they use, so that they compile without it.
#include <testthat/vendor/catch.h>
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>
