#include "commands.hpp"
#include "terminal.hpp"

#include <clip/checkpoint/foreign.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/licence.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace tool {

int models(const ModelsOptions& options) {
  Output out;
  clip::Json list = clip::Json::array();
  if (!options.json) out.line("name                           resolution  width   parameters  licence of the weights");
  for (const clip::NamedConfig& known : clip::named_configs()) {
    const clip::Index size = known.config.input().image_size, parameters = count_parameters(known.config);
    if (options.json) {
      list.push_back({{"name", known.name},
                      {"resolution", size},
                      {"width", known.config.embed_dim},
                      {"parameters", parameters},
                      {"licence", clip::licence_of(known.name)}});
    } else {
      char line[160];
      std::snprintf(line, sizeof line, "%-30.*s %10lld %6lld %12lld  %s", static_cast<int>(known.name.size()),
                    known.name.data(), static_cast<long long>(size), static_cast<long long>(known.config.embed_dim),
                    static_cast<long long>(parameters), clip::licence_of(known.name).data());
      out.line(line);
    }
  }
  for (const clip::NamedTextTower& known : clip::named_texts()) {
    if (options.json) {
      list.push_back({{"name", known.name},
                      {"resolution", nullptr},
                      {"width", known.embed_dim},
                      {"parameters", known.parameters},
                      {"licence", clip::licence_of(known.name)}});
    } else {
      char line[160];
      std::snprintf(line, sizeof line, "%-46.*s %-5s %6lld %12lld  %s", static_cast<int>(known.name.size()),
                    known.name.data(), "text", static_cast<long long>(known.embed_dim),
                    static_cast<long long>(known.parameters), clip::licence_of(known.name).data());
      out.line(line);
    }
  }
  if (!options.json) {
    std::string kinds;
    for (const std::string_view kind : clip::detail::foreign_kinds)
      kinds += (kinds.empty() ? "" : ", ") + std::string(kind);
    out.line("recognised by `clip inspect`, but not built: " + kinds);
  }
  if (options.json) out.json(list);
  out.flush();
  return 0;
}

}  // namespace tool
