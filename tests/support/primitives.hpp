// tests/support/primitives.hpp: list of cases of all primitives of a backend.
#pragma once

#include "lab.hpp"
#include "primitives/images.hpp"
#include "primitives/products.hpp"
#include "primitives/rows.hpp"
#include "primitives/sequences.hpp"
#include "primitives/training.hpp"

#include <string>
#include <utility>
#include <vector>

namespace clip::testing {

template <class B>
Cases<B> primitives() {
  Cases<B> list;
  add_pointwise(list);
  add_products(list);
  add_norms(list);
  add_tables(list);
  add_attention(list);
  add_losses(list);
  add_training(list);
  add_convolutions(list);
  add_depthwise(list);
  add_batch_norms(list);
  return list;
}

/// The contents of memory after every case of a list.
template <class B>
std::vector<std::pair<std::string, std::vector<std::vector<typename B::Scalar>>>> run_cases(B& backend,
                                                                                            const Setting& setting,
                                                                                            const Cases<B>& cases) {
  std::vector<std::pair<std::string, std::vector<std::vector<typename B::Scalar>>>> results;
  for (const auto& [name, run] : cases) {
    Lab<B> lab{backend, setting, Rng{7}.fork(name)};
    run(lab);
    results.emplace_back(name, lab.contents());
  }
  return results;
}
template <class B>
auto run_primitives(B& backend, const Setting& setting) {
  return run_cases(backend, setting, primitives<B>());
}

}  // namespace clip::testing
