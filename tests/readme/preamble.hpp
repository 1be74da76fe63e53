// Names that the fragments of README.md and docs/ use without declaring them.
clip::Model<clip::ViT_B_32> model;
clip::LabelledFeatures<float> examples;  // features of a few images, and their classes
std::vector<clip::Image> few;            // the images
clip::Features<float, 512> words;        // text features of the classes
