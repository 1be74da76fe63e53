#include "commands.hpp"
#include "terminal.hpp"

#include <clip/model/catalogue.hpp>

#include <cstdio>

namespace tool {

int models(const ModelsOptions& options) {
  Output out;
  clip::Json list = clip::Json::array();
  if (!options.json) out.line("name                 resolution  width   parameters");
  for (const clip::NamedConfig& known : clip::named_configs()) {
    const clip::Index size = known.config.input().image_size, parameters = count_parameters(known.config);
    if (options.json) {
      list.push_back(
          {{"name", known.name}, {"resolution", size}, {"width", known.config.embed_dim}, {"parameters", parameters}});
    } else {
      char line[96];
      std::snprintf(line, sizeof line, "%-20.*s %10lld %6lld %12lld", static_cast<int>(known.name.size()),
                    known.name.data(), static_cast<long long>(size), static_cast<long long>(known.config.embed_dim),
                    static_cast<long long>(parameters));
      out.line(line);
    }
  }
  if (options.json) out.json(list);
  out.flush();
  return 0;
}

}  // namespace tool
