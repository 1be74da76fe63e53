// Names that the fragments of README.md and docs/ use without declaring them.
clip::Model<clip::ViT_B_32> model;
