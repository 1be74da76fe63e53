#include <clip/few_shot/chart.hpp>
#include <clip/few_shot/result.hpp>
#include <clip/few_shot/table.hpp>
#include <clip/image/read.hpp>

#include "../io/temporary_folder.hpp"
#include "../plot/xml.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace clip;

namespace {
const std::vector<FewShotResult> results{{"zero-shot", 0, 1, {0.8600, 0.5}}, {"zero-shot", 0, 2, {0.8625, 0.5}},
                                         {"zero-shot", 0, 3, {0.8571, 0.5}}, {"coop", 1, 1, {0.812, 0.7}},
                                         {"coop", 1, 2, {0.8333, 0.6}},      {"coop", 1, 3, {0.79999, 0.65}},
                                         {"coop", 4, 1, {0.9, 0.875}}};
}

// numpy: x.mean(), x.std(ddof=1)
TEST_CASE("mean and sample deviation are numpy's") {
  const auto cells = few_shot_cells(results);
  REQUIRE(cells.size() == 3);
  CHECK(cells[0].top1.mean == doctest::Approx(0.8598666666666667).epsilon(1e-12));
  CHECK(cells[0].top1.deviation.value() == doctest::Approx(0.0027024680078279414).epsilon(1e-12));
  CHECK(cells[1].method == "coop");
  CHECK(cells[1].top1.mean == doctest::Approx(0.8150966666666667).epsilon(1e-12));
  CHECK(cells[1].top1.deviation.value() == doctest::Approx(0.01686952973065148).epsilon(1e-12));
  CHECK(cells[1].seeds == 3);
  CHECK(!cells[2].top1.deviation);
}

TEST_CASE("the table as Markdown, CSV and JSON") {
  CHECK(few_shot_markdown(results) ==
        "| top-1, % | 0 shots | 1 shot | 4 shots |\n"
        "|---|---|---|---|\n"
        "| zero-shot | 85.99 ± 0.27 |  |  |\n"
        "| coop |  | 81.51 ± 1.69 | 90.00 |\n"
        "\n"
        "| mean per class, % | 0 shots | 1 shot | 4 shots |\n"
        "|---|---|---|---|\n"
        "| zero-shot | 50.00 ± 0.00 |  |  |\n"
        "| coop |  | 65.00 ± 5.00 | 87.50 |\n");
  const std::string csv = few_shot_csv(results);
  CHECK(
      csv.starts_with("method,shots,seeds,top1,top1_deviation,mean_per_class,mean_per_class_deviation\n"
                      "zero-shot,0,3,0.859867,0.002702,0.500000,0.000000\n"));
  CHECK(csv.ends_with("coop,4,1,0.900000,,0.875000,\n"));
  const JsonTree json = few_shot_json(results);
  CHECK((*json)["results"].size() == 7);
  CHECK((*json)["cells"][2]["top1"]["deviation"].is_null());
  CHECK((*json)["cells"][2]["mean_per_class"]["mean"].get<double>() == 0.875);
}

TEST_CASE("the chart: a star for the method without shots, a line for the other; SVG and PNG") {
  const TemporaryFolder folder;
  write_few_shot_chart(folder.path, results, "A & B").value();
  const std::string svg = get(folder / "chart.svg");
  REQUIRE(XmlReader::read(svg));
  CHECK(svg.find("A &amp; B") != std::string::npos);
  const auto count = [&](const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = svg.find(what); at != svg.npos; at = svg.find(what, at + 1)) ++n;
    return n;
  };
  CHECK(count("<polygon") == 2 + 3);  // in the legend, and at the points
  CHECK(count("<polyline") == 1);     // of the method that learns
  CHECK(count("#753d9e\"/>") == 2);   // the star
  const Image png = try_read_image(folder / "chart.png").value();
  CHECK(png.width() > 1300);
  bool purple = false;
  for (Index y = 0; y < png.height(); ++y)
    for (Index x = 0; x < png.width(); ++x) {
      const auto* const p = png.row(y) + 3 * x;
      purple = purple || (p[0] == 117 && p[1] == 61 && p[2] == 158);
    }
  CHECK(purple);
  CHECK(!write_few_shot_chart(folder / "none", results, ""));
}
