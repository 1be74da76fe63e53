// expect: compiles
// Options that are left out have defaults: no compiler warns of a missing one, whichever are named.
#pragma GCC diagnostic error "-Wmissing-field-initializers"
#pragma GCC diagnostic error "-Wextra"
#include <clip/clip.hpp>
#include <clip/plot/image_sheet.hpp>
#include <clip/plot/line_chart.hpp>
#include <clip/plot/matrix_chart.hpp>

// The first option of each and the last one, so that every option is left out once.
[[maybe_unused]] static void name_some() {
  using namespace clip;
  (void)AdamwOptions{.learning_rate = 1};
  (void)AdamwOptions{.decays = decay_all};
  (void)Assumptions{.activation = Activation::gelu};
  (void)Assumptions{.text_heads = 8};
  (void)ConvertOptions{.dialect = Dialect::openai};
  (void)ConvertOptions{.metadata = {}};
  (void)CpuOptions{.threads = 1};
  (void)CpuOptions{.arithmetic = Arithmetic::full};
  (void)EmbedOptions{.batch = 1};
  (void)EmbedOptions{.progress = {}};
  (void)ImageInput{.image_size = 224};
  (void)ImageSheet{.title = "mistakes"};
  (void)ImageSheet{.rows = {{.name = "shirt", .tiles = {{.caption = "coat"}}}}};
  (void)LineChart{.title = "loss"};
  (void)LineChart{.levels = {}};
  (void)LoadOptions{.positions = Interpolate::none};
  (void)LoadOptions{.in_place = true};
  (void)MatrixLabels{.title = "confusion"};
  (void)MatrixLabels{.columns = {}};
  (void)Preprocessing{.resize = ResizeMode::shortest};
  (void)Preprocessing{.resize_to = 256};
  (void)ReadAheadOptions{.batch = 1};
  (void)ReadAheadOptions{.stop = {}};
  (void)ReadOptions{.exif_orientation = true};
  (void)SaveOptions{.dialect = Dialect::openai};
  (void)SaveOptions{.metadata = {}};
  (void)SheetTile{.right = false};
  (void)SgdOptions{.learning_rate = 1};
  (void)SgdOptions{.decays = decay_all};
  (void)StatesOptions{.layer = 1};
  (void)StatesOptions{.padded = true};
  (void)TapeOptions{.recompute = true};
  (void)TapeOptions{.evaluation = true};
  (void)TextListOptions{.column = "caption"};
  (void)TextListOptions{.keep_empty = true};
  (void)TextPolicy{.cleaning = Cleaning::openai};
  (void)TextPolicy{.specials = SpecialStrings::openai};
  (void)TokenizeOptions{.context = 77};
  (void)TokenizeOptions{.too_long = TooLong::error};
  (void)TrainOptions{.epochs = 1};
  (void)TrainOptions{.checkpoint_every = 1};
  (void)TrainOptionsOf<SgdOptions>{.optimizer = {.momentum = 0.5f}};
}
