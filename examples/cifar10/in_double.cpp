// examples/cifar10/in_double.cpp: the CIFAR-10 demo in double, for --record: training enlarges float rounding until another
// program's losses are no longer comparable.
#include "run.hpp"

int main(int count, char** words) { return cifar::program<clip::Cpu<double>>(count, words); }
