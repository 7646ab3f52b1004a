// What a table refuses, and how it says so.

#include "sim/describe/check.h"

#include <gtest/gtest.h>

#include "sim/describe/fields.h"

namespace orrery::test {

struct Wheel {
  double radius = 1;
};
enum class Colour : std::uint8_t { red, green };
struct Cart {
  std::uint32_t wheels = 4;
  double load_kg = 0;
  std::optional<double> slope;
  Colour colour = Colour::green;
  std::vector<Wheel> spares;
  std::map<std::string, double> costs;
};

}  // namespace orrery::test

namespace orrery {

template <>
struct EnumNames<test::Colour> {
  static constexpr std::array<const char*, 2> kWords = {"red", "green"};
};
template <>
const Table& table_of<test::Wheel>() {
  static const Table table = [] {
    Fields<test::Wheel> f("a wheel");
    f.key("radius_cm", &test::Wheel::radius, "cm", "of it").required().above(0, 100).times(0.01);
    return Table(f);
  }();
  return table;
}
template <>
const Table& table_of<test::Cart>() {
  static const Table table = [] {
    using C = test::Cart;
    Fields<C> f("a cart", Bears::energy);
    f.key("wheels", &C::wheels, "", "that carry it").required().range(2, 8);
    f.key("load_t", &C::load_kg, "t", "on it").range(0, 10).times(1000).bears(Bears::timing);
    f.key("slope", &C::slope, "", "of the road").range(-1, 1).standing("flat");
    f.key("colour", &C::colour, "", "of the paint").bears(Bears::none);
    f.key("spares", &C::spares, "", "wheels");
    f.key("costs", &C::costs, "USD", "by part").at_least(0).bears(Bears::price);
    return Table(f);
  }();
  return table;
}

}  // namespace orrery

namespace orrery::test {
namespace {

using nlohmann::json;

std::string first(const json& cart) {
  const std::vector<Finding> found = check(table_of<Cart>(), cart);
  return found.empty() ? "" : found.front().pointer + ": " + found.front().message;
}

TEST(Check, SaysWhatIsAskedAndWhere) {
  EXPECT_EQ(first({{"wheels", 4}}), "");
  EXPECT_EQ(first({{"wheels", 9}}), "/wheels: 'wheels' is 9; expected integer, at least 2, at most 8");
  EXPECT_EQ(first({{"wheels", 2.5}}), "/wheels: 'wheels' is 2.5; expected integer, at least 2, at most 8");
  EXPECT_EQ(first({{"wheels", 4.0}}), "");  // whole
  EXPECT_EQ(first(json::object()), ": missing key 'wheels' (integer, at least 2, at most 8)");
  EXPECT_EQ(first({{"wheels", 4}, {"colour", "gren"}}),
            "/colour: 'colour' is \"gren\"; expected one of red|green (did you mean 'green'?)");
  EXPECT_EQ(first({{"wheels", 4}, {"whels", 4}}), "/whels: unknown key 'whels' (did you mean 'wheels'?)");
  EXPECT_EQ(first({{"wheels", 4}, {"spares", {{{"radius_cm", 0}}}}}),
            "/spares/0/radius_cm: 'spares.0.radius_cm' is 0; expected number, greater than 0, at most 100");
  EXPECT_EQ(first({{"wheels", 4}, {"costs", {{"axle", -1}}}}),
            "/costs/axle: 'costs.axle' is -1; expected number, at least 0");
  EXPECT_NE(first({{"wheels", 4}, {"load_t", std::numeric_limits<double>::infinity()}}), "");
  EXPECT_NE(first({{"wheels", 4}, {"load_t", true}}), "");
  EXPECT_NE(first(json::array()), "");
}

TEST(Check, FindsAllAtOnce) {
  EXPECT_EQ(check(table_of<Cart>(), {{"wheels", 1}, {"slope", 2}, {"axle", 1}}).size(), 3U);
}

TEST(Fields, ReadsInTheStructsUnitsAndWritesBack) {
  const json given = {
      {"wheels", 6}, {"load_t", 0.5}, {"spares", {{{"radius_cm", 40}}}}, {"costs", {{"axle", 9}}}};
  const auto cart = read_as<Cart>(given);
  EXPECT_EQ(cart.wheels, 6U);
  EXPECT_DOUBLE_EQ(cart.load_kg, 500);
  EXPECT_EQ(cart.colour, Colour::green);  // its default
  EXPECT_FALSE(cart.slope);
  EXPECT_DOUBLE_EQ(cart.spares.at(0).radius, 0.4);
  const json back = written(cart);
  EXPECT_EQ(back["load_t"], 0.5);
  EXPECT_DOUBLE_EQ(back["spares"][0]["radius_cm"].get<double>(), 40);
  EXPECT_FALSE(back.contains("slope"));
  EXPECT_EQ(written(read_as<Cart>(back)), written(cart));
}

TEST(Fields, DefaultsAreTold) {
  EXPECT_EQ(table_of<Cart>().field("colour")->standing, "green");
  EXPECT_EQ(table_of<Cart>().field("slope")->standing, "flat");
  EXPECT_EQ(table_of<Cart>().field("wheels")->standing, "");  // required
  EXPECT_EQ(table_of<Cart>().field("load_t")->standing, "0.0");
}

}  // namespace
}  // namespace orrery::test
