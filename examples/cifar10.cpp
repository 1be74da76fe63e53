// Trains a small CLIP on CIFAR-10 from scratch, each image with one of 18 sentences about it, and measures what it has
// learned: classification by sentences, a linear probe, and labels for images that have none.
//
//   cifar10 FOLDER [--epochs N] [--batch N] [--seed N] [--threads N] [--output DIR] [--resume] [--record N]
//
// Writes the weights, the vocabulary, logs, figures and results.json to DIR.
#include "cifar10/run.hpp"

int main(int count, char** words) { return cifar::program<clip::Cpu<>>(count, words); }
