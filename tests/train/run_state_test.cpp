#include <clip/train/run_state.hpp>

#include <clip/backend/naive.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/sgd.hpp>

#include "../io/temporary_folder.hpp"
#include "../optim/weights.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
using B = Naive<double>;

/// Two weights after two steps of the optimiser.
template <class Optimizer = AdamW<B>>
struct Run {
  NamedWeights<B> weights;
  Parameters<B> parameters;
  Optimizer optimizer;
  explicit Run(double first = 1, Shape shape = {2, 2})
      : weights{made(first, shape)}, parameters{weights}, optimizer{parameters} {}

  static NamedWeights<B> made(double first, Shape shape) {
    NamedWeights<B> w;
    w.add("a", shape, std::vector<double>(static_cast<std::size_t>(shape.count()), first));
    w.add("b", {3}, {first, -1, 0.1});
    return w;
  }
  void step(double scale) {
    const std::size_t n = static_cast<std::size_t>(parameters.find("a")->shape.count());
    give_gradient(parameters, "a", std::vector<double>(n, 0.3 * scale));
    give_gradient(parameters, "b", {scale, -scale, 0.7});
    optimizer.step();
  }
  std::vector<double> all() {
    std::vector<double> values = values_of(parameters, "a");
    for (const double x : values_of(parameters, "b")) values.push_back(x);
    for (const auto& state : parameters.states())
      for (const auto& e : parameters.entries())
        values.insert(values.end(), state.of(e).data, state.of(e).data + e.shape.count());
    return values;
  }
  Result<void> save(const std::string& path, Index step, std::map<std::string, std::string> metadata = {}) {
    return try_save_checkpoint(weights, parameters, optimizer, step, path, std::move(metadata));
  }
  Result<Index> load(const std::string& path, const std::map<std::string, std::string>& expected = {}) {
    return try_load_checkpoint(weights, parameters, optimizer, path, expected);
  }
};

template <class R>
void check_refused(R& run, const std::string& path, const std::string& sentence,
                   const std::map<std::string, std::string>& expected = {}) {
  const auto before = run.all();
  const Index steps = run.optimizer.steps();
  const auto result = run.load(path, expected);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  CHECK(result.error().message() == path + ": " + sentence);
  CHECK(run.all() == before);
  CHECK(run.optimizer.steps() == steps);
}
}  // namespace

TEST_CASE_TEMPLATE("checkpoint: weights, states and steps are restored, and the next steps are the same", Optimizer,
                   AdamW<B>, Sgd<B>) {
  const TemporaryFolder folder;
  Run<Optimizer> run, other{77};
  run.step(1);
  run.step(-2);
  run.save(folder / "file", 12, {{"seed", "3"}}).value();
  other.step(5);
  CHECK(other.load(folder / "file", {{"seed", "3"}}).value() == 12);
  CHECK(other.all() == run.all());
  CHECK(other.optimizer.steps() == 2);
  run.step(4);
  other.step(4);
  CHECK(other.all() == run.all());
}

TEST_CASE("checkpoint: the file holds the weights by their names, and the optimiser's states under a prefix") {
  const TemporaryFolder folder;
  Run<> run;
  run.step(1);
  run.save(folder / "file", 9).value();
  const Safetensors file = open_safetensors(folder / "file");
  std::set<std::string> names;
  for (const StoredTensor& t : file.tensors()) names.insert(t.name);
  CHECK(names == std::set<std::string>{"a", "b", "optimizer.exp_avg.a", "optimizer.exp_avg.b", "optimizer.exp_avg_sq.a",
                                       "optimizer.exp_avg_sq.b"});
  CHECK(file.find("optimizer.exp_avg.a")->shape == std::vector<Index>{2, 2});
  CHECK(file.metadata() ==
        std::map<std::string, std::string>{{"format", "pt"}, {"optimizer_steps", "1"}, {"step", "9"}});
  NamedWeights<B> weights = Run<>::made(0, {2, 2});
  CHECK(try_load(weights, file, optimizer_prefix).has_value());  // the weights alone
  CHECK(!try_load(weights, file).has_value());
}

TEST_CASE("checkpoint: metadata that differs or is missing is an error that names it") {
  const TemporaryFolder folder;
  Run<> run;
  run.step(1);
  run.save(folder / "file", 1, {{"seed", "3"}}).value();
  check_refused(run, folder / "file", "metadata seed: expected 4, found 3", {{"seed", "4"}});
  check_refused(run, folder / "file", "metadata batch: expected 8, found nothing", {{"batch", "8"}});
}

TEST_CASE("checkpoint: a file without a step or with an invalid one is an error") {
  const TemporaryFolder folder;
  Run<> run;
  write_safetensors(folder / "file", tensors_of(run.weights), {{"step", "3"}});
  check_refused(run, folder / "file",
                "metadata optimizer_steps: expected a number, as in a checkpoint of a run, found \"\"");
  for (const char* step : {"", "-1", "x", "3 ", "1e3", "99999999999999999999999"}) {
    write_safetensors(folder / "file", tensors_of(run.weights), {{"step", step}, {"optimizer_steps", "1"}});
    check_refused(run, folder / "file",
                  "metadata step: expected a number, as in a checkpoint of a run, found \"" + std::string(step) + "\"");
  }
}

TEST_CASE("checkpoint: missing states, another optimiser's states, and other shapes are errors") {
  const TemporaryFolder folder;
  Run<> run;
  run.step(1);
  const std::map<std::string, std::string> progress{{"step", "3"}, {"optimizer_steps", "1"}};
  write_safetensors(folder / "file", tensors_of(run.weights), progress);
  check_refused(run, folder / "file", "optimizer.exp_avg.a: expected values of shape (2, 2), found nothing");
  Run<Sgd<B>> other;
  other.step(1);
  other.save(folder / "sgd", 1).value();
  check_refused(run, folder / "sgd", "optimizer.exp_avg.a: expected values of shape (2, 2), found nothing");
  Run<> wide{1, {2, 3}};
  wide.step(1);
  wide.save(folder / "wide", 1).value();
  check_refused(run, folder / "wide", "optimizer.exp_avg.a: expected values of shape (2, 2), found another shape");

  auto tensors = tensors_of(run.weights);
  tensors.erase(tensors.begin());
  for (const auto& state : run.parameters.states())
    for (const auto& e : run.parameters.entries())
      tensors.push_back(tensor_to_write(run.weights.backend(),
                                        std::string(optimizer_prefix) + state.name + "." + e.name, e.shape,
                                        In<double>{state.of(e)}));
  write_safetensors(folder / "file", tensors, progress);
  check_refused(run, folder / "file", "names: 1 missing (a)");
}

TEST_CASE("checkpoint: a missing file is an error, and a failed save leaves the old file") {
  const TemporaryFolder folder;
  Run<> run;
  CHECK(run.load(folder / "nothing").error().place() == folder / "nothing");
  CHECK(!run.save(folder / "no folder/file", 1));
  CHECK(folder.entries() == 0);
}
